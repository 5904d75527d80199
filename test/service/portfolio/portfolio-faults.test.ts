import fc from 'fast-check';
import { beforeAll, describe, expect, test } from 'vitest';
import { readConfig } from '../../../src/config.ts';
import { InvalidPortfolio, isPlimsollError } from '../../../src/core/errors.ts';
import { formatPortfolio, type Portfolio, parsePortfolio } from '../../../src/core/portfolio.ts';
import { type OpenedAccount, openPortfolio } from '../../../src/engine/open-portfolio.ts';
import { DEFAULT_BANDS } from '../../../src/engine/report.ts';
import { reportToJson } from '../../../src/engine/report-json.ts';
import { findRule } from '../../../src/protocols/registry.ts';
import { listDatasets } from '../../../src/service/portfolio/recorded-data.ts';
import { computeAnswer, reportWallet } from '../../../src/service/portfolio/wallet-report.ts';
import { withValue } from '../../fakes/fake-network.ts';

type Path = readonly (string | number)[];
const RUNS = process.env['PLIMSOLL_LONG'] === undefined ? 1_500 : 5_000;
/** Fields whose value other parts of the document refer to. */
const REFERRED = /^(?:markets\[\d+\]\.id|owners\[\d+\])$/;

const documents = new Map<string, Portfolio>();
beforeAll(async () => {
  for (const dataset of await listDatasets()) {
    const [wallet] = dataset.wallets;
    documents.set(dataset.name, (await reportWallet({ subject: wallet?.address ?? '', recorded: dataset.name }, readConfig({}))).portfolio);
  }
});

function textOf(path: Path): string {
  return path.map((key, at) => (typeof key === 'number' ? `[${key}]` : at === 0 ? key : `.${key}`)).join('');
}

function leavesOf(node: unknown, path: Path = []): readonly Path[] {
  if (node === null || typeof node !== 'object') return [path];
  const entries: readonly (readonly [string | number, unknown])[] = Array.isArray(node) ? node.map((entry: unknown, at) => [at, entry]) : Object.entries(node);
  return entries.length === 0 ? [path] : entries.flatMap(([key, inner]) => leavesOf(inner, [...path, key]));
}

function get(name: string): Portfolio {
  return documents.get(name) ?? expect.fail(`no document of ${name}`);
}

describe(parsePortfolio, () => {
  test('default: every document of the shipped data comes back from its text as it was, and gives the same report', () => {
    expect(documents.size).toBeGreaterThan(6);
    for (const [name, document] of documents) {
      const loaded = parsePortfolio(formatPortfolio(document));
      expect(loaded, name).toEqual(document);
      expect(parsePortfolio(document), name).toEqual(document);
      expect(reportToJson(computeAnswer(loaded, { bands: DEFAULT_BANDS }).report)).toEqual(reportToJson(computeAnswer(document, { bands: DEFAULT_BANDS }).report));
      expect(loaded.accounts.length, name).toBeGreaterThan(0);
    }
  });

  test('behavior: one changed field is carried as it was written, or refused by the name of its place', () => {
    const document = get('constructed-wallet');
    const paths = leavesOf(document);
    const values = fc.oneof(
      fc.constantFrom<unknown>(null, '', '0', '-1', '1e9', '007', -5, 0.5, [], {}, true, 'x'.repeat(3_000), '__proto__', '0x12', 'eip155:1', 'eip155:01'),
      fc.string(),
      fc.integer(),
      fc.bigInt().map(String),
    );
    let refused = 0;
    fc.assert(
      fc.property(fc.constantFrom(...paths), values, (path, value) => {
        const changed = withValue(document, path, () => value);
        const where = textOf(path);
        try {
          expect(parsePortfolio(JSON.stringify(changed))).toEqual(JSON.parse(JSON.stringify(changed)));
        } catch (error) {
          if (!(error instanceof InvalidPortfolio)) throw error;
          refused += 1;
          const isThere = error.path === where || error.path.startsWith(`${where}.`) || error.path.startsWith(`${where}[`);
          const isReferring = REFERRED.test(where) && /^accounts\[\d+\]\.(?:market|owner)$/.test(error.path);
          expect(isThere || isReferring, `${where} = ${JSON.stringify(value)}: ${error.message}`).toBe(true);
          expect(error.message).toContain(error.path);
          expect(error).toMatchObject({ code: 'INVALID_PORTFOLIO', fields: { path: error.path }, exitCode: 2 });
        }
      }),
      { numRuns: RUNS },
    );
    expect(refused).toBeGreaterThan(RUNS / 10);
  });

  test('error: INVALID_PORTFOLIO for a field too few or too many, by the name of its place', () => {
    const document = get('constructed-wallet');
    const objects = [[], ['markets', 0], ['accounts', 0], ['accounts', 0, 'legs', 0], ['accounts', 0, 'evidence', 0], ['asOf', 0], ['prices', 0], ['coverage', 0], ['discrepancies', 0]] as const;
    for (const path of objects) {
      const keys = Object.keys(valueAt(document, path));
      for (const key of keys)
        expectRefusal(
          withValue(document, path, (value) => without(value, key)),
          textOf([...path, key]),
        );
      expectRefusal(
        withValue(document, path, (value) => ({ ...(value as object), extra: 1 })),
        textOf(path),
      );
    }
  });

  test.each([
    ['no JSON', '{', ''],
    ['no object', '[]', ''],
    ['another version', JSON.stringify({ schema: 'plimsoll/portfolio@2' }), 'schema'],
  ])('error: INVALID_PORTFOLIO for %s', (_what, text, path) => {
    expectRefusal(text, path);
  });
});

