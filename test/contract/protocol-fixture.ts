import { InternalError } from '../../src/core/errors.ts';
import type { Address, ChainId } from '../../src/core/ids.ts';
import type { GraphDialect } from '../../src/core/source.ts';
import type { Protocol } from '../../src/protocols/protocol.ts';
import type { Dataset, RecordedSubgraph } from '../../src/sources/recorded/dataset.ts';

/** The wallet of generated rows. */
export const OWNER: Address = '0x1111111111111111111111111111111111111111';
/** Somebody whose rows lie beside the owner's and must never be read as the owner's. */
export const STRANGER: Address = '0x9999999999999999999999999999999999999999';
/** A token that no market of any fixture lists. */
export const UNLISTED: Address = '0xdeaddeaddeaddeaddeaddeaddeaddeaddeaddead';
/** When generated rows were recorded, unix seconds. */
export const MOMENT = 1_761_221_354;

/** Rows of one subgraph in the entities of its schema excerpt. */
export interface GeneratedRows {
  /** Whose rows they are: one address, or many of one person where the protocol has one row per address. */
  readonly owners: readonly Address[];
  /** The query of `discover` that finds the generated rows. */
  readonly query: string;
  /** Ids of the rows that this query must find, in any order. */
  readonly ids: readonly string[];
  readonly entities: RecordedSubgraph['snapshots'][number]['entities'];
}

/** A shipped data set that has accounts of the protocol. */
export interface RecordedSample {
  /** Its folder under subgraphs/recorded. */
  readonly dataset: string;
  readonly wallet: Address;
}

/** What the contract suite needs of a protocol. */
export interface ProtocolFixture {
  /** The id in PROTOCOLS. */
  readonly protocol: string;
  /** The deployment that rows are generated for. */
  readonly deployment: string;
  /** The folder under subgraphs/ whose schema the rows follow. */
  readonly schema: string;
  /** Makes at least `count` rows of the owner's, and a few of {@link STRANGER}'s; with a small count, accounts that can be valued without a chain. */
  generate(count: number): GeneratedRows;
  readonly recorded: readonly RecordedSample[];
  /** By what share of adjusted debt the exposure form may differ from the protocol's own comparison, through the protocol's rounding. */
  readonly rounding: string;
  /** Steps with a token that the market does not have: the protocol's revert, or, where its rule has no such step at all, INVALID_ARGUMENT. */
  readonly unlistedAsset: 'RULE_VIOLATION' | 'INVALID_ARGUMENT';
}

/** Protocols without deployments, which discover nothing, with the reason. */
export const WITHOUT_FIXTURE: ReadonlyMap<string, string> = new Map([['generic-lending', 'books are handed in whole: there are no deployments, so nothing is discovered']]);

/**
 * The fixture of a protocol.
 *
 * @throws {InternalError} that says what to write where there is none
 */
export function getFixture(protocol: Pick<Protocol, 'id'>, fixtures: readonly ProtocolFixture[]): ProtocolFixture {
  const found = fixtures.find((fixture) => fixture.protocol === protocol.id);
  if (found !== undefined) return found;
  throw new InternalError(
    `The protocol "${protocol.id}" has no contract fixture. Write test/contract/fixtures/${protocol.id}.ts, which exports a ProtocolFixture (test/contract/protocol-fixture.ts): ` +
      'a deployment, a generator of rows in the entities of its schema excerpt, recorded data sets if there are any; then add it to FIXTURES in test/contract/fixtures.ts.',
  );
}

/** A data set of one subgraph of generated rows at one block. */
export function datasetOf(fixture: ProtocolFixture, rows: GeneratedRows, place: { readonly chain: ChainId; readonly dialect: GraphDialect }): Dataset {
  const hash = place.dialect === 'graph-node' ? `0x${'ab'.repeat(32)}` : null;
  const snapshot = { block: { number: '23638500', hash, timestamp: MOMENT }, hasIndexingErrors: false, entities: rows.entities };
  return {
    name: fixture.protocol,
    title: `generated rows of ${fixture.protocol}`,
    about: 'Generated for the contract suite.',
    clockSeconds: MOMENT,
    wallets: [],
    subgraphs: [{ file: 'generated.json', about: 'Generated.', deployments: [fixture.deployment], schema: fixture.schema, dialect: place.dialect, chain: place.chain, snapshots: [snapshot] }],
    chains: [],
  };
}

/** A lower-case address that counts. */
export function numberedAddress(prefix: string, at: number): Address {
  return `0x${prefix}${at.toString(16).padStart(40 - prefix.length, '0')}`;
}

/** An id whose order is not the order of making, as hashes have it. */
export function scattered(at: number): string {
  return ((at * 7_919) % 1_000_003).toString(16).padStart(6, '0');
}
