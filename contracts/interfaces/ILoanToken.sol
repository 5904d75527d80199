// SPDX-License-Identifier: MIT
pragma solidity 0.8.27;

import {IToken} from "./IToken.sol";

/// @title What a pool calls of the token that it lends
interface ILoanToken is IToken {
    /// @notice Moves units that `from` lets the caller take.
    function transferFrom(address from, address to, uint256 amount) external returns (bool);
}
