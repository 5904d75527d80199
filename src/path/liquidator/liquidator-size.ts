import { RuleViolation } from '../../core/errors.ts';
import type { AssetId, ChainId } from '../../core/ids.ts';
import type { TokenAmount } from '../../core/rule.ts';
import type { SwapCurve } from '../curves/curve.ts';
import type { SizedChoice } from '../forced/forced-pairs.ts';
import { type LiquidationCall, tryLiquidation } from '../forced/liquidation-choices.ts';
import { greatestBelow, leastUpTo } from '../forced/liquidation-sizes.ts';
import { type LiquidationState, tokenOf } from '../forced/liquidation-state.ts';
import { computeProceeds, type LiquidatorMarket, poolOf, type SoldTokens } from './liquidator-market.ts';

/** What buying for one token and selling for it again earns, USD as floats: curves are. */
export interface Trade {
  /** What selling brings after what was sold before. */
  readonly proceedsUsd: number;
  readonly paidUsd: number;
  readonly flashFeeUsd: number;
  readonly gasUsd: number;
  /** proceeds − paid − flash fee − gas. */
  readonly profitUsd: number;
  /** The curve it was sold on; null where what is received is what was paid. */
  readonly curve: SwapCurve | null;
  readonly sold: SoldTokens;
}

/** A call with what it earns. */
export interface PricedCall extends Trade {
  readonly call: LiquidationCall;
}

/** Where calls are priced: checked means, and what has been sold so far. */
export interface LiquidatorContext {
  readonly market: LiquidatorMarket;
  readonly sold: SoldTokens;
}

/** The most profitable size of one choice. */
export interface SizeOptimum {
  readonly best: PricedCall;
  /** The smallest size that pays its gas; null where the best one does not. */
  readonly breakEven: LiquidationCall | null;
}

/** Finer than this share of the range a size is not searched: profit is flat at its greatest. */
const SEARCH_BITS = 32n;
/** (√5 − 1) ÷ 2 in millionths: how much of the range a golden-section step keeps. */
const GOLDEN_PPM = 618_034n;
const PPM = 1_000_000n;

/** Prices one call; null where there is no way to sell, or not that much. */
export function priceCall(call: LiquidationCall, context: LiquidatorContext): PricedCall | null {
  const [paid] = call.paid;
  const [received] = call.received;
  const trade = paid === undefined || received === undefined ? null : priceTrade(call.before, { paid, received }, context);
  return trade === null ? null : { call, ...trade };
}

/** Prices what is paid and received at once; null as {@link priceCall}. */
export function priceTrade(state: LiquidationState, { paid, received }: { readonly paid: TokenAmount; readonly received: TokenAmount }, { market, sold }: LiquidatorContext): Trade | null {
  const isSame = received.asset === paid.asset;
  const curve = isSame ? null : market.curveOf(received.asset, paid.asset);
  const pool = poolOf(received.asset, paid.asset);
  const tokens = tokensOf(state, received);
  const brought = curve === null ? (isSame ? tokens : null) : computeProceeds(curve, sold.get(pool) ?? 0, tokens);
  if (brought === null) return null;
  const priceUsd = tokenOf(state, paid.asset).marketUsdFloat;
  const paidUsd = tokensOf(state, paid) * priceUsd;
  const proceedsUsd = brought * priceUsd;
  const flashFeeUsd = paidUsd * market.flashFee;
  const gasUsd = market.gasUsd(state.account.marketEntry.chain as ChainId);
  return {
    proceedsUsd,
    paidUsd,
    flashFeeUsd,
    gasUsd,
    profitUsd: proceedsUsd - paidUsd - flashFeeUsd - gasUsd,
    curve,
    sold: isSame ? sold : new Map([...sold, [pool, (sold.get(pool) ?? 0) + tokens]]),
  };
}

/**
 * Finds the most profitable size of a choice. Between two limits of the rules profit is concave in the size (what is seized is linear in it, the curve concave), so a golden section on the rule's own
 * integers finds the greatest; the limits themselves are tried beside it.
 *
 * @returns null where the pair cannot be sold, or the rule accepts no size that the curve takes
 */
export function findBestSize(state: LiquidationState, { choice, sizes }: SizedChoice, context: LiquidatorContext): SizeOptimum | null {
  const priceAt = (size: bigint): PricedCall | null => {
    const call = tryLiquidation(state, choice, size);
    return call instanceof RuleViolation ? null : priceCall({ ...call, size }, context);
  };
  const isSellable = (call: LiquidationCall): boolean => priceCall(call, context) !== null;
  if (!canSell(choice.collateral, choice.debt, context)) return null;
  const partial = sizes.partial ?? sizes.largest;
  const top = isSellable(partial) ? partial : greatestBelow(state, choice, partial.size, isSellable);
  const found = [sizes.largest, ...(sizes.partial === null ? [] : [sizes.partial]), ...(top === null ? [] : [top])].flatMap((call) => priceCall(call, context) ?? []);
  const inner = top === null ? null : searchGreatest(top.size, priceAt);
  const best = mostProfitable(inner === null ? found : [...found, inner]);
  if (best === null) return null;
  const paysGas = (call: LiquidationCall): boolean => (priceCall(call, context)?.profitUsd ?? -1) >= 0;
  return { best, breakEven: best.profitUsd >= 0 ? leastUpTo(state, choice, best.call, paysGas) : null };
}

/** The entry with the greatest profit; the first of equals, null of none. */
export function mostProfitable<Entry extends { readonly profitUsd: number }>(entries: readonly Entry[]): Entry | null {
  return entries.reduce<Entry | null>((best, entry) => (best === null || entry.profitUsd > best.profitUsd ? entry : best), null);
}

/** Whole tokens of a raw amount, as a float. */
function tokensOf(state: LiquidationState, { asset, amount }: TokenAmount): number {
  return Number(amount) / 10 ** tokenOf(state, asset).decimals;
}

function canSell(collateral: AssetId | null, debt: AssetId | null, { market }: LiquidatorContext): boolean {
  if (collateral === null || debt === null) return false;
  return collateral === debt || market.curveOf(collateral, debt) !== null;
}

/** Golden section over 1 … top for the greatest profit, which is concave in the size. Sizes that are refused (null) lie at the low end. */
export function searchGreatest<Priced extends { readonly profitUsd: number }>(top: bigint, price: (size: bigint) => Priced | null): Priced | null {
  // A range of a few units splits at 0, which is no size: a rule may refuse it as a mistake of the caller's.
  const priceAt = (size: bigint): Priced | null => (size > 0n ? price(size) : null);
  let [low, high] = [0n, top];
  const resolution = top >> SEARCH_BITS;
  const split = (share: bigint): bigint => low + ((high - low) * share) / PPM;
  let [left, right] = [split(PPM - GOLDEN_PPM), split(GOLDEN_PPM)];
  let [atLeft, atRight] = [priceAt(left), priceAt(right)];
  while (high - low > resolution && left > low && right > left && high > right) {
    if (atLeft === null || (atRight !== null && atRight.profitUsd > atLeft.profitUsd)) {
      low = left;
      [left, atLeft] = [right, atRight];
      right = split(GOLDEN_PPM);
      atRight = priceAt(right);
    } else {
      high = right;
      [right, atRight] = [left, atLeft];
      left = split(PPM - GOLDEN_PPM);
      atLeft = priceAt(left);
    }
  }
  return mostProfitable([atLeft, atRight].filter((entry) => entry !== null));
}
