import { PlimsollError } from '../../core/errors.ts';
import { USD } from '../../core/ids.ts';
import type { ExposureTerm } from '../../core/rule.ts';
import { driverOf } from '../../engine/asset-groups.ts';
import type { ScanBook } from '../../engine/scan/index.ts';
import type { BookAccount } from './source.ts';

/** How much heavier debts are made, one after the other, until enough accounts are near: in small steps, since each account that is flagged is measured by its rule. */
const SHARES = [0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 10, 1e9];
/** Candidates for each place of a list: an oracle that does not follow the market makes an account look nearer than it is until it is measured exactly. */
export const CANDIDATES = 3;
/** Accounts that are measured at most: in a book where so many are close in health and yet no move reaches them, the list is of these. */
const MOST_MEASURED = 20_000;

/** Six decimals. */
const SHOWN = 1e6;

/** Where an account stands, in floats to choose by only: what is chosen is measured exactly. */
export interface Standing {
  /** Adjusted collateral ÷ adjusted debt. */
  readonly health: number;
  /** The uniform adverse move that uses the slack up, a share; infinite where none below 1 does. @source engine/distance.ts; terms are linear in prices */
  readonly move: number;
}

/** Keeps the accounts that the smallest adverse move reaches; those that no move reaches come last, by health. */
export class Nearest {
  readonly most: number;
  #kept: { readonly account: BookAccount; readonly standing: Standing }[] = [];

  constructor(most: number) {
    this.most = most;
  }

  add(account: BookAccount, terms: readonly ExposureTerm[]): void {
    const standing = standingOf(terms);
    if (standing === null) return;
    this.#kept.push({ account, standing });
    if (this.#kept.length >= 4 * this.most + 64) this.#cut();
  }

  list(): readonly BookAccount[] {
    this.#cut();
    return this.#kept.map(({ account }) => account);
  }

  #cut(): void {
    this.#kept = this.#kept.toSorted((a, b) => compareStandings(a.standing, b.standing) || (a.account.id < b.account.id ? -1 : 1)).slice(0, this.most);
  }
}

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

/**
 * Adds the accounts nearest to liquidation: debts that are heavier by a share s flag every account with a health up to 1 + s; those without sums come with them, however far they are.
 * A move of x uses up at most x · (held + owed), so that every account that s / (2 + s) reaches is among them.
 */
export function addNearest(nearest: Nearest, { scan, at, accountOf, exposureOf }: NearColumns): void {
  const measured = new Map<number, { readonly account: BookAccount; readonly terms: readonly ExposureTerm[]; readonly move: number }>();
  for (const share of SHARES) {
    for (const number of scan.listNear(share, at)) {
      const account = measured.has(number) ? undefined : accountOf(number);
      const terms = account === undefined ? undefined : orUndefined(() => exposureOf(account));
      if (account !== undefined && terms !== undefined) measured.set(number, { account, terms, move: standingOf(terms)?.move ?? Number.POSITIVE_INFINITY });
    }
    // Up to here none is missing.
    const reached = [...measured.values()].filter(({ move }) => move <= share / (2 + share)).length;
    if (reached >= nearest.most || measured.size >= MOST_MEASURED) break;
  }
  for (const { account, terms } of measured.values()) nearest.add(account, terms);
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

/** Null without debt. */
function standingOf(terms: readonly ExposureTerm[]): Standing | null {
  let [held, owed] = [0, 0];
  const nets = new Map<string, number>();
  for (const { side, asset, symbol, amount, decimals, priceUsd, weight } of terms) {
    const value = (Number(amount) / 10 ** decimals) * priceUsd.toNumber() * weight.toNumber();
    if (side === 'collateral') held += value;
    else owed += value;
    const driver = asset === USD ? null : driverOf(asset, symbol);
    if (driver !== null) nets.set(driver, (nets.get(driver) ?? 0) + (side === 'collateral' ? value : -value));
  }
  if (owed === 0) return null;
  const swing = [...nets.values()].reduce((total, net) => total + Math.abs(net), 0);
  const move = swing === 0 ? Number.POSITIVE_INFINITY : Math.max(0, held - owed) / swing;
  return { health: held / owed, move: move < 1 ? move : Number.POSITIVE_INFINITY };
}

/** By the move, then by health, each as it is shown: what differs by less is equally near, and then the id decides, whoever puts lists together. */
export function compareStandings(a: Standing, b: Standing): number {
  return compareShown(a.move, b.move) || compareShown(a.health, b.health);
}

function compareShown(a: number, b: number): number {
  const [left, right] = [Math.round(a * SHOWN), Math.round(b * SHOWN)];
  return left === right ? 0 : left - right;
}
