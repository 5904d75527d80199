import type { watchedToJson } from './json.ts';

/** Accounts on a watch list at most. */
export const MOST_WATCHED = 50;

/** A watched account as it is kept and shown. */
export interface WatchedRow extends ReturnType<typeof watchedToJson> {
  /** The unix second that it was decided at. */
  readonly seenAt: number;
}

/** Puts watch lists of parts of a book together: of all accounts those with the lowest health, ordered as a scan orders them, by how far the market has to move. */
export function mergeWatched(lists: readonly (readonly WatchedRow[])[]): readonly WatchedRow[] {
  return lists
    .flat()
    .toSorted((a, b) => Number(a.health) - Number(b.health) || compareIds(a, b))
    .slice(0, MOST_WATCHED)
    .toSorted((a, b) => distanceOf(a) - distanceOf(b) || Number(a.health) - Number(b.health) || compareIds(a, b));
}

/** Those that no move reaches come last. */
function distanceOf({ move }: WatchedRow): number {
  return move === null ? 2 : Number(move);
}

function compareIds(a: WatchedRow, b: WatchedRow): number {
  return a.account < b.account ? -1 : 1;
}
