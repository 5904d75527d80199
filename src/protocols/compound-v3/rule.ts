import { Decimal, fromFixed, ONE, ratioOrNull, ZERO } from '../../core/decimal.ts';
import { InvalidArgument, MissingPrice } from '../../core/errors.ts';
import { max, mulDivDown, WAD } from '../../core/fixed-point.ts';
import type { AssetId } from '../../core/ids.ts';
import type { AccountView, ExposureTerm, Leg, MarketAt, NativeHealth, PriceMove, Rule } from '../../core/rule.ts';
import { accrueMarket, computePresentValue } from './interest.ts';
import { computeBaseValue, computeLiquidity, computeValue, isUncovered, listHeld } from './liquidity.ts';
import { planComet } from './planning.ts';
import { COMPOUND_V3_RULE } from './rule-id.ts';
import { type CometMarket, type CometPosition, cometMarketSchema, cometPositionSchema } from './state.ts';
import { applyCometStep } from './steps.ts';

type View = AccountView<CometMarket, CometPosition>;

/** Decimals of a unit price times the unit's USD price: 8 + 8. */
const USD_PRICE_DECIMALS = 16;
/** Decimals of factors. */
const FACTOR_DECIMALS = 18;

/**
 * Comet's margin arithmetic: one signed base balance against weighted collateral, in the comet's unit of account, with the indexes accrued as `absorb`
 * accrues them before it checks.
 *
 * @source compound-finance/comet@d5a30b0 contracts/CometWithExtendedAssetList.sol
 */
export const compoundV3Rule: Rule<CometMarket, CometPosition> = {
  id: COMPOUND_V3_RULE,
  kind: 'lending',
  marketSchema: cometMarketSchema,
  positionSchema: cometPositionSchema,
  legs: computeLegs,
  health: computeHealth,
  exposure: (view) => exposeAccrued(accrueMarket(view.market, view.at), view.position),
  prepare: prepareComet,
  screening: {
    weightCut: 0,
    // A collateral's value is rounded to 1e-8 of the unit, and weighed after that.
    quantumUsd: ({ unit, collaterals }) =>
      fromFixed(unit.usdPerUnit, USD_PRICE_DECIMALS).times(
        fromFixed(
          collaterals.reduce((most, { liquidateCollateralFactor }) => max(most, liquidateCollateralFactor), WAD),
          FACTOR_DECIMALS,
        ),
      ),
    cohort: () => 'all',
    numeraires: ({ unit }) => [unit.asset],
    shape: ({ unit, base, collaterals }) => JSON.stringify([unit.asset, base.asset, base.decimals, collaterals.map(({ asset, decimals }) => [asset, decimals])]),
  },
  apply: applyCometStep,
  planning: (view) => planComet(view, (market, price) => toUsd(market, price, '')),
  reprice: repriceComet,
};

function computeLegs({ market, position, at }: View): readonly Leg[] {
  return legsOfAccrued(accrueMarket(market, at), position);
}

function legsOfAccrued(market: CometMarket, position: CometPosition): readonly Leg[] {
  const balance = computePresentValue(market, position.principal);
  const collateral = listHeld(market, position).map(
    ({ collateral, balance: amount }): Leg => ({
      side: 'collateral',
      asset: collateral.asset,
      symbol: collateral.symbol,
      decimals: collateral.decimals,
      amount,
      priceUsd: toUsd(market, collateral.price, collateral.symbol),
      weight: fromFixed(collateral.liquidateCollateralFactor, FACTOR_DECIMALS),
    }),
  );
  if (balance === 0n) return collateral;
  const { asset, symbol, decimals, price } = market.base;
  const base = { asset, symbol, decimals, priceUsd: toUsd(market, price, symbol) };
  return balance > 0n ? [...collateral, { ...base, side: 'supply', amount: balance, weight: ZERO }] : [...collateral, { ...base, side: 'debt', amount: -balance, weight: ONE }];
}

