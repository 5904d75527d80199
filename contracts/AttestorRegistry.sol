// SPDX-License-Identifier: MIT
pragma solidity 0.8.27;

import {Owned} from "./Owned.sol";

/// @title Whose word about positions counts
/// @notice Two kinds of keys. An attestor is an EdDSA key on Baby Jubjub, named by Poseidon(Ax, Ay); its signature is checked within a proof, which shows
/// the name as a public signal. A signer is an ordinary account; `threshold` of them sign a commitment by EIP-712, and this contract checks that.
/// The owner adds and removes keys with a delay that nobody can shorten, and everybody can see what is coming. It revokes a key at once and for good.
///
/// @dev
/// WHAT IS SIGNED. The EIP-712 struct `Attestation(uint256 commitment,uint256 coverage,uint64 snapshot,string schema)`, with the schema that
/// SCHEMA_HASH is of, under the domain {name: "Plimsoll attestation", version: "1"}. The domain has neither a chain id nor a verifying contract, on purpose: an
/// attestation states facts about data ("these were the positions at that time") that are as true on one chain as on another, and its holder may use it on any of them.
/// What must not be repeated elsewhere is the proof, and the proof's `domain`, `binding` and `nullifier` see to that.
///
/// WHAT A WRONG KEY CAN DO. One attestor alone can attest to positions that do not exist, and so have anybody called who is enrolled with a secret that the
/// attestor knows. `threshold` signers together can. Revocation stops every proof that has not been counted yet, whenever it was attested to.
///
/// REVOKED AND REMOVED. A removed key may be added again. A revoked one never comes back, as somebody else may hold it.
contract AttestorRegistry is Owned {
    /// @notice Since when and until when a key counts, in unix seconds: from `activeFrom`, and before `activeUntil`. One storage slot.
    /// @dev `activeUntil` is the greatest uint64 while no removal was announced; `announced` is when the last change was, 0 for a key that is not known.
    struct Standing {
        uint64 announced;
        uint64 activeFrom;
        uint64 activeUntil;
        bool revoked;
    }

    /// @dev `next` takes the place of `current` at `nextFrom`; `nextFrom` is 0 while none is announced.
    struct Threshold {
        uint32 current;
        uint32 next;
        uint64 nextFrom;
    }

    /// @notice An attestor will count from `activeFrom` on.
    event AttestorAdded(uint256 indexed attestor, uint64 activeFrom);
    /// @notice An attestor will no longer count from `activeUntil` on.
    event AttestorRemoved(uint256 indexed attestor, uint64 activeUntil);
    /// @notice An attestor counts no longer, and never will.
    event AttestorRevoked(uint256 indexed attestor);
    /// @notice A signer will count from `activeFrom` on.
    event SignerAdded(address indexed signer, uint64 activeFrom);
    /// @notice A signer will no longer count from `activeUntil` on.
    event SignerRemoved(address indexed signer, uint64 activeUntil);
    /// @notice A signer counts no longer, and never will.
    event SignerRevoked(address indexed signer);
    /// @notice So many signers are needed from `effectiveFrom` on.
    event ThresholdAnnounced(uint32 threshold, uint64 effectiveFrom);

    /// @notice The delay is shorter than an hour or longer than 90 days.
    error DelayOutOfRange(uint64 delay);
    /// @notice At least one signer must be needed.
    error ZeroThreshold();
    /// @notice The name is no Poseidon hash, or no account.
    error InvalidKey();
    /// @notice The key counts already, or will.
    error AlreadyAdded();
    /// @notice The key is not known, or was removed already.
    error NotAdded();
    /// @notice The key was revoked.
    error KeyRevoked();
    /// @notice The attestor is not known, does not count yet, or no longer.
    error AttestorNotActive(uint256 attestor);
    /// @notice The signer is not known, does not count yet, or no longer.
    error SignerNotActive(address signer);
    /// @notice The signatures are not whole ones of 65 bytes.
    error SignatureLength(uint256 length);
    /// @notice There are fewer signatures than needed.
    error TooFewSignatures(uint256 count, uint256 threshold);
    /// @notice The signature at `index` is none: wrong recovery byte, the upper s, or no key recovered.
    error InvalidSignature(uint256 index);
    /// @notice Signers do not ascend from signature to signature, or one comes twice.
    error SignersNotAscending(uint256 index);

    /// @dev The EIP-712 type of an attestation.
    bytes32 private constant ATTESTATION_TYPEHASH = keccak256("Attestation(uint256 commitment,uint256 coverage,uint64 snapshot,string schema)");
    /// @dev The EIP-712 domain of attestations, on every chain and for every registry.
    bytes32 private constant DOMAIN_SEPARATOR = keccak256(abi.encode(keccak256("EIP712Domain(string name,string version)"), keccak256("Plimsoll attestation"), keccak256("1")));
    /// @dev The hash of the only schema that attestations have.
    bytes32 private constant SCHEMA_HASH = keccak256("plimsoll/attestation@1");

    /// @dev The order of BN254's scalar field.
    uint256 internal constant FIELD_MODULUS = 21888242871839275222246405745257275088548364400416034343698204186575808495617;
    /// @dev Half of secp256k1's order: of the two signatures that each one gives rise to, the one with the lower s is taken.
    uint256 private constant HALF_ORDER = 0x7fffffffffffffffffffffffffffffff5d576e7357a4501ddfe92f46681b20a0;
    uint256 private constant SIGNATURE_LENGTH = 65;
    uint64 private constant FOREVER = type(uint64).max;

    /// @notice Seconds between the announcement of a change and the change.
    uint64 public immutable delay;

    mapping(uint256 attestor => Standing) private _attestors;
    mapping(address signer => Standing) private _signers;
    Threshold private _threshold;

    /// @param owner_ Who adds, removes and revokes.
    /// @param delay_ Seconds between the announcement of a change and the change: an hour to 90 days.
    /// @param threshold_ How many signers a commitment needs.
    /// @param attestors Attestors that count from the start: nobody relies on this contract before it is there.
    /// @param signers Signers that count from the start.
    constructor(address owner_, uint64 delay_, uint32 threshold_, uint256[] memory attestors, address[] memory signers) Owned(owner_) {
        if (delay_ < 1 hours || delay_ > 90 days) revert DelayOutOfRange(delay_);
        if (threshold_ == 0) revert ZeroThreshold();
        delay = delay_;
        _threshold.current = threshold_;
        emit ThresholdAnnounced(threshold_, uint64(block.timestamp));
        for (uint256 i = 0; i < attestors.length; ++i) _addAttestor(attestors[i], uint64(block.timestamp));
        for (uint256 i = 0; i < signers.length; ++i) _addSigner(signers[i], uint64(block.timestamp));
    }

    /// @notice Announces an attestor, who counts after the delay.
    /// @param attestor Poseidon(Ax, Ay).
    function addAttestor(uint256 attestor) external onlyOwner {
        _addAttestor(attestor, uint64(block.timestamp) + delay);
    }

    /// @notice Announces that an attestor will no longer count after the delay.
    /// @param attestor Poseidon(Ax, Ay).
    function removeAttestor(uint256 attestor) external onlyOwner {
        emit AttestorRemoved(attestor, _remove(_attestors[attestor]));
    }

    /// @notice Ends an attestor at once and for good, known or not.
    /// @param attestor Poseidon(Ax, Ay).
    function revokeAttestor(uint256 attestor) external onlyOwner {
        _revoke(_attestors[attestor]);
        emit AttestorRevoked(attestor);
    }

    /// @notice Announces a signer, who counts after the delay.
    /// @param signer An account with a key.
    function addSigner(address signer) external onlyOwner {
        _addSigner(signer, uint64(block.timestamp) + delay);
    }

    /// @notice Announces that a signer will no longer count after the delay.
    /// @param signer An account with a key.
    function removeSigner(address signer) external onlyOwner {
        emit SignerRemoved(signer, _remove(_signers[signer]));
    }

    /// @notice Ends a signer at once and for good, known or not.
    /// @param signer An account with a key.
    function revokeSigner(address signer) external onlyOwner {
        _revoke(_signers[signer]);
        emit SignerRevoked(signer);
    }

    /// @notice Changes how many signers are needed: more of them at once, fewer after the delay. An announcement that is still pending is dropped.
    /// @param threshold_ At least 1.
    function setThreshold(uint32 threshold_) external onlyOwner {
        if (threshold_ == 0) revert ZeroThreshold();
        uint32 current = threshold();
        uint64 from = threshold_ < current ? uint64(block.timestamp) + delay : uint64(block.timestamp);
        _threshold = threshold_ < current ? Threshold(current, threshold_, from) : Threshold(threshold_, 0, 0);
        emit ThresholdAnnounced(threshold_, from);
    }

    /// @notice Since when and until when an attestor counts; all zero where it is not known.
    function attestorStanding(uint256 attestor) external view returns (Standing memory) {
        return _attestors[attestor];
    }

    /// @notice Since when and until when a signer counts; all zero where it is not known.
    function signerStanding(address signer) external view returns (Standing memory) {
        return _signers[signer];
    }

    /// @notice A lower threshold that was announced, and when it takes effect; both 0 where there is none.
    function pendingThreshold() external view returns (uint32 next, uint64 from) {
        Threshold memory stored = _threshold;
        if (block.timestamp < stored.nextFrom) return (stored.next, stored.nextFrom);
    }

    /// @notice Reverts unless the attestor counts now.
    /// @param attestor Poseidon(Ax, Ay), as a proof shows it.
    function requireAttestor(uint256 attestor) public view {
        if (!_isActive(_attestors[attestor])) revert AttestorNotActive(attestor);
    }

    /// @notice Reverts unless enough signers that count now have signed the attestation.
    /// @param commitment The commitment that a proof shows.
    /// @param coverage What was looked at.
    /// @param snapshot Unix seconds of the oldest block that was read.
    /// @param signatures Signatures of 65 bytes (r, s, v) one after the other, by signers in ascending order.
    function requireAttested(uint256 commitment, uint256 coverage, uint64 snapshot, bytes calldata signatures) public view {
        bytes32 structHash = keccak256(abi.encode(ATTESTATION_TYPEHASH, commitment, coverage, snapshot, SCHEMA_HASH));
        requireSigned(keccak256(abi.encodePacked("\x19\x01", DOMAIN_SEPARATOR, structHash)), signatures);
    }

    /// @notice Reverts unless enough signers that count now have signed the digest. For consumers that have signers vouch for something of their own.
    /// @param digest An EIP-712 digest, of a struct and a domain that cannot be mistaken for others.
    /// @param signatures Signatures of 65 bytes (r, s, v) one after the other, by signers in ascending order; all of them must be good.
    function requireSigned(bytes32 digest, bytes calldata signatures) public view {
        if (signatures.length % SIGNATURE_LENGTH != 0) revert SignatureLength(signatures.length);
        uint256 count = signatures.length / SIGNATURE_LENGTH;
        uint256 needed = threshold();
        if (count < needed) revert TooFewSignatures(count, needed);
        address previous = address(0);
        for (uint256 i = 0; i < count; ++i) {
            address signer = _recover(digest, signatures, i);
            if (signer <= previous) revert SignersNotAscending(i);
            if (!_isActive(_signers[signer])) revert SignerNotActive(signer);
            previous = signer;
        }
    }

    /// @notice How many signers a commitment needs now.
    function threshold() public view returns (uint32) {
        Threshold memory stored = _threshold;
        return stored.nextFrom != 0 && block.timestamp >= stored.nextFrom ? stored.next : stored.current;
    }

    /// @dev The signer of the signature at `index`; never 0.
    function _recover(bytes32 digest, bytes calldata signatures, uint256 index) private pure returns (address signer) {
        bytes32 r;
        bytes32 s;
        uint8 v;
        // All 65 bytes lie within `signatures`: the caller counted them.
        assembly ("memory-safe") {
            let at := add(signatures.offset, mul(index, 65))
            r := calldataload(at)
            s := calldataload(add(at, 32))
            v := byte(0, calldataload(add(at, 64)))
        }
        if (uint256(s) > HALF_ORDER) revert InvalidSignature(index);
        signer = ecrecover(digest, v, r, s);
        if (signer == address(0)) revert InvalidSignature(index);
    }

    function _addAttestor(uint256 attestor, uint64 from) private {
        if (attestor == 0 || attestor >= FIELD_MODULUS) revert InvalidKey();
        _add(_attestors[attestor], from);
        emit AttestorAdded(attestor, from);
    }

    function _addSigner(address signer, uint64 from) private {
        if (signer == address(0)) revert InvalidKey();
        _add(_signers[signer], from);
        emit SignerAdded(signer, from);
    }

    function _add(Standing storage standing, uint64 from) private {
        if (standing.revoked) revert KeyRevoked();
        if (block.timestamp < standing.activeUntil) revert AlreadyAdded();
        (standing.announced, standing.activeFrom, standing.activeUntil) = (uint64(block.timestamp), from, FOREVER);
    }

    function _remove(Standing storage standing) private returns (uint64 until) {
        if (standing.activeUntil != FOREVER) revert NotAdded();
        until = uint64(block.timestamp) + delay;
        (standing.announced, standing.activeUntil) = (uint64(block.timestamp), until);
    }

    function _revoke(Standing storage standing) private {
        if (standing.revoked) revert KeyRevoked();
        (standing.announced, standing.activeUntil, standing.revoked) = (uint64(block.timestamp), uint64(block.timestamp), true);
    }

    /// @dev A revoked key's `activeUntil` has passed, so one comparison covers revocation too.
    function _isActive(Standing memory standing) private view returns (bool) {
        return standing.activeFrom <= block.timestamp && block.timestamp < standing.activeUntil;
    }
}
