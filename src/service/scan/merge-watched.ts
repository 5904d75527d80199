import type { watchedToJson } from './json.ts';
import { compareStandings, type Standing } from './nearest.ts';

/** Accounts on a watch list at most. */
export const MOST_WATCHED = 50;

/** A watched account as it is kept and shown. */
export interface WatchedRow extends ReturnType<typeof watchedToJson> {
  /** The unix second that it was decided at. */
  readonly seenAt: number;
}

/** Puts watch lists of parts of a book together: the nearest of all accounts, as a scan chooses them, by how far the market has to move. */
export function mergeWatched(lists: readonly (readonly WatchedRow[])[]): readonly WatchedRow[] {
  return lists
    .flat()
    .toSorted((a, b) => compareStandings(standingOf(a), standingOf(b)) || (a.account < b.account ? -1 : 1))
    .slice(0, MOST_WATCHED);
}

function standingOf({ move, health }: WatchedRow): Standing {
  return { move: move === null ? Number.POSITIVE_INFINITY : Number(move), health: Number(health) };
}