function computeHealth({ market: stored, position, at }: View): NativeHealth {
  const market = accrueMarket(stored, at);
  const liquidatable = isUncovered(market, position, 'liquidateCollateralFactor');
  const baseValue = computeBaseValue(market, position);
  const held = listHeld(market, position);
  const collateralValue = held.reduce((total, one) => total + computeValue(market, one), 0n);
  const liquidity = computeLiquidity(market, position, 'liquidateCollateralFactor');
  const debtValue = max(-baseValue, 0n);
  return {
    healthFactor: position.principal < 0n ? ratioOrNull(new Decimal((liquidity - baseValue).toString()), new Decimal(debtValue.toString())) : null,
    liquidatable,
    reason: position.principal < 0n ? `liquidity ${liquidity} ${liquidatable ? '<' : '>='} 0` : 'no debt',
    figures: {
      liquidity,
      presentValue: computePresentValue(market, position.principal),
      debtValue,
      collateralValue,
      liquidationValue: liquidity - baseValue,
      borrowLiquidity: computeLiquidity(market, position, 'borrowCollateralFactor'),
      baseSupplyIndex: market.baseSupplyIndex,
      baseBorrowIndex: market.baseBorrowIndex,
      // What the view of that name answers: it does not accrue, so it may still say no when absorb would go through.
      isLiquidatable: isUncovered(stored, position, 'liquidateCollateralFactor') ? 1n : 0n,
    },
  };
}

/** Every feed that `health` reads is read, in whatever order: its figures need all of them. */
function prepareComet(market: CometMarket, at: bigint): MarketAt<CometPosition> {
  const accrued = accrueMarket(market, at);
  return {
    isLiquidatable: (position) => computeLiquidity(accrued, position, 'liquidateCollateralFactor') < 0n && position.principal < 0n,
    health: (position) => computeHealth({ market, position, at }),
    exposure: (position) => exposeAccrued(accrued, position),
  };
}

function exposeAccrued(market: CometMarket, position: CometPosition): readonly ExposureTerm[] {
  return legsOfAccrued(market, position).flatMap((leg): ExposureTerm[] => {
    const { asset, symbol, decimals, amount, priceUsd, weight } = leg;
    const term = { asset, symbol, decimals, amount, priceUsd, weight };
    if (leg.side === 'collateral') return [{ ...term, side: 'collateral', role: 'collateral' }];
    return leg.side === 'debt' ? [{ ...term, side: 'debt', role: 'debt' }] : [];
  });
}

/**
 * Moves prices in USD: a price counted in another unit moves by the asset's move over the unit's. The base token of a comet that counts in that very
 * token keeps its constant price of one. No price falls below the least that a comet accepts, 1e-8.
 */
function repriceComet(market: CometMarket, moves: ReadonlyMap<AssetId, PriceMove>): CometMarket {
  const unitMove = moves.get(market.unit.asset);
  if (unitMove?.numerator === 0n) throw new InvalidArgument(`The unit of account of comet ${market.comet} (${market.unit.symbol}) cannot be moved to 0.`);
  const move = (asset: AssetId, price: bigint | null): bigint | null => {
    const own = moves.get(asset);
    if (price === null || (own === undefined && unitMove === undefined)) return price;
    return max(mulDivDown(price, numerator(own) * denominator(unitMove), denominator(own) * numerator(unitMove)), 1n);
  };
  return {
    ...market,
    unit: { ...market.unit, usdPerUnit: max(mulDivDown(market.unit.usdPerUnit, numerator(unitMove), denominator(unitMove)), 1n) },
    base: { ...market.base, price: move(market.base.asset, market.base.price) },
    collaterals: market.collaterals.map((entry) => ({ ...entry, price: move(entry.asset, entry.price) })),
  };
}

function numerator(move: PriceMove | undefined): bigint {
  return move?.numerator ?? 1n;
}

function denominator(move: PriceMove | undefined): bigint {
  return move?.denominator ?? 1n;
}

function toUsd(market: CometMarket, price: bigint | null, symbol: string): Decimal {
  if (price === null) throw new MissingPrice(symbol, `comet ${market.comet}`);
  return fromFixed(price * market.unit.usdPerUnit, USD_PRICE_DECIMALS);
}
