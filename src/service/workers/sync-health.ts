import type { Gap } from '../../core/portfolio.ts';
import type { Database } from '../../store/database.ts';
import { readWatchState } from '../../store/watch-state.ts';
import type { SyncResult } from '../sync/sync-options.ts';
import type { DeploymentHealth } from './role.ts';

/** What is needed to tell how deployments are. */
export interface SyncHealthOptions {
  readonly database: Database;
  /** Ids of the deployments that are mirrored. */
  readonly deployments: readonly string[];
  /** Unix seconds now, by the clock of the data. */
  readonly now: () => number;
  /** A deployment whose stored newest block is older counts as dead. */
  readonly maxBlockAgeSeconds: number;
}

/** How each deployment's mirror is, by what is stored of it, whoever stored it: a worker that fails at one must not look well because of the others. */
export class SyncHealth {
  readonly #options: SyncHealthOptions;
  /** Unix seconds of the newest block at which each was whole. */
  readonly #newest = new Map<string, number>();
  /** Why the last round of each failed. */
  readonly #failed = new Map<string, Gap>();

  constructor(options: SyncHealthOptions) {
    this.#options = options;
  }

  /** Takes the results of a round, and looks at what is stored. @throws {PlimsollError} STORE_* */
  async look(results: readonly SyncResult[]): Promise<void> {
    for (const { deployment, gaps } of results) {
      const [gap] = gaps;
      if (gap === undefined) this.#failed.delete(deployment);
      else this.#failed.set(deployment, gap);
    }
    const { deployments } = await readWatchState(this.#options.database);
    for (const { id, block } of deployments) if (block !== null) this.#newest.set(id, Number(block.timestamp));
  }

  /** Each deployment by now, in the order of the options. */
  list(): readonly DeploymentHealth[] {
    return this.#options.deployments.map((deployment) => {
      const newest = this.#newest.get(deployment);
      const lagMs = newest === undefined ? null : Math.max(0, this.#options.now() - newest) * 1_000;
      const gap = this.#failed.get(deployment);
      return { deployment, lagMs, trouble: gap === undefined ? null : `${gap.code}: ${gap.message}` };
    });
  }

  /** The deployments that are dead, with the reason; null where none is. One that was never read is dead once a round of it failed. */
  findTrouble(): string | null {
    const limit = this.#options.maxBlockAgeSeconds;
    const dead = this.list().flatMap(({ deployment, lagMs, trouble }) => {
      const why = trouble === null ? 'Check its subgraph.' : trouble;
      if (lagMs === null) return trouble === null ? [] : [`${deployment} was never read whole: ${why}`];
      return lagMs <= limit * 1_000 ? [] : [`${deployment} was last read at a block that is ${lagMs / 1_000} s old (limit ${limit} s): ${why}`];
    });
    return dead.length === 0 ? null : dead.join(' ');
  }

  /** Milliseconds that the deployment furthest behind lags; null where none was read. */
  findLag(): number | null {
    const lags = this.list().flatMap(({ lagMs }) => lagMs ?? []);
    return lags.length === 0 ? null : Math.max(...lags);
  }
}
