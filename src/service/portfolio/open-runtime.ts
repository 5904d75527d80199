import { type Config, graphUrlVariable, isLive } from '../../config.ts';
import { PlimsollError } from '../../core/errors.ts';
import { type Address, type ChainId, chainNumber } from '../../core/ids.ts';
import type { ChainSource, GraphEndpoint } from '../../core/source.ts';
import type { Deployment } from '../../protocols/protocol.ts';
import { findRule, listDeployments, PROTOCOLS } from '../../protocols/registry.ts';
import { createChainSource } from '../../sources/chain.ts';
import { type Surroundings, systemClock, systemFetch, systemRandom } from '../../sources/clock.ts';
import { createGraphSource } from '../../sources/graph.ts';
import { DEFAULT_POLICY, type RequestPolicy } from '../../sources/lane.ts';
import { createLlamaPrices, readRecordedPrices } from '../../sources/prices.ts';
import type { Dataset } from '../../sources/recorded/dataset.ts';
import { startRecorded } from '../../sources/recorded/start.ts';
import type { ReaderOptions } from './reader-options.ts';
import { chooseDataset, cutDataset } from './recorded-data.ts';

/** Sources, opened; `close` ends the embedded endpoints. */
export interface Runtime {
  readonly reader: ReaderOptions;
  /** The recorded data set in use; null when live. */
  readonly dataset: Dataset | null;
  close(): Promise<void>;
}

/** What to open sources for. */
export interface RuntimeRequest {
  readonly owners: readonly Address[];
  /** Only these chains; all where absent. */
  readonly chains?: readonly ChainId[];
  /** Recorded data only: the moment to read, unix seconds. */
  readonly at?: number;
  /** A recorded data set by name or folder, whatever is configured. */
  readonly recorded?: string;
}

/**
 * As many requests at once as the rate lets start at once: a chain with many deployments asks one endpoint for each of them, and a queue there would make a fourth
 * round out of the third.
 */
const POLICY: Partial<RequestPolicy> = { concurrent: DEFAULT_POLICY.burst };

/** Clock, randomness and network of this machine. */
export const MACHINE: Surroundings = { clock: systemClock, random: systemRandom, fetch: systemFetch };

/**
 * Opens the sources that the configuration names, or the embedded recorded ones where nothing is configured.
 *
 * @param surroundings clock, randomness and network; a test hands in its own
 * @throws {PlimsollError} INVALID_CHAIN for a chain on which this release knows no deployment
 */
export async function openRuntime(config: Config, request: RuntimeRequest, surroundings: Surroundings = MACHINE): Promise<Runtime> {
  const wanted = (deployment: Deployment): boolean => request.chains === undefined || request.chains.includes(deployment.chain);
  const deployments = listDeployments().filter(wanted);
  requireDeployments(request.chains ?? [], deployments);
  return isLive(config) && request.recorded === undefined ? openLive(config, deployments, surroundings) : openRecorded(config, request, deployments, surroundings);
}

/**
 * Refuses a chain that nothing is read on: it would look like one without debt.
 *
 * @throws {PlimsollError} INVALID_CHAIN
 */
export function requireDeployments(chains: readonly ChainId[], deployments: readonly Deployment[]): void {
  const unknown = chains.find((chain) => !deployments.some((deployment) => deployment.chain === chain));
  if (unknown === undefined) return;
  const known = [...new Set(listDeployments().map(({ chain }) => chainNumber(chain)))].toSorted((a, b) => a - b);
  throw new PlimsollError('INVALID_CHAIN', `No deployment is known on ${unknown}, so nothing can be read there. Known chains: ${known.join(', ')}.`, { chain: unknown });
}

function openLive(config: Config, deployments: readonly Deployment[], surroundings: Surroundings): Runtime {
  const policy = { ...POLICY, deadlineMs: config.deadlineSeconds * 1000 };
  const chains = new Map<ChainId, ChainSource>();
  for (const [chain, urls] of config.rpcUrls) {
    const number = chainNumber(chain);
    const second = urls.second === null ? {} : { second: { url: urls.second, label: `RPC_URL_${number}_SECOND` } };
    chains.set(chain, createChainSource({ chain, endpoint: { url: urls.first, label: `RPC_URL_${number}` }, ...second, ...surroundings, policy }));
  }
  return {
    dataset: null,
    close: async () => {},
    reader: {
      protocols: PROTOCOLS,
      deployments,
      findRule,
      graph: createGraphSource({ ...surroundings, policy }),
      endpointOf: (deployment) => liveEndpoint(config, deployment),
      chains,
      prices: config.priceApiUrl === null ? null : createLlamaPrices(config.priceApiUrl, { ...surroundings, policy }),
      now: () => Math.floor(surroundings.clock.now() / 1000),
      maxBlockAgeSeconds: config.maxBlockAgeSeconds,
      recorded: null,
    },
  };
}

/** The gateway where there is a key, an endpoint of one's own where one is set, the public address where the row has one. */
function liveEndpoint(config: Config, deployment: Deployment): GraphEndpoint | null {
  const { subgraph } = deployment;
  if (subgraph === null) return null;
  const own = config.graphUrls.get(graphUrlVariable(deployment.id));
  const common = { chain: deployment.chain, dialect: subgraph.dialect };
  if (own !== undefined) return { ...common, url: own, label: graphUrlVariable(deployment.id) };
  if ('url' in subgraph) return { ...common, url: subgraph.url, label: new URL(subgraph.url).host };
  if (config.graphApiKey === null) return null;
  return {
    ...common,
    url: `https://gateway.thegraph.com/api/subgraphs/id/${subgraph.id}`,
    label: `The Graph ${subgraph.id}`,
    headers: { authorization: `Bearer ${config.graphApiKey}` },
  };
}

async function openRecorded(config: Config, request: RuntimeRequest, deployments: readonly Deployment[], surroundings: Surroundings): Promise<Runtime> {
  const chosen = await chooseDataset(request.recorded ?? config.recorded, request.owners);
  const dataset = request.at === undefined ? chosen.dataset : cutDataset(chosen.dataset, request.at);
  const recorded = await startRecorded(dataset);
  const chains = new Map<ChainId, ChainSource>();
  for (const chain of new Set(deployments.map((deployment) => deployment.chain))) {
    const url = recorded.rpcUrl(chain);
    if (url !== null) chains.set(chain, createChainSource({ chain, endpoint: { url, label: `recorded chain ${chainNumber(chain)}` }, ...surroundings, policy: POLICY }));
  }
  const endpointOf = (deployment: Deployment): GraphEndpoint | null => {
    const url = recorded.graphUrl(deployment.id);
    if (url === null || deployment.subgraph === null) return null;
    return { chain: deployment.chain, dialect: deployment.subgraph.dialect, url, label: `recorded ${deployment.id}` };
  };
  return {
    dataset,
    close: () => recorded.close(),
    reader: {
      protocols: PROTOCOLS,
      // What is not in the recording was never looked at: it is left out of coverage and is no gap.
      deployments: deployments.filter((deployment) => endpointOf(deployment) !== null),
      findRule,
      graph: createGraphSource({ ...surroundings, policy: POLICY }),
      endpointOf,
      chains,
      prices: await readRecordedPrices(chosen.folder),
      now: () => recorded.clockSeconds,
      maxBlockAgeSeconds: config.maxBlockAgeSeconds,
      recorded: dataset.title,
      recordedOwners: new Set(dataset.wallets.map(({ address }) => address)),
    },
  };
}
