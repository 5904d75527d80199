import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { getAaveProfile } from '../../../src/protocols/aave/profile.ts';
import { type AaveErrorName, violate } from '../../../src/protocols/aave/violations.ts';

const modules = new URL('../../../node_modules/', import.meta.url);
const read = (path: string): string => readFileSync(new URL(path, modules), 'utf8');
const codes302 = new Map([...read('@aave/core-v3/contracts/protocol/libraries/helpers/Errors.sol').matchAll(/constant ([A-Z_]+) = '([0-9]+)'/g)].map((match) => [match[1], match[2]]));
const names360 = new Set([...read('@aave-dao/aave-v3-origin/src/contracts/protocol/libraries/helpers/Errors.sol').matchAll(/error ([A-Za-z]+)\(/g)].map((match) => match[1]));

/** Every error that the rule raises from 3.4 on, with its constant in 3.0.2, null where 3.0.2 did not have it. */
const NAMES: Readonly<Partial<Record<AaveErrorName, string | null>>> = {
  InvalidAmount: 'INVALID_AMOUNT',
  InvalidMintAmount: 'INVALID_MINT_AMOUNT',
  InvalidBurnAmount: 'INVALID_BURN_AMOUNT',
  ReserveInactive: 'RESERVE_INACTIVE',
  ReserveFrozen: 'RESERVE_FROZEN',
  ReservePaused: 'RESERVE_PAUSED',
  BorrowingNotEnabled: 'BORROWING_NOT_ENABLED',
  NotEnoughAvailableUserBalance: 'NOT_ENOUGH_AVAILABLE_USER_BALANCE',
  CollateralBalanceIsZero: 'COLLATERAL_BALANCE_IS_ZERO',
  HealthFactorLowerThanLiquidationThreshold: 'HEALTH_FACTOR_LOWER_THAN_LIQUIDATION_THRESHOLD',
  CollateralCannotCoverNewBorrow: 'COLLATERAL_CANNOT_COVER_NEW_BORROW',
  NoDebtOfSelectedType: 'NO_DEBT_OF_SELECTED_TYPE',
  HealthFactorNotBelowThreshold: 'HEALTH_FACTOR_NOT_BELOW_THRESHOLD',
  CollateralCannotBeLiquidated: 'COLLATERAL_CANNOT_BE_LIQUIDATED',
  SpecifiedCurrencyNotBorrowedByUser: 'SPECIFIED_CURRENCY_NOT_BORROWED_BY_USER',
  BorrowCapExceeded: 'BORROW_CAP_EXCEEDED',
  SupplyCapExceeded: 'SUPPLY_CAP_EXCEEDED',
  DebtCeilingExceeded: 'DEBT_CEILING_EXCEEDED',
  LtvValidationFailed: 'LTV_VALIDATION_FAILED',
  PriceOracleSentinelCheckFailed: 'PRICE_ORACLE_SENTINEL_CHECK_FAILED',
  AssetNotBorrowableInIsolation: 'ASSET_NOT_BORROWABLE_IN_ISOLATION',
  AssetNotListed: 'ASSET_NOT_LISTED',
  SiloedBorrowingViolation: 'SILOED_BORROWING_VIOLATION',
  NotBorrowableInEMode: null,
  LiquidationGraceSentinelCheckFailed: null,
  MustNotLeaveDust: null,
};

describe('violate', () => {
  test('behavior: the numbers of 3.0.2 are those of its Errors.sol', () => {
    const profile = getAaveProfile('aave-v3@3.0');
    for (const [name, constant] of Object.entries(NAMES)) {
      if (constant === null) continue;
      expect(violate(profile, name as AaveErrorName, 'why').protocolError, name).toBe(codes302.get(constant));
    }
    expect(violate(profile, 'InconsistentEModeCategory', 'why').protocolError).toBe(codes302.get('INCONSISTENT_EMODE_CATEGORY'));
  });

  test('behavior: the names since 3.4 are those of Errors.sol of 3.6', () => {
    const profile = getAaveProfile('aave-v3@3.6');
    for (const name of Object.keys(NAMES)) {
      expect(violate(profile, name as AaveErrorName, 'why').protocolError).toBe(name);
      // 3.4 still has this one; from 3.5 an account without collateral fails at its LTV.
      expect(names360.has(name), name).toBe(name !== 'CollateralBalanceIsZero');
    }
  });

  test('default: the message has rule, error and reason; before 3.4 the name beside the number', () => {
    expect(violate(getAaveProfile('aave-v3@3.7'), 'ReservePaused', 'WETH is paused').message).toBe('aave-v3@3.7 would revert with ReservePaused: WETH is paused.');
    expect(violate(getAaveProfile('aave-v2@2'), 'ReservePaused', 'WETH is paused').message).toBe('aave-v2@2 would revert with 64: ReservePaused: WETH is paused.');
  });
});
