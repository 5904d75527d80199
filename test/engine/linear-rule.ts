import * as z from 'zod';
import { Decimal, fromFixed } from '../../src/core/decimal.ts';
import { MissingPrice, UnsupportedState } from '../../src/core/errors.ts';
import { mulDivDown, pow10, SECONDS_PER_YEAR, subFloor0, WAD } from '../../src/core/fixed-point.ts';
import type { AssetId } from '../../src/core/ids.ts';
import { assetIdText, naturalText } from '../../src/core/json.ts';
import type { AccountView, ExposureTerm, Leg, Rule } from '../../src/core/rule.ts';

const marketSchema = z.strictObject({
  assets: z.array(
    z.strictObject({
      asset: assetIdText,
      symbol: z.string(),
      decimals: z.int().min(0).max(18),
      /** USD per whole token, 18 decimals. */
      price: naturalText,
      /** The oracle does not follow the market. */
      fixed: z.boolean(),
      /** Prices above this count as this, 18 decimals; null = no cap. A kink for the search. */
      cap: naturalText.nullable(),
    }),
  ),
  /** Simple interest on debt terms per year, 18 decimals. */
  borrowRate: naturalText,
  updatedAt: z.int(),
  /** The rule throws from this time on; null = never. */
  failsFrom: z.int().nullable(),
});

const positionSchema = z.strictObject({
  terms: z.array(z.strictObject({ side: z.enum(['collateral', 'debt']), asset: assetIdText, amount: naturalText, weight: naturalText, role: z.string(), idle: z.boolean() })),
});

export type LinearMarket = z.infer<typeof marketSchema>;
export type LinearPosition = z.infer<typeof positionSchema>;
type View = AccountView<LinearMarket, LinearPosition>;
type Term = LinearPosition['terms'][number];

/** Decides by exact integers with no rounding at all, so that properties hold exactly: liquidatable ⇔ ΣA < ΣL. */
function linear(id: string, kind: Rule['kind']): Rule<LinearMarket, LinearPosition> {
  return {
    id,
    kind,
    marketSchema,
    positionSchema,
    legs: (view) => view.position.terms.map((term): Leg => ({ side: term.idle ? 'supply' : term.side, ...token(view, term), weight: term.idle ? new Decimal(0) : weight(term) })),
    health(view) {
      const [collateral, debt] = [total(view, 'collateral'), total(view, 'debt')];
      return {
        healthFactor: debt === 0n ? null : fromFixed(mulDivDown(collateral, WAD, debt), 18),
        liquidatable: collateral < debt,
        reason: `${collateral} against ${debt}`,
        figures: { collateral, debt },
      };
    },
    exposure: (view) => view.position.terms.filter((term) => !term.idle).map((term): ExposureTerm => ({ side: term.side, ...token(view, term), weight: weight(term), role: term.role })),
    apply: () => {
      throw new UnsupportedState('a step', 'the test rule');
    },
    reprice: (market, moves) => ({
      ...market,
      assets: market.assets.map((asset) => {
        const move = moves.get(asset.asset);
        return move === undefined || asset.fixed ? asset : { ...asset, price: mulDivDown(asset.price, move.numerator, move.denominator) };
      }),
    }),
  };
}

export const linearRule = linear('linear-test@1', 'lending');
export const linearPerpRule = linear('linear-perp-test@1', 'perp');

function amountOf(view: View, term: Term): bigint {
  const { market } = view;
  if (market.failsFrom !== null && view.at >= BigInt(market.failsFrom)) throw new UnsupportedState('the time', 'the test rule');
  if (term.side === 'collateral') return term.amount;
  const elapsed = subFloor0(view.at, BigInt(market.updatedAt));
  return term.amount + mulDivDown(term.amount * market.borrowRate, elapsed, WAD * SECONDS_PER_YEAR);
}

function assetOf(market: LinearMarket, id: AssetId): LinearMarket['assets'][number] {
  const asset = market.assets.find((entry) => entry.asset === id);
  if (asset === undefined || asset.price === 0n) throw new MissingPrice(id, 'the test rule');
  return asset;
}

function priceOf(market: LinearMarket, id: AssetId): bigint {
  const { price, cap } = assetOf(market, id);
  return cap !== null && price > cap ? cap : price;
}

function token(view: View, term: Term): Pick<Leg, 'asset' | 'symbol' | 'decimals' | 'amount' | 'priceUsd'> {
  const { asset, symbol, decimals } = assetOf(view.market, term.asset);
  return { asset, symbol, decimals, amount: amountOf(view, term), priceUsd: fromFixed(priceOf(view.market, term.asset), 18) };
}

function weight(term: Term): Decimal {
  return fromFixed(term.weight, 18);
}

function total(view: View, side: Term['side']): bigint {
  return view.position.terms
    .filter((term) => term.side === side && !term.idle)
    .reduce((sum, term) => sum + amountOf(view, term) * priceOf(view.market, term.asset) * term.weight * pow10(18 - assetOf(view.market, term.asset).decimals), 0n);
}
