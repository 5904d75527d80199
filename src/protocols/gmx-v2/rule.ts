import { type Decimal, fromFixed, ONE, ratioOrNull } from '../../core/decimal.ts';
import { max, mulDivDown } from '../../core/fixed-point.ts';
import { type AssetId, USD } from '../../core/ids.ts';
import type { ExposureTerm, Leg, LegSide, NativeHealth, PriceMove, Rule } from '../../core/rule.ts';
import type { GmxView } from './fees.ts';
import { computeMargin, computeRequirement, findLiquidationReason } from './margin.ts';
import { planGmx } from './planning.ts';
import { getCollateralToken, pickIndexPrice } from './pnl.ts';
import { GMX_V2_RULE } from './rule-id.ts';
import { FLOAT_DECIMALS, type GmxMarket, type GmxPosition, type GmxToken, gmxMarketSchema, gmxPositionSchema } from './state.ts';
import { applyGmxStep } from './steps.ts';

/**
 * GMX v2's margin arithmetic: remaining collateral after closing everything now, against the market's minima. The liquidation transaction first brings borrowing and funding up to
 * date, so the fees that count are those of the second it runs in.
 *
 * @source gmx-io/gmx-synthetics@a5c0c88 contracts/position/PositionUtils.sol
 */
export const gmxV2Rule: Rule<GmxMarket, GmxPosition> = {
  id: GMX_V2_RULE,
  kind: 'perp',
  marketSchema: gmxMarketSchema,
  positionSchema: gmxPositionSchema,
  legs: computeLegs,
  health: computeHealth,
  exposure: computeExposure,
  // Caps, floors and fees of its own make a position anything but linear, so there is no screening.
  prepare: (market, at) => ({
    isLiquidatable: (position) => findLiquidationReason(computeMargin({ market, position, at })) !== null && position.sizeInUsd > 0n,
    health: (position) => computeHealth({ market, position, at }),
    exposure: (position) => computeExposure({ market, position, at }),
  }),
  apply: applyGmxStep,
  planning: (view) => planGmx(view, perToken),
  reprice: repriceGmx,
};

function computeHealth(view: GmxView): NativeHealth {
  const margin = computeMargin(view);
  const requirement = computeRequirement(margin);
  const isOpen = view.position.sizeInUsd > 0n;
  const equity = margin.remainingCollateralUsd;
  const reason = isOpen ? findLiquidationReason(margin) : null;
  return {
    // Equity below 0 adds to what is required, so the ratio of an insolvent position is 0 and its shortfall is not hidden.
    healthFactor: isOpen ? ratioOrNull(usd(max(equity, 0n)), usd(requirement + max(-equity, 0n))) : null,
    liquidatable: reason !== null,
    reason: describe(isOpen, reason, equity, requirement),
    figures: {
      remainingCollateralUsd: equity,
      minCollateralUsd: margin.minCollateralUsd,
      minCollateralUsdForLeverage: margin.minCollateralUsdForLeverage,
      collateralUsd: margin.collateralUsd,
      basePnlUsd: margin.pnl.pnlUsd,
      uncappedBasePnlUsd: margin.pnl.uncappedPnlUsd,
      priceImpactUsd: margin.priceImpactUsd,
      positionFeeAmount: margin.fees.positionFee,
      totalDiscountAmount: margin.fees.discount,
      borrowingFeeAmount: margin.fees.borrowingFee,
      fundingFeeAmount: margin.fees.fundingFee,
      totalCostAmount: margin.fees.total,
    },
  };
}

function describe(isOpen: boolean, reason: string | null, equity: bigint, requirement: bigint): string {
  if (!isOpen) return 'no position';
  return reason === null ? `remaining collateral ${equity} >= ${requirement}` : `${reason}: remaining collateral ${equity}, required ${requirement}`;
}

