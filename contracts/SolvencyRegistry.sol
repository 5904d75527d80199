// SPDX-License-Identifier: MIT
pragma solidity 0.8.27;

import {AttestorRegistry} from "./AttestorRegistry.sol";
import {IVerifier} from "./interfaces/IVerifier.sol";

/// @title Counts proofs of insolvency and of solvency, for contracts that act on them
/// @notice A consumer is a contract that calls `submitBreach` or `submitSolvent` with a proof that somebody handed to it; when the call returns, the proof is good by
/// the consumer's own terms and was counted, once. The terms say whose attestations, which coverage, which scope and which claim the consumer takes.
///
/// @dev
/// THE NINE SIGNALS of a proof, in their order: attestor (Poseidon of an EdDSA key; in committed circuits the commitment that signers signed) · coverage · domain ·
/// binding · snapshot · claim · scope · nullifier · accountRef.
///
/// WHAT IS CHECKED. Deadline; that the circuit counts; that every signal is a field element, since x and x + p are the same to a verifier; that the consumer has terms for the
/// purpose, coverage and scope; the claim against them; the snapshot's age; `domain` against this chain, the consumer and the circuit; `binding` against recipient and
/// deadline; the attestor, or the signatures; that the nullifier was not used; the proof.
///
/// ONCE. A nullifier follows from the holder's secret, the domain, the snapshot and the scope, not from the proof. Proving again with another deadline, or writing the
/// same proof as (−A, −B, C), gives no second breach. Breaches and solvency share the nullifiers of a consumer: at one snapshot both cannot hold of the same accounts.
/// A domain names one circuit, so the same account has another reference in each of them; a consumer that counts accounts should count references that it enrolled.
///
/// GAS. Estimate it on a consumer or on this contract, never on a verifier: see IVerifier. About 310,000 for a proof with one attestor, 325,000 with two signers.
///
/// TRUST. The owner names circuits: at once until `freeze`, later with a delay, and never again under the same id. It stops a circuit at once. It cannot touch a consumer's terms.
/// This contract is an AttestorRegistry too, with the same owner and delay. Terms may name it or any other; another one costs 3,000 gas more, for the call.
contract SolvencyRegistry is AttestorRegistry {
    /// @notice What a consumer acts on.
    enum Purpose {
        Breach,
        Solvent
    }

    /// @notice Who vouches for the data: one attestor, within the proof; or signers of the commitment that the proof shows.
    enum Mode {
        Attested,
        Committed
    }

    /// @notice A circuit's verifier, and from when on it counts (unix seconds; 0 for one that is not known). One storage slot.
    struct Circuit {
        IVerifier verifier;
        Mode mode;
        uint64 activeFrom;
    }

    /// @notice What a consumer takes, for one purpose, coverage and scope. One storage slot.
    /// @param attestors Whose word counts.
    /// @param bound Parts per million of the health factor: the greatest upper end of a breach (above 0, at most 1,000,000), the least lower end of solvency (at least 1,000,000).
    /// @param minDeficit US cents: the least deficit that a breach must claim; 0 for solvency.
    /// @param maxAge Seconds up to which a snapshot counts; 0 stands for 1,800.
    struct Terms {
        AttestorRegistry attestors;
        uint24 bound;
        uint48 minDeficit;
        uint24 maxAge;
    }

    /// @notice A proof, and what it is bound to.
    /// @param circuitId Which circuit made the proof: the hash of its name and version, as its verifier has it.
    /// @param recipient Who profits, as the consumer sees fit. Part of `binding`, so nobody who sees the proof can put somebody else here.
    /// @param deadline The last unix second at which the proof counts. Part of `binding`.
    /// @param signatures In committed circuits: see AttestorRegistry. Not read in attested ones.
    struct Submission {
        bytes32 circuitId;
        uint256[2] a;
        uint256[2][2] b;
        uint256[2] c;
        uint256[9] signals;
        address recipient;
        uint256 deadline;
        bytes signatures;
    }

    /// @notice A circuit counts from `activeFrom` on.
    event CircuitRegistered(bytes32 indexed circuitId, address verifier, Mode mode, uint64 activeFrom);
    /// @notice A circuit counts no longer, and never will.
    event CircuitStopped(bytes32 indexed circuitId);
    /// @notice From now on circuits are registered with the delay.
    event Frozen();
    /// @notice A consumer takes such proofs. `maxAge` is in seconds, never 0.
    event TermsSet(address indexed consumer, Purpose indexed purpose, uint256 coverage, uint256 scope, address attestors, uint24 bound, uint48 minDeficit, uint24 maxAge);
    /// @notice A consumer takes such proofs no longer.
    event TermsRemoved(address indexed consumer, Purpose indexed purpose, uint256 coverage, uint256 scope);
    /// @notice A breach was counted. `claim` packs the band and the deficit, as in the proof.
    event Breach(
        address indexed consumer,
        uint256 indexed accountRef,
        uint256 nullifier,
        uint256 snapshot,
        uint256 scope,
        uint256 claim,
        uint256 coverage,
        address recipient
    );
    /// @notice A proof of solvency was counted. `claim` packs the band, as in the proof.
    event Solvent(
        address indexed consumer,
        uint256 indexed accountRef,
        uint256 nullifier,
        uint256 snapshot,
        uint256 scope,
        uint256 claim,
        uint256 coverage,
        address recipient
    );

    /// @notice Registration is frozen already.
    error AlreadyFrozen();
    /// @notice The id was used before: a circuit is never replaced.
    error CircuitKnown(bytes32 circuitId);
    /// @notice The verifier is no contract, or one for another circuit.
    error WrongVerifier(address verifier);
    /// @notice The circuit is not known, does not count yet, or no longer.
    error CircuitNotActive(bytes32 circuitId);
    /// @notice The terms are not for this purpose: see Terms.
    error InvalidTerms();
    /// @notice The scope that does not say where the account is must be allowed on purpose, and no other is allowed as that.
    error HiddenScope();
    /// @notice The proof came too late.
    error DeadlinePassed(uint256 deadline);
    /// @notice A signal is no field element.
    error SignalOutOfField(uint256 index);
    /// @notice The consumer takes no proof of this purpose with this coverage and scope.
    error NotInTerms(Purpose purpose, uint256 coverage, uint256 scope);
    /// @notice The consumer's terms do not take the claim.
    error ClaimRefused(uint256 claim);
    /// @notice The snapshot is older than the terms take, or lies in the future.
    error SnapshotRefused(uint256 snapshot);
    /// @notice The proof was made for another chain, consumer or circuit.
    error WrongDomain();
    /// @notice The proof was made for another recipient or deadline.
    error WrongBinding();
    /// @notice The proof was counted before.
    error NullifierUsed(uint256 nullifier);
    /// @notice The proof does not hold for its signals.
    error ProofRefused();

    /// @dev The age in seconds up to which a snapshot counts, unless the terms say otherwise.
    uint24 private constant DEFAULT_MAX_AGE = 1_800;
    /// @dev Seconds that a snapshot may lie ahead of the chain's clock: clocks of chains differ a little.
    uint256 private constant FUTURE_TOLERANCE = 60;
    /// @dev The scope of a claim about one account, not said which.
    uint256 private constant HIDDEN_SCOPE = 1;

    /// @dev A health factor of 1 in parts per million.
    uint24 private constant ONE = 1_000_000;
    /// @dev The upper end that stands for none.
    uint24 private constant UNBOUNDED = type(uint24).max;

    /// @dev From when on a stopped circuit counts.
    uint64 private constant NEVER = type(uint64).max;

    uint256 private constant ATTESTOR = 0;
    uint256 private constant COVERAGE = 1;
    uint256 private constant DOMAIN = 2;
    uint256 private constant BINDING = 3;
    uint256 private constant SNAPSHOT = 4;
    uint256 private constant CLAIM = 5;
    uint256 private constant SCOPE = 6;
    uint256 private constant NULLIFIER = 7;
    uint256 private constant ACCOUNT_REF = 8;

    /// @notice Whether circuits are registered with the delay.
    bool public frozen;
    /// @notice The circuits by id.
    mapping(bytes32 circuitId => Circuit) public circuits;
    /// @dev Unix second at which a nullifier was counted; 0 for one that was not.
    mapping(address consumer => mapping(uint256 nullifier => uint256)) private _usedAt;
    mapping(bytes32 key => Terms) private _terms;

    /// @param owner_ Who names circuits, and the attestors and signers of this registry.
    /// @param delay_ Seconds between the announcement of an attestor or signer, or once registration is frozen of a circuit, and its first proof: an hour to 90 days.
    /// @param threshold_ How many signers a commitment needs.
    /// @param attestors Attestors that count from the start.
    /// @param signers Signers that count from the start.
    constructor(
        address owner_,
        uint64 delay_,
        uint32 threshold_,
        uint256[] memory attestors,
        address[] memory signers
    ) AttestorRegistry(owner_, delay_, threshold_, attestors, signers) {}

    /// @notice Registers a circuit; it counts at once, or after the delay where registration is frozen.
    /// @param circuitId The circuit's id, which the verifier must name too.
    /// @param verifier The generated verifier.
    /// @param mode Who vouches for the data of its proofs.
    function registerCircuit(bytes32 circuitId, IVerifier verifier, Mode mode) external onlyOwner {
        if (circuits[circuitId].activeFrom != 0) revert CircuitKnown(circuitId);
        if (address(verifier).code.length == 0 || verifier.CIRCUIT_ID() != circuitId) revert WrongVerifier(address(verifier));
        uint64 activeFrom = frozen ? uint64(block.timestamp) + delay : uint64(block.timestamp);
        circuits[circuitId] = Circuit(verifier, mode, activeFrom);
        emit CircuitRegistered(circuitId, address(verifier), mode, activeFrom);
    }

    /// @notice Stops a circuit at once and for good, as when a fault was found in it.
    /// @param circuitId A registered circuit.
    function stopCircuit(bytes32 circuitId) external onlyOwner {
        Circuit storage circuit = circuits[circuitId];
        if (circuit.activeFrom == 0 || circuit.activeFrom == NEVER) revert CircuitNotActive(circuitId);
        circuit.activeFrom = NEVER;
        emit CircuitStopped(circuitId);
    }

    /// @notice Has every later registration wait for the delay.
    function freeze() external onlyOwner {
        if (frozen) revert AlreadyFrozen();
        frozen = true;
        emit Frozen();
    }

    /// @notice Sets the caller's own terms, for every pair of a coverage and a scope; what it had for a pair is replaced.
    /// @param purpose What the proofs are for.
    /// @param coverages Ids of what attestors looked at.
    /// @param scopes 0 for all accounts together, or ids of markets.
    /// @param terms What is taken.
    function setTerms(Purpose purpose, uint256[] calldata coverages, uint256[] calldata scopes, Terms calldata terms) external {
        for (uint256 i = 0; i < coverages.length; ++i) {
            for (uint256 j = 0; j < scopes.length; ++j) {
                if (scopes[j] == HIDDEN_SCOPE) revert HiddenScope();
                _setTerms(purpose, coverages[i], scopes[j], terms);
            }
        }
    }

    /// @notice Sets the caller's own terms for claims about one account that do not say which. Solvency of such an account says nothing of the others: a breach of one is
    /// not cured by it.
    /// @param purpose What the proofs are for.
    /// @param coverages Ids of what attestors looked at.
    /// @param terms What is taken.
    function setHiddenTerms(Purpose purpose, uint256[] calldata coverages, Terms calldata terms) external {
        for (uint256 i = 0; i < coverages.length; ++i) _setTerms(purpose, coverages[i], HIDDEN_SCOPE, terms);
    }

    /// @notice Ends the caller's own terms for a coverage and a scope, the hidden one included.
    /// @param purpose What the proofs were for.
    /// @param coverage Id of what attestors looked at.
    /// @param scope As in the proofs.
    function removeTerms(Purpose purpose, uint256 coverage, uint256 scope) external {
        bytes32 key = _termsKey(msg.sender, purpose, coverage, scope);
        if (_terms[key].maxAge == 0) revert NotInTerms(purpose, coverage, scope);
        delete _terms[key];
        emit TermsRemoved(msg.sender, purpose, coverage, scope);
    }

    /// @notice Counts a proof that the caller's borrower, or whoever it means, is in breach: the health factor is below the terms' bound at most.
    /// @param submission The proof and what it is bound to.
    function submitBreach(Submission calldata submission) external {
        _count(Purpose.Breach, submission);
        uint256[9] calldata signals = submission.signals;
        emit Breach(
            msg.sender,
            signals[ACCOUNT_REF],
            signals[NULLIFIER],
            signals[SNAPSHOT],
            signals[SCOPE],
            signals[CLAIM],
            signals[COVERAGE],
            submission.recipient
        );
    }

    /// @notice Counts a proof of solvency: the health factor is at the terms' bound at least.
    /// @param submission The proof and what it is bound to.
    function submitSolvent(Submission calldata submission) external {
        _count(Purpose.Solvent, submission);
        uint256[9] calldata signals = submission.signals;
        emit Solvent(
            msg.sender,
            signals[ACCOUNT_REF],
            signals[NULLIFIER],
            signals[SNAPSHOT],
            signals[SCOPE],
            signals[CLAIM],
            signals[COVERAGE],
            submission.recipient
        );
    }

    /// @notice A consumer's terms; all zero where it has none.
    function termsOf(address consumer, Purpose purpose, uint256 coverage, uint256 scope) external view returns (Terms memory) {
        return _terms[_termsKey(consumer, purpose, coverage, scope)];
    }

    /// @notice When a consumer's nullifier was counted, in unix seconds; 0 where it was not.
    function usedAt(address consumer, uint256 nullifier) external view returns (uint256) {
        return _usedAt[consumer][nullifier];
    }

    /// @dev Checks everything, cheap checks first, and marks the nullifier before any other contract is called.
    function _count(Purpose purpose, Submission calldata submission) private {
        uint256[9] calldata signals = submission.signals;
        if (block.timestamp > submission.deadline) revert DeadlinePassed(submission.deadline);
        Circuit memory circuit = circuits[submission.circuitId];
        if (circuit.activeFrom == 0 || block.timestamp < circuit.activeFrom) revert CircuitNotActive(submission.circuitId);
        AttestorRegistry attestors = _requireTerms(purpose, signals);
        if (signals[DOMAIN] != _toField(keccak256(abi.encode(block.chainid, msg.sender, submission.circuitId)))) revert WrongDomain();
        if (signals[BINDING] != _toField(keccak256(abi.encode(submission.recipient, submission.deadline)))) revert WrongBinding();
        // The other six are by now known to equal, or to be below, numbers that are field elements.
        _requireField(signals, ATTESTOR);
        _requireField(signals, NULLIFIER);
        _requireField(signals, ACCOUNT_REF);
        mapping(uint256 => uint256) storage used = _usedAt[msg.sender];
        if (used[signals[NULLIFIER]] != 0) revert NullifierUsed(signals[NULLIFIER]);
        used[signals[NULLIFIER]] = block.timestamp;
        _requireAttested(circuit.mode, attestors, submission);
        if (!_holds(circuit.verifier, submission)) revert ProofRefused();
    }

    /// @dev Whose word counts by the consumer's terms, which take the claim and the snapshot.
    function _requireTerms(Purpose purpose, uint256[9] calldata signals) private view returns (AttestorRegistry) {
        Terms memory terms = _terms[_termsKey(msg.sender, purpose, signals[COVERAGE], signals[SCOPE])];
        if (terms.maxAge == 0) revert NotInTerms(purpose, signals[COVERAGE], signals[SCOPE]);
        if (!_takes(purpose, terms, signals[CLAIM])) revert ClaimRefused(signals[CLAIM]);
        uint256 snapshot = signals[SNAPSHOT];
        // Neither sum can pass 2^256: the second is formed only where the snapshot is a time near the chain's.
        unchecked {
            if (snapshot > block.timestamp + FUTURE_TOLERANCE || snapshot + terms.maxAge < block.timestamp) revert SnapshotRefused(snapshot);
        }
        return terms.attestors;
    }

    /// @dev Whether the terms take a claim: lower end, 24 bits | upper end, 24 bits | least deficit, 64 bits.
    function _takes(Purpose purpose, Terms memory terms, uint256 claim) private pure returns (bool) {
        uint24 lower = uint24(claim);
        uint24 upper = uint24(claim >> 24);
        uint256 minDeficit = claim >> 48;
        if (minDeficit > type(uint64).max) return false;
        if (purpose == Purpose.Breach) return lower == 0 && upper > 0 && upper <= terms.bound && minDeficit >= terms.minDeficit;
        return lower >= terms.bound && upper == UNBOUNDED && minDeficit == 0;
    }

    /// @dev Whether the verifier says true. Its arguments a, b, c and signals stand in the submission as it wants them, 17 words behind the circuit's id, and are handed on as they
    /// are: 500 gas less than decoding and encoding them.
    function _holds(IVerifier verifier, Submission calldata submission) private view returns (bool holds) {
        bytes4 selector = IVerifier.verifyProof.selector;
        assembly ("memory-safe") {
            let at := mload(0x40)
            mstore(at, selector)
            calldatacopy(add(at, 4), add(submission, 32), 544)
            let answered := staticcall(gas(), verifier, at, 548, 0, 32)
            // Scratch space holds the answer only where there was one.
            holds := and(and(answered, gt(returndatasize(), 31)), eq(mload(0), 1))
        }
    }

    /// @dev A hash without its lowest 8 bits, which is always a field element.
    function _toField(bytes32 hash) private pure returns (uint256) {
        return uint256(hash) >> 8;
    }

    function _requireField(uint256[9] calldata signals, uint256 index) private pure {
        if (signals[index] >= FIELD_MODULUS) revert SignalOutOfField(index);
    }

    /// @dev Asks itself without a call where the terms name this registry.
    function _requireAttested(Mode mode, AttestorRegistry attestors, Submission calldata submission) private view {
        uint256[9] calldata signals = submission.signals;
        bool isOwn = address(attestors) == address(this);
        if (mode == Mode.Attested) {
            if (isOwn) requireAttestor(signals[ATTESTOR]);
            else attestors.requireAttestor(signals[ATTESTOR]);
            return;
        }
        // The snapshot was compared with the clock, so it fits.
        (uint256 commitment, uint256 coverage, uint64 snapshot) = (signals[ATTESTOR], signals[COVERAGE], uint64(signals[SNAPSHOT]));
        if (isOwn) requireAttested(commitment, coverage, snapshot, submission.signatures);
        else attestors.requireAttested(commitment, coverage, snapshot, submission.signatures);
    }

    function _setTerms(Purpose purpose, uint256 coverage, uint256 scope, Terms memory terms) private {
        if (coverage >= FIELD_MODULUS || scope >= FIELD_MODULUS || address(terms.attestors).code.length == 0) revert InvalidTerms();
        bool sound = purpose == Purpose.Breach ? terms.bound > 0 && terms.bound <= ONE : terms.bound >= ONE && terms.minDeficit == 0;
        if (!sound) revert InvalidTerms();
        if (terms.maxAge == 0) terms.maxAge = DEFAULT_MAX_AGE;
        _terms[_termsKey(msg.sender, purpose, coverage, scope)] = terms;
        emit TermsSet(msg.sender, purpose, coverage, scope, address(terms.attestors), terms.bound, terms.minDeficit, terms.maxAge);
    }

    function _termsKey(address consumer, Purpose purpose, uint256 coverage, uint256 scope) private pure returns (bytes32) {
        return keccak256(abi.encode(consumer, purpose, coverage, scope));
    }
}
