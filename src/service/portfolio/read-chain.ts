import { isPlimsollError, PlimsollError } from '../../core/errors.ts';
import type { Address, AssetId, ChainId } from '../../core/ids.ts';
import type { Gap, PortfolioPrice } from '../../core/portfolio.ts';
import type { BlockRef, CallResult, ChainSource, GraphEndpoint, GraphHead } from '../../core/source.ts';
import type { Deployment, Protocol, Rows } from '../../protocols/protocol.ts';
import { gapOf } from './gaps.ts';
import type { ReaderOptions } from './reader-options.ts';
import { requireReadable } from './require-readable.ts';

/** One deployment on its way through the rounds. */
interface Reading {
  readonly deployment: Deployment;
  readonly protocol: Protocol;
  readonly endpoint: GraphEndpoint | null;
  readonly head: GraphHead | null;
}

/** A deployment's rows at a block and, where there is a chain, its answers. */
export interface Answered extends Reading {
  readonly block: BlockRef;
  readonly rows: Rows;
  readonly calls: ReadonlyMap<string, CallResult> | null;
  /** The subgraph's head after its rows were read, where the dialect cannot pin: the rows are of some block between the two. */
  readonly headAfter: GraphHead | null;
}

/** What one chain gave. */
export interface ChainReading {
  readonly answered: readonly Answered[];
  readonly prices: readonly PortfolioPrice[];
  /** Deployments that could not be read, with the reason. */
  readonly failed: readonly { readonly deployment: Deployment; readonly gap: Gap }[];
  /** Gaps that concern the chain or a deployment that was read all the same. */
  readonly gaps: readonly Gap[];
}

/** Finds the assets that a reading holds, so that their prices are asked for beside the calls. */
export type FindAssets = (reading: Answered) => readonly AssetId[];

/**
 * Reads the deployments of one chain in three rounds of requests: heads; rows, pinned to one block; calls at that block, beside market prices.
 * A block that vanishes between two pages is chosen again once.
 */
export async function readChain(chain: ChainId, deployments: readonly Deployment[], owners: readonly Address[], options: ReaderOptions, findAssets: FindAssets): Promise<ChainReading> {
  const first = new ChainAttempt(chain, owners, options, findAssets);
  const reading = await first.run(deployments);
  if (first.gone.length === 0) return reading;
  const second = new ChainAttempt(chain, owners, options, findAssets);
  const again = await second.run(deployments);
  return { ...again, failed: [...again.failed, ...second.gone.map(({ deployment, error }) => failureOf(deployment, error))] };
}

class ChainAttempt {
  readonly gone: { deployment: Deployment; error: PlimsollError }[] = [];
  readonly #chain: ChainId;
  readonly #owners: readonly Address[];
  readonly #options: ReaderOptions;
  readonly #findAssets: FindAssets;
  readonly #source: ChainSource | null;
  /** The block hash that is asked for by name. */
  readonly #pinned: string | null;
  readonly #failed: { deployment: Deployment; gap: Gap }[] = [];
  readonly #gaps: Gap[] = [];

  constructor(chain: ChainId, owners: readonly Address[], options: ReaderOptions, findAssets: FindAssets) {
    this.#chain = chain;
    this.#owners = owners;
    this.#options = options;
    this.#findAssets = findAssets;
    this.#source = options.chains.get(chain) ?? null;
    this.#pinned = options.pins?.get(chain) ?? null;
  }

