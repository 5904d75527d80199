import { Interface } from 'ethers';
import { InvalidArgument } from '../../core/errors.ts';
import { MAX_UINT256 } from '../../core/fixed-point.ts';
import { type Address, isAddress } from '../../core/ids.ts';

/** A flash loan that a plan takes. Raw units of `token`. */
export interface ExecutionLoan {
  /** Whose flash loan it is: Morpho Blue's `flashLoan`, without a fee, or `flashLoanSimple` of an Aave v3 pool. */
  readonly kind: 'morpho' | 'aave';
  readonly lender: Address;
  readonly token: Address;
  readonly amount: bigint;
  /** Greatest fee for the whole loan; 0 for Morpho Blue. */
  readonly maxFee: bigint;
}

/** One call of a plan. */
export interface ExecutionCall {
  readonly target: Address;
  /** Wei that go with it. */
  readonly value: bigint;
  readonly data: string;
  /** What `spender` may take while the call runs, raw units; null where the call takes nothing. */
  readonly approval: { readonly token: Address; readonly spender: Address; readonly amount: bigint } | null;
}

/** A token that goes to the owner in the end, raw units at least; 0 only collects what is left. */
export interface ExecutionOutput {
  readonly token: Address;
  readonly minimum: bigint;
}

/** An unsigned integer that a static call must answer with, both limits included. */
export interface ExecutionCheck {
  readonly target: Address;
  readonly data: string;
  /** Bytes from the start of the answer: 32·n for its n-th static member. */
  readonly offset: number;
  readonly minimum: bigint;
  /** Null where there is no upper limit. */
  readonly maximum: bigint | null;
}

/** What PlimsollExecutor carries out in one transaction; the contract's notes state the order and the rights that the owner grants. */
export interface Execution {
  /** Last unix second at which it may run. */
  readonly deadline: bigint;
  /** Each is taken inside the one before. */
  readonly loans: readonly ExecutionLoan[];
  readonly calls: readonly ExecutionCall[];
  /** Tokens of loans, approvals and `transferFrom` calls are collected without being listed; what only a swap or a withdrawal brings must be. */
  readonly outputs: readonly ExecutionOutput[];
  readonly checks: readonly ExecutionCheck[];
}

const LENDER_KINDS = { morpho: 0, aave: 1 } as const;
const NO_APPROVAL = { token: `0x${'0'.repeat(40)}`, spender: `0x${'0'.repeat(40)}`, amount: 0n } as const;
const BYTES = /^0x(?:[0-9a-f]{2})*$/i;
/** `approve`, `increaseAllowance`, Permit2's `approve`: what they give would outlive the call, so the contract refuses them. */
const STANDING_APPROVALS = ['0x095ea7b3', '0x39509351', '0x87517c45'];

/**
 * The ABI of PlimsollExecutor, as far as a planner needs it: `execute`, its event, and its errors to read a failed simulation with.
 *
 * @source contracts/PlimsollExecutor.sol
 */
export const executorInterface = new Interface([
  'constructor(address owner_)',
  'function owner() view returns (address)',
  'function execute((uint256 deadline, (uint8 kind, address lender, address token, uint256 amount, uint256 maxFee)[] loans, (address target, uint256 value, bytes data, (address token, address spender, uint256 amount) approval)[] calls, (address token, uint256 minimum)[] outputs, (address target, bytes data, uint256 offset, uint256 minimum, uint256 maximum)[] checks) plan) payable',
  'event Executed(bytes32 indexed plan)',
  'error ZeroOwner()',
  'error NotOwner(address caller)',
  'error AlreadyExecuting()',
  'error NotExecuting()',
  'error DeadlinePassed(uint256 deadline)',
  'error UnexpectedLender(address caller)',
  'error UnexpectedLoan()',
  'error WrongInitiator(address initiator)',
  'error FeeTooHigh(uint256 fee, uint256 maxFee)',
  'error LoanNotReceived(address token)',
  'error LoanNotMade(address lender)',
  'error InvalidTarget(uint256 call)',
  'error StandingApproval(uint256 call)',
  'error CallFailed(uint256 call, bytes reason)',
  'error TokenRefused(address token)',
  'error OutputTooLow(address token, uint256 held, uint256 minimum)',
  'error CheckUnreadable(uint256 check)',
  'error CheckFailed(uint256 check, uint256 value)',
  'error RefundRefused()',
]);

