import { describe, expect, test } from 'vitest';
import { Decimal, fromFixed, sum } from '../../../src/core/decimal.ts';
import { isPlimsollError } from '../../../src/core/errors.ts';
import type { ExposureTerm } from '../../../src/core/rule.ts';
import { prepareMarket } from '../../../src/engine/prepare-market.ts';
import { usersOf } from '../../chain/counts.ts';
import { seededRandom } from '../../chain/seeded-random.ts';
import { makeBook } from './random-book.ts';
import { T0, tokensOf } from './random-markets.ts';

const BOOKS = usersOf(3, 60);
const TIMES = [T0, T0 + 12n, T0 + 86_400n, T0 - 200_000n];

/** What a rule may count on to be asked: all that it says of one account at one second. */
const books = Array.from({ length: BOOKS }, (_, at) => makeBook(seededRandom(100 + at), { copies: 2, perMarket: 12 }));
const entries = books.flatMap(({ markets, accounts }) =>
  accounts.map(({ market: key, position }) => ({ market: markets.find((market) => market.key === key) ?? expect.fail(`no market ${key}`), position })),
);

describe('a prepared market', () => {
  test("property: it answers, and refuses, as the rule's own functions do", () => {
    const seen = { true: 0, false: 0, refused: 0 };
    for (const { market, position } of entries) {
      for (const at of TIMES) {
        const [prepared, view] = [prepareMarket(market, at), { market: market.state, position, at }];
        const own = outcome(() => market.rule.health(view).liquidatable);
        seen[own === true ? 'true' : own === false ? 'false' : 'refused'] += 1;
        expect(
          outcome(() => prepared.isLiquidatable(position)),
          `${market.key} at ${at}`,
        ).toEqual(own);
        expect(
          outcome(() => prepared.health(position)),
          market.key,
        ).toEqual(outcome(() => market.rule.health(view)));
        expect(
          outcome(() => prepared.exposure(position)),
          market.key,
        ).toEqual(outcome(() => market.rule.exposure(view)));
      }
    }
    expect(Math.min(seen.true, seen.false, seen.refused)).toBeGreaterThan(entries.length / 10);
  });
});

describe('screening', () => {
  test('property: an account that is liquidatable falls short in the exposure form, to within the weight cut and two value steps a term', () => {
    let liquidatable = 0;
    for (const { market, position } of entries) {
      const { screening } = market.rule;
      if (screening === undefined || screening.cohort(market.state, position) === null) continue;
      for (const at of TIMES) {
        const prepared = prepareMarket(market, at);
        const terms = outcome(() => prepared.exposure(position));
        if (!Array.isArray(terms) || terms.some((term) => term.priceUsd.isZero()) || outcome(() => prepared.isLiquidatable(position)) !== true) continue;
        liquidatable += 1;
        const debts = terms.filter(({ side }) => side === 'debt');
        expect(debts.length, market.key).toBeGreaterThan(0);
        const collateral = value(
          terms.filter(({ side }) => side === 'collateral'),
          screening.weightCut,
        );
        const room = screening.quantumUsd(market.state).times(2 * terms.length);
        expect(collateral.lt(value(debts, 0).plus(room)), `${market.key}: ${collateral.toString()}`).toBe(true);
      }
    }
    expect(liquidatable).toBeGreaterThan(entries.length / 10);
  });

  test('property: accounts of a cohort have the same price and weight in a term, and grow by the same factor to within a raw unit at either time', () => {
    let compared = 0;
    for (const { markets, accounts } of books) {
      for (const market of markets) {
        const { screening } = market.rule;
        if (screening === undefined) continue;
        const [early, late] = [prepareMarket(market, T0), prepareMarket(market, T0 + 31_536_000n)];
        const grown = new Map<string, { readonly before: ExposureTerm; readonly after: ExposureTerm }>();
        for (const { position } of accounts.filter((account) => account.market === market.key)) {
          const cohort = screening.cohort(market.state, position);
          const [before, after] = [outcome(() => early.exposure(position)), outcome(() => late.exposure(position))];
          if (cohort === null || !Array.isArray(before) || !Array.isArray(after)) continue;
          for (const [at, term] of before.entries()) {
            const key = `${cohort} ${term.asset} ${term.side} ${term.role}`;
            const pair = { before: term, after: after[at] ?? expect.fail('a term vanished') };
            expectAlike(grown.get(key) ?? pair, pair, market.key);
            compared += grown.has(key) ? 1 : 0;
            grown.set(key, pair);
          }
        }
      }
    }
    expect(compared).toBeGreaterThan(500);
  });
});

describe('numeraires', () => {
  test('property: a move of another asset changes the prices of its own terms alone', () => {
    let compared = 0;
    for (const { market, position } of entries) {
      const { screening } = market.rule;
      const before = outcome(() => prepareMarket(market, T0).exposure(position));
      if (screening === undefined || !Array.isArray(before)) continue;
      const numeraires = screening.numeraires(market.state);
      for (const { asset } of tokensOf(Number(market.key.slice(market.key.lastIndexOf(' ') + 1))).filter((token) => !numeraires.includes(token.asset))) {
        const moved = market.rule.reprice(market.state, new Map([[asset, { numerator: 3n, denominator: 2n }]]));
        const after = outcome(() => prepareMarket({ rule: market.rule, state: moved }, T0).exposure(position));
        if (!Array.isArray(after)) expect.fail(`${market.key}: refused after a move of ${asset}`);
        compared += before.length;
        for (const [at, term] of before.entries()) {
          if (term.asset !== asset) expect(after[at]?.priceUsd.eq(term.priceUsd), `${market.key}: ${term.asset} moved with ${asset}`).toBe(true);
        }
      }
    }
    expect(compared).toBeGreaterThan(2_000);
  });
});

interface Grown {
  readonly before: ExposureTerm;
  readonly after: ExposureTerm;
}

function expectAlike(one: Grown, other: Grown, name: string): void {
  expect(other.before.priceUsd.eq(one.before.priceUsd) && other.before.weight.eq(one.before.weight), name).toBe(true);
  // a = r·G + ε: the factors from two accounts differ by what a unit at either end of each makes of them.
  const factor = ({ before, after }: Grown, sign: bigint): Decimal => new Decimal((after.amount + sign).toString()).div((before.amount - sign > 0n ? before.amount - sign : 1n).toString());
  if (one.before.amount < 3n || other.before.amount < 3n) return;
  expect(factor(one, 1n).gte(factor(other, -1n)) && factor(other, 1n).gte(factor(one, -1n)), `${name} ${one.before.asset} ${one.before.amount}`).toBe(true);
  expect(factor(one, 1n).gte(1), name).toBe(true);
}

function value(terms: readonly ExposureTerm[], cut: number): Decimal {
  return sum(
    terms.map((term) =>
      fromFixed(term.amount, term.decimals)
        .times(term.priceUsd)
        .times(Decimal.max(term.weight.minus(cut), 0)),
    ),
  );
}

/** The answer, or the code of the refusal. */
function outcome<Answer>(ask: () => Answer): Answer | string {
  try {
    return ask();
  } catch (error) {
    if (isPlimsollError(error)) return error.code;
    throw error;
  }
}
