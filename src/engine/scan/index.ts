/**
 * A book that a process keeps open: accounts come and go, markets are read anew, prices move, and each time the answer is that of asking every rule.
 *
 * | to | call | which |
 * |---|---|---|
 * | open | `new ScanBook({ kernel: await openKernel(), at, positionOf })` | takes a kernel of its own; keeps columns, not positions |
 * | have a market | `addMarket({ key, rule, state })`, later `replaceMarket(key, state, at)` | `replaceMarket` takes all that was read anew; it screens nothing |
 * | have accounts | `load(accounts)`, `add(account)`, `replace(account, position)`, `remove(account)` | the first two give the numbers that the book knows accounts by |
 * | move prices | `tick(moves, at)`; with no moves, to learn what changes and time have done | screens what is concerned |
 * | look at all | `screen(at)` | as `tick`, over every account |
 * | ask what if | `preview(moves, at)` | the book stays as it is |
 * | see who is close | `listNear(share, at)` | account numbers |
 *
 * `tick`, `screen` and `preview` give `{ liquidatable, refused, decided }`: numbers of the accounts that are liquidatable at unix second `at`, those that their
 * rule cannot answer for (never to be taken as safe), and how many the rules were asked about. Each lists all there are, not only what is new.
 *
 * `positionOf` has to answer with the new position when `replace` is called, and for a new account once `load` or `add` has told its number. Moves are relative
 * to the prices before. All calls are synchronous; one that throws has left the book as it was, and
 * nobody out of what later calls look at. After many changes `compact()` lays the columns out anew.
 *
 * @example
 * ```ts
 * const positions = new Map<number, unknown>();
 * const book = new ScanBook({ kernel: await openKernel(), at, positionOf: (account) => positions.get(account) });
 * book.addMarket({ key: 'pool', rule, state });
 * book.load(accounts).forEach((number, place) => positions.set(number, accounts[place].position));
 * let { liquidatable, refused } = book.screen(at + 12n);
 * // An account changed, a market was read anew, a price fell by a tenth:
 * positions.set(7, position);
 * book.replace(7, position);
 * book.replaceMarket('pool', newState, at + 12n);
 * ({ liquidatable, refused } = book.tick(new Map([[weth, { numerator: 9n, denominator: 10n }]]), at + 24n));
 * ```
 */
export { ScanBook } from './book.ts';
export type { ScanAccount, ScreenResult } from './book-types.ts';
export { openKernel } from './kernel.ts';
export { createJsKernel } from './kernel-js.ts';
export type { ScanKernel } from './layout.ts';
