// SPDX-License-Identifier: MIT
pragma solidity 0.8.27;

/// @title What the executor reads of an ERC-20 token
/// @notice `approve` and `transfer` are sent as raw calls, because some tokens answer them with nothing.
interface IToken {
    /// @notice Units of the token that an account holds.
    function balanceOf(address account) external view returns (uint256);

    /// @notice Units that a spender may still take from an owner.
    function allowance(address owner, address spender) external view returns (uint256);

    /// @notice Lets a spender take up to `amount`.
    function approve(address spender, uint256 amount) external returns (bool);

    /// @notice Moves units of the caller's.
    function transfer(address to, uint256 amount) external returns (bool);
}
