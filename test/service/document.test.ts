import fc from 'fast-check';
import { beforeAll, describe, expect, test } from 'vitest';
import { readConfig } from '../../src/config.ts';
import { InvalidPortfolio, isPlimsollError } from '../../src/core/errors.ts';
import { formatPortfolio, type Portfolio, parsePortfolio } from '../../src/core/portfolio.ts';
import { openPortfolio } from '../../src/engine/open-portfolio.ts';
import { reportToJson } from '../../src/engine/report-json.ts';
import { findRule } from '../../src/protocols/registry.ts';
import { computeAnswer, reportWallet } from '../../src/service/wallet-report.ts';

const WALLET = '0xc0ffee00000000000000000000000000c0ffee01';

let portfolio: Portfolio;
beforeAll(async () => {
  ({ portfolio } = await reportWallet({ subject: WALLET }, readConfig({})));
});

describe('Portfolio document', () => {
  test('behavior: saving and loading loses nothing', () => {
    const loaded = parsePortfolio(formatPortfolio(portfolio));
    expect(loaded).toEqual(portfolio);
    expect(reportToJson(computeAnswer(loaded).report)).toEqual(reportToJson(computeAnswer(portfolio).report));
  });

  test('behavior: a document whose legs differ from its own states is refused, naming the leg', () => {
    const legs = portfolio.accounts.flatMap((account, at) => account.legs.map((_, leg) => [at, leg] as const));
    for (const [account, leg] of legs) {
      for (const [field, value] of [
        ['amount', '1'],
        ['priceUsd', '12.5'],
        ['weight', '0.0123'],
      ] as const) {
        const path = `accounts[${account}].legs[${leg}].${field}`;
        expect(() => openPortfolio(changed(path, value), findRule), path).toThrow(expect.objectContaining({ path }));
      }
    }
    expect(() => openPortfolio(changed('accounts[0].legs', []), findRule)).toThrow(InvalidPortfolio);
  });

  test('behavior: one changed field means the same, or is refused with its path, or changes what is computed without failing', () => {
    const paths = leavesOf(portfolio, '');
    fc.assert(
      fc.property(fc.constantFrom(...paths), fc.constantFrom<unknown>(null, '', '-1', '1e9', -5, [], {}, true, 'x'.repeat(3000), '__proto__'), (path, value) => {
        try {
          computeAnswer(parsePortfolio(JSON.parse(JSON.stringify(changed(path, value)))));
        } catch (error) {
          expect(isPlimsollError(error), `${path} = ${JSON.stringify(value)}: ${String(error)}`).toBe(true);
          expect(isPlimsollError(error, 'INTERNAL')).toBe(false);
        }
      }),
      { numRuns: process.env.PLIMSOLL_LONG === undefined ? 400 : 5000 },
    );
  });

  test('error: UNKNOWN_RULE for a version that this release does not have', () => {
    expect(() => openPortfolio(changed('markets[0].rule', 'aave-v3@9.9'), findRule)).toThrow(/"aave-v3@9.9" \(markets\[0\]\)/);
  });
});

/** The document with one place replaced. */
function changed(path: string, value: unknown): Portfolio {
  const copy = structuredClone(portfolio) as unknown as Record<string, unknown>;
  const keys = path.replaceAll(/\[(\d+)\]/g, '.$1').split('.');
  const last = keys.pop() ?? '';
  const parent = keys.reduce<Record<string, unknown>>((node, key) => node[key] as Record<string, unknown>, copy);
  Object.defineProperty(parent, last, { value, enumerable: true, writable: true, configurable: true });
  return copy as unknown as Portfolio;
}

function leavesOf(node: unknown, path: string): string[] {
  if (node === null || typeof node !== 'object') return [path];
  const entries = Array.isArray(node)
    ? node.map((entry, at) => [`${path}[${at}]`, entry] as const)
    : Object.entries(node).map(([key, entry]) => [path === '' ? key : `${path}.${key}`, entry] as const);
  return entries.flatMap(([inner, entry]) => leavesOf(entry, inner));
}
