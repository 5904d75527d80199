import { Decimal, fromFixed, ONE, ZERO } from '../../core/decimal.ts';
import { MissingPrice } from '../../core/errors.ts';
import { divDown, WAD } from '../../core/fixed-point.ts';
import type { AssetId } from '../../core/ids.ts';
import type { AccountView, Applied, ExposureTerm, Leg, MarketAt, NativeHealth, PriceMove, Rule, Step } from '../../core/rule.ts';
import { type AaveAccountData, computeAccountData, type ValuedHolding } from './account-data.ts';
import { applyLiquidation } from './liquidate.ts';
import { planAave } from './planning.ts';
import { preparePool } from './prepared-pool.ts';
import { AAVE_PROFILES, type AaveProfile } from './profile.ts';
import { createAaveScreening } from './screening.ts';
import { type AavePool, type AavePosition, aavePoolSchema, aavePositionSchema } from './state.ts';
import { applyBorrow, applyRepay, applySupply, applyWithdraw } from './steps.ts';
import { violate } from './violations.ts';

type View = AccountView<AavePool, AavePosition>;

/** An Aave rule: the state types are common to every version. */
export type AaveRule = Rule<AavePool, AavePosition> & { readonly profile: AaveProfile };

/** Builds the rule of one profile. */
export function createAaveRule(profile: AaveProfile): AaveRule {
  return {
    id: profile.rule,
    kind: 'lending',
    profile,
    marketSchema: aavePoolSchema,
    positionSchema: aavePositionSchema,
    legs: (view) => legsOf(accountOf(profile, view), (valued) => factsOf(view.market, valued)),
    health: (view) => healthOf(accountOf(profile, view)),
    exposure: (view) => exposureOf(accountOf(profile, view), (valued) => factsOf(view.market, valued)),
    prepare: (market, at) => prepare(profile, market, at),
    screening: createAaveScreening(profile),
    apply: (view, step) => applyStep(profile, view, step),
    planning: (view) => planAave(profile, view, priceUsd),
    reprice: repriceAave,
  };
}

/** The rules of every Aave version and of Spark. */
export const AAVE_RULES: readonly AaveRule[] = AAVE_PROFILES.map(createAaveRule);

function accountOf(profile: AaveProfile, view: View): AaveAccountData {
  return computeAccountData(profile, view.market, view.position, view.at);
}

function healthOf(account: AaveAccountData): NativeHealth {
  const hasDebt = account.totalDebtBase !== 0n;
  const liquidatable = account.healthFactor < WAD;
  return {
    healthFactor: hasDebt ? fromFixed(account.healthFactor, 18) : null,
    liquidatable,
    reason: hasDebt ? `healthFactor ${account.healthFactor} ${liquidatable ? '<' : '>='} 1e18` : 'no debt',
    figures: {
      totalCollateralBase: account.totalCollateralBase,
      totalDebtBase: account.totalDebtBase,
      currentLiquidationThreshold: account.currentLiquidationThreshold,
      ltv: account.ltv,
      healthFactor: account.healthFactor,
    },
  };
}

/** What a leg needs to know of its reserve. */
interface LegFacts {
  readonly priceUsd: Decimal;
  readonly weight: Decimal;
}

type FactsOf = (valued: ValuedHolding) => LegFacts;

function factsOf(pool: AavePool, valued: ValuedHolding): LegFacts {
  return { priceUsd: priceUsd(pool, valued), weight: valued.counts ? fromFixed(BigInt(valued.thresholdBps), 4) : ZERO };
}

function legsOf(account: AaveAccountData, facts: FactsOf): Leg[] {
  const legs: Leg[] = [];
  for (const valued of account.holdings) {
    const { asset, symbol, decimals } = valued.reserve;
    const { priceUsd: price, weight } = facts(valued);
    const debt = valued.variableDebt + valued.stableDebt;
    if (valued.supplied !== 0n) legs.push({ side: valued.counts ? 'collateral' : 'supply', asset, symbol, decimals, amount: valued.supplied, priceUsd: price, weight });
    if (debt !== 0n) legs.push({ side: 'debt', asset, symbol, decimals, amount: debt, priceUsd: price, weight: ONE });
  }
  return legs;
}

