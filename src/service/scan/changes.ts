import type { OwnerOpportunity } from '../../path/opportunities/owner-opportunities.ts';
import type { ScanAnswer } from './scan-book.ts';

/** What one look shows that the one before did not. */
export interface ScanChanges {
  /** Owners that were not listed before. */
  readonly opened: readonly OwnerOpportunity[];
  /** Owners whose profit has moved by more than a cent, with what it was. */
  readonly moved: readonly { readonly now: OwnerOpportunity; readonly wasUsd: number }[];
  /** Owners that are listed no more. */
  readonly closed: readonly OwnerOpportunity[];
  /** Accounts that have become liquidatable, and that are so no more, by id. */
  readonly liquidatable: { readonly added: readonly string[]; readonly removed: readonly string[] };
  /** Accounts that can no longer be seen, and that can be seen again, by id: neither says anything about their safety. */
  readonly unseen: { readonly added: readonly string[]; readonly removed: readonly string[] };
}

/** A cent: prices of pools move by less all the time. */
const WORTHWHILE_USD = 0.01;

/** Compares two looks at one book. */
export function compareScans(before: ScanAnswer, after: ScanAnswer): ScanChanges {
  const [old, now] = [byOwner(before), byOwner(after)];
  const ids = ({ screened }: ScanAnswer) => screened.liquidatable.map(({ entry }) => entry.id);
  const unseen = ({ gaps }: ScanAnswer) => gaps.flatMap(({ account }) => account ?? []);
  return {
    opened: after.owners.filter(({ owner }) => !old.has(owner)),
    moved: after.owners.flatMap((entry) => {
      const was = old.get(entry.owner);
      return was === undefined || Math.abs(was.profitUsd - entry.profitUsd) <= WORTHWHILE_USD ? [] : [{ now: entry, wasUsd: was.profitUsd }];
    }),
    closed: before.owners.filter(({ owner }) => !now.has(owner)),
    liquidatable: difference(ids(before), ids(after)),
    unseen: difference(unseen(before), unseen(after)),
  };
}

/** Whether anything is different. */
export function hasChanged({ opened, moved, closed, liquidatable, unseen }: ScanChanges): boolean {
  return [opened, moved, closed, liquidatable.added, liquidatable.removed, unseen.added, unseen.removed].some((list) => list.length > 0);
}

function byOwner({ owners }: ScanAnswer): ReadonlyMap<string, OwnerOpportunity> {
  return new Map(owners.map((entry) => [entry.owner, entry]));
}

function difference(before: readonly string[], after: readonly string[]): { readonly added: readonly string[]; readonly removed: readonly string[] } {
  const [old, now] = [new Set(before), new Set(after)];
  return { added: after.filter((id) => !old.has(id)), removed: before.filter((id) => !now.has(id)) };
}
