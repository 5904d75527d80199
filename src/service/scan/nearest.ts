import { PlimsollError } from '../../core/errors.ts';
import type { ExposureTerm } from '../../core/rule.ts';
import type { ScanBook } from '../../engine/scan/index.ts';
import { healthOf, type Nearest } from './screen.ts';
import type { BookAccount } from './source.ts';

/** How much heavier debts are made, one after the other, until enough accounts are near: in small steps, since each account that is flagged is measured by its rule. */
const SHARES = [0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 10, 1e9];

/** Columns among whose accounts the nearest are looked for. */
export interface NearColumns {
  readonly scan: ScanBook;
  /** Unix seconds. */
  readonly at: bigint;
  /** The account of a number; undefined where it is not wanted: it is liquidatable already, or gone. */
  readonly accountOf: (number: number) => BookAccount | undefined;
  /** What an account's rule counts. @throws {PlimsollError} where it refuses */
  readonly exposureOf: (account: BookAccount) => readonly ExposureTerm[] | undefined;
}

/** Adds the accounts nearest to liquidation: debts that are heavier by a share flag every account with a health up to 1 + share; those without sums come with them, however far they are. */
export function addNearest(nearest: Nearest, { scan, at, accountOf, exposureOf }: NearColumns): void {
  const measured = new Map<number, Measured>();
  for (const share of SHARES) {
    for (const number of scan.listNear(share, at)) {
      const account = measured.has(number) ? undefined : accountOf(number);
      const terms = account === undefined ? undefined : orUndefined(() => exposureOf(account));
      if (account !== undefined && terms !== undefined) measured.set(number, { account, terms, health: healthOf(terms) });
    }
    // Up to here none is missing.
    if ([...measured.values()].filter(({ health }) => health !== null && health < 1 + share).length >= nearest.most) break;
  }
  for (const { account, terms } of measured.values()) nearest.add(account, terms);
}

interface Measured {
  readonly account: BookAccount;
  readonly terms: readonly ExposureTerm[];
  readonly health: number | null;
}

/** Undefined where the rule refuses: the screen tells. */
export function orUndefined<Value>(ask: () => Value): Value | undefined {
  try {
    return ask();
  } catch (error) {
    if (error instanceof PlimsollError) return undefined;
    throw error;
  }
}