function exposureOf(account: AaveAccountData, facts: FactsOf): ExposureTerm[] {
  return legsOf(account, facts).flatMap(({ side, asset, symbol, decimals, amount, priceUsd: price, weight }): ExposureTerm[] =>
    side === 'collateral' || side === 'debt' ? [{ side, asset, symbol, decimals, amount, priceUsd: price, weight, role: side }] : [],
  );
}

/** Decimals are made once for each reserve, as accounts of an e-mode see it. */
function prepare(profile: AaveProfile, pool: AavePool, at: bigint): MarketAt<AavePosition> {
  const { compute, isLiquidatable } = preparePool(profile, pool, at);
  const byEMode = new Map<number, (LegFacts | undefined)[]>();
  const exposure = (position: AavePosition): ExposureTerm[] => {
    const known = byEMode.get(position.eMode) ?? [];
    byEMode.set(position.eMode, known);
    return exposureOf(compute(position), (valued) => (known[2 * valued.reserve.id + Number(valued.counts)] ??= factsOf(pool, valued)));
  };
  return { isLiquidatable, exposure, health: (position) => healthOf(compute(position)) };
}

/** USD per whole token: oracle price in base units, times the base currency's own price. */
function priceUsd(pool: AavePool, valued: ValuedHolding): Decimal {
  if (pool.baseUsdE8 === 0n) throw new MissingPrice(pool.baseAsset ?? 'the base currency', 'this pool');
  return new Decimal(valued.price.toString()).times(fromFixed(pool.baseUsdE8, 8)).div(pool.baseUnit.toString());
}

function applyStep(profile: AaveProfile, view: View, step: Step): Applied<AavePool, AavePosition> {
  const ledger = { pool: view.market, position: view.position };
  switch (step.kind) {
    case 'supply':
      return applySupply(profile, ledger, step.asset, step.amount, view.at);
    case 'withdraw':
      return applyWithdraw(profile, ledger, step.asset, step.amount, view.at);
    case 'borrow':
      return applyBorrow(profile, ledger, step.asset, step.amount, view.at);
    case 'repay':
      return applyRepay(profile, ledger, step.asset, step.amount, view.at);
    case 'liquidate':
      return applyLiquidation(profile, ledger, step, view.at);
    case 'close':
      throw violate(profile, 'InvalidAmount', 'a lending account has no position to close');
  }
}

/**
 * Moves oracle prices. Where the base currency is an asset (v2: ETH), that asset's move changes the base's USD price, and every other asset's
 * price in base units moves against it.
 */
function repriceAave(pool: AavePool, moves: ReadonlyMap<AssetId, PriceMove>): AavePool {
  const base = pool.baseAsset === null ? undefined : moves.get(pool.baseAsset);
  const moved = (price: bigint, asset: AssetId | null): bigint => {
    const own = asset === null ? undefined : moves.get(asset);
    const up = (own?.numerator ?? 1n) * (base?.denominator ?? 1n);
    const down = (own?.denominator ?? 1n) * (base?.numerator ?? 1n);
    return divDown(price * up, down);
  };
  return {
    ...pool,
    baseUsdE8: base === undefined ? pool.baseUsdE8 : divDown(pool.baseUsdE8 * base.numerator, base.denominator),
    reserves: pool.reserves.map((reserve) => ({ ...reserve, price: moved(reserve.price, reserve.asset) })),
    eModes: pool.eModes.map((category) => (category.price === null ? category : { ...category, price: moved(category.price, categoryAsset(pool, category.collateral)) })),
  };
}

/** A category's own oracle moves with its members; the first one stands for them. */
function categoryAsset(pool: AavePool, collateral: readonly number[]): AssetId | null {
  return pool.reserves.find((reserve) => reserve.id === collateral[0])?.asset ?? null;
}
