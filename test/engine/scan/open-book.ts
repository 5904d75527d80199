import { expect } from 'vitest';
import { type ScanAccount, ScanBook, type ScanKernel, type ScreenResult } from '../../../src/engine/scan/index.ts';
import type { RandomMarket } from './random-markets.ts';

/** A book with the positions that its caller keeps. */
export interface OpenBook {
  readonly book: ScanBook;
  /** By account number. */
  readonly positions: Map<number, unknown>;
  /** By account number: the market's key. */
  readonly marketOf: Map<number, string>;
}

/** Opens a book over markets and loads accounts into it. */
export function openBook(
  kernel: ScanKernel,
  { markets, accounts, at, horizon = 60n }: { readonly markets: readonly RandomMarket[]; readonly accounts: readonly ScanAccount[]; readonly at: bigint; readonly horizon?: bigint },
): OpenBook {
  const positions = new Map<number, unknown>();
  const marketOf = new Map<number, string>();
  const book = new ScanBook({ kernel, at, horizon, positionOf: (account) => positions.get(account) });
  for (const market of markets) book.addMarket(market);
  for (const [at, account] of book.load(accounts).entries()) {
    positions.set(account, accounts[at]?.position);
    marketOf.set(account, accounts[at]?.market ?? '');
  }
  return { book, positions, marketOf };
}

/** What was found, in a form that two screens are compared in: numbers of the liquidatable, and number and code of the refused. */
export function found({ liquidatable, refused }: Pick<ScreenResult, 'liquidatable' | 'refused'>): { readonly liquidatable: readonly number[]; readonly refused: readonly string[] } {
  return { liquidatable, refused: refused.map(({ account, error }) => `${account} ${error.code}`) };
}

/** Fails unless a screen found exactly what a pass over all accounts by the rules finds at the same second. */
export function expectExact({ book }: OpenBook, result: ScreenResult, name = ''): void {
  expect(found(result), name).toEqual(found(book.decideAll(result.at)));
}
