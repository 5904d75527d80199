import { RuleViolation } from '../../core/errors.ts';

/** The id of the rule, also the name under which its violations are reported. */
export const MORPHO_RULE_ID = 'morpho-blue@1';

/** The revert reasons of the contract that a step can meet. @source ErrorsLib.sol of @morpho-org/morpho-blue 1.0.0 */
export const MORPHO_ERRORS = {
  marketNotCreated: 'market not created',
  inconsistentInput: 'inconsistent input',
  zeroAssets: 'zero assets',
  unauthorized: 'unauthorized',
  insufficientCollateral: 'insufficient collateral',
  insufficientLiquidity: 'insufficient liquidity',
  healthyPosition: 'position is healthy',
  maxUint128Exceeded: 'max uint128 exceeded',
  /** Solidity's own panic on an arithmetic underflow or overflow: the contract has no error of its own for "more than there is". */
  arithmetic: 'Panic(0x11)',
} as const;

const MAX_UINT128 = 2n ** 128n - 1n;

/** Builds the violation that the contract's revert stands for. */
export function violation(error: keyof typeof MORPHO_ERRORS, explanation: string): RuleViolation {
  return new RuleViolation(MORPHO_RULE_ID, MORPHO_ERRORS[error], explanation);
}

/** Casts as UtilsLib.toUint128 does. @throws {RuleViolation} max uint128 exceeded */
export function toUint128(value: bigint, what: string): bigint {
  if (value > MAX_UINT128) throw violation('maxUint128Exceeded', `${what} of ${value} does not fit 128 bits`);
  return value;
}

/** a + b in 128 bits. @throws {RuleViolation} Panic(0x11) on overflow */
export function addUint128(a: bigint, b: bigint, what: string): bigint {
  if (a + b > MAX_UINT128) throw violation('arithmetic', `${what} would exceed 128 bits`);
  return a + b;
}

/** a − b. @throws {RuleViolation} Panic(0x11) where b is greater */
export function subChecked(a: bigint, b: bigint, what: string): bigint {
  if (b > a) throw violation('arithmetic', `${b} exceeds the ${what} of ${a}`);
  return a - b;
}
