import { Decimal } from '../../core/decimal.ts';
import { max, pow10 } from '../../core/fixed-point.ts';
import { type Address, type ChainId, erc20, USD } from '../../core/ids.ts';
import type { Deployment } from '../protocol.ts';
import { computePresentValue } from './interest.ts';
import type { MarketRow, PositionRow } from './rows.ts';
import type { CometMarket, CometPosition } from './state.ts';

/** What the subgraph alone cannot say, for the account's `missing`. */
export const MISSING_WITHOUT_CHAIN: readonly string[] = [
  "oracle prices at the block: those of the market's last indexed event stand in",
  'debt moved by base transfers, which emit no event',
  'accruals and absorptions that no event of this market tells',
  'pause flags',
];

const PRICE_DECIMALS = 8;
const FACTOR_DECIMALS = 18;

/**
 * Comets whose `lastPriceUsd` is not in USD: the subgraph does not know their unit of account.
 *
 * @source papercliplabs/compound-v3-subgraph@21bb019 src/common/networkSpecific.ts has no entry for them
 */
const UNCONVERTED: ReadonlySet<string> = new Set(['0xe85dc543813b8c2cfeaac371517b925a166a9293']);

/**
 * Builds a comet's state from its row, with prices in USD as of the market's last event; null where the row cannot give it: a token without decimals, or a
 * unit of account that the subgraph does not convert.
 */
export function readSubgraphMarket(deployment: Deployment, row: MarketRow): CometMarket | null {
  const { configuration, accounting } = row;
  const base = configuration.baseToken;
  if (UNCONVERTED.has(deployment.market) || base.token.decimals === null) return null;
  const collaterals = configuration.collateralTokens.flatMap((entry) => {
    if (entry.token.decimals === null) return [];
    const balance = accounting.collateralBalances.find((one) => one.collateralToken.token.id === entry.token.id);
    return [
      {
        asset: erc20(deployment.chain, entry.token.id),
        symbol: entry.token.symbol,
        decimals: entry.token.decimals,
        price: toPrice(entry.lastPriceUsd),
        borrowCollateralFactor: toFactor(entry.borrowCollateralFactor),
        liquidateCollateralFactor: toFactor(entry.liquidateCollateralFactor),
        liquidationFactor: toFactor(entry.liquidationFactor),
        supplyCap: entry.supplyCap,
        totalSupply: balance?.balance ?? 0n,
        reserves: balance?.reserves ?? 0n,
      },
    ];
  });
  const market: CometMarket = {
    comet: deployment.market as Address,
    unit: { asset: USD, symbol: 'USD', usdPerUnit: pow10(PRICE_DECIMALS) },
    base: { asset: erc20(deployment.chain, base.token.id), symbol: base.token.symbol, decimals: base.token.decimals, price: toPrice(base.lastPriceUsd) },
    baseSupplyIndex: accounting.baseSupplyIndex,
    baseBorrowIndex: accounting.baseBorrowIndex,
    totalSupplyBase: accounting.totalBasePrincipalSupply,
    totalBorrowBase: accounting.totalBasePrincipalBorrow,
    lastAccrualTime: accounting.lastAccrualTime,
    supplyCurve: {
      kink: toFactor(configuration.supplyKink),
      base: configuration.supplyPerSecondInterestRateBase,
      slopeLow: configuration.supplyPerSecondInterestRateSlopeLow,
      slopeHigh: configuration.supplyPerSecondInterestRateSlopeHigh,
    },
    borrowCurve: {
      kink: toFactor(configuration.borrowKink),
      base: configuration.borrowPerSecondInterestRateBase,
      slopeLow: configuration.borrowPerSecondInterestRateSlopeLow,
      slopeHigh: configuration.borrowPerSecondInterestRateSlopeHigh,
    },
    baseBorrowMin: configuration.baseBorrowMin,
    targetReserves: configuration.targetReserves,
    storeFrontPriceFactor: configuration.storeFrontPriceFactor,
    baseBalance: 0n,
    paused: { supply: false, transfer: false, withdraw: false, absorb: false, buy: false },
    collaterals,
  };
  const owedToSuppliers = computePresentValue(market, market.totalSupplyBase);
  const lent = -computePresentValue(market, -market.totalBorrowBase);
  return { ...market, baseBalance: max(accounting.baseReserveBalance + owedToSuppliers - lent, 0n) };
}

/** Builds a position from its row; null where nothing is held. */
export function readSubgraphPosition(chain: ChainId, row: PositionRow): CometPosition | null {
  const collaterals = row.accounting.collateralBalances.flatMap(({ balance, collateralToken }) => (balance > 0n ? [{ asset: erc20(chain, collateralToken.token.id), balance }] : []));
  const principal = row.accounting.basePrincipal;
  return principal === 0n && collaterals.length === 0 ? null : { principal, collaterals };
}

/** A fraction as an 18-decimal factor; exact, since the contract keeps four decimals. */
export function toFactor(fraction: string): bigint {
  return scaleDown(fraction, FACTOR_DECIMALS);
}

function toPrice(usd: string): bigint | null {
  const price = scaleDown(usd, PRICE_DECIMALS);
  return price > 0n ? price : null;
}

function scaleDown(text: string, decimals: number): bigint {
  return BigInt(new Decimal(text).times(new Decimal(10).pow(decimals)).toFixed(0, Decimal.ROUND_DOWN));
}
