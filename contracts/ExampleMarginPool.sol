// SPDX-License-Identifier: MIT
pragma solidity 0.8.27;

import {AttestorRegistry} from "./AttestorRegistry.sol";
import {Owned} from "./Owned.sol";
import {SolvencyRegistry} from "./SolvencyRegistry.sol";
import {ILoanToken} from "./interfaces/ILoanToken.sol";

/// @title A pool that lends more than a borrower's margin, and watches the borrower's solvency elsewhere without seeing the positions
/// @notice An example of a consumer of SolvencyRegistry: small, but it holds money and is written for that. Nobody has audited it.
///
/// @dev
/// STORY. A registry's signers vouch that a reference stands for a borrower's account (`enrol`). The borrower leaves a margin and draws a loan on that reference
/// (`open`). Whoever holds a proof that the account is in breach makes the margin call and names who gets the reward (`marginCall`). The borrower has the cure period to
/// show, by a proof of a later snapshot, that the same scope is solvent (`cure`), or to repay (`repay`). After it the pool keeps the margin (`close`).
///
/// REFERENCES. A reference belongs to the first borrower that it was enrolled for, and carries one loan at a time. It is that of one circuit: proofs of another circuit show
/// another reference. Who enrols a reference of a circuit that holds fewer rows than the account may come to need can no longer be called; the signers see to that.
/// An enrolment names the chain: signed for another one, under the same address of the pool, it would block the right reference here.
///
/// TIME. Only a snapshot later than the last that counted for the loan counts: a breach before the loan, or before its last cure, is no ground for a call.
/// A breach of a scope is cured by solvency of that scope alone. Claims that do not say which account they are about are not taken.
///
/// MONEY. `idle` is what may be lent or withdrawn; margins are apart from it, and tokens that somebody sends here are neither. A call's reward comes out of the margin, which holds
/// it besides the least margin, and whoever cures puts it back. So neither a borrower who has itself called nor one called many times can owe the pool more beyond its margin than
/// at the start. No interest is charged, and a token that takes a fee on transfer is not for this pool.
contract ExampleMarginPool is Owned {
    /// @notice Where a loan stands. A closed one never opens again, nor another on its reference.
    enum State {
        None,
        Open,
        Called,
        Closed
    }

    /// @notice One loan. Amounts in raw units of the token, times in unix seconds.
    /// @param snapshot The latest that counted: of the opening, of a call, of a cure.
    /// @param cureBy The last second of a call's cure period.
    /// @param scope What the call was about.
    struct Loan {
        State state;
        uint48 snapshot;
        uint48 cureBy;
        uint128 margin;
        uint128 debt;
        uint256 scope;
    }

    /// @notice What a pool is made with.
    /// @param curePeriod Seconds, an hour at least.
    /// @param reward Raw units of the token for who makes a margin call.
    /// @param marginBps Least margin in basis points of the loan, the reward not counted.
    /// @param breachBound Greatest upper end of a breach, parts per million of the health factor.
    /// @param minDeficit Least deficit of a breach, US cents.
    /// @param solventBound Least lower end of a cure, parts per million of the health factor.
    /// @param maxAge Seconds up to which a snapshot counts; 0 for the registry's default.
    struct Settings {
        SolvencyRegistry registry;
        AttestorRegistry attestors;
        ILoanToken token;
        uint48 curePeriod;
        uint128 reward;
        uint16 marginBps;
        uint24 breachBound;
        uint48 minDeficit;
        uint24 solventBound;
        uint24 maxAge;
    }

    /// @notice The owner put money in.
    event Funded(uint256 amount);
    /// @notice The owner took idle money out.
    event Withdrawn(uint256 amount);
    /// @notice A reference stands for a borrower's account.
    event Enrolled(address indexed borrower, uint256 indexed accountRef);
    /// @notice A loan was drawn.
    event Opened(uint256 indexed accountRef, address indexed borrower, uint256 margin, uint256 debt);
    /// @notice A breach was shown; `reward` went to `recipient`.
    event MarginCalled(uint256 indexed accountRef, uint256 scope, uint256 snapshot, uint256 cureBy, address recipient, uint256 reward);
    /// @notice Solvency was shown.
    event Cured(uint256 indexed accountRef, uint256 snapshot);
    /// @notice A loan was repaid and its margin given back.
    event Repaid(uint256 indexed accountRef, uint256 debt, uint256 margin);
    /// @notice A loan was not cured in time; the margin was kept, and `loss` of the debt is not covered by it.
    event Closed(uint256 indexed accountRef, uint256 margin, uint256 debt, uint256 loss);

    /// @notice A setting is out of range.
    error InvalidSettings();
    /// @notice A call came from within another.
    error Reentered();
    /// @notice The reference stands for somebody already.
    error AlreadyEnrolled(uint256 accountRef);
    /// @notice The reference stands for somebody else, or nobody.
    error NotBorrower(address caller);
    /// @notice The loan is not in the state that this needs.
    error WrongState(State state);
    /// @notice The margin is smaller than the pool wants, or the loan is nothing.
    error MarginTooSmall(uint256 margin, uint256 least);
    /// @notice There is less idle money than asked for.
    error NotIdle(uint256 amount, uint256 idle);
    /// @notice The snapshot is not later than the last that counted.
    error SnapshotNotLater(uint256 snapshot, uint256 last);
    /// @notice The proof is about another scope than the call.
    error OtherScope(uint256 scope, uint256 called);
    /// @notice The cure period is over.
    error CureTooLate(uint256 cureBy);
    /// @notice The cure period is not over.
    error CureStillPossible(uint256 cureBy);
    /// @notice The token refused a transfer.
    error TokenRefused();

    /// @notice The EIP-712 type of an enrolment.
    bytes32 public constant ENROLMENT_TYPEHASH = keccak256("Enrolment(address consumer,address borrower,uint256 accountRef)");
    bytes32 private constant DOMAIN_TYPEHASH = keccak256("EIP712Domain(string name,string version,uint256 chainId)");
    bytes32 private constant DOMAIN_NAME = keccak256("Plimsoll enrolment");
    bytes32 private constant DOMAIN_VERSION = keccak256("1");

    uint256 private constant BPS = 10_000;
    uint256 private constant SCOPE = 6;
    uint256 private constant SNAPSHOT = 4;
    uint256 private constant ACCOUNT_REF = 8;
    uint8 private constant FREE = 1;
    uint8 private constant ENTERED = 2;

    /// @notice What counts the proofs.
    SolvencyRegistry public immutable registry;
    /// @notice Whose signers vouch for references and whose word about positions counts.
    AttestorRegistry public immutable attestors;
    /// @notice What is lent.
    ILoanToken public immutable token;
    /// @notice Seconds that a borrower has to cure a breach.
    uint48 public immutable curePeriod;
    /// @notice Raw units of the token for who makes a margin call.
    uint128 public immutable reward;
    /// @notice Least margin in basis points of the loan, the reward not counted.
    uint16 public immutable marginBps;
    /// @notice Greatest upper end of a breach, parts per million of the health factor.
    uint24 public immutable breachBound;
    /// @notice Least deficit of a breach, US cents.
    uint48 public immutable minDeficit;
    /// @notice Least lower end of a cure, parts per million of the health factor.
    uint24 public immutable solventBound;
    /// @notice Seconds up to which a snapshot counts; 0 for the registry's default.
    uint24 public immutable maxAge;

    /// @notice Raw units of the token that may be lent or withdrawn.
    uint256 public idle;
    /// @notice Whose account a reference stands for.
    mapping(uint256 accountRef => address) public borrowerOf;
    /// @notice The loan on a reference.
    mapping(uint256 accountRef => Loan) public loans;
    uint8 private _entered = FREE;

    /// @dev One call at a time: no function is entered while the token is being called.
    modifier once() {
        if (_entered != FREE) revert Reentered();
        _entered = ENTERED;
        _;
        _entered = FREE;
    }

    /// @param owner_ Who funds the pool and says which coverage counts.
    /// @param settings What cannot change later.
    constructor(address owner_, Settings memory settings) Owned(owner_) {
        if (settings.curePeriod < 1 hours || settings.curePeriod > 365 days || settings.marginBps == 0) revert InvalidSettings();
        registry = settings.registry;
        attestors = settings.attestors;
        token = settings.token;
        curePeriod = settings.curePeriod;
        reward = settings.reward;
        marginBps = settings.marginBps;
        breachBound = settings.breachBound;
        minDeficit = settings.minDeficit;
        solventBound = settings.solventBound;
        maxAge = settings.maxAge;
    }

    /// @notice Takes proofs with these coverages and scopes, for calls and for cures.
    /// @param coverages Ids of what attestors looked at.
    /// @param scopes 0 for all accounts together, or ids of markets.
    function allow(uint256[] calldata coverages, uint256[] calldata scopes) external onlyOwner {
        registry.setTerms(SolvencyRegistry.Purpose.Breach, coverages, scopes, SolvencyRegistry.Terms(attestors, breachBound, minDeficit, maxAge));
        registry.setTerms(SolvencyRegistry.Purpose.Solvent, coverages, scopes, SolvencyRegistry.Terms(attestors, solventBound, 0, maxAge));
    }

    /// @notice Takes no more calls with this coverage and scope; cures still count, so that nobody is called and then cannot answer.
    /// @param coverage Id of what attestors looked at.
    /// @param scope As in the proofs.
    function disallow(uint256 coverage, uint256 scope) external onlyOwner {
        registry.removeTerms(SolvencyRegistry.Purpose.Breach, coverage, scope);
    }

    /// @notice Puts money in, by the owner's approval.
    /// @param amount Raw units of the token.
    function fund(uint256 amount) external onlyOwner once {
        idle += amount;
        emit Funded(amount);
        _pull(msg.sender, amount);
    }

    /// @notice Takes idle money out.
    /// @param amount Raw units of the token.
    function withdraw(uint256 amount) external onlyOwner once {
        _takeIdle(amount);
        emit Withdrawn(amount);
        _push(msg.sender, amount);
    }

    /// @notice Has a reference stand for a borrower's account. Anybody may hand in what the signers signed.
    /// @param borrower Who may draw a loan on it.
    /// @param accountRef As it stands in proofs for this pool.
    /// @param signatures Of the enrolment's digest, as AttestorRegistry wants them: as many signers as a commitment needs.
    function enrol(address borrower, uint256 accountRef, bytes calldata signatures) external {
        if (borrowerOf[accountRef] != address(0)) revert AlreadyEnrolled(accountRef);
        attestors.requireSigned(enrolmentDigest(borrower, accountRef), signatures);
        borrowerOf[accountRef] = borrower;
        emit Enrolled(borrower, accountRef);
    }

    /// @notice Leaves a margin, by the caller's approval, and draws a loan.
    /// @param accountRef A reference that stands for the caller's account.
    /// @param margin Raw units of the token.
    /// @param amount Raw units of the token, which the caller gets and owes.
    function open(uint256 accountRef, uint128 margin, uint128 amount) external once {
        if (borrowerOf[accountRef] != msg.sender) revert NotBorrower(msg.sender);
        Loan storage loan = _loanIn(accountRef, State.None);
        uint256 least = (uint256(amount) * marginBps + BPS - 1) / BPS + reward;
        if (margin < least || amount == 0) revert MarginTooSmall(margin, least);
        _takeIdle(amount);
        (loan.state, loan.snapshot, loan.margin, loan.debt) = (State.Open, uint48(block.timestamp), margin, amount);
        emit Opened(accountRef, msg.sender, margin, amount);
        _pull(msg.sender, margin);
        _push(msg.sender, amount);
    }

    /// @notice Makes a margin call by a proof of breach. The reward goes to the proof's recipient.
    /// @param submission A proof whose domain names this pool.
    function marginCall(SolvencyRegistry.Submission calldata submission) external once {
        registry.submitBreach(submission);
        uint256 accountRef = submission.signals[ACCOUNT_REF];
        Loan storage loan = _loanIn(accountRef, State.Open);
        _advance(loan, submission.signals[SNAPSHOT]);
        uint48 cureBy = uint48(block.timestamp) + curePeriod;
        (loan.state, loan.cureBy, loan.margin, loan.scope) = (State.Called, cureBy, loan.margin - reward, submission.signals[SCOPE]);
        emit MarginCalled(accountRef, submission.signals[SCOPE], submission.signals[SNAPSHOT], cureBy, submission.recipient, reward);
        _push(submission.recipient, reward);
    }

    /// @notice Ends a margin call by a proof of solvency, within the cure period. The caller puts the reward back into the margin, by its approval.
    /// @param submission A proof whose domain names this pool, of a later snapshot than the call's and of the same scope.
    function cure(SolvencyRegistry.Submission calldata submission) external once {
        registry.submitSolvent(submission);
        uint256 accountRef = submission.signals[ACCOUNT_REF];
        Loan storage loan = _loanIn(accountRef, State.Called);
        if (block.timestamp > loan.cureBy) revert CureTooLate(loan.cureBy);
        if (submission.signals[SCOPE] != loan.scope) revert OtherScope(submission.signals[SCOPE], loan.scope);
        _advance(loan, submission.signals[SNAPSHOT]);
        (loan.state, loan.margin) = (State.Open, loan.margin + reward);
        emit Cured(accountRef, submission.signals[SNAPSHOT]);
        _pull(msg.sender, reward);
    }

    /// @notice Repays a loan, called or not, by the caller's approval. The margin goes back to the borrower.
    /// @param accountRef The loan's reference.
    function repay(uint256 accountRef) external once {
        Loan memory loan = loans[accountRef];
        if (loan.state != State.Open && loan.state != State.Called) revert WrongState(loan.state);
        delete loans[accountRef];
        idle += loan.debt;
        emit Repaid(accountRef, loan.debt, loan.margin);
        _pull(msg.sender, loan.debt);
        _push(borrowerOf[accountRef], loan.margin);
    }

    /// @notice Closes a loan that was called and not cured in time. Anybody may.
    /// @param accountRef The loan's reference.
    function close(uint256 accountRef) external once {
        Loan storage loan = _loanIn(accountRef, State.Called);
        if (block.timestamp <= loan.cureBy) revert CureStillPossible(loan.cureBy);
        (uint256 margin, uint256 debt) = (loan.margin, loan.debt);
        loan.state = State.Closed;
        idle += margin;
        emit Closed(accountRef, margin, debt, debt > margin ? debt - margin : 0);
    }

    /// @notice What signers sign to enrol a reference: EIP-712, under the domain {name: "Plimsoll enrolment", version: "1", chainId}.
    function enrolmentDigest(address borrower, uint256 accountRef) public view returns (bytes32) {
        bytes32 domainSeparator = keccak256(abi.encode(DOMAIN_TYPEHASH, DOMAIN_NAME, DOMAIN_VERSION, block.chainid));
        bytes32 structHash = keccak256(abi.encode(ENROLMENT_TYPEHASH, address(this), borrower, accountRef));
        return keccak256(abi.encodePacked("\x19\x01", domainSeparator, structHash));
    }

    function _loanIn(uint256 accountRef, State state) private view returns (Loan storage loan) {
        loan = loans[accountRef];
        if (loan.state != state) revert WrongState(loan.state);
    }

    /// @dev The registry compared the snapshot with the clock, so it fits.
    function _advance(Loan storage loan, uint256 snapshot) private {
        if (snapshot <= loan.snapshot) revert SnapshotNotLater(snapshot, loan.snapshot);
        loan.snapshot = uint48(snapshot);
    }

    function _takeIdle(uint256 amount) private {
        if (amount > idle) revert NotIdle(amount, idle);
        idle -= amount;
    }

    function _pull(address from, uint256 amount) private {
        _callToken(abi.encodeCall(ILoanToken.transferFrom, (from, address(this), amount)));
    }

    function _push(address to, uint256 amount) private {
        _callToken(abi.encodeCall(token.transfer, (to, amount)));
    }

    /// @dev A token may answer with true or with nothing, but it must be a contract.
    function _callToken(bytes memory data) private {
        (bool succeeded, bytes memory answer) = address(token).call(data);
        bool accepted = answer.length == 0 ? address(token).code.length != 0 : answer.length >= 32 && uint256(bytes32(answer)) == 1;
        if (!succeeded || !accepted) revert TokenRefused();
    }
}
