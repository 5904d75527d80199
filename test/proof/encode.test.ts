import fc from 'fast-check';
import { beforeAll, describe, expect, test } from 'vitest';
import { Decimal } from '../../src/core/decimal.ts';
import { isPlimsollError } from '../../src/core/errors.ts';
import type { ExposureTerm } from '../../src/core/rule.ts';
import { type AccountEvaluation, evaluatePortfolio } from '../../src/engine/evaluate.ts';
import { openPortfolio } from '../../src/engine/open-portfolio.ts';
import { encodeAccounts } from '../../src/proof/encode.ts';
import { marketId } from '../../src/proof/scope.ts';
import { findRule } from '../../src/protocols/registry.ts';
import { readRecorded } from './subjects.ts';

let accounts: readonly AccountEvaluation[] = [];
let template: AccountEvaluation | undefined;

beforeAll(async () => {
  accounts = evaluatePortfolio(openPortfolio(await readRecorded('constructed'), findRule)).accounts;
  template = accounts[0];
});

/** A real account with other terms and another decision. */
function withTerms(terms: readonly ExposureTerm[], liquidatable: boolean): AccountEvaluation {
  if (template === undefined) throw new TypeError('no account');
  return { ...template, terms, debtFree: !terms.some((term) => term.side === 'debt' && term.amount > 0n), native: { ...template.native, liquidatable } };
}

function term(side: ExposureTerm['side'], amount: bigint, options: { decimals?: number; price?: string; weight?: string } = {}): ExposureTerm {
  const { decimals = 18, price = '1', weight = '1' } = options;
  return { side, asset: 'iso4217:usd', symbol: 'USD', decimals, amount, priceUsd: new Decimal(price), weight: new Decimal(weight), role: side };
}

const valueOf = (row: { amount: bigint; price: bigint; weight: bigint }): Decimal => new Decimal((row.amount * row.price * row.weight).toString()).div(new Decimal(10).pow(34));
const codeOf = (run: () => unknown): string => {
  try {
    run();
    return 'none';
  } catch (error) {
    return isPlimsollError(error) ? error.code : 'foreign';
  }
};

