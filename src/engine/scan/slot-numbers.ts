import { TABLE_SLOTS } from './layout.ts';

/** Once so many slots of a table are taken, further markets begin another table, so that those in it can still grow. */
const CROWDED = 49_152;

/** Gives out the slot numbers of one weight table, from 1 on, and takes them back. */
export class SlotNumbers {
  readonly table: number;
  private readonly freed: number[] = [];
  private next = 1;

  constructor(table: number) {
    this.table = table;
  }

  /** A number over all tables; null where the table is full. */
  take(): number | null {
    const own = this.freed.pop() ?? (this.next < TABLE_SLOTS ? this.next++ : null);
    return own === null ? null : own + this.table * TABLE_SLOTS;
  }

  free(slot: number): void {
    this.freed.push(slot % TABLE_SLOTS);
  }

  get isCrowded(): boolean {
    return this.taken >= CROWDED;
  }

  get taken(): number {
    return this.next - 1 - this.freed.length;
  }
}
