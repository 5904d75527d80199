import { type AssetId, erc20 } from '../../../src/core/ids.ts';
import type { ArcEffect, PathAccount, PathArc, PathProblem, PathRoute } from '../../../src/path/solver/problem.ts';
import { constantProduct } from './curves.ts';
import { openRandom, type Random } from './random.ts';

/** Protocols × assets. */
export const SIZES = [
  { name: '2x3', protocols: 2, assets: 3 },
  { name: '4x5', protocols: 4, assets: 5 },
  { name: '6x5', protocols: 6, assets: 5 },
  { name: '8x6', protocols: 8, assets: 6 },
  { name: '10x8', protocols: 10, assets: 8 },
] as const;

export interface InstanceSize {
  readonly name: string;
  readonly protocols: number;
  readonly assets: number;
}

/** USD per token; the assets of an instance are the first few. */
const PRICES = [1, 3_000, 60_000, 1, 3_500, 15, 1, 90] as const;
const CHAIN = 'eip155:1';

interface Market {
  readonly assets: readonly AssetId[];
  readonly prices: readonly number[];
  readonly tight: boolean;
  readonly hasMinimumDebts: boolean;
  readonly gasUsd: number;
}

interface Position {
  readonly asset: AssetId;
  readonly price: number;
  readonly oracle: number;
  readonly threshold: number;
  readonly loanToValue: number;
  readonly tokens: number;
}

/**
 * The instance `index` of a size: one wallet over several lending protocols, about half of whose accounts are below their target. Every second instance is tight
 * (hardly any cash, shallow pools, little collateral to spare); three of ten have minimum debts. Invented figures: they set an order of magnitude, not a market.
 */
export function makeInstance(size: InstanceSize, index: number): PathProblem {
  const random = openRandom(1_000_003 * (size.protocols * 16 + size.assets) + index);
  const count = Math.min(size.assets, PRICES.length);
  const market: Market = {
    assets: PRICES.slice(0, count).map((_, asset) => erc20(CHAIN, `0x${(asset + 1).toString(16).padStart(40, '0')}`)),
    prices: PRICES.slice(0, count).map((price) => price * random.between(0.9, 1.1)),
    tight: index % 2 === 1,
    hasMinimumDebts: (index * 7) % 10 < 3,
    gasUsd: random.logBetween(1, 12),
  };
  const accounts = Array.from({ length: size.protocols }, (_, protocol) => makeAccount(random, market, protocol));
  const debt = accounts.reduce((sum, account) => sum + account.debtUsd, 0);
  return {
    accounts,
    cash: makeCash(random, market, debt),
    marketUsd: new Map(market.assets.map((asset, at) => [asset, market.prices[at] ?? 1])),
    routes: makeRoutes(random, market, debt),
    flashLenders: [{ chain: CHAIN, name: 'free lender', kind: 'morpho', lender: `0x${'f'.repeat(40)}`, feeBps: 0 }],
    unifiedTarget: index % 5 === 4 ? 1.3 : null,
    cashCost: 0,
    priceHeadRoom: 0,
    headRoom: 'none',
  };
}

