import type { AssetId } from '../../core/ids.ts';
import type { BookMarket } from './book-market.ts';
import type { Columns } from './columns.ts';
import { computeWeight, needsSlack, type SlotReading } from './market-slots.ts';

/** What may have changed: everything, or the prices of some assets. */
export type Read = 'everything' | readonly AssetId[];

/** Keeps the weights of the columns equal to what the markets' rules say. */
export class Weights {
  private readonly columns: Columns;
  /** Slots whose weight changed since they were taken. */
  private readonly moved = new Set<number>();

  constructor(columns: Columns) {
    this.columns = columns;
  }

  /**
   * Derives the weights of some markets' slots.
   *
   * @param readOf of a market of which nothing but prices changed since the last time: those of which assets
   * @returns markets whose accounts need new slack, because a debt's price fell far
   * @throws {InvalidArgument} for a price that is not a number; then no weight has changed
   */
  derive(markets: Iterable<BookMarket>, readOf: (market: BookMarket) => Read): BookMarket[] {
    const found = [...markets].map((market) => ({ market, read: readOf(market), readings: readSlots(market, readOf(market)) }));
    for (const reading of found.flatMap(({ readings }) => readings)) this.apply(reading);
    for (const { market, read } of found) if (read === 'everything') market.slots?.settle();
    return found.filter(({ market, readings }) => readings.some((reading) => needsSlack(reading, market.atEnds().quantumUsd))).map(({ market }) => market);
  }

  /** The slots whose weight changed since this was asked last. */
  takeMoved(): number[] {
    const slots = [...this.moved];
    this.moved.clear();
    return slots;
  }

  /** Does something with debt weighed more by a share of itself. */
  withHeavierDebt<Result>(markets: readonly BookMarket[], share: number, run: () => Result): Result {
    const debts = markets.flatMap(({ slots }) => slots?.all ?? []).filter(({ side }) => side === 'debt');
    const before = debts.map(({ number }) => this.columns.tables.get(number));
    for (const [at, { number }] of debts.entries()) this.write(number, (before[at] ?? 0) * (1 + share));
    const result = run();
    for (const [at, { number }] of debts.entries()) this.write(number, before[at] ?? 0);
    return result;
  }

  private apply(reading: SlotReading): void {
    const { slot } = reading;
    Object.assign(slot, { unitUsd: reading.unitUsd, index: reading.index, endIndex: reading.endIndex });
    const weight = computeWeight(reading) ?? Number.NaN;
    if (Object.is(weight, this.columns.tables.get(slot.number))) return;
    this.write(slot.number, weight);
    this.moved.add(slot.number);
  }

  private write(slot: number, weight: number): void {
    if (Number.isNaN(weight)) this.columns.tables.flagHolders(slot);
    else this.columns.tables.set(slot, weight);
  }
}

function readSlots(market: BookMarket, read: Read): SlotReading[] {
  if (market.slots === null) return [];
  return read === 'everything' ? market.slots.readAll(market.atEnds()) : market.slots.readPrices(market.atEnds(), market.movedBy(read));
}