/**
 * The calldata of `execute`. Wei for the calls travel as the transaction's value, which is not part of it.
 *
 * @throws {InvalidArgument} for what the contract would refuse at once: a loan of nothing, an approval that outlives its call, limits that exclude every
 * value, an address, a number or bytes out of form.
 * @example
 * ```ts
 * const data = encodeExecution({ deadline: 1_800_000_000n, loans: [], calls: [], outputs: [{ token, minimum: 0n }], checks: [] }); // recovers a token
 * ```
 */
export function encodeExecution({ deadline, loans, calls, outputs, checks }: Execution): string {
  const plan = [requireUint(deadline, 'deadline'), loans.map(encodeLoan), calls.map(encodeCall), outputs.map(encodeOutput), checks.map(encodeCheck)];
  return executorInterface.encodeFunctionData('execute', [plan]);
}

function encodeLoan({ kind, lender, token, amount, maxFee }: ExecutionLoan, at: number): readonly unknown[] {
  const where = `loans[${at}]`;
  if (amount === 0n) throw new InvalidArgument(`${where} borrows nothing. Leave it out.`);
  return [LENDER_KINDS[kind], requireAddress(lender, where), requireAddress(token, where), requireUint(amount, where), requireUint(maxFee, where)];
}

function encodeCall({ target, value, data, approval }: ExecutionCall, at: number): readonly unknown[] {
  const where = `calls[${at}]`;
  if (STANDING_APPROVALS.includes(requireBytes(data, where).slice(0, 10).toLowerCase())) {
    throw new InvalidArgument(`${where} gives an approval that would outlive it. State what the call may take as its own approval.`);
  }
  const { token, spender, amount } = approval === null ? NO_APPROVAL : requireApproval(approval, where);
  return [requireAddress(target, where), requireUint(value, where), data, [token, spender, amount]];
}

function requireApproval(approval: NonNullable<ExecutionCall['approval']>, where: string): NonNullable<ExecutionCall['approval']> {
  requireAddress(approval.token, where);
  requireAddress(approval.spender, where);
  requireUint(approval.amount, where);
  if (BigInt(approval.token) === 0n) throw new InvalidArgument(`${where} approves the zero address as a token. Use null where nothing is taken.`);
  return approval;
}

function encodeOutput({ token, minimum }: ExecutionOutput, at: number): readonly unknown[] {
  return [requireAddress(token, `outputs[${at}]`), requireUint(minimum, `outputs[${at}]`)];
}

function encodeCheck({ target, data, offset, minimum, maximum }: ExecutionCheck, at: number): readonly unknown[] {
  const where = `checks[${at}]`;
  const greatest = maximum ?? MAX_UINT256;
  if (minimum > greatest) throw new InvalidArgument(`${where} asks for at least ${minimum} and at most ${greatest}, which nothing is.`);
  if (!Number.isSafeInteger(offset) || offset < 0) throw new InvalidArgument(`${where} reads at byte ${offset}, which is no place in an answer.`);
  return [requireAddress(target, where), requireBytes(data, where), offset, requireUint(minimum, where), requireUint(greatest, where)];
}

function requireAddress(address: Address, where: string): Address {
  if (!isAddress(address)) throw new InvalidArgument(`${where} names ${String(address)}, which is no lower-case address.`);
  return address;
}

function requireUint(amount: bigint, where: string): bigint {
  if (amount < 0n || amount > MAX_UINT256) throw new InvalidArgument(`${where} holds ${amount}, which does not fit into 256 bits without a sign.`);
  return amount;
}

function requireBytes(data: string, where: string): string {
  if (!BYTES.test(data)) throw new InvalidArgument(`${where} holds data that is not whole bytes in hex.`);
  return data;
}
