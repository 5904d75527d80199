import { type Decimal, fromFixed, ONE, ZERO } from '../../core/decimal.ts';
import { mulDivDown, WAD } from '../../core/fixed-point.ts';
import type { AssetId } from '../../core/ids.ts';
import type { ExposureTerm, Leg, NativeHealth, PriceMove, Rule } from '../../core/rule.ts';
import { applyStep } from './apply.ts';
import { GENERIC_RULE_ID } from './liquidation.ts';
import { computeLiquidity, type Liquidity, splitBySelfCollateral } from './liquidity.ts';
import { planBook } from './planning.ts';
import {
  accruePosition,
  type GenericAsset,
  type GenericMarket,
  type GenericPosition,
  type GenericView,
  genericMarketSchema,
  genericPositionSchema,
  getAsset,
  getBorrowFactor,
  getCollateralFactor,
  getPrice,
} from './state.ts';

/**
 * `generic-lending@1`: for books whose protocol has no rule of its own. Collateral counts at its factor, debt at 1 / borrow factor; the same
 * asset's collateral may first cover its own debt at the self-collateral factor. Liquidatable ⇔ adjusted collateral < adjusted debt.
 *
 * @source euler-xyz/euler-contracts@24da0f2 RiskManager.computeLiquidityRaw, Liquidation.computeLiqOpp (Euler v1, the first book that runs on it)
 */
export const genericLendingRule: Rule<GenericMarket, GenericPosition> = {
  id: GENERIC_RULE_ID,
  kind: 'lending',
  marketSchema: genericMarketSchema,
  positionSchema: genericPositionSchema,
  legs,
  health,
  exposure,
  prepare: (market, at) => ({
    isLiquidatable: (position) => isLiquidatable(computeLiquidity(market, accruePosition({ market, position, at }))),
    health: (position) => health({ market, position, at }),
    exposure: (position) => exposure({ market, position, at }),
  }),
  screening: {
    weightCut: 0,
    quantumUsd: ({ unit }) => fromFixed(unit.priceUsd, 36),
    cohort: findCohort,
    numeraires: ({ unit }) => [unit.asset],
    shape: ({ unit, assets, selfCollateralFactor }) =>
      JSON.stringify([
        unit.asset,
        String(selfCollateralFactor),
        hasRates(assets),
        assets.map(({ asset, decimals, collateralFactor, borrowFactor }) => [asset, decimals, collateralFactor === null, borrowFactor === null]),
      ]),
  },
  apply: applyStep,
  planning: (view) => planBook(view, (asset) => tokenOf(view.market, asset).priceUsd),
  reprice,
};

function legs(view: GenericView): readonly Leg[] {
  const position = accruePosition(view);
  const supplied = position.supplied.map((entry): Leg => {
    const asset = getAsset(view.market, entry.asset);
    const weight = entry.collateral ? fromFixed(getCollateralFactor(asset), 18) : ZERO;
    return { side: entry.collateral ? 'collateral' : 'supply', ...tokenOf(view.market, asset), amount: entry.amount, weight };
  });
  const debts = position.debts.map((entry): Leg => {
    const asset = getAsset(view.market, entry.asset);
    return { side: 'debt', ...tokenOf(view.market, asset), amount: entry.amount, weight: borrowWeight(asset) };
  });
  return [...supplied, ...debts];
}

function health(view: GenericView): NativeHealth {
  const { collateralValue, liabilityValue } = computeLiquidity(view.market, accruePosition(view));
  const liquidatable = isLiquidatable({ collateralValue, liabilityValue });
  return {
    healthFactor: liabilityValue === 0n ? null : fromFixed(mulDivDown(collateralValue, WAD, liabilityValue), 18),
    liquidatable,
    reason: `collateralValue ${collateralValue} ${liquidatable ? '<' : '>='} liabilityValue ${liabilityValue}`,
    figures: { collateralValue, liabilityValue },
  };
}

function isLiquidatable({ collateralValue, liabilityValue }: Pick<Liquidity, 'collateralValue' | 'liabilityValue'>): boolean {
  return collateralValue < liabilityValue;
}

/** Interest is simple from a position's own date on, so only those of one date grow alike; what covers its own debt is split by more than a factor. */
function findCohort({ assets, selfCollateralFactor }: GenericMarket, { supplied, debts, updatedAt }: GenericPosition): string | null {
  const overlaps = supplied.some((held) => held.collateral && held.amount > 0n && debts.some((owed) => owed.asset === held.asset && owed.amount > 0n));
  if (selfCollateralFactor !== null && overlaps) return null;
  return hasRates(assets) ? `since ${updatedAt}` : 'all';
}

function hasRates(assets: GenericMarket['assets']): boolean {
  return assets.some(({ supplyRate, borrowRate }) => supplyRate !== 0n || borrowRate !== 0n);
}

function exposure(view: GenericView): readonly ExposureTerm[] {
  const split = splitBySelfCollateral(view.market, accruePosition(view));
  return split.flatMap(({ asset, selfCovered, collateral, debt }) => {
    const token = tokenOf(view.market, asset);
    const terms: ExposureTerm[] = [];
    if (collateral > 0n) terms.push({ side: 'collateral', ...token, amount: collateral, weight: fromFixed(getCollateralFactor(asset), 18), role: 'collateral' });
    if (selfCovered > 0n) terms.push({ side: 'collateral', ...token, amount: selfCovered, weight: ONE, role: 'collateral of its own debt' });
    if (selfCovered > 0n) terms.push({ side: 'debt', ...token, amount: selfCovered, weight: ONE, role: 'debt covered by its own asset' });
    if (debt > 0n) terms.push({ side: 'debt', ...token, amount: debt, weight: borrowWeight(asset), role: 'debt' });
    return terms;
  });
}

/** Moves are in dollars: where the unit of account moves, every price quoted in it moves the other way. */
function reprice(market: GenericMarket, moves: ReadonlyMap<AssetId, PriceMove>): GenericMarket {
  const unitMove = moves.get(market.unit.asset) ?? UNMOVED;
  return {
    ...market,
    unit: { ...market.unit, priceUsd: mulDivDown(market.unit.priceUsd, unitMove.numerator, unitMove.denominator) },
    assets: market.assets.map((asset) => {
      if (asset.priceFixed) return asset;
      const move = moves.get(asset.asset) ?? UNMOVED;
      const price = mulDivDown(asset.price, move.numerator * unitMove.denominator, move.denominator * unitMove.numerator);
      return price === asset.price ? asset : { ...asset, price };
    }),
  };
}

const UNMOVED: PriceMove = { numerator: 1n, denominator: 1n };

function tokenOf(market: GenericMarket, asset: GenericAsset): Pick<Leg, 'asset' | 'symbol' | 'decimals' | 'priceUsd'> {
  const priceUsd = fromFixed(getPrice(asset), 18).times(fromFixed(market.unit.priceUsd, 18));
  return { asset: asset.asset, symbol: asset.symbol, decimals: asset.decimals, priceUsd };
}

function borrowWeight(asset: GenericAsset): Decimal {
  return ONE.div(fromFixed(getBorrowFactor(asset), 18));
}
