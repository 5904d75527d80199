import { Decimal, fromFixed, ONE, toText, ZERO } from '../../core/decimal.ts';
import { max, mulDivDown, WAD } from '../../core/fixed-point.ts';
import type { AssetId } from '../../core/ids.ts';
import type { AccountView, ExposureTerm, Leg, MarketAt, NativeHealth, PriceMove, Rule } from '../../core/rule.ts';
import { applyStep } from './apply.ts';
import { borrowTotals, computeFigures, getOraclePrice, isHealthy, supplyTotals } from './health.ts';
import { accrueInterest } from './interest.ts';
import { planMorpho } from './planning.ts';
import { toAssetsDown, toAssetsUp } from './shares.ts';
import { type MorphoMarket, type MorphoPosition, morphoMarketSchema, morphoPositionSchema } from './state.ts';
import { MORPHO_RULE_ID } from './violations.ts';

type MorphoView = AccountView<MorphoMarket, MorphoPosition>;

const WAD_DECIMALS = 18;
const ORACLE_PRICE_DECIMALS = 36;

/**
 * Morpho Blue's arithmetic: isolated markets of one collateral and one loan token, virtual shares, debt rounded up, a position is
 * liquidatable exactly when the debt exceeds what its collateral allows at the liquidation loan-to-value.
 *
 * @source morpho-org/morpho-blue@1.0.0 src/Morpho.sol
 */
export const morphoBlueRule: Rule<MorphoMarket, MorphoPosition> = {
  id: MORPHO_RULE_ID,
  kind: 'lending',
  marketSchema: morphoMarketSchema,
  positionSchema: morphoPositionSchema,
  legs: computeLegs,
  health: computeHealth,
  exposure: (view) => exposeAccrued(accrueInterest(view.market, view.at), view.position),
  prepare: prepareMarket,
  screening: {
    weightCut: 0,
    // A collateral's value is rounded to a raw loan unit, and weighed after that.
    quantumUsd: ({ loan, loanUsd, lltv }) => new Decimal(loanUsd).times(fromFixed(max(lltv, WAD), WAD_DECIMALS)).times(fromFixed(1n, loan.decimals)),
    cohort: () => 'all',
    numeraires: ({ loan }) => [loan.asset],
    shape: ({ loan, collateral }) => `${loan.asset} ${loan.decimals} ${collateral.asset} ${collateral.decimals}`,
  },
  apply: applyStep,
  planning: (view) => planMorpho(view, collateralUsd),
  reprice: repriceMarket,
};

function computeLegs(view: MorphoView): readonly Leg[] {
  return legsOfAccrued(accrueInterest(view.market, view.at), view.position);
}

function legsOfAccrued(market: MorphoMarket, position: MorphoPosition): readonly Leg[] {
  const loanUsd = new Decimal(market.loanUsd);
  const legs: Leg[] = [];
  if (position.collateral > 0n) {
    const weight = fromFixed(market.lltv, WAD_DECIMALS);
    legs.push({ side: 'collateral', ...market.collateral, amount: position.collateral, priceUsd: collateralUsd(market), weight });
  }
  if (position.borrowShares > 0n) {
    const amount = toAssetsUp(position.borrowShares, borrowTotals(market));
    legs.push({ side: 'debt', ...market.loan, amount, priceUsd: loanUsd, weight: ONE });
  }
  if (position.supplyShares > 0n) {
    const amount = toAssetsDown(position.supplyShares, supplyTotals(market));
    legs.push({ side: 'supply', ...market.loan, amount, priceUsd: loanUsd, weight: ZERO });
  }
  return legs;
}

/** USD per whole collateral token: the oracle's price in loan tokens × the loan token's own price. */
function collateralUsd(market: MorphoMarket): Decimal {
  const loanPerCollateral = fromFixed(getOraclePrice(market), ORACLE_PRICE_DECIMALS).times(new Decimal(10).pow(market.collateral.decimals - market.loan.decimals));
  return loanPerCollateral.times(market.loanUsd);
}

function computeHealth(view: MorphoView): NativeHealth {
  if (view.position.borrowShares === 0n) {
    return { healthFactor: null, liquidatable: false, reason: 'no debt', figures: { borrowed: 0n } };
  }
  const figures = computeFigures(accrueInterest(view.market, view.at), view.position);
  const { borrowed, maxBorrow } = figures;
  const liquidatable = maxBorrow < borrowed;
  return {
    healthFactor: fromFixed(mulDivDown(maxBorrow, WAD, borrowed), WAD_DECIMALS),
    liquidatable,
    reason: `maxBorrow ${maxBorrow} ${liquidatable ? '<' : '>='} borrowed ${borrowed}`,
    figures: { ...figures },
  };
}

function prepareMarket(market: MorphoMarket, at: bigint): MarketAt<MorphoPosition> {
  let booked: MorphoMarket | undefined;
  // Not before an account needs it: one without debt is healthy at any time.
  const accrued = (): MorphoMarket => (booked ??= accrueInterest(market, at));
  return {
    isLiquidatable: (position) => position.borrowShares !== 0n && !isHealthy(accrued(), position),
    health: (position) => computeHealth({ market, position, at }),
    exposure: (position) => exposeAccrued(accrued(), position),
  };
}

function exposeAccrued(accrued: MorphoMarket, position: MorphoPosition): readonly ExposureTerm[] {
  return legsOfAccrued(accrued, position).flatMap((leg): ExposureTerm[] => {
    if (leg.side !== 'collateral' && leg.side !== 'debt') return [];
    const role = leg.side === 'collateral' ? 'collateral' : 'borrowed';
    return [{ ...leg, side: leg.side, role }];
  });
}

function repriceMarket(market: MorphoMarket, moves: ReadonlyMap<AssetId, PriceMove>): MorphoMarket {
  const ofLoan = moves.get(market.loan.asset);
  const ofCollateral = moves.get(market.collateral.asset);
  return {
    ...market,
    loanUsd: ofLoan === undefined ? market.loanUsd : toText(new Decimal(market.loanUsd).times(`${ofLoan.numerator}`).div(`${ofLoan.denominator}`), 60),
    oraclePrice: market.oracleKind === 'fixed' ? market.oraclePrice : moveOraclePrice(market.oraclePrice, ofCollateral, ofLoan),
  };
}

function moveOraclePrice(price: bigint | null, ofCollateral: PriceMove | undefined, ofLoan: PriceMove | undefined): bigint | null {
  const numerator = (ofCollateral?.numerator ?? 1n) * (ofLoan?.denominator ?? 1n);
  const denominator = (ofCollateral?.denominator ?? 1n) * (ofLoan?.numerator ?? 1n);
  // A worthless loan token has no price to quote the collateral in.
  return price === null || denominator === 0n ? null : mulDivDown(price, numerator, denominator);
}
