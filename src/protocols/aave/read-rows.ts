import type { Address } from '../../core/ids.ts';
import { erc20 } from '../../core/ids.ts';
import type { Deployment } from '../protocol.ts';
import { orderOf, type PoolRows } from './rows.ts';
import type { AaveHolding, AavePool } from './state.ts';

/** A pool as the subgraph tells it: prices as it last saw them, no totals, reserves numbered by address. */
export function readRowsPool(deployment: Deployment, rows: PoolRows): { readonly pool: AavePool; readonly reservesList: readonly Address[] } {
  const reservesList = orderOf(null, rows);
  const idOf = (asset: Address): number => reservesList.indexOf(asset);
  const isV2 = deployment.protocol === 'aave-v2';
  const baseUsdE8 = rows.reserves.find((row) => row.baseUsdE8 !== null)?.baseUsdE8 ?? null;
  const weth = rows.reserves.find((row) => row.symbol === 'WETH');
  return {
    reservesList,
    pool: {
      baseUnit: isV2 ? 10n ** 18n : 10n ** 8n,
      baseUsdE8: isV2 ? (baseUsdE8 ?? 0n) : 10n ** 8n,
      baseAsset: isV2 && weth !== undefined ? erc20(deployment.chain, weth.asset) : null,
      reserves: rows.reserves
        .map((row) => ({
          id: idOf(row.asset),
          asset: erc20(deployment.chain, row.asset),
          symbol: row.symbol,
          decimals: row.decimals,
          ltvBps: row.ltvBps,
          liquidationThresholdBps: row.liquidationThresholdBps,
          liquidationBonusBps: row.liquidationBonusBps,
          liquidationProtocolFeeBps: row.liquidationProtocolFeeBps,
          active: row.active,
          frozen: row.frozen,
          paused: row.paused,
          borrowingEnabled: row.borrowingEnabled,
          siloedBorrowing: row.siloedBorrowing,
          borrowableInIsolation: row.borrowableInIsolation,
          debtCeiling: row.debtCeiling,
          isolationDebt: 0n,
          supplyCap: row.supplyCap,
          borrowCap: row.borrowCap,
          liquidityIndex: row.liquidityIndex,
          liquidityRate: row.liquidityRate,
          variableBorrowIndex: row.variableBorrowIndex,
          variableBorrowRate: row.variableBorrowRate,
          lastUpdate: row.lastUpdate,
          gracePeriodUntil: 0n,
          price: row.price,
          scaledSupply: null,
          scaledVariableDebt: null,
          accruedToTreasury: null,
          availableLiquidity: null,
        }))
        .toSorted((a, b) => a.id - b.id),
      eModes: (rows.eModes ?? []).map((category) => ({
        id: category.id,
        label: category.label,
        ltvBps: category.ltvBps,
        liquidationThresholdBps: category.liquidationThresholdBps,
        liquidationBonusBps: category.liquidationBonusBps,
        collateral: category.collateral.map(idOf).filter((id) => id >= 0),
        borrowable: category.borrowable.map(idOf).filter((id) => id >= 0),
        ltvZero: [],
        isolated: false,
        price: null,
      })),
      liquidationAllowed: true,
      borrowAllowed: true,
    },
  };
}

/** What the subgraph says that one user holds and owes. */
export function readRowsHoldings(owner: Address, rows: PoolRows, assetsById: readonly (Address | null)[]): readonly AaveHolding[] {
  return rows.userReserves
    .filter((row) => row.owner === owner && (row.scaledSupply !== 0n || row.scaledVariableDebt !== 0n || row.stableDebt !== null))
    .map((row) => ({
      reserve: assetsById.indexOf(row.asset),
      scaledSupply: row.scaledSupply,
      usedAsCollateral: row.usedAsCollateral && row.scaledSupply !== 0n,
      scaledVariableDebt: row.scaledVariableDebt,
      stableDebt: row.stableDebt,
    }))
    .toSorted((a, b) => a.reserve - b.reserve);
}
