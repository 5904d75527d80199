import type { Gap } from '../../core/portfolio.ts';
import type { BlockRef, GraphEndpoint } from '../../core/source.ts';
import type { Deployment, Mirror, Protocol } from '../../protocols/protocol.ts';
import type { Clock } from '../../sources/clock.ts';
import type { Database } from '../../store/database.ts';
import type { ReaderOptions } from '../portfolio/reader-options.ts';

/** What happens while a deployment is synchronised, for people and for metrics. */
export type SyncEvent = { readonly deployment: string } & (
  | { readonly kind: 'started'; readonly mode: 'full' | 'changes'; readonly block: bigint; readonly resumed: boolean }
  /** `known`: rows of the kind before this run; 0 where none were. */
  | { readonly kind: 'page'; readonly rows: string; readonly read: number; readonly known: number }
  /** A block vanished, so that the mirror goes back to an earlier one; null: to nothing. */
  | { readonly kind: 'rolled-back'; readonly to: bigint | null }
  /** The run begins anew. */
  | { readonly kind: 'again'; readonly reason: string }
  | { readonly kind: 'accounts'; readonly made: number }
  /** Of the owners near their threshold whose rows did not change, how many the chain valued; the others wait for a later round. */
  | { readonly kind: 'near'; readonly refreshed: number; readonly near: number }
  | { readonly kind: 'gap'; readonly gap: Gap }
);

/** Where to sync from and to, and what not to wait for. */
export interface SyncOptions {
  readonly reader: Omit<ReaderOptions, 'prices' | 'recorded' | 'finality' | 'pins'>;
  readonly database: Database;
  /** Who holds the leases. The embedded database has one process, so that one name is enough; else a name that no other process has. */
  readonly holder: string;
  /** For waiting; the time of blocks is the reader's. */
  readonly clock: Clock;
  readonly notify: (event: SyncEvent) => void;
  /** Read everything, whatever is known. */
  readonly full?: boolean;
  /** Seconds after which everything is compared again. A day if absent. */
  readonly fullEverySeconds?: number;
  /** Values are refreshed from the chain for accounts whose native health is below this. 1.1 if absent. */
  readonly nearHealth?: string;
  /** Stops between two pages; what was committed stays. */
  readonly signal?: AbortSignal;
}

/** A deployment with all that its mirror needs. */
export interface MirroredDeployment {
  readonly deployment: Deployment;
  readonly protocol: Protocol;
  readonly mirror: Mirror;
  readonly endpoint: GraphEndpoint;
}

/** What became of one deployment. */
export interface SyncResult {
  readonly deployment: string;
  /**
   * `synced`: the mirror is whole at a newer block; `current`: it was already; `behind`: the source is older than the mirror; `busy`: another
   * process is at it; `stopped`: the signal came; `failed`: see the gaps.
   */
  readonly status: 'synced' | 'current' | 'behind' | 'busy' | 'stopped' | 'failed';
  readonly mode: 'full' | 'changes' | null;
  readonly block: BlockRef | null;
  /** Questions to the subgraph, repetitions apart. */
  readonly requests: number;
  readonly rowsRead: number;
  readonly rowsChanged: number;
  readonly accountsChanged: number;
  /** Owners whose accounts were valued by the chain. */
  readonly valued: number;
  readonly gaps: readonly Gap[];
}

/** Whether the signal came. */
export function isStopped({ signal }: Pick<SyncOptions, 'signal'>): boolean {
  return signal?.aborted === true;
}
