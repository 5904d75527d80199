import { InvalidArgument } from '../../core/errors.ts';
import type { AssetId } from '../../core/ids.ts';
import type { ExposureTerm, MarketAt, Screening } from '../../core/rule.ts';
import { BAND, FALL, LEAST_WEIGHT, SLACK, UNITS } from './bounds.ts';
import { refusedAsNull } from './exact.ts';
import type { SlotNumbers } from './slot-numbers.ts';

/** One column of a market: what accounts of one cohort hold, or owe, of one asset in one role. */
export interface Slot {
  /** Within all tables. */
  readonly number: number;
  readonly side: ExposureTerm['side'];
  readonly asset: AssetId;
  readonly role: string;
  readonly cohort: string;
  /** The position that shows the slot's growth: that with the largest amount, to a factor of two. */
  yardstick: unknown;
  /** Its amount when it became the yardstick. */
  yardAmount: number;
  /** Index per raw unit of the yardstick's amount. */
  base: number;
  /** USD per raw unit, weighed, at the beginning of the window; null where the slot cannot be screened now. */
  unitUsd: number | null;
  /** Raw units, as read at the beginning of the window, per unit of stored amount; and as at its end. */
  index: number;
  endIndex: number;
  /** Greatest price in roundings of value among the accounts whose slack stands on this slot. */
  dearest: number;
}

/** A market at both ends of a window. */
export interface MarketWindow {
  readonly start: MarketAt<unknown>;
  readonly end: MarketAt<unknown>;
  /** The step that values are rounded to, USD. */
  readonly quantumUsd: number;
}

/** What a slot shows under another state or window; null where it cannot be screened. */
export interface SlotReading {
  readonly slot: Slot;
  readonly unitUsd: number | null;
  readonly index: number;
  readonly endIndex: number;
}

/** The assets whose slots have other prices than before. */
export type Moved = 'all' | ReadonlySet<AssetId>;

/** An account's terms as slots and stored amounts. */
export interface SlotAmounts {
  readonly slots: readonly Slot[];
  readonly amounts: readonly number[];
}

/** The slots of one market. */
export class MarketSlots {
  private readonly screening: Screening;
  private readonly numbers: SlotNumbers;
  private readonly byCohort = new Map<string, Map<AssetId, Slot[]>>();
  private readonly list: Slot[] = [];
  private hasNewYardsticks = false;

  constructor(screening: Screening, numbers: SlotNumbers) {
    this.screening = screening;
    this.numbers = numbers;
  }

  get all(): readonly Slot[] {
    return this.list;
  }

  /**
   * Turns an account's terms, read at the beginning of the window, into slots and amounts on the safe side (bounds.ts); null where only integers will do:
   * no terms, terms of its own kind, no room for a slot, an amount that f64 does not hold.
   */
  store(position: unknown, cohort: string, terms: readonly ExposureTerm[], { quantumUsd }: MarketWindow): SlotAmounts | null {
    const raw = terms.map((term) => Number(term.amount));
    if (terms.length === 0 || !raw.every(Number.isFinite)) return null;
    const slots: Slot[] = [];
    for (const term of terms) {
      const slot = this.findOrMake(cohort, term, position);
      if (slot === null || slot.unitUsd === null) return null;
      slots.push(slot);
    }
    for (const [at, slot] of slots.entries()) if ((raw[at] ?? 0) > 2 * slot.yardAmount) this.becomeYardstick(slot, position, totalOf(slot, slots, raw));
    const indebted = slots.findIndex((slot) => slot.side === 'debt');
    const amounts = slots.map((slot, at) => {
      const amount = raw[at] ?? 0;
      if (slot.side === 'collateral') return Math.max(0, amount - UNITS) / slot.index;
      return (amount + UNITS + (at === indebted ? putSlack(slot, terms.length, quantumUsd) : 0)) / slot.index;
    });
    return amounts.every(Number.isFinite) ? { slots, amounts } : null;
  }

  /** Whether there are slots or yardsticks that were not read yet. */
  get isStale(): boolean {
    return this.hasNewYardsticks;
  }

  /** Says that all slots have been read. */
  settle(): void {
    this.hasNewYardsticks = false;
  }

  /** Forgets on which prices slack stands: all accounts are about to be stored anew. */
  forgetSlack(): void {
    for (const slot of this.list) slot.dearest = 0;
  }

  /** Reads every slot in another state or window. */
  readAll({ start, end }: MarketWindow): SlotReading[] {
    const [atStart, atEnd] = [new TermReader(this.screening, start), new TermReader(this.screening, end)];
    return this.list.map((slot) => {
      const [first, last] = [atStart.read(slot), atEnd.read(slot)];
      if (first === null || last === null) return unusable(slot);
      const index = slot.base * first.amount;
      if (!(index > 0 && Number.isFinite(index))) return unusable(slot);
      return { slot, unitUsd: first.unitUsd, index, endIndex: Math.max(index, slot.base * last.amount) };
    });
  }

