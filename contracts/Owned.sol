// SPDX-License-Identifier: MIT
pragma solidity 0.8.27;

/// @title One owner, who hands over in two steps
/// @notice The next owner must accept, so that a mistyped address cannot take a contract out of everybody's hands.
abstract contract Owned {
    /// @notice Who may call what only the owner may.
    address public owner;
    /// @notice Who may accept the ownership; 0 while no hand-over is under way.
    address public pendingOwner;

    /// @notice A hand-over was begun, or taken back where `next` is 0.
    event OwnershipOffered(address indexed owner, address indexed next);
    /// @notice A hand-over was completed.
    event OwnershipTaken(address indexed previous, address indexed owner);

    /// @notice The owner must not be the zero address.
    error ZeroOwner();
    /// @notice Somebody else than the owner called.
    error NotOwner(address caller);
    /// @notice Somebody else than the next owner wanted to accept.
    error NotPendingOwner(address caller);

    /// @dev Lets nobody in but the owner.
    modifier onlyOwner() {
        if (msg.sender != owner) revert NotOwner(msg.sender);
        _;
    }

    /// @param owner_ The first owner.
    constructor(address owner_) {
        if (owner_ == address(0)) revert ZeroOwner();
        owner = owner_;
        emit OwnershipTaken(address(0), owner_);
    }

    /// @notice Offers the ownership to `next`, who must accept. The zero address takes an offer back.
    /// @param next Who may accept.
    function offerOwnership(address next) external onlyOwner {
        pendingOwner = next;
        emit OwnershipOffered(msg.sender, next);
    }

    /// @notice Takes the ownership that was offered to the caller.
    function acceptOwnership() external {
        if (msg.sender != pendingOwner) revert NotPendingOwner(msg.sender);
        emit OwnershipTaken(owner, msg.sender);
        owner = msg.sender;
        pendingOwner = address(0);
    }
}
