/** An account's legs: weight slots of one table, and amounts of 0 or more, side by side. */
export interface Legs {
  readonly table: number;
  readonly slots: readonly number[];
  readonly amounts: readonly number[];
}

/** Accounts with their legs, one after the other, before they are laid out. */
export class Stage {
  /** Number of the account among those of the book. */
  readonly indexes = new GrowingColumn((length) => new Uint32Array(length));
  readonly tables = new GrowingColumn((length) => new Uint8Array(length));
  /** Where an account's legs begin. */
  readonly starts = new GrowingColumn((length) => new Uint32Array(length));
  readonly slots = new GrowingColumn((length) => new Uint16Array(length));
  readonly amounts = new GrowingColumn((length) => new Float64Array(length));

  /** How many accounts. */
  get count(): number {
    return this.indexes.length;
  }

  /** Adds an account. */
  add(index: number, { table, slots, amounts }: Legs): void {
    this.indexes.push(index);
    this.tables.push(table);
    this.starts.push(this.slots.length);
    for (let leg = 0; leg < slots.length; leg += 1) {
      this.slots.push(slots[leg] ?? 0);
      this.amounts.push(amounts[leg] ?? 0);
    }
  }

  /** Number of legs of the account at a place of this stage. */
  legsAt(place: number): number {
    const end = place + 1 < this.count ? this.starts.at(place + 1) : this.slots.length;
    return end - this.starts.at(place);
  }
}

type Column = Uint8Array | Uint16Array | Uint32Array | Float64Array;

class GrowingColumn {
  private values: Column;
  private readonly make: (length: number) => Column;
  length = 0;

  constructor(make: (length: number) => Column) {
    this.make = make;
    this.values = make(1024);
  }

  push(value: number): void {
    if (this.length === this.values.length) {
      const larger = this.make(2 * this.length);
      larger.set(this.values);
      this.values = larger;
    }
    this.values[this.length] = value;
    this.length += 1;
  }

  at(place: number): number {
    return this.values[place] ?? 0;
  }
}
