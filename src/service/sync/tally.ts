import type { Gap } from '../../core/portfolio.ts';
import type { SyncEvent } from './sync-options.ts';

/** Counts of one deployment's synchronisation, added up as it goes. */
export class Tally {
  requests = 0;
  rowsRead = 0;
  rowsChanged = 0;
  accountsChanged = 0;
  valued = 0;
  readonly gaps: Gap[] = [];
  readonly #notify: (event: SyncEvent) => void;
  readonly #deployment: string;

  constructor(deployment: string, notify: (event: SyncEvent) => void) {
    this.#deployment = deployment;
    this.#notify = notify;
  }

  /** Keeps a gap and tells of it. */
  addGap(gap: Gap): void {
    this.gaps.push(gap);
    this.#notify({ deployment: this.#deployment, kind: 'gap', gap });
  }
}
