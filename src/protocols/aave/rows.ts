import * as z from 'zod';
import { Decimal } from '../../core/decimal.ts';
import type { Address } from '../../core/ids.ts';
import { graphInteger } from '../../core/json.ts';
import type { Rows } from '../protocol.ts';

const address = z
  .string()
  .regex(/^0x[0-9a-fA-F]{40}$/, 'expected an address')
  .transform((text) => text.toLowerCase() as Address);
const optionalInteger = graphInteger.nullish().transform((value) => value ?? 0n);

/** A reserve as a subgraph tells it, in the units of the chain. */
export interface ReserveRow {
  readonly asset: Address;
  readonly symbol: string;
  readonly decimals: number;
  readonly aToken: Address;
  readonly variableDebtToken: Address;
  readonly stableDebtToken: Address | null;
  readonly ltvBps: number;
  readonly liquidationThresholdBps: number;
  readonly liquidationBonusBps: number;
  readonly liquidationProtocolFeeBps: number;
  readonly active: boolean;
  readonly frozen: boolean;
  readonly paused: boolean;
  readonly borrowingEnabled: boolean;
  readonly siloedBorrowing: boolean;
  readonly borrowableInIsolation: boolean;
  readonly debtCeiling: bigint;
  readonly supplyCap: bigint;
  readonly borrowCap: bigint;
  readonly liquidityIndex: bigint;
  readonly liquidityRate: bigint;
  readonly variableBorrowIndex: bigint;
  readonly variableBorrowRate: bigint;
  readonly lastUpdate: bigint;
  readonly price: bigint;
  /** USD per unit of base currency, 8 decimals; null where the row does not say. */
  readonly baseUsdE8: bigint | null;
}

/** What a subgraph says that one user has in one reserve. */
export interface UserReserveRow {
  readonly owner: Address;
  readonly asset: Address;
  readonly usedAsCollateral: boolean;
  readonly scaledSupply: bigint;
  readonly scaledVariableDebt: bigint;
  readonly stableDebt: { readonly principal: bigint; readonly rate: bigint; readonly lastUpdate: bigint } | null;
}

/** An e-mode category as a subgraph tells it. */
export interface EModeRow {
  readonly id: number;
  readonly label: string;
  readonly ltvBps: number;
  readonly liquidationThresholdBps: number;
  readonly liquidationBonusBps: number;
  readonly collateral: readonly Address[];
  readonly borrowable: readonly Address[];
}

/** Everything that discovery found of one pool. */
export interface PoolRows {
  readonly reserves: readonly ReserveRow[];
  readonly userReserves: readonly UserReserveRow[];
  /** null where the subgraph does not tell e-modes at all. */
  readonly eModes: readonly EModeRow[] | null;
  readonly userEModes: ReadonlyMap<Address, number>;
}

/** Row of `Reserves` in either Aave subgraph. */
export const reserveRow = z.object({
  id: z.string(),
  underlyingAsset: address,
  symbol: z.string(),
  decimals: z.int().min(0).max(36),
  borrowingEnabled: z.boolean(),
  isActive: z.boolean(),
  isFrozen: z.boolean(),
  isPaused: z.boolean().default(false),
  baseLTVasCollateral: graphInteger,
  reserveLiquidationThreshold: graphInteger,
  reserveLiquidationBonus: graphInteger,
  liquidationProtocolFee: optionalInteger,
  liquidityRate: graphInteger,
  variableBorrowRate: graphInteger,
  liquidityIndex: graphInteger,
  variableBorrowIndex: graphInteger,
  lastUpdateTimestamp: z.int().min(0),
  borrowCap: optionalInteger,
  supplyCap: optionalInteger,
  debtCeiling: optionalInteger,
  borrowableInIsolation: z.boolean().nullish(),
  siloedBorrowing: z.boolean().default(false),
  aToken: z.object({ id: address }),
  vToken: z.object({ id: address }),
  sToken: z.object({ id: address }).nullish(),
  price: z.object({ priceInEth: graphInteger, oracle: z.object({ usdPriceEth: graphInteger }).nullish() }),
});

/** Row of `UserReserves`. */
export const userReserveRow = z.object({
  id: z.string(),
  user: z.object({ id: address }),
  reserve: z.object({ underlyingAsset: address }),
  usageAsCollateralEnabledOnUser: z.boolean(),
  scaledATokenBalance: graphInteger,
  scaledVariableDebt: graphInteger,
  principalStableDebt: graphInteger,
  stableBorrowRate: graphInteger,
  stableBorrowLastUpdateTimestamp: z.int().min(0),
});

