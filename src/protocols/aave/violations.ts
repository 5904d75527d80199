import { RuleViolation } from '../../core/errors.ts';
import type { AaveProfile } from './profile.ts';

/**
 * Aave's errors by their name since 3.4, with the numbers that the earlier versions revert with.
 *
 * @source Errors.sol of aave-v3-origin, aave-v3-core and protocol-v2
 */
const CODES = {
  InvalidAmount: { v2: '1', v3: '26' },
  InvalidMintAmount: { v2: '56', v3: '24' },
  InvalidBurnAmount: { v2: '58', v3: '25' },
  ReserveInactive: { v2: '2', v3: '27' },
  ReserveFrozen: { v2: '3', v3: '28' },
  ReservePaused: { v2: '64', v3: '29' },
  BorrowingNotEnabled: { v2: '7', v3: '30' },
  NotEnoughAvailableUserBalance: { v2: '5', v3: '32' },
  CollateralBalanceIsZero: { v2: '9', v3: '34' },
  HealthFactorLowerThanLiquidationThreshold: { v2: '10', v3: '35' },
  CollateralCannotCoverNewBorrow: { v2: '11', v3: '36' },
  NoDebtOfSelectedType: { v2: '15', v3: '39' },
  HealthFactorNotBelowThreshold: { v2: '42', v3: '45' },
  CollateralCannotBeLiquidated: { v2: '43', v3: '46' },
  SpecifiedCurrencyNotBorrowedByUser: { v2: '44', v3: '47' },
  NotEnoughLiquidity: { v2: '45', v3: 'ERC20: transfer amount exceeds balance' },
  TransferNotAllowed: { v2: '6', v3: '35' },
  BorrowCapExceeded: { v2: '81', v3: '50' },
  SupplyCapExceeded: { v2: '51', v3: '51' },
  DebtCeilingExceeded: { v2: '53', v3: '53' },
  // v2 divides by the LTV: its own error is a division by zero.
  LtvValidationFailed: { v2: '50', v3: '57' },
  InconsistentEModeCategory: { v2: '58', v3: '58' },
  PriceOracleSentinelCheckFailed: { v2: '59', v3: '59' },
  AssetNotBorrowableInIsolation: { v2: '60', v3: '60' },
  AssetNotListed: { v2: '77', v3: '82' },
  SiloedBorrowingViolation: { v2: '89', v3: '89' },
  NotBorrowableInEMode: { v2: '100', v3: '100' },
  LiquidationGraceSentinelCheckFailed: { v2: '97', v3: '97' },
  MustNotLeaveDust: { v2: '103', v3: '103' },
} as const;

/** An Aave error by its current name. */
export type AaveErrorName = keyof typeof CODES;

/** The violation as the profile's version would name it: a custom error since 3.4, a number before. */
export function violate(profile: AaveProfile, name: AaveErrorName, explanation: string): RuleViolation {
  if (profile.errors === 'names') return new RuleViolation(profile.rule, name, explanation);
  const code = profile.errors === 'v2-codes' ? CODES[name].v2 : CODES[name].v3;
  return new RuleViolation(profile.rule, code, `${name}: ${explanation}`);
}
