import type * as z from 'zod';
import type { Address, ChainId } from './ids.ts';

/** One block of one chain. */
export interface BlockRef {
  readonly chain: ChainId;
  readonly number: bigint;
  /** 0x-hash; null where the source does not tell it (Subsquid). */
  readonly hash: string | null;
  /** Unix seconds. */
  readonly timestamp: bigint;
}

/** The GraphQL dialects that discovery speaks: The Graph's, and Subsquid's (limit/offset, `_eq`, no block pinning). */
export type GraphDialect = 'graph-node' | 'subsquid';

/** Where a subgraph is reached. `label` is what may be shown: it never contains a key. */
export interface GraphEndpoint {
  readonly chain: ChainId;
  readonly dialect: GraphDialect;
  readonly url: string;
  readonly label: string;
  readonly headers?: Readonly<Record<string, string>>;
}

/** What a subgraph says about itself. */
export interface GraphHead {
  readonly block: BlockRef;
  readonly hasIndexingErrors: boolean;
}

/**
 * One read of one plural field. `documents` is the folder under subgraphs/ that holds schema.graphql and queries.graphql; the operation
 * of that name must select exactly `root` and its rows must carry `id`.
 *
 * A paged operation takes `$first: Int!`, `$last: ID!/String!` and, in the graph-node dialect, `$block: Block_height`; in Subsquid's `$limit: Int!, $offset: Int!`.
 */
export interface RowQuery {
  readonly name: string;
  readonly documents: string;
  readonly operation: string;
  readonly root: string;
  readonly variables: Readonly<Record<string, unknown>>;
  readonly row: z.ZodType;
}

/** A subgraph, read safely: one page after another, all at the pinned block. */
export interface GraphSource {
  /** Reads `_meta` (or `processorStatuses`) without constraint. */
  fetchHead(endpoint: GraphEndpoint): Promise<GraphHead>;
  /**
   * Reads every row. `pin` is the block hash that each page is read at; null where the dialect cannot pin.
   *
   * @throws {PlimsollError} BLOCK_GONE where the pinned block vanished; SOURCE_* and MALFORMED_RESPONSE otherwise.
   */
  fetchRows(endpoint: GraphEndpoint, query: RowQuery, pin: string | null): Promise<readonly unknown[]>;
  /**
   * Reads one page of a graph-node, for reads that are too long for one go.
   *
   * @throws {PlimsollError} as `fetchRows`
   */
  fetchPage(endpoint: GraphEndpoint, query: RowQuery, page: GraphPageRequest): Promise<GraphPage>;
  /**
   * Asks a graph-node whether it still knows a block. It may know one that a reorganisation has taken off the chain: only the chain itself
   * can deny that.
   */
  hasBlock(endpoint: GraphEndpoint, block: { readonly number: bigint; readonly hash: string }): Promise<boolean>;
}

/** Which page to read: at a block hash, after an id (empty for the first). */
export interface GraphPageRequest {
  readonly pin: string;
  readonly after: string;
}

/** Rows in order of id, and whether there are none behind them. */
export interface GraphPage {
  readonly rows: readonly unknown[];
  readonly isLast: boolean;
}

/** One contract read. `key` names it within its adapter's plan; `signature` is a human-readable ABI fragment. */
export interface ContractCall {
  readonly key: string;
  readonly to: Address;
  readonly signature: string;
  readonly args: readonly unknown[];
}

/**
 * The answers by key: decoded return values as plain arrays (structs are arrays, integers bigints, addresses lower-case), or a reason.
 */
export type CallResult = { readonly ok: true; readonly values: readonly unknown[] } | { readonly ok: false; readonly reason: string };

/** A call as a transaction would make it. Value in wei. */
export interface TrialCall {
  readonly from: Address;
  readonly to: Address;
  readonly data: string;
  readonly value: bigint;
}

/** What became of a call: `data` is what the contract reverted with (`0x` where nothing is told). */
export type TrialResult = { readonly ok: true } | { readonly ok: false; readonly data: string; readonly message: string };

/** Calls carried out on trial; results in order, up to the first failure at least. */
export type CallTrial = { readonly kind: 'tried'; readonly results: readonly TrialResult[] } | { readonly kind: 'untried'; readonly reason: string };

/** A chain, read in batches at one block hash. */
export interface ChainSource {
  readonly chain: ChainId;
  readonly label: string;
  /** The newest block that has the given finality. */
  fetchHead(finality: 'latest' | 'finalized'): Promise<BlockRef>;
  /** One block by number or hash. @throws {PlimsollError} BLOCK_GONE where there is none. */
  fetchBlock(block: bigint | string): Promise<BlockRef>;
  /**
   * Answers every call at one block hash. A call that reverts is an answer (`ok: false`); a source that fails throws.
   *
   * @throws {PlimsollError} ENDPOINTS_DIFFER where a second endpoint is configured and disagrees.
   */
  fetchCalls(calls: readonly ContractCall[], blockHash: string): Promise<ReadonlyMap<string, CallResult>>;
  /** What a unit of gas costs now, wei. Absent where the source cannot tell. @throws {PlimsollError} where the source fails. */
  fetchGasPrice?(): Promise<bigint>;
  /**
   * Tries transactions on top of the newest block, one after the other, and keeps nothing. Absent where the source cannot.
   *
   * @throws {PlimsollError} where the source fails.
   */
  tryCalls?(calls: readonly TrialCall[]): Promise<CallTrial>;
}
