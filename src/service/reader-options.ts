import type { AssetId, ChainId } from '../core/ids.ts';
import type { PortfolioPrice } from '../core/portfolio.ts';
import type { FindRule } from '../core/rule.ts';
import type { ChainSource, GraphEndpoint, GraphSource } from '../core/source.ts';
import type { Deployment, Protocol } from '../protocols/protocol.ts';

/** Market prices beside the protocols' oracles. */
export interface PriceSource {
  /** Prices at about unix second `at`; an asset that is not known is left out. */
  fetchPrices(assets: readonly AssetId[], at: bigint): Promise<readonly PortfolioPrice[]>;
}

/** Where and how to read: everything that touches the network or the clock is handed in here. */
export interface ReaderOptions {
  readonly protocols: readonly Protocol[];
  readonly deployments: readonly Deployment[];
  readonly findRule: FindRule;
  readonly graph: GraphSource;
  /** The endpoint of a deployment's subgraph; null where none is configured. */
  readonly endpointOf: (deployment: Deployment) => GraphEndpoint | null;
  readonly chains: ReadonlyMap<ChainId, ChainSource>;
  readonly prices: PriceSource | null;
  /** Unix seconds now. */
  readonly now: () => number;
  /** A subgraph whose head is older than this is refused. */
  readonly maxBlockAgeSeconds: number;
  /** What the recorded data are, in words; null when live. */
  readonly recorded: string | null;
}
