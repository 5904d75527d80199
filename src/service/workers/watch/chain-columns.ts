import { isPlimsollError, type PlimsollError } from '../../../core/errors.ts';
import type { ExposureTerm, MarketAt } from '../../../core/rule.ts';
import { NO_MOVES } from '../../../engine/moves.ts';
import { prepareMarket } from '../../../engine/prepare-market.ts';
import { openKernel, ScanBook, type ScreenResult } from '../../../engine/scan/index.ts';
import { addNearest, type Nearest, orUndefined } from '../../scan/nearest.ts';
import type { BookAccount, BookMarket } from '../../scan/source.ts';
import { asPlimsollError } from '../role-tally.ts';

/** Share of the accounts that may change before they are laid out anew. */
const MOST_CHANGED = 0.5;

/** What screening a chain found. */
export interface ChainFound {
  readonly liquidatable: readonly string[];
  readonly refused: ReadonlyMap<string, PlimsollError>;
  /** How many accounts their rules were asked about: the rest was out of the question. */
  readonly decided: number;
}

/**
 * The accounts of one chain in columns, by id. Where the columns cannot hold what a rule says, they are made anew, and where that fails too every
 * account is asked by its rule: slower, and never wrong.
 */
export class ChainColumns {
  readonly #markets = new Map<string, BookMarket>();
  readonly #accounts = new Map<string, BookAccount>();
  readonly #numbers = new Map<string, number>();
  readonly #ids: (string | undefined)[] = [];
  #scan: ScanBook | null = null;
  #isStale = true;
  /** Changes since the columns were laid out. */
  #changes = 0;

  addMarket(market: BookMarket): void {
    this.#markets.set(market.key, market);
    this.#try((scan) => scan.addMarket(market));
  }

  /** Takes a market's state read anew. */
  replaceMarket(market: BookMarket): void {
    if (!this.#markets.has(market.key)) {
      this.addMarket(market);
      return;
    }
    this.#markets.set(market.key, market);
    this.#try((scan) => scan.replaceMarket(market.key, market.state, market.at));
  }

  /** Its accounts were removed before. */
  forgetMarket(key: string): void {
    if (this.#markets.delete(key)) this.#isStale = true;
  }

  /** Many accounts are about to come: they are laid out together at the next screen. */
  expectMany(): void {
    this.#isStale = true;
  }

  /** Adds accounts, or takes their new positions. */
  place(accounts: readonly BookAccount[]): void {
    for (const account of accounts) this.#accounts.set(account.id, account);
    if (this.#isStale) return;
    this.#changes += accounts.length;
    this.#try((scan) => {
      for (const { id, marketKey, position } of accounts) {
        const number = this.#numbers.get(id);
        if (number === undefined) this.#number(id, scan.add({ market: marketKey, position }));
        else scan.replace(number, position);
      }
    });
  }

  remove(id: string): void {
    if (!this.#accounts.delete(id)) return;
    const number = this.#numbers.get(id);
    this.#numbers.delete(id);
    if (number === undefined) return;
    this.#changes += 1;
    this.#try((scan) => scan.remove(number));
    this.#ids[number] = undefined;
  }

  /** Decides everybody at a unix second. */
  async screen(at: bigint): Promise<ChainFound> {
    try {
      const { liquidatable, refused, decided } = await this.#look(at);
      return {
        decided,
        liquidatable: liquidatable.flatMap((number) => this.#ids[number] ?? []),
        refused: new Map(refused.flatMap(({ account, error }): [string, PlimsollError][] => (this.#ids[account] === undefined ? [] : [[this.#ids[account], error]]))),
      };
    } catch (error) {
      if (!isPlimsollError(error)) throw error;
      this.#isStale = true;
      return this.#askEach(at);
    }
  }

  /** Adds the accounts that are nearest to liquidation at a unix second, but for those that are `taken`, by id. After a screen; rules are asked for those alone that come into question. */
  addNearest(nearest: Nearest, at: bigint, taken: ReadonlySet<string>): void {
    const rules = new Map<string, MarketAt<unknown>>();
    const exposureOf = ({ marketKey, position }: BookAccount): readonly ExposureTerm[] | undefined => {
      const market = this.#markets.get(marketKey);
      if (market === undefined) return undefined;
      const rule = rules.get(marketKey) ?? prepareMarket(market, at);
      rules.set(marketKey, rule);
      return rule.exposure(position);
    };
    const accountOf = (number: number): BookAccount | undefined => {
      const id = this.#ids[number];
      return id === undefined || taken.has(id) ? undefined : this.#accounts.get(id);
    };
    if (this.#isStale || this.#scan === null) {
      this.#askEachNear(nearest, taken, exposureOf);
      return;
    }
    try {
      addNearest(nearest, { scan: this.#scan, at, accountOf, exposureOf });
    } catch (error) {
      if (!isPlimsollError(error)) throw error;
      this.#isStale = true;
      this.#askEachNear(nearest, taken, exposureOf);
    }
  }

  #askEachNear(nearest: Nearest, taken: ReadonlySet<string>, exposureOf: (account: BookAccount) => readonly ExposureTerm[] | undefined): void {
    for (const account of this.#accounts.values()) {
      const terms = taken.has(account.id) ? undefined : orUndefined(() => exposureOf(account));
      if (terms !== undefined) nearest.add(account, terms);
    }
  }

  /** Reads no more of the columns than what changed. */
  async #look(at: bigint): Promise<ScreenResult> {
    if (this.#isStale || this.#scan === null) return (await this.#layOut(at)).screen(at);
    if (this.#changes > this.#accounts.size * MOST_CHANGED) {
      this.#scan.compact();
      this.#changes = 0;
    }
    return this.#scan.tick(NO_MOVES, at);
  }

  async #layOut(at: bigint): Promise<ScanBook> {
    const scan = new ScanBook({ kernel: await openKernel(), at, positionOf: (account) => this.#accounts.get(this.#ids[account] ?? '')?.position });
    this.#numbers.clear();
    this.#ids.length = 0;
    for (const market of this.#markets.values()) scan.addMarket(market);
    const accounts = [...this.#accounts.values()];
    const numbers = scan.load(accounts.map(({ marketKey, position }) => ({ market: marketKey, position })));
    for (const [place, { id }] of accounts.entries()) this.#number(id, numbers[place] ?? -1);
    this.#scan = scan;
    this.#isStale = false;
    this.#changes = 0;
    return scan;
  }

  #number(id: string, number: number): void {
    this.#numbers.set(id, number);
    this.#ids[number] = id;
  }

  #try(change: (scan: ScanBook) => void): void {
    if (this.#isStale || this.#scan === null) return;
    try {
      change(this.#scan);
    } catch (error) {
      if (!isPlimsollError(error)) throw error;
      this.#isStale = true;
    }
  }

  #askEach(at: bigint): ChainFound {
    const rules = new Map([...this.#markets].map(([key, market]) => [key, prepareMarket(market, at)]));
    const liquidatable: string[] = [];
    const refused = new Map<string, PlimsollError>();
    for (const { id, marketKey, position } of this.#accounts.values()) {
      try {
        if (rules.get(marketKey)?.isLiquidatable(position) === true) liquidatable.push(id);
      } catch (error) {
        refused.set(id, asPlimsollError(error));
      }
    }
    return { liquidatable, refused, decided: this.#accounts.size };
  }
}
