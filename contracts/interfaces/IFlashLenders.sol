// SPDX-License-Identifier: MIT
pragma solidity 0.8.27;

/// @title Morpho Blue's flash loan, without a fee
interface IMorphoFlashLender {
    /// @notice Sends `assets` of `token` to the caller, calls its `onMorphoFlashLoan`, and takes the same amount back by its approval.
    function flashLoan(address token, uint256 assets, bytes calldata data) external;
}

/// @title What Morpho Blue calls during a flash loan
interface IMorphoFlashBorrower {
    /// @notice Called with the amount lent and the bytes that the borrower handed in.
    function onMorphoFlashLoan(uint256 assets, bytes calldata data) external;
}

/// @title The flash loan of one asset of an Aave v3 pool, with the pool's fee
interface IAaveFlashLender {
    /// @notice Sends `amount` of `asset` to the receiver, calls its `executeOperation`, and takes amount and fee back by its approval.
    function flashLoanSimple(address receiverAddress, address asset, uint256 amount, bytes calldata params, uint16 referralCode) external;
}

/// @title What an Aave v3 pool calls during a flash loan of one asset
interface IAaveFlashBorrower {
    /// @notice Called with the fee, and with who asked the pool for the loan: anybody may name anybody as the receiver.
    function executeOperation(address asset, uint256 amount, uint256 premium, address initiator, bytes calldata params) external returns (bool);
}
