import { GraphQLClient } from 'graphql-request';
import * as z from 'zod';
import { InternalError, isPlimsollError, PlimsollError } from '../core/errors.ts';
import { pathText } from '../core/json.ts';
import type { GraphEndpoint, GraphHead, GraphSource, RowQuery } from '../core/source.ts';
import type { Surroundings } from './clock.ts';
import { createDocuments, type Documents, type Operation } from './documents.ts';
import { failureOfGraph } from './graph-errors.ts';
import { createLane, DEFAULT_POLICY, type Lane, type RequestPolicy } from './lane.ts';

/** Rows of one page: graph-node answers no more than this. */
export const GRAPH_NODE_PAGE = 1_000;
/** Rows of one page in Subsquid's dialect. */
export const SUBSQUID_PAGE = 500;
/** A timestamp above this is in milliseconds: as seconds it would lie in the year 5138. */
const LATEST_SECONDS = 100_000_000_000n;

const GRAPH_NODE_HEAD = 'query Head { _meta { block { number hash timestamp } hasIndexingErrors } }';
const GRAPH_NODE_BLOCK = 'query Block($hash: Bytes!) { _meta(block: { hash: $hash }) { block { number } } }';
const SUBSQUID_HEAD = 'query Head { processorStatuses { lastParsedBlockNumber lastParsedBlockTimestamp } }';

const natural = z.union([z.int().min(0), z.string().regex(/^[0-9]{1,20}$/)]).transform((value) => BigInt(value));
const graphNodeHead = z.object({
  _meta: z.object({
    block: z.object({
      number: natural,
      hash: z
        .string()
        .regex(/^0x[0-9a-fA-F]{64}$/)
        .transform((hash) => hash.toLowerCase()),
      timestamp: natural,
    }),
    hasIndexingErrors: z.boolean(),
  }),
});
const graphNodeBlock = z.object({ _meta: z.object({ block: z.object({ number: natural }) }) });
const subsquidHead = z.object({
  processorStatuses: z.array(z.object({ lastParsedBlockNumber: natural, lastParsedBlockTimestamp: natural })).min(1),
});

/** Configuration of a {@link GraphSource}. */
export interface GraphSourceOptions extends Surroundings {
  readonly policy?: Partial<RequestPolicy>;
  /** The documents that queries name; the package's own by default. */
  readonly documents?: Documents;
}

/**
 * Opens the way to subgraphs. Limits are kept per endpoint address.
 *
 * @example
 * ```ts
 * const graph = createGraphSource({ clock: systemClock, random: systemRandom, fetch: systemFetch });
 * const { block } = await graph.fetchHead(endpoint);
 * const rows = await graph.fetchRows(endpoint, query, block.hash);
 * ```
 */
export function createGraphSource(options: GraphSourceOptions): GraphSource {
  const policy = { ...DEFAULT_POLICY, ...options.policy };
  const documents = options.documents ?? createDocuments();
  const lanes = new Map<string, Lane>();

  function laneOf(endpoint: GraphEndpoint): Lane {
    const known = lanes.get(endpoint.url);
    if (known !== undefined) return known;
    const lane = createLane(endpoint.label, policy, options);
    lanes.set(endpoint.url, lane);
    return lane;
  }

  function request(endpoint: GraphEndpoint, document: string, variables: Readonly<Record<string, unknown>>): Promise<unknown> {
    return laneOf(endpoint).send(async (signal) => {
      const client = new GraphQLClient(endpoint.url, { fetch: options.fetch, headers: { ...endpoint.headers }, signal });
      try {
        return await client.request<unknown>(document, variables);
      } catch (error) {
        throw failureOfGraph(endpoint, error, options.clock.now());
      }
    });
  }

  async function fetchPage(endpoint: GraphEndpoint, query: RowQuery, operation: Operation, variables: Readonly<Record<string, unknown>>) {
    const data = await request(endpoint, operation.text, variables);
    const rows = data !== null && typeof data === 'object' ? new Map(Object.entries(data)).get(query.root) : undefined;
    if (!Array.isArray(rows)) throw malformed(endpoint, query.root, 'no list of rows');
    return rows as readonly unknown[];
  }

  return {
    fetchHead: async (endpoint) =>
      endpoint.dialect === 'graph-node' ? readGraphNodeHead(endpoint, await request(endpoint, GRAPH_NODE_HEAD, {})) : readSubsquidHead(endpoint, await request(endpoint, SUBSQUID_HEAD, {})),

    async fetchRows(endpoint, query, pin) {
      const operation = documents.operation(query.documents, query.operation);
      requireReadable(endpoint, query, operation, pin);
      const paged = operation.variables.has('first') || operation.variables.has('limit');
      const size = endpoint.dialect === 'graph-node' ? GRAPH_NODE_PAGE : SUBSQUID_PAGE;
      const pinned = pin === null ? {} : { block: { hash: pin } };
      const raw: unknown[] = [];
      const ids = createIdCheck(endpoint, query);
      for (;;) {
        const cursor = endpoint.dialect === 'graph-node' ? { first: size, last: ids.last() } : { limit: size, offset: raw.length };
        const page = await fetchPage(endpoint, query, operation, { ...query.variables, ...(paged ? cursor : {}), ...pinned });
        for (const row of page) ids.check(row, raw.push(row) - 1);
        if (!paged || page.length < size) break;
      }
      return raw.map((row, at) => readRow(endpoint, query, row, at));
    },

    async fetchPage(endpoint, query, { pin, after }) {
      const operation = documents.operation(query.documents, query.operation);
      requireReadable(endpoint, query, operation, pin);
      const page = await fetchPage(endpoint, query, operation, { ...query.variables, first: GRAPH_NODE_PAGE, last: after, block: { hash: pin } });
      const ids = createIdCheck(endpoint, query, after);
      page.forEach((row, at) => {
        ids.check(row, at);
      });
      return { rows: page.map((row, at) => readRow(endpoint, query, row, at)), isLast: page.length < GRAPH_NODE_PAGE };
    },

    async hasBlock(endpoint, block) {
      try {
        const parsed = graphNodeBlock.safeParse(await request(endpoint, GRAPH_NODE_BLOCK, { hash: block.hash }));
        if (!parsed.success) throw malformed(endpoint, ...firstIssue(parsed.error, ''));
        return parsed.data._meta.block.number === block.number;
      } catch (error) {
        if (isPlimsollError(error, 'BLOCK_GONE')) return false;
        throw error;
      }
    },
  };
}

