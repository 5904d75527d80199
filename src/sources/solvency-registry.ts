import * as z from 'zod';
import { PlimsollError } from '../core/errors.ts';
import { type Address, isAddress } from '../core/ids.ts';
import { graphInteger } from '../core/json.ts';
import type { BlockRef, GraphEndpoint, GraphSource } from '../core/source.ts';

/** What the two kinds of counted proofs have in common. Signals are as in the proof. */
interface CountedProof {
  /** <transaction>-<index of the log>. */
  readonly id: string;
  /** Names an account to this consumer, and in one circuit, alone. */
  readonly accountRef: bigint;
  readonly nullifier: bigint;
  /** Unix seconds of the oldest block that the attestor read. */
  readonly snapshot: bigint;
  /** 0 all accounts together, 1 one that is not said, else a market. */
  readonly scope: bigint;
  /** What the attestor looked at. */
  readonly coverage: bigint;
  readonly recipient: Address;
  /** Unix seconds of the block that counted it. */
  readonly countedAt: bigint;
  /** Hash of the transaction. */
  readonly transaction: string;
}

/** A breach that SolvencyRegistry counted. */
export interface CountedBreach extends CountedProof {
  /** The health factor is below this, parts per million. */
  readonly upperPpm: number;
  /** Adjusted debt less adjusted collateral is at least this, US cents. */
  readonly minDeficitCents: bigint;
}

/** A proof of solvency that SolvencyRegistry counted. */
export interface CountedSolvency extends CountedProof {
  /** The health factor is at least this, parts per million. */
  readonly lowerPpm: number;
}

/** Proofs that were counted, in the order of time, and the block at which the subgraph said so. */
export interface CountedProofs<Proof> {
  readonly proofs: readonly Proof[];
  readonly block: BlockRef;
}

/** Whose proofs are read, and how old the subgraph may be. */
export interface CountedProofsOptions {
  readonly consumer: Address;
  /** Unix seconds: those counted at this time or later. */
  readonly since: bigint;
  /** Greatest age of the subgraph's head, seconds. */
  readonly maxAgeSeconds: number;
  /** Unix second that the age is counted to. */
  readonly now: number;
}

const integer = z.union([z.bigint(), graphInteger]);
const address = z.string().refine((text): text is Address => isAddress(text), 'expected a lower-case address');
const bound = z.int().min(0);
const shared = {
  id: z.string(),
  accountRef: integer,
  nullifier: integer,
  snapshot: integer,
  scope: integer,
  coverage: integer,
  recipient: address,
  countedAt: integer,
  transaction: z.string().regex(/^0x[0-9a-f]{64}$/, 'expected the hash of a transaction'),
};
const breachRow = z.object({ ...shared, upper: bound, minDeficit: integer });
const solventRow = z.object({ ...shared, lower: bound });

/**
 * Reads the breaches that a registry has counted for a consumer from our subgraph, all at one block hash.
 *
 * @throws {PlimsollError} STALE_BLOCK, INDEXING_ERRORS, BLOCK_GONE, SOURCE_*, MALFORMED_RESPONSE
 * @example
 * ```ts
 * const { proofs } = await fetchBreaches(graph, endpoint, { consumer: pool, since: 0n, maxAgeSeconds: 300, now });
 * ```
 */
export async function fetchBreaches(graph: GraphSource, endpoint: GraphEndpoint, options: CountedProofsOptions): Promise<CountedProofs<CountedBreach>> {
  const block = await fetchFreshHead(graph, endpoint, options);
  const { consumer, since } = options;
  const query = { name: 'breaches', documents: 'solvency-registry', operation: 'Breaches', root: 'breaches', variables: { consumer, since: since.toString() }, row: breachRow };
  const rows = z.array(breachRow).parse(await graph.fetchRows(endpoint, query, block.hash));
  return { block, proofs: inTime(rows.map(({ upper, minDeficit, ...row }) => ({ ...row, upperPpm: upper, minDeficitCents: minDeficit }))) };
}

/**
 * Reads the proofs of solvency that a registry has counted for a consumer, as {@link fetchBreaches} does.
 *
 * @throws {PlimsollError} STALE_BLOCK, INDEXING_ERRORS, BLOCK_GONE, SOURCE_*, MALFORMED_RESPONSE
 */
export async function fetchSolventProofs(graph: GraphSource, endpoint: GraphEndpoint, options: CountedProofsOptions): Promise<CountedProofs<CountedSolvency>> {
  const block = await fetchFreshHead(graph, endpoint, options);
  const { consumer, since } = options;
  const query = { name: 'solvency', documents: 'solvency-registry', operation: 'SolventProofs', root: 'solventProofs', variables: { consumer, since: since.toString() }, row: solventRow };
  const rows = z.array(solventRow).parse(await graph.fetchRows(endpoint, query, block.hash));
  return { block, proofs: inTime(rows.map(({ lower, ...row }) => ({ ...row, lowerPpm: lower }))) };
}

async function fetchFreshHead(graph: GraphSource, endpoint: GraphEndpoint, { now, maxAgeSeconds }: CountedProofsOptions): Promise<BlockRef> {
  const { block, hasIndexingErrors } = await graph.fetchHead(endpoint);
  const source = endpoint.label;
  if (hasIndexingErrors) throw new PlimsollError('INDEXING_ERRORS', `${source} reports indexing errors; proofs may be missing from it.`, { source });
  const ageSeconds = now - Number(block.timestamp);
  if (ageSeconds <= maxAgeSeconds) return block;
  throw new PlimsollError('STALE_BLOCK', `${source} is ${ageSeconds} s behind (limit ${maxAgeSeconds} s). Raise the limit, or read the registry's events from the chain.`, {
    source,
    ageSeconds,
    limitSeconds: maxAgeSeconds,
  });
}

/** Pages come in the order of ids, which are hashes. */
function inTime<Proof extends CountedProof>(proofs: readonly Proof[]): readonly Proof[] {
  return proofs.toSorted((a, b) => (a.countedAt === b.countedAt ? 0 : a.countedAt < b.countedAt ? -1 : 1));
}
