import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { InvalidPortfolio } from '../../src/core/errors.ts';
import { encodeJson, pathText } from '../../src/core/json.ts';
import { formatPortfolio, PORTFOLIO_SCHEMA, type Portfolio, parsePortfolio, portfolioJsonSchema } from '../../src/core/portfolio.ts';

const OWNER = `0x${'11'.repeat(20)}`;
const EMPTY: Portfolio = {
  schema: PORTFOLIO_SCHEMA,
  owners: [OWNER],
  createdAt: 1_700_000_000,
  recorded: null,
  asOf: [],
  prices: [],
  coverage: [],
  markets: [],
  accounts: [],
  gaps: [],
  discrepancies: [],
};
const MARKET = { id: 'm', chain: 'eip155:1', deployment: 'd', protocol: 'p', market: '0x', label: 'L', rule: 'aave-v3@3.6', state: {} };
const ACCOUNT = {
  id: 'a',
  market: 'm',
  owner: OWNER,
  at: 1,
  position: {},
  legs: [],
  precision: 'exact',
  missing: [],
  evidence: [{ source: 'chain', label: 'x', block: '1', timestamp: 1 }],
} as const;

function pathOf(document: unknown): string {
  try {
    parsePortfolio(document);
  } catch (error) {
    if (error instanceof InvalidPortfolio) return error.path;
  }
  return 'accepted';
}

describe('parsePortfolio', () => {
  test('default', () => {
    const document = { ...EMPTY, markets: [MARKET], accounts: [ACCOUNT] };
    expect(parsePortfolio(document)).toEqual(document);
    expect(parsePortfolio(formatPortfolio(parsePortfolio(document)))).toEqual(document);
  });

  test.each([
    ['owners', { ...EMPTY, owners: [] }],
    ['owners[0]', { ...EMPTY, owners: ['0xABC'] }],
    ['schema', { ...EMPTY, schema: 'plimsoll/portfolio@9' }],
    ['createdAt', { ...EMPTY, createdAt: -1 }],
    ['', { ...EMPTY, extra: 1 }],
    ['', []],
    ['', 'not json'],
    ['markets[0].rule', { ...EMPTY, markets: [{ ...MARKET, rule: 'Aave' }] }],
    ['markets[1].id', { ...EMPTY, markets: [MARKET, MARKET] }],
    ['accounts[1].id', { ...EMPTY, markets: [MARKET], accounts: [ACCOUNT, ACCOUNT] }],
    ['accounts[0].market', { ...EMPTY, accounts: [ACCOUNT] }],
    ['accounts[0].owner', { ...EMPTY, markets: [MARKET], accounts: [{ ...ACCOUNT, owner: `0x${'22'.repeat(20)}` }] }],
    ['accounts[0].evidence', { ...EMPTY, markets: [MARKET], accounts: [{ ...ACCOUNT, evidence: [] }] }],
    [
      'accounts[0].legs[0].amount',
      { ...EMPTY, markets: [MARKET], accounts: [{ ...ACCOUNT, legs: [{ side: 'debt', asset: 'iso4217:usd', symbol: 'USD', decimals: 2, amount: '-1', priceUsd: '1', weight: '1' }] }] },
    ],
    ['prices[0].usd', { ...EMPTY, prices: [{ asset: 'iso4217:usd', symbol: 'USD', usd: '1e5', source: 's', observedAt: 1 }] }],
  ])('error: INVALID_PORTFOLIO at "%s"', (path, document) => {
    expect(pathOf(document)).toBe(path);
  });

  test('error: INVALID_PORTFOLIO says nothing of what stands in the document', () => {
    expect(() => parsePortfolio('{"secret-position": 42')).toThrow(/^(?!.*secret-position)/);
  });
});

describe('portfolioJsonSchema', () => {
  test('behavior: the published file is current', () => {
    const published: unknown = JSON.parse(readFileSync(new URL('../../src/core/portfolio.schema.json', import.meta.url), 'utf8'));
    expect(published).toEqual(JSON.parse(JSON.stringify(portfolioJsonSchema())));
  });
});

describe('encodeJson, pathText', () => {
  test('default', () => {
    expect(encodeJson({ scaled: 12n, flags: [true, null], nested: { a: 'x', gone: undefined } })).toEqual({ scaled: '12', flags: [true, null], nested: { a: 'x' } });
    expect(pathText(['accounts', 2, 'legs', 0, 'amount'])).toBe('accounts[2].legs[0].amount');
    expect(pathText([])).toBe('');
  });
});
