/** A value that a statement takes. Integers that may exceed 2^53 are bigints; JSON is text that the statement casts. */
export type SqlValue = string | number | bigint | boolean | null | Uint8Array | readonly (string | null)[];

/** A row as the database gives it. Statements cast int8 and numeric to text, so that both engines answer alike. */
export type SqlRow = Readonly<Record<string, unknown>>;

/** Something that runs statements: the database, or one transaction of it. */
export interface Queries {
  /**
   * Runs one statement with parameters `$1`, `$2` …
   *
   * @throws {PlimsollError} STORE_UNREACHABLE, LEASE_LOST, or INTERNAL with the SQLSTATE; never with a value of a row
   */
  query(text: string, values?: readonly SqlValue[]): Promise<readonly SqlRow[]>;
}

/** What {@link Database.listen} hands over. */
export type Heard = (payload: string) => void;

/** The book's database. One SQL text serves both engines. */
export interface Database extends Queries {
  readonly engine: 'pglite' | 'postgres';
  /** Runs several statements that take no parameters. @returns the rows of all of them, one after the other */
  execute(script: string): Promise<readonly SqlRow[]>;
  /** Runs `work` in one transaction: all of it is kept, or none. Its statements must go through the argument. */
  transaction<Result>(work: (queries: Queries) => Promise<Result>): Promise<Result>;
  /**
   * Hears what is sent to a channel from now on; a lost connection is made again, and what was sent meanwhile is lost, so that a listener
   * must look at the tables too.
   *
   * @returns how to stop
   */
  listen(channel: string, heard: Heard): Promise<() => Promise<void>>;
  /**
   * Shows to others that a holder of leases lives, for as long as this process is connected. Whoever claims with it loses its leases when the process dies,
   * without a wait. To be asked anew before each claim.
   *
   * @returns whether it is shown now; false while the connection is being made again, and always where no other process can look
   */
  attend(holder: string): Promise<boolean>;
  /** Sends to a channel, once the surrounding work is committed. Payloads may have 7,999 bytes. */
  notify(channel: string, payload: string): Promise<void>;
  /** Ends every connection. */
  close(): Promise<void>;
}
