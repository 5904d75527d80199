import type { ChainId } from '../../core/ids.ts';
import type { FindRule } from '../../core/rule.ts';
import type { ChainSource, GraphEndpoint, GraphSource } from '../../core/source.ts';
import type { Deployment, Protocol } from '../../protocols/protocol.ts';
import type { MarketPrices } from '../../sources/prices.ts';

/** Where and how to read: everything that touches the network or the clock is handed in here. */
export interface ReaderOptions {
  readonly protocols: readonly Protocol[];
  readonly deployments: readonly Deployment[];
  readonly findRule: FindRule;
  readonly graph: GraphSource;
  /** The endpoint of a deployment's subgraph; null where none is configured. */
  readonly endpointOf: (deployment: Deployment) => GraphEndpoint | null;
  readonly chains: ReadonlyMap<ChainId, ChainSource>;
  readonly prices: MarketPrices | null;
  /** Unix seconds now. */
  readonly now: () => number;
  /** A subgraph whose head is older than this is refused. */
  readonly maxBlockAgeSeconds: number;
  /** Which block of a chain to read at: the newest that every subgraph has, or the newest of those that is final. The newest where absent. */
  readonly finality?: 'latest' | 'finalized';
  /** Block hashes to read at, by chain, whatever is newest. */
  readonly pins?: ReadonlyMap<ChainId, string>;
  /** What the recorded data are, in words; null when live. */
  readonly recorded: string | null;
  /** The wallets that recorded data are about; of any other they know nothing. Absent when live. */
  readonly recordedOwners?: ReadonlySet<string>;
}
