import { erc20 } from '../../../src/core/ids.ts';
import type { AaveHolding, AavePool, AaveReserve } from '../../../src/protocols/aave/state.ts';

/** The parameters of the fact sheet's vectors: Aave v3 Ethereum core on 2023-10-31. */
const ROWS = {
  WETH: { id: 0, decimals: 18, ltvBps: 8050, liquidationThresholdBps: 8300, liquidationBonusBps: 10_500, liquidationProtocolFeeBps: 1000, price: 181_685_499_606n },
  wstETH: { id: 1, decimals: 18, ltvBps: 7850, liquidationThresholdBps: 8100, liquidationBonusBps: 10_600, liquidationProtocolFeeBps: 1000, price: 208_052_489_524n },
  USDC: { id: 2, decimals: 6, ltvBps: 7700, liquidationThresholdBps: 8000, liquidationBonusBps: 10_450, liquidationProtocolFeeBps: 2000, price: 99_997_427n },
  DAI: { id: 3, decimals: 18, ltvBps: 7700, liquidationThresholdBps: 8000, liquidationBonusBps: 10_500, liquidationProtocolFeeBps: 2000, price: 99_997_427n },
} as const;

export type Symbol = keyof typeof ROWS;

const RAY = 10n ** 27n;

export function assetOf(symbol: Symbol) {
  return erc20('eip155:1', `0x${(ROWS[symbol].id + 1).toString(16).padStart(40, '0')}`);
}

export function reserveOf(symbol: Symbol, changes: Partial<AaveReserve> = {}): AaveReserve {
  return {
    ...ROWS[symbol],
    asset: assetOf(symbol),
    symbol,
    active: true,
    frozen: false,
    paused: false,
    borrowingEnabled: true,
    siloedBorrowing: false,
    borrowableInIsolation: false,
    debtCeiling: 0n,
    isolationDebt: 0n,
    supplyCap: 0n,
    borrowCap: 0n,
    liquidityIndex: RAY,
    liquidityRate: 0n,
    variableBorrowIndex: RAY,
    variableBorrowRate: 0n,
    lastUpdate: 1_698_710_400n,
    gracePeriodUntil: 0n,
    scaledSupply: null,
    scaledVariableDebt: null,
    accruedToTreasury: null,
    availableLiquidity: null,
    ...changes,
  };
}

export function poolOf(reserves: readonly AaveReserve[], changes: Partial<AavePool> = {}): AavePool {
  return {
    baseUnit: 10n ** 8n,
    baseUsdE8: 10n ** 8n,
    baseAsset: null,
    reserves: [...reserves],
    eModes: [],
    liquidationAllowed: true,
    borrowAllowed: true,
    ...changes,
  };
}

export function supplied(reserve: number, scaledSupply: bigint): AaveHolding {
  return { reserve, scaledSupply, usedAsCollateral: true, scaledVariableDebt: 0n, stableDebt: null };
}

export function owed(reserve: number, scaledVariableDebt: bigint): AaveHolding {
  return { reserve, scaledSupply: 0n, usedAsCollateral: false, scaledVariableDebt, stableDebt: null };
}
