// SPDX-License-Identifier: MIT
pragma solidity 0.8.27;

import {IAaveFlashBorrower, IAaveFlashLender, IMorphoFlashBorrower, IMorphoFlashLender} from "./interfaces/IFlashLenders.sol";
import {IToken} from "./interfaces/IToken.sol";

/// @title Carries out one owner's plan in one transaction, on borrowed money where needed, and keeps nothing
/// @notice One contract per owner. It holds funds only while a plan runs: what is left of every token that the plan names goes to
/// the owner before the transaction ends, and so does ether; every approval that it gave is back at 0. A plan runs as a whole or not at all.
///
/// @dev
/// CALLDATA. One function, `execute(Plan)`, with the ABI type
/// `(uint256 deadline,
///   (uint8 kind, address lender, address token, uint256 amount, uint256 maxFee)[] loans,
///   (address target, uint256 value, bytes data, (address token, address spender, uint256 amount) approval)[] calls,
///   (address token, uint256 minimum)[] outputs,
///   (address target, bytes data, uint256 offset, uint256 minimum, uint256 maximum)[] checks)`.
/// All amounts are raw units of their token. `kind` is 0 for Morpho Blue, 1 for Aave v3. `approval.token` is 0 for a call without an
/// approval. `offset` counts bytes from the start of what the check returns: 32·n for its n-th static member.
///
/// ORDER. Deadline → each loan is taken inside the one before it → calls, in their order, each between its approval and the
/// return of that approval to 0 → loans are repaid, the last one first → minimum outputs → everything goes to the owner → checks. Checks come
/// last, so that they speak of the state that the transaction leaves. A loan per token to be repaid is enough for every plan whose end is
/// legal: supplies and repayments first, withdrawals and borrows next, swaps last, each account at least as healthy in between as in the end.
///
/// WHAT THE OWNER SIGNS, beside the call to `execute`. The executor acts on the owner's accounts by rights that the protocols have for that:
/// - Repaying or supplying for the owner needs no right. Aave v3 `repay(asset, amount, 2, owner)`: the greatest integer is refused for somebody
///   else's debt, so "all" is an amount a little above the debt, with an approval of as much; the pool takes what is owed.
///   Morpho Blue `repay(market, 0, shares, owner, "")` with the position's shares is "all"; its approval needs room for interest. Anybody may
///   repay a share before it and so make it fail: quote again. Comet `supplyTo(owner, base, 2^256 − 1)` is "all". Callback data stays empty.
/// - Tokens of the owner's wallet: `token.approve(executor, amount)`, exactly; the plan calls `token.transferFrom(owner, executor, amount)`.
/// - Collateral in Aave v3: `aToken.approve(executor, amount)`, exactly; the plan calls `aToken.transferFrom(owner, executor, amount)`, which checks
///   the owner's health as a withdrawal does, then `pool.withdraw(asset, 2^256 − 1, executor)`, which takes what came in with all its rounding.
///   An exact approval is used up. Where more was approved, v3.6 lets the plan end with `aToken.renounceAllowance(owner)`.
/// - Debt in Aave v3: `variableDebtToken.approveDelegation(executor, amount)`, exactly; the plan calls
///   `pool.borrow(asset, amount, 2, 0, owner)`, which sends to the executor. Used up too; taken back by the owner's
///   `approveDelegation(executor, 0)`, or in v3.6 by the plan's `renounceDelegation(owner)`.
/// - Collateral, supply and debt in Morpho Blue: `setAuthorization(executor, true)`, which has no amount: it covers all of the owner's markets until
///   `setAuthorization(executor, false)`. Put it before and that after `execute` in one batch of a smart account; or sign two EIP-712 authorizations of
///   consecutive nonces, and let the plan's first call grant and its last call revoke with `setAuthorizationWithSig`. Assert the end by a check
///   `isAuthorized(owner, executor)` with maximum 0. The plan calls `withdrawCollateral(market, assets, owner, executor)`,
///   `withdraw` and `borrow` with the receiver `executor`.
/// - Collateral in Comet: `allow(executor, true)`, without an amount too, or `allowBySig`; the plan calls `withdrawFrom(owner, executor, asset, amount)`.
/// A right that stays granted can be used by this contract alone, hence by the owner's own plans alone; take it back all the same. Permits
/// (`permit`, `delegationWithSig`) may be calls of the plan; whoever sees one can send it first and make the plan fail, at no loss: send it again without.
///
/// CHECKS. Aave: `getUserAccountData(owner)`, offset 160, is the health factor in 1e18. Morpho Blue has no such view:
/// `position(id, owner)` with collateral (offset 64) at least and borrow shares (offset 32) at most what was predicted, and the market's
/// oracle `price()` at least what was assumed, say the same. Comet: `isBorrowCollateralized(owner)` at least 1.
///
/// TRUST. Targets, spenders and lenders are the owner's choice and must come from a list that the owner trusts. A target or a token that turns hostile
/// gets what it was approved for and no more: it cannot enter `execute` (owner only, and once at a time), cannot pose as a lender (only the announced
/// lender, once, with the very bytes that were handed to it), cannot have a pool call back for a loan of its own (initiator). What it fails to
/// deliver, minimum outputs and checks catch. Both lenders take a loan back by `transferFrom`, never by looking at their balance, so repaying or supplying to the
/// lender itself during the loan is not mistaken for the loan's return: its approval is separate, given only after the last call. A loan that a call asks for
/// has not been announced and fails. Calls of `approve`, `increaseAllowance` and Permit2's `approve` are refused: approvals that outlive a call
/// could be used in a later plan. So routers that need Permit2 are out of reach. There is no delegatecall. A token that takes a fee on transfer
/// cannot be borrowed.
///
/// CHAINS. Compile for `paris`: no PUSH0, no transient storage, no MCOPY, hence one bytecode for every chain of the deployments, late adopters included. Against
/// transient storage the two flags cost about 5,000 gas more per plan; both slots are never zero between plans, for cheap writes.
contract PlimsollExecutor is IMorphoFlashBorrower, IAaveFlashBorrower {
    /// @notice Whose flash loan it is, hence which callback answers it.
    enum LenderKind {
        Morpho,
        Aave
    }

    /// @notice A flash loan of `amount` of `token` from `lender`; a greater fee than `maxFee` (raw units, whole loan) makes the plan fail.
    struct Loan {
        LenderKind kind;
        address lender;
        address token;
        uint256 amount;
        uint256 maxFee;
    }

    /// @notice Lets `spender` take `amount` of `token` during one call. No approval where `token` is 0.
    struct Approval {
        address token;
        address spender;
        uint256 amount;
    }

    /// @notice A call of a contract with ether and an approval that lasts as long as the call.
    struct Call {
        address target;
        uint256 value;
        bytes data;
        Approval approval;
    }

    /// @notice A token that goes to the owner in the end; less than `minimum` of it makes the plan fail.
    struct Output {
        address token;
        uint256 minimum;
    }

    /// @notice A static call whose unsigned integer at byte `offset` of the answer must lie in [`minimum`, `maximum`].
    struct Check {
        address target;
        bytes data;
        uint256 offset;
        uint256 minimum;
        uint256 maximum;
    }

    /// @notice What `execute` takes. `deadline` is the last unix second at which it may run.
    struct Plan {
        uint256 deadline;
        Loan[] loans;
        Call[] calls;
        Output[] outputs;
        Check[] checks;
    }

    /// @dev What travels through a lender: which loan this is, what was held before it, and what is left to do.
    struct Frame {
        uint256 index;
        uint256 held;
        Loan[] loans;
        Call[] calls;
    }

    /// @notice A plan was carried out. `plan` is the hash of the calldata of `execute`.
    event Executed(bytes32 indexed plan);

    /// @notice The owner must not be the zero address.
    error ZeroOwner();
    /// @notice Somebody else than the owner called.
    error NotOwner(address caller);
    /// @notice A plan is already under way.
    error AlreadyExecuting();
    /// @notice No plan is under way: no callback and no ether are expected.
    error NotExecuting();
    /// @notice The plan came too late.
    error DeadlinePassed(uint256 deadline);
    /// @notice A callback came from somebody whose loan is not awaited.
    error UnexpectedLender(address caller);
    /// @notice The lender's callback is not about the loan that was announced to it.
    error UnexpectedLoan();
    /// @notice Somebody else asked the pool for the loan.
    error WrongInitiator(address initiator);
    /// @notice The lender's fee is above what the plan allows.
    error FeeTooHigh(uint256 fee, uint256 maxFee);
    /// @notice The lender called back without having sent the loan.
    error LoanNotReceived(address token);
    /// @notice The lender returned without having called back.
    error LoanNotMade(address lender);
    /// @notice The target of a call is this contract, or no contract.
    error InvalidTarget(uint256 call);
    /// @notice A call would give an approval that outlives it.
    error StandingApproval(uint256 call);
    /// @notice A call reverted with `reason`.
    error CallFailed(uint256 call, bytes reason);
    /// @notice A token refused an approval or a transfer.
    error TokenRefused(address token);
    /// @notice There is less of a token in the end than the plan asks for.
    error OutputTooLow(address token, uint256 held, uint256 minimum);
    /// @notice A check reverted, or answered with too few bytes.
    error CheckUnreadable(uint256 check);
    /// @notice A checked value lies outside of its limits.
    error CheckFailed(uint256 check, uint256 value);
    /// @notice The owner did not take the plan's ether back.
    error RefundRefused();

    uint8 private constant IDLE = 1;
    uint8 private constant EXECUTING = 2;

    bytes4 private constant TRANSFER_FROM = bytes4(keccak256("transferFrom(address,address,uint256)"));
    bytes4 private constant INCREASE_ALLOWANCE = bytes4(keccak256("increaseAllowance(address,uint256)"));
    bytes4 private constant PERMIT2_APPROVE = bytes4(keccak256("approve(address,address,uint160,uint48)"));

    /// @notice Who may have plans carried out, and where everything goes: an account with a key or a smart account. It cannot change.
    address public immutable owner;

    /// @dev Whose callback is awaited; 0 while none is.
    address private _awaited;
    uint8 private _phase = IDLE;
    /// @dev Hash of the bytes handed to the awaited lender; without meaning while none is awaited.
    bytes32 private _frameHash = bytes32(uint256(1));

    /// @param owner_ Whose plans this contract carries out.
    constructor(address owner_) {
        if (owner_ == address(0)) revert ZeroOwner();
        owner = owner_;
    }

    /// @notice Takes ether during a plan only, as when wrapped ether is unwrapped.
    receive() external payable {
        if (_phase != EXECUTING) revert NotExecuting();
    }

    /// @notice Carries out a plan of the owner's. Ether that comes along can be spent by its calls; the rest returns.
    /// @dev Besides `outputs`, the tokens of loans, of approvals and of `transferFrom` calls are sent to the owner without being listed; a token
    /// that only a swap or a withdrawal brings must be. A plan without calls recovers tokens that somebody sent here.
    /// @param plan Loans, calls, minimum outputs and checks; see the contract's own notes for the order and for what the owner signs.
    function execute(Plan calldata plan) external payable {
        if (msg.sender != owner) revert NotOwner(msg.sender);
        if (_phase != IDLE) revert AlreadyExecuting();
        if (block.timestamp > plan.deadline) revert DeadlinePassed(plan.deadline);
        _phase = EXECUTING;
        // Ether that was forced in before belongs to no plan: an owner that takes none must not be blocked by it.
        uint256 forced = address(this).balance - msg.value;
        _proceed(plan.loans, plan.calls, 0);
        _requireOutputs(plan.outputs);
        _sweep(plan);
        _refund(forced);
        _requireChecks(plan.checks);
        _phase = IDLE;
        emit Executed(keccak256(msg.data));
    }

    /// @notice Morpho Blue's callback.
    /// @param assets The amount lent.
    /// @param data The bytes that were announced.
    function onMorphoFlashLoan(uint256 assets, bytes calldata data) external {
        Frame memory frame = _accept(LenderKind.Morpho, assets, data);
        _useLoan(frame, 0);
    }

    /// @notice The callback of an Aave v3 pool.
    /// @param asset The token lent.
    /// @param amount The amount lent.
    /// @param premium The fee, in units of the token.
    /// @param initiator Who asked for the loan.
    /// @param params The bytes that were announced.
    /// @return True, as the pool wants it.
    function executeOperation(address asset, uint256 amount, uint256 premium, address initiator, bytes calldata params) external returns (bool) {
        Frame memory frame = _accept(LenderKind.Aave, amount, params);
        if (initiator != address(this)) revert WrongInitiator(initiator);
        Loan memory loan = frame.loans[frame.index];
        if (asset != loan.token) revert UnexpectedLoan();
        if (premium > loan.maxFee) revert FeeTooHigh(premium, loan.maxFee);
        _useLoan(frame, premium);
        return true;
    }

    /// @dev Takes the loan at `index`, within which the next one is taken; runs the calls after the last one.
    function _proceed(Loan[] memory loans, Call[] memory calls, uint256 index) private {
        if (index == loans.length) {
            for (uint256 i = 0; i < calls.length; ++i) _run(calls[i], i);
            return;
        }
        Loan memory loan = loans[index];
        bytes memory data = abi.encode(Frame(index, IToken(loan.token).balanceOf(address(this)), loans, calls));
        _awaited = loan.lender;
        _frameHash = keccak256(data);
        if (loan.kind == LenderKind.Morpho) {
            IMorphoFlashLender(loan.lender).flashLoan(loan.token, loan.amount, data);
        } else {
            IAaveFlashLender(loan.lender).flashLoanSimple(address(this), loan.token, loan.amount, data, 0);
        }
        if (_awaited != address(0)) revert LoanNotMade(loan.lender);
        _withdrawApproval(loan.token, loan.lender);
    }

    /// @dev Lets the awaited lender in, once, with the announced bytes and the loan in hand.
    function _accept(LenderKind kind, uint256 amount, bytes calldata data) private returns (Frame memory frame) {
        if (_phase != EXECUTING) revert NotExecuting();
        if (msg.sender != _awaited) revert UnexpectedLender(msg.sender);
        if (keccak256(data) != _frameHash) revert UnexpectedLoan();
        _awaited = address(0);
        frame = abi.decode(data, (Frame));
        Loan memory loan = frame.loans[frame.index];
        if (kind != loan.kind || amount != loan.amount) revert UnexpectedLoan();
        if (IToken(loan.token).balanceOf(address(this)) < frame.held + amount) revert LoanNotReceived(loan.token);
    }

    /// @dev Goes on with the plan, then lets the lender take its loan back.
    function _useLoan(Frame memory frame, uint256 fee) private {
        _proceed(frame.loans, frame.calls, frame.index + 1);
        Loan memory loan = frame.loans[frame.index];
        _approve(loan.token, loan.lender, loan.amount + fee);
    }

    function _run(Call memory call, uint256 index) private {
        if (call.target == address(this) || call.target.code.length == 0) revert InvalidTarget(index);
        bytes4 selector = bytes4(call.data);
        if (selector == IToken.approve.selector || selector == INCREASE_ALLOWANCE || selector == PERMIT2_APPROVE) revert StandingApproval(index);
        Approval memory approval = call.approval;
        if (approval.token != address(0)) _approve(approval.token, approval.spender, approval.amount);
        (bool succeeded, bytes memory reason) = call.target.call{value: call.value}(call.data);
        if (!succeeded) revert CallFailed(index, reason);
        if (approval.token != address(0)) _withdrawApproval(approval.token, approval.spender);
    }

    function _approve(address token, address spender, uint256 amount) private {
        _callToken(token, abi.encodeCall(IToken.approve, (spender, amount)));
    }

    /// @dev Some tokens refuse an approval of 0, so none is sent where nothing is left.
    function _withdrawApproval(address token, address spender) private {
        if (IToken(token).allowance(address(this), spender) != 0) _approve(token, spender, 0);
    }

    function _requireOutputs(Output[] calldata outputs) private view {
        for (uint256 i = 0; i < outputs.length; ++i) {
            uint256 held = IToken(outputs[i].token).balanceOf(address(this));
            if (held < outputs[i].minimum) revert OutputTooLow(outputs[i].token, held, outputs[i].minimum);
        }
    }

    function _sweep(Plan calldata plan) private {
        for (uint256 i = 0; i < plan.outputs.length; ++i) _sendAll(plan.outputs[i].token);
        for (uint256 i = 0; i < plan.loans.length; ++i) _sendAll(plan.loans[i].token);
        for (uint256 i = 0; i < plan.calls.length; ++i) {
            Call calldata call = plan.calls[i];
            if (call.approval.token != address(0)) _sendAll(call.approval.token);
            if (bytes4(call.data) == TRANSFER_FROM) _sendAll(call.target);
        }
    }

    function _sendAll(address token) private {
        uint256 held = IToken(token).balanceOf(address(this));
        if (held != 0) _callToken(token, abi.encodeCall(IToken.transfer, (owner, held)));
    }

    function _refund(uint256 forced) private {
        uint256 held = address(this).balance;
        if (held == 0) return;
        (bool succeeded, ) = owner.call{value: held}("");
        if (!succeeded && held > forced) revert RefundRefused();
    }

    function _requireChecks(Check[] calldata checks) private view {
        for (uint256 i = 0; i < checks.length; ++i) {
            Check calldata check = checks[i];
            (bool succeeded, bytes memory answer) = check.target.staticcall(check.data);
            if (!succeeded || answer.length < 32 || check.offset > answer.length - 32) revert CheckUnreadable(i);
            uint256 offset = check.offset;
            uint256 value;
            // The word lies within the answer, as the line above made sure.
            assembly ("memory-safe") {
                value := mload(add(add(answer, 32), offset))
            }
            if (value < check.minimum || value > check.maximum) revert CheckFailed(i, value);
        }
    }

    /// @dev A token may answer with true or with nothing, but it must be a contract.
    function _callToken(address token, bytes memory data) private {
        (bool succeeded, bytes memory answer) = token.call(data);
        bool accepted = answer.length == 0 ? token.code.length != 0 : answer.length >= 32 && uint256(bytes32(answer)) == 1;
        if (!succeeded || !accepted) revert TokenRefused(token);
    }
}
