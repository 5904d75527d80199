// SPDX-License-Identifier: MIT
pragma solidity 0.8.27;

/// @title A generated Groth16 verifier of one circuit
/// @notice Never send a transaction to a verifier, and never estimate gas on it: it answers false, instead of reverting, where a precompile runs out of
/// gas, so an estimate ends at the least gas with which it answers at all. Go through a contract that requires true, as SolvencyRegistry does.
interface IVerifier {
    /// @notice Which circuit the key belongs to: the hash of its name and version.
    function CIRCUIT_ID() external view returns (bytes32);

    /// @notice Whether the proof holds for the nine public signals.
    function verifyProof(uint256[2] calldata a, uint256[2][2] calldata b, uint256[2] calldata c, uint256[9] calldata signals) external view returns (bool);
}
