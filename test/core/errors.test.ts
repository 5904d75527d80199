import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import {
  ERROR_TABLE,
  InternalError,
  InvalidArgument,
  InvalidFile,
  InvalidPortfolio,
  isPlimsollError,
  MissingPrice,
  PlimsollError,
  RuleViolation,
  UnknownMarket,
  UnsupportedState,
} from '../../src/core/errors.ts';

describe('errors', () => {
  test.each([
    [new InvalidArgument('a'), 'INVALID_ARGUMENT', 2],
    [new InvalidFile('a'), 'INVALID_FILE', 2],
    [new InvalidPortfolio('accounts[0]', 'b'), 'INVALID_PORTFOLIO', 2],
    [new InvalidPortfolio('', 'b'), 'INVALID_PORTFOLIO', 2],
    [new RuleViolation('aave-v3@3.6', 'MustNotLeaveDust', 'c'), 'RULE_VIOLATION', 5],
    [new MissingPrice('x', 'y'), 'MISSING_PRICE', 3],
    [new UnknownMarket('x', 'y'), 'UNKNOWN_MARKET', 3],
    [new UnsupportedState('x', 'y'), 'UNSUPPORTED_STATE', 3],
    [new InternalError('x'), 'INTERNAL', 1],
  ] as const)('%s has the row of its code', (error, code, exitCode) => {
    expect([error.code, error.exitCode, error.name]).toEqual([code, exitCode, error.constructor.name]);
    expect([isPlimsollError(error), isPlimsollError(error, code), isPlimsollError(error, 'STALE_BLOCK'), isPlimsollError(new Error('x'))]).toEqual([true, true, false, false]);
  });

  test('behavior: only transient failures are worth repeating', () => {
    for (const row of Object.values(ERROR_TABLE)) expect(row.retryable).toBe(row.kind === 'transient');
    expect(new PlimsollError('SOURCE_TIMEOUT', 'x').retryable).toBe(true);
  });

  test("behavior: the README's table is the table", () => {
    const readme = readFileSync(new URL('../../README.md', import.meta.url), 'utf8');
    const rows = [...readme.slice(readme.indexOf('<!-- errors -->')).matchAll(/^\| `([A-Z_]+)` \| (.*) \|$/gm)].map((match) => [match[1], match[2]]);
    expect(rows).toEqual(Object.entries(ERROR_TABLE).map(([code, row]) => [code, row.meaning]));
  });
});