/** Row of `Users`. */
export const userRow = z.object({ id: address, eModeCategoryId: z.object({ id: z.string().regex(/^[0-9]{1,3}$/) }).nullable() });

/** Row of `EModeCategories`. */
export const eModeRow = z.object({
  id: z.string().regex(/^[0-9]{1,3}$/),
  ltv: graphInteger,
  liquidationThreshold: graphInteger,
  liquidationBonus: graphInteger,
  label: z.string(),
  assets: z.array(z.object({ asset: address, collateral: z.boolean(), borrowable: z.boolean() })).nullable(),
});

const decimalText = z.string().regex(/^-?[0-9]+(?:\.[0-9]+)?$/, 'expected a decimal string');

/** Row of `Markets` in Messari's lending schema. */
export const marketRow = z.object({
  id: z.string(),
  isActive: z.boolean(),
  canBorrowFrom: z.boolean(),
  maximumLTV: decimalText,
  liquidationThreshold: decimalText,
  liquidationPenalty: decimalText,
  inputToken: z.object({ id: address, symbol: z.string(), decimals: z.int().min(0).max(36) }),
  outputToken: z.object({ id: address }).nullable(),
  variableBorrowedToken: z.object({ id: address }).nullable(),
  supplyIndex: graphInteger.nullable(),
  borrowIndex: graphInteger.nullable(),
  indexLastUpdatedTimestamp: graphInteger.nullable(),
  inputTokenPriceUSD: decimalText,
  rates: z.array(z.object({ rate: decimalText, side: z.string(), type: z.string() })).nullable(),
});

/** Row of `Positions` in Messari's lending schema. */
export const positionRow = z.object({
  id: z.string(),
  account: z.object({ id: address }),
  market: z.object({ id: z.string() }),
  side: z.enum(['COLLATERAL', 'BORROWER']),
  type: z.string().nullable(),
  isCollateral: z.boolean().nullable(),
  principal: graphInteger.nullable(),
});

type ParsedReserve = z.infer<typeof reserveRow>;
type ParsedMarket = z.infer<typeof marketRow>;

/** Brings the rows of whichever subgraph into one form. */
export function readPoolRows(rows: Rows): PoolRows {
  return rows.Markets === undefined ? readAaveRows(rows) : readMessariRows(rows);
}

function readAaveRows(rows: Rows): PoolRows {
  const users = z.array(userRow).parse(rows.Users ?? []);
  return {
    reserves: z
      .array(reserveRow)
      .parse(rows.Reserves ?? [])
      .map(fromAaveReserve),
    userReserves: z
      .array(userReserveRow)
      .parse(rows.UserReserves ?? [])
      .map(fromAaveUserReserve),
    eModes: rows.EModeCategories === undefined ? null : z.array(eModeRow).parse(rows.EModeCategories).map(fromAaveEMode),
    userEModes: new Map(users.map((user) => [user.id, Number(user.eModeCategoryId?.id ?? 0)])),
  };
}

function fromAaveReserve(row: ParsedReserve): ReserveRow {
  const usdPriceEth = row.price.oracle?.usdPriceEth ?? null;
  return {
    asset: row.underlyingAsset,
    symbol: row.symbol,
    decimals: row.decimals,
    aToken: row.aToken.id,
    variableDebtToken: row.vToken.id,
    stableDebtToken: row.sToken?.id ?? null,
    ltvBps: Number(row.baseLTVasCollateral),
    liquidationThresholdBps: Number(row.reserveLiquidationThreshold),
    liquidationBonusBps: Number(row.reserveLiquidationBonus),
    liquidationProtocolFeeBps: Number(row.liquidationProtocolFee),
    active: row.isActive,
    frozen: row.isFrozen,
    paused: row.isPaused,
    borrowingEnabled: row.borrowingEnabled,
    siloedBorrowing: row.siloedBorrowing,
    borrowableInIsolation: row.borrowableInIsolation ?? false,
    debtCeiling: row.debtCeiling,
    supplyCap: row.supplyCap,
    borrowCap: row.borrowCap,
    liquidityIndex: row.liquidityIndex,
    liquidityRate: row.liquidityRate,
    variableBorrowIndex: row.variableBorrowIndex,
    variableBorrowRate: row.variableBorrowRate,
    lastUpdate: BigInt(row.lastUpdateTimestamp),
    price: row.price.priceInEth,
    // v2 stores how many wei of ETH a USD costs.
    baseUsdE8: usdPriceEth === null || usdPriceEth === 0n ? null : 10n ** 26n / usdPriceEth,
  };
}