  async run(deployments: readonly Deployment[]): Promise<ChainReading> {
    const [readings, chainHead] = await Promise.all([this.#readHeads(deployments), this.#readChainHead()]);
    const pin = this.#choosePin(readings, chainHead);
    const [withRows, hashed] = await Promise.all([this.#readRows(readings, pin), this.#readHash(pin, readings)]);
    const pinned = withRows.map((reading) => (reading.block.hash === null && hashed !== null ? { ...reading, block: hashed } : reading));
    const [answered, prices, heads] = await Promise.all([this.#readCalls(pinned), this.#readPrices(pinned), this.#readHeadsAgain(pinned)]);
    const settled = answered.flatMap((reading) => this.#requireForward(reading, heads.get(reading.deployment.id) ?? null));
    return { answered: settled, prices, failed: this.#failed, gaps: this.#gaps };
  }

  async #readHeads(deployments: readonly Deployment[]): Promise<Reading[]> {
    const heads = new Map<string, Promise<GraphHead>>();
    const readings = await Promise.all(
      deployments.map(async (deployment): Promise<Reading[]> => {
        const protocol = this.#protocolOf(deployment);
        const endpoint = this.#options.endpointOf(deployment);
        if (endpoint === null) return this.#withoutSubgraph(deployment, protocol);
        const head = heads.get(endpoint.url) ?? this.#options.graph.fetchHead(endpoint);
        heads.set(endpoint.url, head);
        try {
          const answer = await head;
          this.#requireUsable(deployment, answer);
          return [{ deployment, protocol, endpoint, head: answer }];
        } catch (error) {
          this.#failed.push(failureOf(deployment, error));
          return [];
        }
      }),
    );
    return readings.flat();
  }

  /** A deployment that no subgraph covers can still be valued on its chain; one whose subgraph is not configured is a gap. */
  #withoutSubgraph(deployment: Deployment, protocol: Protocol): Reading[] {
    const isReadable = deployment.subgraph === null && this.#options.chains.has(deployment.chain);
    if (isReadable) return [{ deployment, protocol, endpoint: null, head: null }];
    this.#failed.push(failureOf(deployment, new PlimsollError('NOT_CONFIGURED', `${deployment.label}: no endpoint to discover accounts. ${adviceFor(deployment)}`)));
    return [];
  }

  #requireUsable(deployment: Deployment, head: GraphHead): void {
    if (head.hasIndexingErrors) {
      throw new PlimsollError('INDEXING_ERRORS', `${deployment.label}: the subgraph reports indexing errors. Its rows are not used until it is mended.`);
    }
    const age = this.#options.now() - Number(head.block.timestamp);
    if (age > this.#options.maxBlockAgeSeconds) {
      throw new PlimsollError(
        'STALE_BLOCK',
        `${deployment.label}: the subgraph's newest block is ${age} s old (limit ${this.#options.maxBlockAgeSeconds} s). Wait for it, or raise PLIMSOLL_MAX_BLOCK_AGE.`,
        { ageSeconds: age },
      );
    }
  }

  /** The newest block that every subgraph has; no newer than the chain's own where a final or a named one is asked for. */
  #choosePin(readings: readonly Reading[], chainHead: BlockRef | null): BlockRef | null {
    const indexed = choosePin(readings);
    if (this.#pinned !== null) return chainHead;
    if (this.#options.finality !== 'finalized' || chainHead === null || indexed === null) return indexed ?? chainHead;
    return oldestOf([indexed, chainHead]);
  }

  async #readChainHead(): Promise<BlockRef | null> {
    const source = this.#source;
    if (source === null) return null;
    try {
      const head = await (this.#pinned === null ? source.fetchHead(this.#options.finality ?? 'latest') : source.fetchBlock(this.#pinned));
      const age = this.#options.now() - Number(head.timestamp);
      if (age > this.#options.maxBlockAgeSeconds) {
        throw new PlimsollError('STALE_BLOCK', `${source.label}: the chain endpoint's newest block is ${age} s old (limit ${this.#options.maxBlockAgeSeconds} s).`);
      }
      return head;
    } catch (error) {
      this.#gaps.push(gapOf(error, { chain: this.#chain, deployment: null }));
      return null;
    }
  }

  /** The hash of the pinned block where the subgraphs did not tell it (Subsquid). */
  async #readHash(block: BlockRef | null, readings: readonly Reading[]): Promise<BlockRef | null> {
    const source = this.#source;
    if (source === null) return null;
    if (block !== null && block.hash !== null) return block;
    const oldest = oldestOf(readings.flatMap((reading) => (reading.head === null ? [] : [reading.head.block])));
    if (oldest === null) return null;
    try {
      return await source.fetchBlock(oldest.number);
    } catch (error) {
      this.#gaps.push(gapOf(error, { chain: this.#chain, deployment: null }));
      return null;
    }
  }

  async #readRows(readings: readonly Reading[], pin: BlockRef | null): Promise<Answered[]> {
    const answered = await Promise.all(
      readings.map(async (reading): Promise<Answered[]> => {
        const block = pin ?? reading.head?.block ?? null;
        if (block === null) {
          this.#failed.push(failureOf(reading.deployment, new PlimsollError('SOURCE_UNREACHABLE', `${reading.deployment.label}: no block to read at.`)));
          return [];
        }
        try {
          return [{ ...reading, block, rows: await this.#fetchRows(reading, block), calls: null, headAfter: null }];
        } catch (error) {
          if (isPlimsollError(error, 'BLOCK_GONE')) this.gone.push({ deployment: reading.deployment, error });
          else this.#failed.push(failureOf(reading.deployment, error));
          return [];
        }
      }),
    );
    return answered.flat();
  }

  async #fetchRows(reading: Reading, block: BlockRef): Promise<Rows> {
    const { endpoint, deployment, protocol } = reading;
    if (endpoint === null) return {};
    const queries = protocol.discover(deployment, this.#owners);
    const pin = endpoint.dialect === 'graph-node' ? block.hash : null;
    const results = await Promise.all(queries.map((query) => this.#options.graph.fetchRows(endpoint, query, pin)));
    return Object.fromEntries(queries.map((query, at) => [query.name, results[at] ?? []]));
  }

  async #readCalls(readings: readonly Answered[]): Promise<Answered[]> {
    const source = this.#source;
    if (source === null) return [...readings];
    const answered = await Promise.all(
      readings.map(async (reading): Promise<Answered[]> => {
        const hash = reading.block.hash;
        if (hash === null) return [reading];
        try {
          const calls = reading.protocol.value(reading.deployment, this.#owners, reading.rows);
          return [{ ...reading, calls: await source.fetchCalls(calls, hash) }];
        } catch (error) {
          if (isPlimsollError(error, 'BLOCK_GONE')) {
            this.gone.push({ deployment: reading.deployment, error });
            return [];
          }
          this.#gaps.push(gapOf(error, { chain: source.chain, deployment: reading.deployment.id }));
          return [reading];
        }
      }),
    );
    return answered.flat();
  }

  /** What cannot be pinned is bracketed: the head once more after its rows. */
  async #readHeadsAgain(readings: readonly Answered[]): Promise<ReadonlyMap<string, GraphHead>> {
    const heads = await Promise.all(
      readings.map(async ({ deployment, endpoint }): Promise<[string, GraphHead][]> => {
        if (endpoint?.dialect !== 'subsquid') return [];
        try {
          return [[deployment.id, await this.#options.graph.fetchHead(endpoint)]];
        } catch (error) {
          this.#gaps.push(gapOf(error, { chain: this.#chain, deployment: deployment.id }));
          return [];
        }
      }),
    );
    return new Map(heads.flat());
  }

  /** A head that went back means that rows of a vanished block may be among those read. */
  #requireForward(reading: Answered, headAfter: GraphHead | null): Answered[] {
    if (headAfter === null || reading.head === null || headAfter.block.number >= reading.head.block.number) return [{ ...reading, headAfter }];
    const { deployment } = reading;
    const error = new PlimsollError('BLOCK_GONE', `${deployment.label}: the indexer went back from block ${reading.head.block.number} to ${headAfter.block.number} while it was read.`);
    this.gone.push({ deployment, error });
    return [];
  }

  /** Asks for the prices of what discovery found, beside the calls; without them the report has oracle health only. */
  async #readPrices(readings: readonly Answered[]): Promise<readonly PortfolioPrice[]> {
    const { prices } = this.#options;
    if (prices === null) return [];
    const assets = new Set(readings.flatMap((reading) => this.#findAssets(reading)));
    const [first] = readings;
    if (first === undefined || assets.size === 0) return [];
    try {
      const found = await prices.fetchPrices([...assets].toSorted(), first.block.timestamp);
      requireReadable('The market prices', { prices: found }, this.#options.findRule);
      return found;
    } catch (error) {
      this.#gaps.push(gapOf(error, { chain: this.#chain, deployment: null }));
      return [];
    }
  }

  #protocolOf(deployment: Deployment): Protocol {
    const protocol = this.#options.protocols.find((candidate) => candidate.id === deployment.protocol);
    if (protocol === undefined) throw new PlimsollError('INTERNAL', `deployment ${deployment.id} names the unknown protocol ${deployment.protocol}`);
    return protocol;
  }
}

/** The oldest head that tells its hash: every subgraph of the chain has that block. */
function choosePin(readings: readonly Reading[]): BlockRef | null {
  return oldestOf(readings.flatMap((reading) => (reading.head !== null && reading.head.block.hash !== null ? [reading.head.block] : [])));
}

function oldestOf(blocks: readonly BlockRef[]): BlockRef | null {
  return blocks.reduce<BlockRef | null>((oldest, block) => (oldest === null || block.number < oldest.number ? block : oldest), null);
}

function adviceFor(deployment: Deployment): string {
  if (deployment.subgraph === null) return `Set RPC_URL_${deployment.chain.slice('eip155:'.length)} to read it from the chain.`;
  return 'Set GRAPH_API_KEY, or an endpoint of your own for this deployment.';
}

function failureOf(deployment: Deployment, error: unknown): { deployment: Deployment; gap: Gap } {
  return { deployment, gap: gapOf(error, { chain: deployment.chain, deployment: deployment.id }) };
}
