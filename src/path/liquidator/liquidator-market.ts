import { InvalidArgument } from '../../core/errors.ts';
import type { AssetId, ChainId } from '../../core/ids.ts';
import { factorOf, type Moves } from '../../engine/moves.ts';
import type { SwapCurve } from '../curves/curve.ts';

/** Where a liquidator sells, and what it pays beside the debt. */
export interface LiquidatorMeans {
  /** The curve from a seized asset to a debt asset; null where there is no way to sell, so that the pair is no opportunity. */
  readonly curveOf: (from: AssetId, to: AssetId) => SwapCurve | null;
  /** USD of one call on a chain. */
  readonly gasUsd: (chain: ChainId) => number;
  /** Fee of the flash loan that pays the debt, bps of it; 0 where own funds or a free loan are used. */
  readonly flashFeeBps: number;
}

/** Means whose curves have been checked, and follow the moved market. */
export interface LiquidatorMarket extends LiquidatorMeans {
  /** The flash fee as a share. */
  readonly flashFee: number;
}

/** Whole tokens that have been sold into each curve so far: a pool goes on from where the sale before left it. */
export type SoldTokens = ReadonlyMap<string, number>;

/** Nothing sold yet. */
export const NOTHING_SOLD: SoldTokens = new Map();

const BPS = 10_000;

/** A curve, gas or fee that the caller gave cannot be used: the whole request is refused, no account is left out because of it. */
export class UnusableMeans extends InvalidArgument {}

/**
 * Checks means and lets their curves follow price moves: a curve's output is scaled by the move of what is sold over that of what is bought.
 *
 * @throws {UnusableMeans} for a fee outside 0 … 10,000 bps, gas that is no amount, or (at first use) a curve of another pair or without liquidity
 */
export function openMarket(means: LiquidatorMeans, moves: Moves): LiquidatorMarket {
  const { flashFeeBps } = means;
  if (!(flashFeeBps >= 0 && flashFeeBps < BPS)) throw new UnusableMeans(`A flash fee of ${flashFeeBps} bps cannot be: it lies from 0 up to, not including, ${BPS}.`, { flashFeeBps });
  return {
    flashFeeBps,
    flashFee: flashFeeBps / BPS,
    curveOf: (from, to) => {
      const curve = means.curveOf(from, to);
      return curve === null ? null : follow(requireCurve(curve, from, to), factorOf(moves, from).div(factorOf(moves, to)).toNumber());
    },
    gasUsd: (chain) => {
      const gas = means.gasUsd(chain);
      if (!(gas >= 0 && gas < Infinity)) throw new UnusableMeans(`Gas of ${gas} USD on ${chain} cannot be: give an amount from 0.`, { chain, gas });
      return gas;
    },
  };
}

/** Sells at market prices without loss, in any amount: what a view assumes where it is given no means. Prices are USD per whole token. */
export function losslessMeans(priceOf: (asset: AssetId) => number): LiquidatorMeans {
  return {
    curveOf: (from, to) => {
      const rate = priceOf(from) / priceOf(to);
      const source = 'market prices: no slippage looked at';
      return { from, to, out: (amount) => amount * rate, marginal: () => rate, depth: Infinity, source, observedAt: null, assumed: true };
    },
    gasUsd: () => 0,
    flashFeeBps: 0,
  };
}

/** Name of the pool that a pair is sold into. */
export function poolOf(from: AssetId, to: AssetId): string {
  return `${from}>${to}`;
}

/** Tokens that the next sale brings: out(sold + amount) − out(sold); null beyond the curve's depth. */
export function computeProceeds(curve: SwapCurve, sold: number, amount: number): number | null {
  return sold + amount > curve.depth ? null : curve.out(sold + amount) - curve.out(sold);
}

function requireCurve(curve: SwapCurve, from: AssetId, to: AssetId): SwapCurve {
  if (curve.from !== from || curve.to !== to) throw new UnusableMeans(`A curve of ${from} to ${to} was asked for, one of ${curve.from} to ${curve.to} was given.`, { from, to });
  if (!(curve.depth > 0) || !(curve.marginal(0) > 0)) {
    throw new UnusableMeans(`The curve of ${from} to ${to} (${curve.source}) has no liquidity. Give null where a pair cannot be sold.`, { from, to });
  }
  return curve;
}

function follow(curve: SwapCurve, factor: number): SwapCurve {
  if (factor === 1) return curve;
  return { ...curve, out: (amount) => curve.out(amount) * factor, marginal: (amount) => curve.marginal(amount) * factor, source: `${curve.source}, at moved prices` };
}