function makeAccount(random: Random, market: Market, protocol: number): PathAccount {
  const places = market.assets.map((_, at) => at);
  const held = random.pick(places, random.integer(1, Math.min(3, places.length - 1)));
  const owed = random.pick(
    places.filter((at) => !held.includes(at)),
    random.integer(1, 2),
  );
  const scale = random.logBetween(20_000, 5_000_000);
  const terms = market.assets.map((asset, at): Position => {
    const price = market.prices[at] ?? 1;
    const threshold = random.between(0.68, 0.93);
    return { asset, price, oracle: price * random.between(0.997, 1.003), threshold, loanToValue: threshold - random.between(0.02, 0.08), tokens: (scale * random.between(0.3, 1)) / price };
  });
  const of = (at: number): Position => terms[at] ?? { asset: market.assets[0] ?? 'iso4217:usd', price: 1, oracle: 1, threshold: 0, loanToValue: 0, tokens: 0 };
  const collateralUsd = held.reduce((sum, at) => sum + of(at).tokens * of(at).oracle * of(at).threshold, 0);
  const limitUsd = held.reduce((sum, at) => sum + of(at).tokens * of(at).oracle * of(at).loanToValue, 0);
  const target = random.between(1.05, 1.25);
  const health = random.chance(market.tight ? 0.75 : 0.5) ? random.between(0.97, target) : random.between(target, target * (market.tight ? 1.05 : 1.8));
  const debtUsd = collateralUsd / health;
  const shares = owed.map(() => random.between(0.2, 1));
  const total = shares.reduce((sum, share) => sum + share, 0);
  const debts = owed.map((at, index) => ({ ...of(at), tokens: (debtUsd * (shares[index] ?? 0)) / total / of(at).oracle }));
  const supplied = random.pick(places, Math.ceil(places.length * 0.7)).filter((at) => of(at).threshold > 0);
  const strict = random.chance(0.5);
  const gas = (): number => market.gasUsd * random.between(0.6, 2);
  const arc = (kind: PathArc['kind'], position: Position, max: number, all: number | null): PathArc => makeArc(kind, position, { max, all, strict, gasUsd: gas() });
  const lendable = random.pick(
    places.filter((at) => !held.includes(at)),
    1,
  );
  return {
    id: `account-${protocol}`,
    label: `Protocol ${protocol}`,
    chain: CHAIN,
    collateralUsd,
    debtUsd,
    target,
    borrowLimit: strict ? { collateralUsd: limitUsd, debtUsd, kinds: ['withdraw', 'borrow'] } : null,
    scenarios: [],
    minimumDebts: market.hasMinimumDebts ? debts.map((debt) => ({ asset: debt.asset, current: debt.tokens, minimum: Math.min(debt.tokens, (debtUsd * random.between(0.02, 0.3)) / debt.oracle) })) : [],
    asynchronous: false,
    arcs: [
      ...supplied.map((at) => arc('supply', of(at), random.chance(0.3) ? (scale * random.between(0.02, 0.4)) / of(at).price : Infinity, null)),
      ...held.map((at) => arc('withdraw', of(at), of(at).tokens * (random.chance(0.2) ? random.between(0.1, 0.9) : 1), of(at).tokens)),
      ...debts.map((debt) => arc('repay', debt, debt.tokens, debt.tokens)),
      ...lendable.map((at) => arc('borrow', of(at), (scale * random.between(0.1, 0.6)) / of(at).price, null)),
    ],
  };
}

function makeArc(kind: PathArc['kind'], position: Position, terms: { max: number; all: number | null; strict: boolean; gasUsd: number }): PathArc {
  const sign = kind === 'supply' || kind === 'borrow' ? 1 : -1;
  const onCollateral = kind === 'supply' || kind === 'withdraw';
  const effect = (weight: number): ArcEffect => ({ collateralUsd: onCollateral ? sign * position.oracle * weight : 0, debtUsd: onCollateral ? 0 : sign * position.oracle });
  return {
    id: `${kind}:${position.asset}`,
    kind,
    asset: position.asset,
    max: terms.max,
    all: terms.all,
    effect: effect(position.threshold),
    borrowEffect: terms.strict ? effect(position.loanToValue) : null,
    scenarioEffects: [],
    cashPerUnit: kind === 'withdraw' || kind === 'borrow' ? 1 : -1,
    feeUsdPerUnit: 0,
    gasUsd: terms.gasUsd,
  };
}

function makeCash(random: Random, market: Market, debtUsd: number): PathProblem['cash'] {
  const most = market.tight ? 0.01 : 0.1;
  const held = market.assets.map((asset, at) => ({ asset, amount: (debtUsd * random.between(0, most)) / (market.prices[at] ?? 1) }));
  return held.filter(() => random.chance(market.tight ? 0.3 : 0.6));
}

function makeRoutes(random: Random, market: Market, debtUsd: number): PathRoute[] {
  const [low, high] = market.tight ? [0.2, 10] : [1, 100];
  return market.assets.flatMap((from, first) =>
    market.assets.flatMap((to, second): PathRoute[] => {
      if (first >= second) return [];
      const depthUsd = debtUsd * random.logBetween(low, high);
      const [reserveFrom, reserveTo] = [depthUsd / (market.prices[first] ?? 1), depthUsd / (market.prices[second] ?? 1)];
      const fee = random.logBetween(0.0005, 0.003);
      const gasUsd = market.gasUsd * random.between(1, 2);
      return [
        { id: `${first}>${second}`, chain: CHAIN, gasUsd, curve: constantProduct({ from, to }, { reserveIn: reserveFrom, reserveOut: reserveTo, fee }) },
        { id: `${second}>${first}`, chain: CHAIN, gasUsd, curve: constantProduct({ from: to, to: from }, { reserveIn: reserveTo, reserveOut: reserveFrom, fee }) },
      ];
    }),
  );
}
