import type { Address } from '../../../src/core/ids.ts';
import type { AavePool, AavePosition, AaveReserve } from '../../../src/protocols/aave/state.ts';
import type { Rows } from '../../../src/protocols/protocol.ts';
import { addressOf, tokenAddress } from './pool-contracts.ts';

/** A row as a subgraph sends it. */
export type Row = Readonly<Record<string, unknown>>;

function reserveRow(reserve: AaveReserve): Row {
  return {
    id: `${addressOf(reserve)}pool`,
    underlyingAsset: addressOf(reserve).toUpperCase().replace('0X', '0x'),
    symbol: reserve.symbol,
    decimals: reserve.decimals,
    borrowingEnabled: reserve.borrowingEnabled,
    isActive: reserve.active,
    isFrozen: reserve.frozen,
    isPaused: reserve.paused,
    baseLTVasCollateral: String(reserve.ltvBps),
    reserveLiquidationThreshold: String(reserve.liquidationThresholdBps),
    reserveLiquidationBonus: String(reserve.liquidationBonusBps),
    liquidationProtocolFee: String(reserve.liquidationProtocolFeeBps),
    liquidityRate: String(reserve.liquidityRate),
    variableBorrowRate: String(reserve.variableBorrowRate),
    liquidityIndex: String(reserve.liquidityIndex),
    variableBorrowIndex: String(reserve.variableBorrowIndex),
    lastUpdateTimestamp: Number(reserve.lastUpdate),
    borrowCap: String(reserve.borrowCap),
    supplyCap: String(reserve.supplyCap),
    debtCeiling: String(reserve.debtCeiling),
    borrowableInIsolation: reserve.borrowableInIsolation,
    siloedBorrowing: reserve.siloedBorrowing,
    aToken: { id: tokenAddress(reserve.id, 'aToken') },
    vToken: { id: tokenAddress(reserve.id, 'variable') },
    sToken: { id: tokenAddress(reserve.id, 'stable') },
    price: { priceInEth: String(reserve.price) },
  };
}

/** The rows of one of Aave's own subgraphs that tell of a pool and its users. */
export function aaveRows(
  pool: AavePool,
  users: ReadonlyMap<Address, AavePosition>,
): { readonly Reserves: Row[]; readonly UserReserves: Row[]; readonly Users: Row[]; readonly EModeCategories: Row[] } {
  const tokens = new Map(pool.reserves.map((reserve) => [reserve.id, addressOf(reserve)]));
  return {
    Reserves: pool.reserves.map(reserveRow),
    UserReserves: [...users].flatMap(([owner, position]) =>
      position.holdings.map((holding) => ({
        id: `${owner}${tokens.get(holding.reserve)}`,
        user: { id: owner },
        reserve: { underlyingAsset: tokens.get(holding.reserve) },
        usageAsCollateralEnabledOnUser: holding.usedAsCollateral,
        scaledATokenBalance: String(holding.scaledSupply),
        scaledVariableDebt: String(holding.scaledVariableDebt),
        principalStableDebt: String(holding.stableDebt?.principal ?? 0n),
        stableBorrowRate: String(holding.stableDebt?.rate ?? 0n),
        stableBorrowLastUpdateTimestamp: Number(holding.stableDebt?.lastUpdate ?? 0n),
      })),
    ),
    Users: [...users].map(([owner, position]) => ({ id: owner, eModeCategoryId: position.eMode === 0 ? null : { id: String(position.eMode) } })),
    EModeCategories: pool.eModes.map((category) => ({
      id: String(category.id),
      ltv: String(category.ltvBps),
      liquidationThreshold: String(category.liquidationThresholdBps),
      liquidationBonus: String(category.liquidationBonusBps),
      label: category.label,
      assets: pool.reserves.map((reserve) => ({ asset: addressOf(reserve), collateral: category.collateral.includes(reserve.id), borrowable: category.borrowable.includes(reserve.id) })),
    })),
  };
}

/** The rows of Messari's lending subgraph: percents and dollars, positions by side with a counter in their id. */
export function messariRows(pool: AavePool, users: ReadonlyMap<Address, AavePosition>): { readonly Markets: Row[]; readonly Positions: Row[] } {
  const percent = (bps: number): string => String(bps / 100);
  const position = (owner: Address, reserve: number, side: string, principal: bigint, isCollateral: boolean | null): Row => ({
    id: `${owner}-${reserve}-${side}-0`,
    account: { id: owner },
    market: { id: tokenAddress(reserve, 'aToken') },
    side,
    type: side === 'BORROWER' ? 'VARIABLE' : null,
    isCollateral,
    principal: String(principal),
  });
  return {
    Markets: pool.reserves.map((reserve) => ({
      id: tokenAddress(reserve.id, 'aToken'),
      isActive: reserve.active,
      canBorrowFrom: reserve.borrowingEnabled,
      maximumLTV: percent(reserve.ltvBps),
      liquidationThreshold: percent(reserve.liquidationThresholdBps),
      liquidationPenalty: percent(reserve.liquidationBonusBps - 10_000),
      inputToken: { id: addressOf(reserve), symbol: reserve.symbol, decimals: reserve.decimals },
      outputToken: { id: tokenAddress(reserve.id, 'aToken') },
      variableBorrowedToken: { id: tokenAddress(reserve.id, 'variable') },
      supplyIndex: String(reserve.liquidityIndex),
      borrowIndex: String(reserve.variableBorrowIndex),
      indexLastUpdatedTimestamp: String(reserve.lastUpdate),
      inputTokenPriceUSD: `${reserve.price / 10n ** 8n}.${String(reserve.price % 10n ** 8n).padStart(8, '0')}`,
      rates: [
        { rate: '2.5', side: 'LENDER', type: 'VARIABLE' },
        { rate: '9', side: 'BORROWER', type: 'STABLE' },
        { rate: '4.25', side: 'BORROWER', type: 'VARIABLE' },
      ],
    })),
    Positions: [...users].flatMap(([owner, { holdings }]) =>
      holdings.flatMap((holding) => [
        ...(holding.scaledSupply === 0n ? [] : [position(owner, holding.reserve, 'COLLATERAL', holding.scaledSupply, holding.usedAsCollateral)]),
        ...(holding.scaledVariableDebt === 0n ? [] : [position(owner, holding.reserve, 'BORROWER', holding.scaledVariableDebt, null)]),
      ]),
    ),
  };
}

/** The rows with some fields of one kind of row changed. */
export function changeRows<R extends Rows>(rows: R, kind: keyof R & string, change: (row: Row, index: number) => Row): R {
  return { ...rows, [kind]: (rows[kind] as readonly Row[]).map(change) };
}
