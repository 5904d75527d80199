import { InternalError, InvalidArgument } from '../../core/errors.ts';
import type { Arena } from './arena.ts';
import { TABLE_BYTES, TABLE_SLOTS } from './layout.ts';

/** The tables of weights in a kernel's memory. A slot is a number below 65,536 within a table; over all tables it is that number + 65,536 · table. */
export class WeightTables {
  private readonly arena: Arena;
  private readonly offsets: number[] = [];
  private readonly ends: number[] = [];

  constructor(arena: Arena) {
    this.arena = arena;
  }

  /** Adds a table of weights, all 0, and returns its number. */
  add(): number {
    this.ends.push(1);
    return this.offsets.push(this.arena.allocate(TABLE_BYTES)) - 1;
  }

  get count(): number {
    return this.offsets.length;
  }

  /** Where a table lies. */
  at(table: number): number {
    const at = this.offsets[table];
    if (at === undefined) throw new InternalError(`there is no weight table ${table}`);
    return at;
  }

  /** The weights of a table up to the last slot that ever had one. */
  read(table: number): Float64Array {
    return this.arena.doubles(this.at(table), this.ends[table] ?? 1);
  }

  /** A slot's weight: USD per unit of amount, debt negative; NaN where its holders cannot be screened and are all flagged. */
  get(slot: number): number {
    return this.arena.doubles(this.at(Math.floor(slot / TABLE_SLOTS)) + 8 * (slot % TABLE_SLOTS), 1)[0] ?? 0;
  }

  /** @throws {InvalidArgument} for a weight that is not finite; what cannot be screened is said with {@link flagHolders}. */
  set(slot: number, weight: number): void {
    if (!Number.isFinite(weight)) throw new InvalidArgument(`The weight of slot ${slot} is ${weight}; weights are finite numbers.`);
    this.write(slot, weight);
  }

  /** Has every holder of a slot flagged, until the slot gets a weight again. */
  flagHolders(slot: number): void {
    this.write(slot, Number.NaN);
  }

  /** Takes the arena back to a mark; tables above it move down. */
  release(mark: number): void {
    const kept = this.offsets.map((at) => (at < mark ? null : this.arena.doubles(at, TABLE_SLOTS).slice()));
    this.arena.release(mark);
    for (const [table, weights] of kept.entries()) {
      if (weights === null) continue;
      const at = this.arena.allocate(TABLE_BYTES);
      this.arena.doubles(at, TABLE_SLOTS).set(weights);
      this.offsets[table] = at;
    }
  }

  private write(slot: number, weight: number): void {
    const [table, own] = [Math.floor(slot / TABLE_SLOTS), slot % TABLE_SLOTS];
    this.arena.doubles(this.at(table) + 8 * own, 1)[0] = weight;
    this.ends[table] = Math.max(this.ends[table] ?? 1, own + 1);
  }
}