/** Refuses, as a defect, an operation that would be read without its pin, or whose cursor is incomplete. */
function requireReadable(endpoint: GraphEndpoint, query: RowQuery, operation: Operation, pin: string | null): void {
  const has = (name: string) => operation.variables.has(name);
  const where = `subgraphs/${query.documents} ${query.operation}`;
  if (operation.roots.length !== 1 || operation.roots[0] !== query.root) throw new InternalError(`${where} must select exactly "${query.root}"`);
  if (endpoint.dialect === 'subsquid') {
    if (pin !== null) throw new InternalError(`${where}: Subsquid cannot be read at a block hash`);
    if (has('limit') !== has('offset')) throw new InternalError(`${where} needs both $limit and $offset`);
    return;
  }
  if (pin === null) throw new InternalError(`${where} must be read at a block hash`);
  if (!has('block')) throw new InternalError(`${where} does not take $block, so it cannot be pinned`);
  if (has('first') !== has('last')) throw new InternalError(`${where} needs both $first and $last`);
}

/**
 * Watches the ids over all pages. Under graph-node they must grow, since the cursor is the last one; under Subsquid, whose order is the
 * database's collation, none may come twice.
 */
function createIdCheck(endpoint: GraphEndpoint, query: RowQuery, after = ''): { last(): string; check(row: unknown, at: number): void } {
  const seen = new Set<string>();
  const ordered = endpoint.dialect === 'graph-node';
  let last = after;
  return {
    last: () => last,
    check(row, at) {
      const id = row !== null && typeof row === 'object' && 'id' in row ? row.id : undefined;
      if (typeof id !== 'string' || id === '') throw malformed(endpoint, `${query.root}[${at}].id`, 'no id');
      if (ordered ? id <= last : seen.has(id)) throw malformed(endpoint, `${query.root}[${at}].id`, 'ids do not grow from row to row');
      last = id;
      seen.add(id);
    },
  };
}

function readRow(endpoint: GraphEndpoint, query: RowQuery, row: unknown, at: number): unknown {
  const parsed = query.row.safeParse(row);
  if (parsed.success) return parsed.data;
  throw malformed(endpoint, ...firstIssue(parsed.error, `${query.root}[${at}]`));
}

function readGraphNodeHead(endpoint: GraphEndpoint, data: unknown): GraphHead {
  const parsed = graphNodeHead.safeParse(data);
  if (!parsed.success) throw malformed(endpoint, ...firstIssue(parsed.error, ''));
  const { block, hasIndexingErrors } = parsed.data._meta;
  return { block: { chain: endpoint.chain, ...block }, hasIndexingErrors };
}

/** A squid with several processors is as far as its slowest. */
function readSubsquidHead(endpoint: GraphEndpoint, data: unknown): GraphHead {
  const parsed = subsquidHead.safeParse(data);
  if (!parsed.success) throw malformed(endpoint, ...firstIssue(parsed.error, ''));
  const slowest = parsed.data.processorStatuses.reduce((a, b) => (b.lastParsedBlockNumber < a.lastParsedBlockNumber ? b : a));
  const time = slowest.lastParsedBlockTimestamp;
  const timestamp = time > LATEST_SECONDS ? time / 1_000n : time;
  return { block: { chain: endpoint.chain, number: slowest.lastParsedBlockNumber, hash: null, timestamp }, hasIndexingErrors: false };
}

function firstIssue(error: z.ZodError, prefix: string): [path: string, problem: string] {
  const [issue] = error.issues;
  const path = pathText(issue?.path ?? []);
  const joint = prefix === '' || path === '' || path.startsWith('[') ? '' : '.';
  return [`${prefix}${joint}${path}`, (issue?.code ?? 'not understood').replaceAll('_', ' ')];
}

/** Names the field and what is wrong with it, never what stands in it. */
function malformed(endpoint: GraphEndpoint, path: string, problem: string): PlimsollError {
  return new PlimsollError('MALFORMED_RESPONSE', `${endpoint.label} answers with a missing or malformed field ${path || '(top)'} (${problem}).`, {
    source: endpoint.label,
    path: path || '(top)',
  });
}