describe('encodeAccounts', () => {
  test('default: a wallet in four protocols becomes its exposure form, account by account, to a millionth', () => {
    const { units, rows } = encodeAccounts(accounts);
    expect(units.map((unit) => unit.account)).toEqual(accounts.filter((account) => !account.debtFree).map((account) => account.account.entry.id));
    units.forEach((unit, at) => {
      const account = accounts.find((entry) => entry.account.entry.id === unit.account);
      const side = (wanted: number): Decimal => rows.filter((row) => row.unit === at && row.side === wanted).reduce((total, row) => total.plus(valueOf(row)), new Decimal(0));
      expect(unit.marketId).toBe(marketId(unit.market));
      const [collateral, debt] = [account?.adjustedCollateral ?? new Decimal(0), account?.adjustedDebt ?? new Decimal(0)];
      // Collateral is never rounded up, debt never down.
      expect(side(0).lte(collateral) && side(0).gte(collateral.times('0.999999'))).toBe(true);
      expect(side(1).gte(debt) && side(1).lte(debt.times('1.000001'))).toBe(true);
    });
  });

  test('property: collateral is rounded down and debt up, in amount, price and weight', () => {
    const decimals = fc.integer({ min: 2, max: 30 });
    const fraction = fc.bigInt({ min: 1n, max: 10n ** 30n }).map((raw) => new Decimal(raw.toString()).div('1e27').toString());
    fc.assert(
      fc.property(fc.constantFrom('collateral' as const, 'debt' as const), fc.bigInt({ min: 1n, max: 10n ** 20n }), decimals, fraction, fraction, (side, amount, places, price, weight) => {
        const entry = term(side, amount, { decimals: places, price, weight: new Decimal(weight).mod(16).toString() });
        const other = term(side === 'debt' ? 'collateral' : 'debt', 1n, { price: '0.0000001' });
        const exact = new Decimal(amount.toString()).div(new Decimal(10).pow(places)).times(entry.priceUsd).times(entry.weight);
        const account = withTerms([entry, other], side === 'debt');
        const code = codeOf(() => encodeAccounts([account]));
        if (code !== 'none') return code === 'ENCODING_REFUSED';
        const row = encodeAccounts([account]).rows.find((candidate) => candidate.side === (side === 'debt' ? 1 : 0));
        const written = row === undefined ? new Decimal(0) : valueOf(row);
        return side === 'debt' ? written.gte(exact) : written.lte(exact);
      }),
      { seed: 11, numRuns: 300 },
    );
  });

  test('behavior: accounts without debt are left out, terms that count nothing too', () => {
    const free = withTerms([term('collateral', 10n ** 18n)], false);
    expect(encodeAccounts([free])).toEqual({ units: [], rows: [] });
    const account = withTerms([term('collateral', 10n ** 18n), term('collateral', 0n), term('collateral', 5n, { weight: '0' }), term('debt', 1n)], false);
    expect(encodeAccounts([account]).rows).toHaveLength(2);
  });

  test('behavior: equal rows of one account are not merged', () => {
    const account = withTerms([term('collateral', 10n ** 18n), term('collateral', 10n ** 18n), term('debt', 1n)], false);
    expect(encodeAccounts([account]).rows).toHaveLength(3);
  });

  test("error: ENCODING_REFUSED where the rows' sign and the rule's decision differ, by one unit either way", () => {
    const at = (debt: bigint, liquidatable: boolean): string => codeOf(() => encodeAccounts([withTerms([term('collateral', 100n), term('debt', debt)], liquidatable)]));
    expect(at(100n, false)).toBe('none');
    expect(at(101n, true)).toBe('none');
    expect(at(101n, false)).toBe('ENCODING_REFUSED');
    expect(at(100n, true)).toBe('ENCODING_REFUSED');
  });

  test('error: ENCODING_REFUSED where a number does not fit; the largest that fits does', () => {
    const at = (entry: ExposureTerm): string => codeOf(() => encodeAccounts([withTerms([entry, term('debt', 1n, { price: '0.0000000001' })], false)]));
    expect(at(term('collateral', 2n ** 104n - 1n))).toBe('none');
    expect(at(term('collateral', 2n ** 104n))).toBe('ENCODING_REFUSED');
    const price = (raw: bigint): string => new Decimal(raw.toString()).div('1e10').toFixed();
    expect(at(term('collateral', 1n, { price: price(2n ** 88n - 1n) }))).toBe('none');
    expect(at(term('collateral', 1n, { price: price(2n ** 88n) }))).toBe('ENCODING_REFUSED');
    expect(at(term('collateral', 1n, { weight: '16.777215' }))).toBe('none');
    expect(at(term('collateral', 1n, { weight: '16.777216' }))).toBe('ENCODING_REFUSED');
  });

  test('error: ROWS_DO_NOT_FIT for more than sixteen accounts with debt', () => {
    const account = withTerms([term('collateral', 100n), term('debt', 1n)], false);
    expect(encodeAccounts(Array<AccountEvaluation>(16).fill(account)).units).toHaveLength(16);
    expect(codeOf(() => encodeAccounts(Array<AccountEvaluation>(17).fill(account)))).toBe('ROWS_DO_NOT_FIT');
  });

  test('behavior: no error names an asset, an amount, an account, a market or a protocol', () => {
    for (const account of [withTerms([term('collateral', 123_456_789n), term('debt', 987_654_321n)], false), withTerms([term('collateral', 2n ** 104n), term('debt', 1n)], false)]) {
      try {
        encodeAccounts([account]);
        expect.unreachable();
      } catch (error) {
        const text = isPlimsollError(error) ? `${error.message} ${JSON.stringify(error.fields)}` : '';
        expect(text).not.toMatch(/USD|123456789|987654321|aave|0x[0-9a-f]{6}/i);
        expect(text.length).toBeGreaterThan(20);
      }
    }
  });
});