function computeLegs(view: GmxView): readonly Leg[] {
  const { market, position } = view;
  const { fees } = computeMargin(view);
  const collateral = getCollateralToken(market, position);
  const leg = (side: LegSide, token: GmxToken, amount: bigint, price: bigint): Leg[] => (amount === 0n ? [] : [{ side, ...identityOf(token), amount, priceUsd: perToken(token, price), weight: ONE }]);
  const feeUsd = fees.totalExcludingFunding * collateral.priceMin;
  return [
    ...leg('margin', collateral, position.collateralAmount, collateral.priceMin),
    ...leg(position.isLong ? 'long' : 'short', market.indexToken, position.sizeInTokens, pickIndexPrice(market, position.isLong)),
    ...(feeUsd === 0n ? [] : [{ side: 'fee' as const, ...DOLLARS, amount: feeUsd, priceUsd: ONE, weight: ONE }]),
    ...leg('fee', collateral, fees.fundingFee, collateral.priceMin),
  ];
}

/** A − L = E − M exactly: every amount here is one of the integers that E and M are made of. */
function computeExposure(view: GmxView): readonly ExposureTerm[] {
  const { market, position } = view;
  if (position.sizeInUsd === 0n && position.collateralAmount === 0n) return [];
  const margin = computeMargin(view);
  const collateral = getCollateralToken(market, position);
  const { isLong } = position;
  const inToken = (side: ExposureTerm['side'], token: GmxToken, entry: { readonly amount: bigint; readonly price: bigint; readonly role: string }): ExposureTerm => ({
    side,
    ...identityOf(token),
    amount: entry.amount,
    priceUsd: perToken(token, entry.price),
    weight: ONE,
    role: entry.role,
  });
  const inUsd = (side: ExposureTerm['side'], amount: bigint, role: string): ExposureTerm => ({ side, ...DOLLARS, amount, priceUsd: ONE, weight: ONE, role });
  const size = { amount: position.sizeInTokens, price: pickIndexPrice(market, isLong), role: 'size at the oracle price' };
  const terms = [
    inToken('collateral', collateral, { amount: position.collateralAmount, price: collateral.priceMin, role: 'collateral' }),
    inToken(isLong ? 'collateral' : 'debt', market.indexToken, size),
    inUsd(isLong ? 'debt' : 'collateral', position.sizeInUsd, 'entry value'),
    inUsd('debt', computeRequirement(margin), 'maintenance margin'),
    inUsd('debt', margin.fees.totalExcludingFunding * collateral.priceMin, 'closing and borrowing fees'),
    inToken('debt', collateral, { amount: margin.fees.fundingFee, price: collateral.priceMin, role: 'funding fee' }),
    inUsd('debt', -margin.priceImpactUsd, 'price impact'),
    inUsd('debt', margin.pnl.uncappedPnlUsd - margin.pnl.pnlUsd, 'profit above the cap'),
  ];
  return terms.filter((term) => term.amount > 0n);
}

/** Both ends of a token's spread move together; no price falls below the least that can be written. */
function repriceGmx(market: GmxMarket, moves: ReadonlyMap<AssetId, PriceMove>): GmxMarket {
  const move = (token: GmxToken): GmxToken => {
    const by = moves.get(token.asset);
    if (by === undefined) return token;
    const scale = (price: bigint): bigint => max(mulDivDown(price, by.numerator, by.denominator), 1n);
    return { ...token, priceMin: scale(token.priceMin), priceMax: scale(token.priceMax) };
  };
  return { ...market, indexToken: move(market.indexToken), longToken: move(market.longToken), shortToken: move(market.shortToken) };
}

const DOLLARS = { asset: USD, symbol: 'USD', decimals: FLOAT_DECIMALS } as const;

function identityOf({ asset, symbol, decimals }: GmxToken): Pick<GmxToken, 'asset' | 'symbol' | 'decimals'> {
  return { asset, symbol, decimals };
}

function perToken(token: GmxToken, price: bigint): Decimal {
  return fromFixed(price, FLOAT_DECIMALS - token.decimals);
}

function usd(amount: bigint): Decimal {
  return fromFixed(amount, FLOAT_DECIMALS);
}
