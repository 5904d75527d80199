import { type Lease, renewLease } from '../../store/leases.ts';
import type { SyncOptions } from './sync-options.ts';

/** Seconds that a lease is taken and prolonged for. */
export const LEASE_SECONDS = 60;
/** Milliseconds between two renewals: one or two that fail are made up for. */
const RENEW_MS = 20_000;

/** A lease that is prolonged while the work under it goes on, however slow a source is. */
export interface KeptLease {
  /** Aborted once it turns out that the lease was taken over. */
  readonly lost: AbortSignal;
  /** Prolongs it no more. */
  end(): Promise<void>;
}

/** Prolongs a lease from time to time until it is ended or lost. */
export function keepLease({ database, clock }: Pick<SyncOptions, 'database' | 'clock'>, lease: Lease): KeptLease {
  const ended = new AbortController();
  const lost = new AbortController();
  async function renew(): Promise<void> {
    for (;;) {
      await clock.sleep(RENEW_MS, ended.signal);
      if (ended.signal.aborted) return;
      // A database that does not answer now may the next time; until then the fences decide.
      if (await renewLease(database, lease, LEASE_SECONDS).catch(() => true)) continue;
      lost.abort();
      return;
    }
  }
  const running = renew();
  return {
    lost: lost.signal,
    async end() {
      ended.abort();
      await running;
    },
  };
}
