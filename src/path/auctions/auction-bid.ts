import { Decimal, ONE, ZERO } from '../../core/decimal.ts';
import { InvalidArgument } from '../../core/errors.ts';
import { type ConstantProductPool, computeSaleProceeds } from '../closed-forms/pool-sale.ts';

/** An auction's offer at one moment, and where the bidder sells what it buys. Quantities in whole tokens, money in USD. */
export interface AuctionOffer {
  /** Auction price of a token. */
  readonly priceUsd: Decimal;
  /** Market price of a token, in which the pool's depth is counted. */
  readonly marketUsd: Decimal;
  readonly lot: Decimal;
  /** What the auction still wants to collect. */
  readonly tabUsd: Decimal;
  /** Least target that a partial purchase may leave; 0 where there is none. */
  readonly chostUsd: Decimal;
  readonly pool: ConstantProductPool;
  readonly gasUsd: Decimal;
}

/** A bid and what it earns. */
export interface AuctionBid {
  /** Tokens to buy; 0 where no quantity earns anything before gas. */
  readonly quantity: Decimal;
  /** USD after gas; negative where it is not worth doing. */
  readonly profitUsd: Decimal;
}

/** Profit of buying `quantity` now and selling it into the pool: V(q) − q·p − gas, USD. Limits of the auction are not applied. */
export function computeTakeProfit(offer: AuctionOffer, quantity: Decimal): Decimal {
  return computeSaleProceeds(offer.pool, quantity.times(offer.marketUsd)).minus(quantity.times(offer.priceUsd)).minus(offer.gasUsd);
}

/**
 * The most profitable quantity: q* = L·(√k − 1) ÷ (γ·P) with k = β·γ·P ÷ p, then brought within the auction's limits: lot, target, and a partial purchase that leaves nothing or at
 * least chost of the target.
 *
 * @source derived (dπ/dq = 0); limits from makerdao/dss@fa4f663 src/clip.sol take
 */
export function computeBestTake(offer: AuctionOffer): AuctionBid {
  const wanted = computeUncappedTake(offer);
  const most = Decimal.min(offer.lot, offer.tabUsd.div(offer.priceUsd));
  const best = Decimal.min(wanted, most);
  const leaves = offer.tabUsd.minus(best.times(offer.priceUsd));
  if (best.eq(most) || leaves.gte(offer.chostUsd)) return bidOf(offer, best);
  // Profit is concave: the allowed quantities next to the optimum are the only candidates.
  const partial = Decimal.max(ZERO, offer.tabUsd.minus(offer.chostUsd).div(offer.priceUsd));
  const bids = [bidOf(offer, Decimal.min(partial, most)), bidOf(offer, most)];
  return bids.reduce((a, b) => (b.profitUsd.gt(a.profitUsd) ? b : a));
}

function bidOf(offer: AuctionOffer, quantity: Decimal): AuctionBid {
  return { quantity, profitUsd: computeTakeProfit(offer, quantity) };
}

/** q* without the auction's limits, tokens; 0 where the pool pays less than the auction asks. */
export function computeUncappedTake(offer: AuctionOffer): Decimal {
  const kept = ONE.minus(offer.pool.fee);
  const k = offer.pool.basis.times(kept).times(offer.marketUsd).div(offer.priceUsd);
  return k.lte(1) ? ZERO : offer.pool.depthUsd.times(k.sqrt().minus(1)).div(kept.times(offer.marketUsd));
}

/**
 * The first step of a stairstep auction at which buying `quantity` earns something: n₀ = ⌈ln(top·q ÷ (V(q) − g)) ÷ −ln cut⌉, at least 0; null where no step ever does,
 * because selling does not even pay the gas.
 *
 * @param offer its `priceUsd` is the starting price
 * @param cut factor per step, between 0 and 1, both excluded
 * @throws {InvalidArgument} for another cut
 */
export function findBreakEvenStep(offer: AuctionOffer, quantity: Decimal, cut: Decimal): number | null {
  requireBetween0And1(cut, 'cut');
  const worth = computeSaleProceeds(offer.pool, quantity.times(offer.marketUsd)).minus(offer.gasUsd);
  if (worth.lte(0)) return null;
  const steps = offer.priceUsd.times(quantity).div(worth).ln().div(cut.ln().neg());
  return steps.lte(0) ? 0 : steps.ceil().toNumber();
}

/** How long to let an auction's price fall after break-even before bidding. */
export interface BidTiming {
  /** Seconds after break-even. */
  readonly waitSeconds: Decimal;
  /** Share of the value that is then earned. */
  readonly margin: Decimal;
}

/**
 * Wait or bid: the price decays at `decay` per second and rivals arrive at `rivals` per second; the expected margin e^(−h·τ)·(1 − e^(−δ·τ)) is greatest at τ* = ln(1 + δ/h) ÷ δ,
 * where the margin is δ ÷ (δ + h). Many rivals: bid at the first profitable step. Expected payments to block builders come off the margin.
 *
 * @throws {InvalidArgument} where a rate is not above 0
 */
export function computeBidTiming(decay: Decimal, rivals: Decimal): BidTiming {
  if (decay.lte(0) || rivals.lte(0)) throw new InvalidArgument('Decay and arrival of rivals are rates above 0 per second.');
  return { waitSeconds: decay.div(rivals).plus(1).ln().div(decay), margin: decay.div(decay.plus(rivals)) };
}

/** The continuous decay of a stairstep: δ = −ln(cut) ÷ step, per second. @throws {InvalidArgument} */
export function computeDecay(cut: Decimal, stepSeconds: Decimal): Decimal {
  requireBetween0And1(cut, 'cut');
  if (stepSeconds.lte(0)) throw new InvalidArgument("An auction's step is longer than 0 seconds.");
  return cut.ln().neg().div(stepSeconds);
}

/** Whether starting an auction pays: tip + chip·tab + what taking is expected to earn, above gas; all USD. */
export function isKickWorthwhile(kick: { readonly rewardUsd: Decimal; readonly expectedTakeUsd: Decimal; readonly gasUsd: Decimal }): boolean {
  return kick.rewardUsd.plus(kick.expectedTakeUsd).gt(kick.gasUsd);
}

function requireBetween0And1(value: Decimal, name: string): void {
  if (value.lte(0) || value.gte(1)) throw new InvalidArgument(`An auction's ${name} lies strictly between 0 and 1.`, { [name]: value.toString() });
}
