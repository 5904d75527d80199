/** What an account's market, or lane, is where it has none. */
export const NONE = 0xffff_ffff;

/** Where each account of a book is: its market and its lane. Eight bytes an account. */
export class AccountTable {
  private markets = new Uint32Array(1024).fill(NONE);
  private lanes = new Uint32Array(1024).fill(NONE);
  private readonly freed: number[] = [];
  private used = 0;

  /** One more than the greatest account number that was given out. */
  get end(): number {
    return this.used;
  }

  /** How many accounts there are. */
  get count(): number {
    return this.used - this.freed.length;
  }

  /** Gives out a number, one that was freed if there is any. */
  add(market: number): number {
    const account = this.freed.pop() ?? this.used;
    if (account === this.used) this.used += 1;
    if (account >= this.markets.length) this.grow();
    this.markets[account] = market;
    return account;
  }

  free(account: number): void {
    this.markets[account] = NONE;
    this.lanes[account] = NONE;
    this.freed.push(account);
  }

  marketOf(account: number): number {
    return this.markets[account] ?? NONE;
  }

  laneOf(account: number): number {
    return this.lanes[account] ?? NONE;
  }

  setLane(account: number, lane: number): void {
    this.lanes[account] = lane;
  }

  get bytes(): number {
    return this.markets.byteLength + this.lanes.byteLength;
  }

  private grow(): void {
    const grown = (column: Uint32Array<ArrayBuffer>): Uint32Array<ArrayBuffer> => {
      const larger = new Uint32Array(Math.ceil(column.length * 1.25)).fill(NONE);
      larger.set(column);
      return larger;
    };
    this.markets = grown(this.markets);
    this.lanes = grown(this.lanes);
  }
}
