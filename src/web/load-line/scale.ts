/** Health at which the deck is at the water: what is below is long lost. */
const DECK = 0.5;
/** Health from which on the picture no longer changes. */
const LIGHT = 2;
/** Healths between which the ship moves: sunk to its bridge, and riding high. */
const DEEPEST = 0.28;

/** Healths that are painted on the hull as draught marks. */
export const DRAUGHT_MARKS: readonly number[] = [2, 1.5, 1.2, 1, 0.8];

/**
 * The height on the hull that the water reaches at a health factor: 0 at the deck, 1 at the mark of 2. The load line is painted where it is 1.
 *
 * @param health null (no debt) rides highest
 */
export function draughtOf(health: number | null): number {
  const shown = health === null ? LIGHT : Math.min(Math.max(health, DEEPEST), LIGHT);
  return (shown - DECK) / (LIGHT - DECK);
}

/** Tells whether two healths are so near one another that the picture shows one line. */
export function areTogether(a: number | null, b: number | null): boolean {
  return a === null || b === null || Math.abs(draughtOf(a) - draughtOf(b)) < 0.035;
}