  /**
   * Reads the prices alone of the slots that moves of some assets concern, where neither the window nor anything but those prices has changed: one yardstick's
   * terms tell the prices of other slots too.
   */
  readPrices(window: MarketWindow, moved: Moved): SlotReading[] {
    // What a slot without a price grew by meanwhile is not known.
    if (this.list.some((slot) => slot.unitUsd === null)) return this.readAll(window);
    const reader = new TermReader(this.screening, window.start);
    const prices = new Map<Slot, number | null>();
    const concerned = moved === 'all' ? this.list : this.list.filter((slot) => moved.has(slot.asset));
    for (const slot of concerned) {
      if (prices.has(slot)) continue;
      prices.set(slot, reader.read(slot)?.unitUsd ?? null);
      for (const term of reader.termsOf(slot.yardstick) ?? []) {
        const other = this.find(slot.cohort, term);
        if (other !== undefined) prices.set(other, reader.unitUsd(term));
      }
    }
    return concerned.map((slot) => ({ slot, unitUsd: prices.get(slot) ?? null, index: slot.index, endIndex: slot.endIndex }));
  }

  private becomeYardstick(slot: Slot, position: unknown, amount: number): void {
    slot.yardstick = position;
    slot.yardAmount = amount;
    slot.base = slot.index / amount;
    this.hasNewYardsticks = true;
  }

  private find(cohort: string, { asset, side, role }: ExposureTerm): Slot | undefined {
    return this.byCohort
      .get(cohort)
      ?.get(asset)
      ?.find((slot) => slot.side === side && slot.role === role);
  }

  private findOrMake(cohort: string, term: ExposureTerm, position: unknown): Slot | null {
    const found = this.find(cohort, term);
    if (found !== undefined) return found;
    const number = this.numbers.take();
    if (number === null) return null;
    const { side, asset, role } = term;
    const slot: Slot = { number, side, asset, role, cohort, yardstick: position, yardAmount: 0, base: 0, unitUsd: unitUsdOf(this.screening, term), index: 1, endIndex: 1, dearest: 0 };
    const assets = this.byCohort.get(cohort) ?? new Map<AssetId, Slot[]>();
    this.byCohort.set(cohort, assets.set(asset, [...(assets.get(asset) ?? []), slot]));
    this.list.push(slot);
    return slot;
  }
}

/** The weight of a slot's stored amounts for any second of the window; null where it cannot be screened. */
export function computeWeight({ slot, unitUsd, index, endIndex }: SlotReading): number | null {
  if (unitUsd === null) return null;
  const weight = slot.side === 'collateral' ? unitUsd * index : -unitUsd * endIndex * (1 + BAND);
  const isUsable = Number.isFinite(weight) && (Math.abs(weight) >= LEAST_WEIGHT || (weight === 0 && slot.side === 'collateral'));
  return isUsable ? weight : null;
}

/** Whether the slack that stands on a slot's accounts may have become too little. */
export function needsSlack({ slot, unitUsd }: SlotReading, quantumUsd: number): boolean {
  return slot.dearest > 0 && unitUsd !== null && unitUsd / quantumUsd < slot.dearest / FALL;
}

/** Terms of yardsticks at one second, each position's computed once. */
class TermReader {
  private readonly screening: Screening;
  private readonly market: MarketAt<unknown>;
  private readonly known = new Map<unknown, readonly ExposureTerm[] | null>();

  constructor(screening: Screening, market: MarketAt<unknown>) {
    this.screening = screening;
    this.market = market;
  }

  /** Null where the rule refuses the position, or it has no such term. */
  read({ yardstick, side, asset, role }: Slot): { readonly amount: number; readonly unitUsd: number | null } | null {
    const terms = this.termsOf(yardstick)?.filter((term) => term.asset === asset && term.side === side && term.role === role) ?? [];
    const [first] = terms;
    return first === undefined ? null : { amount: terms.reduce((total, term) => total + Number(term.amount), 0), unitUsd: this.unitUsd(first) };
  }

  unitUsd(term: ExposureTerm): number | null {
    return unitUsdOf(this.screening, term);
  }

  termsOf(position: unknown): readonly ExposureTerm[] | null {
    const known = this.known.get(position);
    if (known !== undefined) return known;
    const terms = refusedAsNull(() => {
      // Where the rule does not answer for the yardstick, it may not answer for others.
      this.market.health(position);
      return this.market.exposure(position);
    });
    this.known.set(position, terms);
    return terms;
  }
}

function unusable(slot: Slot): SlotReading {
  return { slot, unitUsd: null, index: slot.index, endIndex: slot.endIndex };
}

/** Of an account that has a slot more than once. */
function totalOf(slot: Slot, slots: readonly Slot[], amounts: readonly number[]): number {
  return amounts.reduce((total, amount, at) => (slots[at] === slot ? total + amount : total), 0);
}

/** The roundings of an account's values in raw units of a debt, with room for falls of its price. */
function putSlack(slot: Slot, terms: number, quantumUsd: number): number {
  if (slot.unitUsd === null || quantumUsd === 0) return 0;
  slot.dearest = Math.max(slot.dearest, slot.unitUsd / quantumUsd);
  return (2 * terms * quantumUsd * SLACK) / slot.unitUsd;
}

/** USD per raw unit as the decision counts it at least; null where there is no price. */
function unitUsdOf({ weightCut }: Screening, { side, asset, priceUsd, weight, decimals }: ExposureTerm): number | null {
  const [price, factor] = [priceUsd.toNumber(), weight.toNumber()];
  if (!Number.isFinite(price) || !Number.isFinite(factor)) throw new InvalidArgument(`The price of ${asset} is ${price} and its weight ${factor}; both have to be finite numbers.`);
  const counted = side === 'collateral' ? Math.max(0, factor - weightCut) : factor;
  const unitUsd = (price / 10 ** decimals) * counted;
  const isUsable = unitUsd >= LEAST_WEIGHT || (side === 'collateral' && counted === 0);
  return isUsable ? unitUsd : null;
}