function fromAaveUserReserve(row: z.infer<typeof userReserveRow>): UserReserveRow {
  return {
    owner: row.user.id,
    asset: row.reserve.underlyingAsset,
    usedAsCollateral: row.usageAsCollateralEnabledOnUser,
    scaledSupply: atLeast0(row.scaledATokenBalance),
    scaledVariableDebt: atLeast0(row.scaledVariableDebt),
    stableDebt: row.principalStableDebt <= 0n ? null : { principal: row.principalStableDebt, rate: row.stableBorrowRate, lastUpdate: BigInt(row.stableBorrowLastUpdateTimestamp) },
  };
}

function fromAaveEMode(row: z.infer<typeof eModeRow>): EModeRow {
  const assets = row.assets ?? [];
  return {
    id: Number(row.id),
    label: row.label,
    ltvBps: Number(row.ltv),
    liquidationThresholdBps: Number(row.liquidationThreshold),
    liquidationBonusBps: Number(row.liquidationBonus),
    collateral: assets.filter((entry) => entry.collateral).map((entry) => entry.asset),
    borrowable: assets.filter((entry) => entry.borrowable).map((entry) => entry.asset),
  };
}

function readMessariRows(rows: Rows): PoolRows {
  const markets = z.array(marketRow).parse(rows.Markets ?? []);
  const assetByMarket = new Map(markets.map((market) => [market.id, market.inputToken.id]));
  const byOwnerAndAsset = new Map<string, UserReserveRow>();
  for (const position of z.array(positionRow).parse(rows.Positions ?? [])) {
    const asset = assetByMarket.get(position.market.id);
    if (asset === undefined) continue;
    const key = `${position.account.id} ${asset}`;
    const known = byOwnerAndAsset.get(key) ?? { owner: position.account.id, asset, usedAsCollateral: false, scaledSupply: 0n, scaledVariableDebt: 0n, stableDebt: null };
    const principal = atLeast0(position.principal ?? 0n);
    byOwnerAndAsset.set(
      key,
      position.side === 'COLLATERAL'
        ? { ...known, scaledSupply: known.scaledSupply + principal, usedAsCollateral: position.isCollateral ?? true }
        : { ...known, scaledVariableDebt: known.scaledVariableDebt + principal },
    );
  }
  return { reserves: markets.flatMap(fromMessariMarket), userReserves: [...byOwnerAndAsset.values()], eModes: null, userEModes: new Map() };
}

/** Percents become bps and yearly ray rates; a market without its tokens cannot be valued and is left out. */
function fromMessariMarket(row: ParsedMarket): ReserveRow[] {
  if (row.outputToken === null || row.variableBorrowedToken === null) return [];
  const bps = (percent: string): number => new Decimal(percent).times(100).round().toNumber();
  const rayRate = (side: string): bigint => {
    const rate = row.rates?.find((entry) => entry.side === side && (side === 'LENDER' || entry.type === 'VARIABLE'))?.rate ?? '0';
    return BigInt(new Decimal(rate).times('1e25').toFixed(0));
  };
  return [
    {
      asset: row.inputToken.id,
      symbol: row.inputToken.symbol,
      decimals: row.inputToken.decimals,
      aToken: row.outputToken.id,
      variableDebtToken: row.variableBorrowedToken.id,
      stableDebtToken: null,
      ltvBps: bps(row.maximumLTV),
      liquidationThresholdBps: bps(row.liquidationThreshold),
      liquidationBonusBps: 10_000 + bps(row.liquidationPenalty),
      liquidationProtocolFeeBps: 0,
      active: row.isActive,
      frozen: false,
      paused: false,
      borrowingEnabled: row.canBorrowFrom,
      siloedBorrowing: false,
      borrowableInIsolation: false,
      debtCeiling: 0n,
      supplyCap: 0n,
      borrowCap: 0n,
      liquidityIndex: row.supplyIndex ?? 10n ** 27n,
      liquidityRate: rayRate('LENDER'),
      variableBorrowIndex: row.borrowIndex ?? 10n ** 27n,
      variableBorrowRate: rayRate('BORROWER'),
      lastUpdate: row.indexLastUpdatedTimestamp ?? 0n,
      price: BigInt(new Decimal(row.inputTokenPriceUSD).times('1e8').toFixed(0)),
      baseUsdE8: null,
    },
  ];
}

function atLeast0(value: bigint): bigint {
  return value < 0n ? 0n : value;
}

/** Orders assets as the pool's own list where the chain tells it, else by address: the ids of e-mode members refer to this order. */
export function orderOf(chainList: readonly Address[] | null, rows: PoolRows): readonly Address[] {
  if (chainList !== null) return chainList;
  return rows.reserves.map((row) => row.asset).toSorted();
}
