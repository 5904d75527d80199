import { type Decimal, fromFixed } from '../../core/decimal.ts';
import { RuleViolation } from '../../core/errors.ts';
import type { AssetId, ChainId } from '../../core/ids.ts';
import type { TokenAmount } from '../../core/rule.ts';
import type { LookAtChoices } from '../forced/forced-pairs.ts';
import type { LiquidationCall } from '../forced/liquidation-choices.ts';
import { advance, type LiquidationState, tokenOf } from '../forced/liquidation-state.ts';
import { type LiquidatorContext, mostProfitable, priceTrade, searchGreatest, type Trade } from './liquidator-size.ts';

/** A protocol that takes all collateral of a liquidated account itself and sells it at a discount, as a comet does. It is handed in: its arithmetic is the protocol's own. */
export interface CollateralStore {
  /** What it is paid in. */
  readonly base: AssetId;
  /**
   * Buys collateral for a raw amount of base at unix second `at`, and gives the market after it and the raw amount bought.
   *
   * @throws {RuleViolation} where the protocol would refuse to sell
   */
  readonly buy: (market: unknown, purchase: { readonly asset: AssetId; readonly baseAmount: bigint; readonly at: bigint }) => { readonly market: unknown; readonly bought: bigint };
}

/** One purchase with what it earns. */
export interface Purchase extends Trade {
  readonly paid: TokenAmount;
  readonly received: TokenAmount;
  readonly after: LiquidationState;
}

/** An absorption, which pays nobody, and the purchases that follow it. */
export interface AbsorptionPlan {
  readonly absorb: LiquidationCall;
  readonly absorbGasUsd: number;
  readonly purchases: readonly Purchase[];
  /** Sum over the purchases less the gas of absorbing, USD. */
  readonly profitUsd: number;
  readonly after: LiquidationState;
  readonly context: LiquidatorContext;
}

/** Where a purchase's size is looked for, in oracle values of what was seized: no store sells dearer than twice the oracle's price. */
const PRICE_BOUND = 2;

/** Absorbs an account and buys as much of what it held as earns something, asset by asset. Null where the rule refuses, or nothing is seized. */
export function planAbsorption(state: LiquidationState, store: CollateralStore, context: LiquidatorContext, lookAt: LookAtChoices): AbsorptionPlan | null {
  const [sized] = lookAt(state).sized;
  if (sized === undefined) return null;
  const absorb = sized.sizes.largest;
  const absorbGasUsd = context.market.gasUsd(state.account.marketEntry.chain as ChainId);
  const purchases: Purchase[] = [];
  let [after, sold] = [absorb.after, context.sold];
  for (const seized of absorb.outcome.seized) {
    const purchase = findBestPurchase(after, store, seized, { ...context, sold });
    if (purchase === null || purchase.profitUsd <= 0) continue;
    purchases.push(purchase);
    [after, sold] = [purchase.after, purchase.sold];
  }
  const profitUsd = purchases.reduce((total, purchase) => total + purchase.profitUsd, -absorbGasUsd);
  return { absorb, absorbGasUsd, purchases, profitUsd, after, context: { ...context, sold } };
}

/** The most profitable purchase of at most what was seized; null where the store does not sell it or there is no way to sell it on. */
function findBestPurchase(state: LiquidationState, store: CollateralStore, seized: TokenAmount, context: LiquidatorContext): Purchase | null {
  const priceAt = (baseAmount: bigint): Purchase | null => {
    try {
      const { market, bought } = store.buy(state.view.market, { asset: seized.asset, baseAmount, at: state.view.at });
      const paid = { asset: store.base, amount: baseAmount };
      const received = { asset: seized.asset, amount: bought };
      const trade = bought === 0n || bought > seized.amount ? null : priceTrade(state, { paid, received }, context);
      return trade === null ? null : { ...trade, paid, received, after: advance(state, { market, position: state.view.position }) };
    } catch (error) {
      if (error instanceof RuleViolation) return null;
      throw error;
    }
  };
  const top = greatestPriced(boundOf(state, store, seized), priceAt);
  const inner = top === null ? null : searchGreatest(top.paid.amount, priceAt);
  return mostProfitable([top, inner].filter((entry) => entry !== null));
}

function boundOf(state: LiquidationState, { base }: CollateralStore, { asset, amount }: TokenAmount): bigint {
  const [held, paid] = [tokenOf(state, asset), tokenOf(state, base)];
  const worth: Decimal = fromFixed(amount, held.decimals).times(held.oracleUsd).div(paid.oracleUsd);
  return BigInt(worth.times(PRICE_BOUND).times(`1e${paid.decimals}`).toFixed(0)) + 1n;
}

/** The greatest amount that can be bought and sold on: refused are sizes above it, and the very smallest. */
function greatestPriced(bound: bigint, priceAt: (size: bigint) => Purchase | null): Purchase | null {
  let high = bound;
  let found: Purchase | null = null;
  for (let size = bound / 2n; size > 0n && found === null; size /= 2n) {
    found = priceAt(size);
    if (found === null) high = size;
  }
  while (found !== null && high - found.paid.amount > 1n) {
    const purchase = priceAt((found.paid.amount + high) / 2n);
    if (purchase === null) high = (found.paid.amount + high) / 2n;
    else found = purchase;
  }
  return found;
}
