import { InvalidArgument } from '../../core/errors.ts';
import { type AssetId, isAssetId } from '../../core/ids.ts';
import type { MarketAt, Rule } from '../../core/rule.ts';
import { prepareMarket } from '../prepare-market.ts';
import { refusedAsNull } from './exact.ts';
import { MarketSlots, type MarketWindow, type Moved, type SlotAmounts } from './market-slots.ts';
import type { SlotNumbers } from './slot-numbers.ts';

/** The seconds for which the weights hold, both included. */
export interface Window {
  readonly from: bigint;
  readonly until: bigint;
}

/** A market of a book: a rule and the state that its accounts share. */
export interface ScanMarket {
  readonly key: string;
  readonly rule: Rule;
  readonly state: unknown;
  /** Unix second at which the state was read: some rules answer for none before it. The book's own if absent. */
  readonly at?: bigint;
}

/** Seconds for which a prepared market is kept: the ends of the window and the second asked about. */
const PREPARED_SECONDS = 4;

/** One market of the book with its slots. */
export class BookMarket {
  readonly key: string;
  readonly rule: Rule;
  /** Null where nothing has been stored, or the rule is decided in integers only. */
  slots: MarketSlots | null = null;
  /** Every asset that the state names: moves of others do not reach it. */
  private named: ReadonlySet<AssetId>;
  private current: unknown;
  private readonly prepared = new Map<bigint, MarketAt<unknown>>();
  private seconds: Window;
  private ends: MarketWindow | null = null;
  private readonly chooseNumbers: () => SlotNumbers;
  private chosen: SlotNumbers | null = null;

  /** @param chooseNumbers of which table the market takes its slots; asked when its first account comes */
  constructor({ key, rule, state }: ScanMarket, window: Window, chooseNumbers: () => SlotNumbers) {
    this.key = key;
    this.rule = rule;
    this.seconds = window;
    this.chooseNumbers = chooseNumbers;
    this.current = state;
    this.named = listNamedAssets(state);
  }

  get state(): unknown {
    return this.current;
  }

  /** The seconds that its weights hold for. */
  get window(): Window {
    return this.seconds;
  }

  /** Takes another window; its weights are of the old one until they are derived. */
  setWindow(window: Window): void {
    this.seconds = window;
    this.ends = null;
  }

  holdsAt(second: bigint): boolean {
    return second >= this.seconds.from && second <= this.seconds.until;
  }

  /** Takes the same state at other prices; what was computed from the old one is forgotten. */
  setPrices(state: unknown): void {
    this.current = state;
    this.prepared.clear();
    this.ends = null;
  }

  /** Takes a state read anew. False where accounts have other terms in it: then all slots are forgotten, and the accounts have to be stored again. */
  setState(state: unknown): boolean {
    const { screening } = this.rule;
    const isSame = screening === undefined || screening.shape(state) === screening.shape(this.current);
    this.setPrices(state);
    this.named = listNamedAssets(state);
    if (isSame) return true;
    for (const slot of this.slots?.all ?? []) this.numbers.free(slot.number);
    this.slots = null;
    return false;
  }

  /** The weight table that its slots are in. */
  get table(): number {
    return this.numbers.table;
  }

  private get numbers(): SlotNumbers {
    return (this.chosen ??= this.chooseNumbers());
  }

  names(asset: AssetId): boolean {
    return this.named.has(asset);
  }

  /** Whose slots moves of some assets concern. */
  movedBy(assets: readonly AssetId[]): Moved {
    const numeraires = this.rule.screening?.numeraires(this.current) ?? [];
    return numeraires.some((asset) => assets.includes(asset)) ? 'all' : new Set(assets);
  }

  /** The market at a second. */
  at(second: bigint): MarketAt<unknown> {
    const known = this.prepared.get(second);
    if (known !== undefined) return known;
    if (this.prepared.size >= PREPARED_SECONDS) this.prepared.clear();
    const made = prepareMarket({ rule: this.rule, state: this.current }, second);
    this.prepared.set(second, made);
    return made;
  }

  /** The market at both ends of its window. @throws {InvalidArgument} where the step that values are rounded to is no finite number. */
  atEnds(): MarketWindow {
    return (this.ends ??= this.openWindow(this.seconds));
  }

  private openWindow({ from, until }: Window): MarketWindow {
    const quantumUsd = this.rule.screening?.quantumUsd(this.current).toNumber() ?? 0;
    if (!Number.isFinite(quantumUsd)) throw new InvalidArgument(`The value step of market ${this.key} is ${quantumUsd}; it has to be a finite number.`);
    return { start: this.at(from), end: this.at(until), quantumUsd };
  }

  /** An account's terms in the columns' form; null where it has to be decided in integers each time. */
  store(position: unknown): SlotAmounts | null {
    const { screening } = this.rule;
    const cohort = screening?.cohort(this.current, position) ?? null;
    if (screening === undefined || cohort === null) return null;
    const window = this.atEnds();
    const terms = refusedAsNull(() => window.start.exposure(position));
    if (terms === null) return null;
    this.slots ??= new MarketSlots(screening, this.numbers);
    return this.slots.store(position, cohort, terms, window);
  }
}

/** Every asset id that a state holds, at any depth. */
function listNamedAssets(state: unknown): ReadonlySet<AssetId> {
  const found = new Set<AssetId>();
  const visit = (value: unknown): void => {
    if (typeof value === 'string' && isAssetId(value)) found.add(value);
    else if (typeof value === 'object' && value !== null) for (const field of Object.values(value)) visit(field);
  };
  visit(state);
  return found;
}
