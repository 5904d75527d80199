import type { Config } from '../../config.ts';
import { InvalidArgument } from '../../core/errors.ts';
import { type Address, type ChainId, parseWallet } from '../../core/ids.ts';
import type { Gap } from '../../core/portfolio.ts';
import type { ChainSource, GraphEndpoint } from '../../core/source.ts';
import type { Deployment, Protocol, Rows } from '../../protocols/protocol.ts';
import { findRule, PROTOCOLS } from '../../protocols/registry.ts';
import { createChainSource } from '../../sources/chain.ts';
import type { Surroundings } from '../../sources/clock.ts';
import { openLocalChain } from '../../sources/local-chain.ts';
import { gapOf } from '../portfolio/gaps.ts';
import { MACHINE, openRuntime } from '../portfolio/open-runtime.ts';
import { listDatasets } from '../portfolio/recorded-data.ts';
import type { DrillOptions } from './drill.ts';
import type { Book, BookAccount, BookMarket } from './source.ts';

/** Whose accounts to try, and on what. */
export interface DrillWorldRequest {
  /** Address of the local chain. */
  readonly rpc: string;
  /** Which chain the local one is a copy of. */
  readonly forkOf: ChainId;
  /** The recorded data set whose wallets are tried. */
  readonly recorded: string;
  /** Recorded data sets only: the moment, unix seconds. */
  readonly at?: number;
}

/** A deployment on the local chain, and how its rows are discovered. */
export interface DrillSubject {
  readonly deployment: Deployment;
  readonly protocol: Protocol;
  readonly discover: (owners: readonly Address[]) => Promise<Rows>;
}

/** What a drill needs, opened; `close` ends the embedded endpoints. */
export interface DrillWorld extends Pick<DrillOptions, 'send' | 'read' | 'deployments' | 'protocols'> {
  close(): Promise<void>;
}

/**
 * Opens a local copy of a chain: the built-in rows of that chain, aimed at the same addresses on the copy; accounts are discovered as always and valued on the copy.
 *
 * @throws {InvalidArgument} where the endpoint is no local chain, or nothing is discovered on the chain that it copies
 */
export async function openDrillWorld({ rpc, forkOf, recorded, at }: DrillWorldRequest, config: Config, surroundings: Surroundings = MACHINE): Promise<DrillWorld> {
  const { chain, send } = await openLocalChain(rpc, surroundings);
  const dataset = (await listDatasets()).find(({ name }) => name === recorded);
  if (dataset === undefined) throw new InvalidArgument(`There is no recorded data set "${recorded}" to take wallets from.`, { recorded });
  const owners = dataset.wallets.map(({ address }) => parseWallet(address));
  const runtime = await openRuntime(config, { owners, chains: [forkOf], recorded, ...(at === undefined ? {} : { at }) }, surroundings);
  const { graph, endpointOf, deployments, protocols } = runtime.reader;
  const subjects = deployments.flatMap((deployment): DrillSubject[] => {
    const [endpoint, protocol] = [endpointOf(deployment), protocols.find(({ id }) => id === deployment.protocol)];
    if (endpoint === null || protocol === undefined) return [];
    return [{ deployment: { ...deployment, chain }, protocol, discover: (wanted) => discoverRows(deployment, { protocol, endpoint, graph, owners: wanted }) }];
  });
  if (subjects.length === 0) {
    await runtime.close();
    throw new InvalidArgument(`The data set ${recorded} has nothing on ${forkOf}. Name another chain with --fork-of, or another data set.`, { recorded });
  }
  const source = createChainSource({ chain, endpoint: { url: rpc, label: 'the local chain' }, ...surroundings });
  return {
    send,
    deployments: subjects.map(({ deployment }) => deployment),
    protocols: PROTOCOLS,
    read: (wanted = owners) => readLocalBook(source, subjects, wanted),
    close: () => runtime.close(),
  };
}

interface Discovery {
  readonly protocol: Protocol;
  readonly endpoint: GraphEndpoint;
  readonly graph: Awaited<ReturnType<typeof openRuntime>>['reader']['graph'];
  readonly owners: readonly Address[];
}

async function discoverRows(deployment: Deployment, { protocol, endpoint, graph, owners }: Discovery): Promise<Rows> {
  const head = await graph.fetchHead(endpoint);
  const queries = protocol.discover(deployment, owners);
  const rows = await Promise.all(queries.map((query) => graph.fetchRows(endpoint, query, endpoint.dialect === 'graph-node' ? head.block.hash : null)));
  return Object.fromEntries(queries.map((query, at) => [query.name, rows[at] ?? []]));
}

/** The owners' accounts as the local chain has them at its newest block, through each protocol's own adapter. */
export async function readLocalBook(source: ChainSource, subjects: readonly DrillSubject[], owners: readonly Address[]): Promise<Book> {
  const block = await source.fetchHead('latest');
  const markets = new Map<string, BookMarket>();
  const accounts: BookAccount[] = [];
  const gaps: Gap[] = [];
  for (const { deployment, protocol, discover } of subjects) {
    try {
      const rows = await discover(owners);
      const calls = await source.fetchCalls(protocol.value(deployment, owners, rows), block.hash ?? '');
      const found = protocol.normalize({ deployment, owners, block, rows, calls });
      for (const { id: key, market, label, rule, state } of found.markets) {
        const known = findRule(rule);
        if (known !== undefined) markets.set(key, { key, chain: deployment.chain, deployment: deployment.id, protocol: protocol.id, market, label, rule: known, state, at: block.timestamp });
      }
      accounts.push(...found.accounts.map(({ market: marketKey, ...account }) => ({ ...account, marketKey })));
      gaps.push(...found.gaps);
    } catch (error) {
      gaps.push(gapOf(error, { chain: deployment.chain, deployment: deployment.id }));
    }
  }
  return {
    name: 'the local chain',
    recorded: null,
    trust: 'as-read',
    now: Number(block.timestamp),
    asOf: [{ ...block, number: block.number.toString(), timestamp: Number(block.timestamp) }],
    prices: [],
    markets,
    accounts,
    gaps,
  };
}
