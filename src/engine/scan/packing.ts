import { TABLE_SLOTS } from './layout.ts';
import type { Stage } from './stage.ts';

/** Accounts of one table with equally many legs, in the order in which they are laid out. */
export interface PackedGroup {
  readonly table: number;
  readonly legs: number;
  /** Places in the stage. */
  readonly members: Uint32Array;
}

/** Order of the legs of one account: places in the stage's legs, the slot with the fewest holders first. */
export type LegOrder = (place: number) => readonly number[];

/** How a stage is laid out. */
export interface Packing {
  readonly groups: readonly PackedGroup[];
  readonly orderOf: LegOrder;
}

/**
 * Groups accounts by table and number of legs and sorts each group by its accounts' slots, the rarest first, so that the holders of a rare slot stand in few
 * blocks: a price tick then has less to read.
 */
export function planPacking(stage: Stage): Packing {
  const ranks = rankSlots(stage);
  const rankAt = (table: number, leg: number): number => ranks[table * TABLE_SLOTS + stage.slots.at(leg)] ?? 0;
  const orderOf: LegOrder = (place) => {
    const [start, table] = [stage.starts.at(place), stage.tables.at(place)];
    const legs = Array.from({ length: stage.legsAt(place) }, (_, leg) => start + leg);
    return legs.sort((a, b) => rankAt(table, a) - rankAt(table, b) || a - b);
  };
  const keys = sortKeys(stage, orderOf, rankAt);
  return { groups: groupPlaces(stage).map((group) => ({ ...group, members: group.members.sort((a, b) => (keys[a] ?? 0) - (keys[b] ?? 0) || a - b) })), orderOf };
}

/** By slot over all tables: its place in the order of holders, ascending. */
function rankSlots(stage: Stage): Uint16Array {
  const holders = new Uint32Array((Math.max(0, ...tablesOf(stage)) + 1) * TABLE_SLOTS);
  for (let place = 0; place < stage.count; place += 1) {
    const [start, base] = [stage.starts.at(place), stage.tables.at(place) * TABLE_SLOTS];
    for (let leg = start; leg < start + stage.legsAt(place); leg += 1) {
      const slot = base + stage.slots.at(leg);
      holders[slot] = (holders[slot] ?? 0) + 1;
    }
  }
  const ranks = new Uint16Array(holders.length);
  for (let base = 0; base < holders.length; base += TABLE_SLOTS) {
    const held = Array.from({ length: TABLE_SLOTS }, (_, slot) => base + slot).filter((slot) => holders[slot] !== 0);
    for (const [rank, slot] of held.sort((a, b) => (holders[a] ?? 0) - (holders[b] ?? 0) || a - b).entries()) ranks[slot] = rank;
  }
  return ranks;
}

/** The ranks of an account's three rarest slots as one number. */
function sortKeys(stage: Stage, orderOf: LegOrder, rankAt: (table: number, leg: number) => number): Float64Array {
  const keys = new Float64Array(stage.count);
  for (let place = 0; place < stage.count; place += 1) {
    const [first = 0, second = first, third = second] = orderOf(place);
    const table = stage.tables.at(place);
    keys[place] = (rankAt(table, first) * TABLE_SLOTS + rankAt(table, second)) * TABLE_SLOTS + rankAt(table, third);
  }
  return keys;
}

function groupPlaces(stage: Stage): PackedGroup[] {
  const groups = new Map<string, { readonly table: number; readonly legs: number; readonly members: number[] }>();
  for (let place = 0; place < stage.count; place += 1) {
    const [table, legs] = [stage.tables.at(place), stage.legsAt(place)];
    const group = groups.get(`${table} ${legs}`) ?? { table, legs, members: [] };
    groups.set(`${table} ${legs}`, group);
    group.members.push(place);
  }
  return [...groups.values()].toSorted((a, b) => a.table - b.table || a.legs - b.legs).map(({ table, legs, members }) => ({ table, legs, members: Uint32Array.from(members) }));
}

function tablesOf(stage: Stage): Set<number> {
  const tables = new Set<number>();
  for (let place = 0; place < stage.count; place += 1) tables.add(stage.tables.at(place));
  return tables;
}