describe(openPortfolio, () => {
  test('error: INVALID_PORTFOLIO for legs that the states do not give, in every document, by the name of the leg', () => {
    for (const [name, document] of documents) {
      const legs = document.accounts.flatMap((account, at) => account.legs.map((leg, index) => ({ path: ['accounts', at, 'legs', index], leg })));
      for (const { path, leg } of legs.slice(0, 6)) {
        const tampered: readonly (readonly [string, string])[] = [
          ['amount', (BigInt(leg.amount) + 1n).toString()],
          ['priceUsd', `${leg.priceUsd.replace(/\..*$/, '')}.${'0'.repeat(17)}1`],
          ['weight', '0.123456'],
          ['side', leg.side === 'debt' ? 'collateral' : 'debt'],
          ['asset', 'iso4217:usd'],
        ];
        for (const [field, value] of tampered) {
          if (field === 'asset' && leg.asset === value) continue;
          const changed = parsePortfolio(withValue(document, [...path, field], () => value));
          expect(() => openPortfolio(changed, findRule), `${name} ${textOf(path)}.${field}`).toThrow(expect.objectContaining({ code: 'INVALID_PORTFOLIO', path: textOf([...path, field]) }));
        }
      }
      const shorter = parsePortfolio(withValue(document, ['accounts', 0, 'legs'], (value) => (value as readonly unknown[]).slice(1)));
      expect(() => openPortfolio(shorter, findRule)).toThrow(expect.objectContaining({ path: 'accounts[0].legs' }));
    }
  });

  test('behavior: one changed figure of a state is noticed by the legs, refused by the rule, or changes no leg', () => {
    const document = get('constructed-wallet');
    const paths = leavesOf({ markets: document.markets.map(({ state }) => ({ state })), accounts: document.accounts.map(({ position }) => ({ position })) });
    let noticed = 0;
    fc.assert(
      fc.property(fc.constantFrom(...paths), fc.constantFrom<unknown>('0', '1', '7', '-1', '1000000', null, true, [], 'x'), (path, value) => {
        const changed = parsePortfolio(withValue(document, path, () => value));
        try {
          const opened = openPortfolio(changed, findRule);
          expect(opened.accounts.map(figuresOf)).toEqual(openPortfolio(document, findRule).accounts.map(figuresOf));
        } catch (error) {
          // A rule may also say why the state cannot be valued: a price of 0, an unknown reserve.
          if (!isPlimsollError(error) || error.code === 'INTERNAL') throw error;
          noticed += 1;
          if (error instanceof InvalidPortfolio) expect(error.path).toMatch(/^(?:markets\[\d+\]\.state|accounts\[\d+\]\.(?:position|legs))/);
        }
      }),
      { numRuns: Math.round(RUNS / 3) },
    );
    expect(noticed).toBeGreaterThan(RUNS / 20);
  });
});

/** Names are for people; a document may call a token what it likes. */
function figuresOf({ legs }: OpenedAccount): readonly unknown[] {
  return legs.map(({ symbol: _symbol, ...figures }) => figures);
}

function expectRefusal(input: unknown, path: string): void {
  expect(() => parsePortfolio(input), path).toThrow(expect.objectContaining({ code: 'INVALID_PORTFOLIO', path }));
}

function valueAt(node: unknown, path: Path): object {
  const found = path.reduce<unknown>((at, key) => (at as Readonly<Record<string | number, unknown>>)[key], node);
  return found !== null && typeof found === 'object' ? found : expect.fail(`nothing at ${textOf(path)}`);
}

function without(value: unknown, key: string): object {
  return Object.fromEntries(Object.entries(value as object).filter(([name]) => name !== key));
}
