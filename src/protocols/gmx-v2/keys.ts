import { AbiCoder, keccak256 } from 'ethers';
import type { Address } from '../../core/ids.ts';

const coder = AbiCoder.defaultAbiCoder();

/** What a key is made of beside its name. */
type Part = readonly [type: 'address' | 'bool' | 'bytes32', value: string | boolean];

function hashKey(name: string, ...parts: readonly Part[]): string {
  const base = keccak256(coder.encode(['string'], [name]));
  if (parts.length === 0) return base;
  return keccak256(coder.encode(['bytes32', ...parts.map(([type]) => type)], [base, ...parts.map(([, value]) => value)]));
}

/** Keys of GMX's DataStore. @source gmx-synthetics contracts/data/Keys.sol */
export const dataStoreKeys = {
  minCollateralUsd: hashKey('MIN_COLLATERAL_USD'),
  minPositionSizeUsd: hashKey('MIN_POSITION_SIZE_USD'),
  isMarketDisabled: (market: Address): string => hashKey('IS_MARKET_DISABLED', ['address', market]),
  minCollateralFactor: (market: Address): string => hashKey('MIN_COLLATERAL_FACTOR', ['address', market]),
  minCollateralFactorForLiquidation: (market: Address): string => hashKey('MIN_COLLATERAL_FACTOR_FOR_LIQUIDATION', ['address', market]),
  minCollateralFactorForOpenInterestMultiplier: (market: Address, isLong: boolean): string => hashKey('MIN_COLLATERAL_FACTOR_FOR_OPEN_INTEREST_MULTIPLIER', ['address', market], ['bool', isLong]),
  maxPositionImpactFactor: (market: Address, isPositive: boolean): string => hashKey('MAX_POSITION_IMPACT_FACTOR', ['address', market], ['bool', isPositive]),
  maxPositionImpactFactorForLiquidations: (market: Address): string => hashKey('MAX_POSITION_IMPACT_FACTOR_FOR_LIQUIDATIONS', ['address', market]),
  positionFeeFactor: (market: Address, isImproved: boolean): string => hashKey('POSITION_FEE_FACTOR', ['address', market], ['bool', isImproved]),
  liquidationFeeFactor: (market: Address): string => hashKey('LIQUIDATION_FEE_FACTOR', ['address', market]),
  poolAmount: (market: Address, token: Address): string => hashKey('POOL_AMOUNT', ['address', market], ['address', token]),
  openInterest: (market: Address, token: Address, isLong: boolean): string => hashKey('OPEN_INTEREST', ['address', market], ['address', token], ['bool', isLong]),
  openInterestInTokens: (market: Address, token: Address, isLong: boolean): string => hashKey('OPEN_INTEREST_IN_TOKENS', ['address', market], ['address', token], ['bool', isLong]),
  maxPnlFactorForTraders: (market: Address, isLong: boolean): string => hashKey('MAX_PNL_FACTOR', ['bytes32', hashKey('MAX_PNL_FACTOR_FOR_TRADERS')], ['address', market], ['bool', isLong]),
} as const;

/** What names a position. */
export interface PositionParts {
  readonly account: Address;
  readonly market: Address;
  readonly collateralToken: Address;
  readonly isLong: boolean;
}

/** Computes the key of a position. @source Position.sol getPositionKey */
export function computePositionKey({ account, market, collateralToken, isLong }: PositionParts): string {
  return keccak256(coder.encode(['address', 'address', 'address', 'bool'], [account, market, collateralToken, isLong]));
}
