import type { Clock } from '../sources/clock.ts';
import type { Queries } from '../store/database.ts';
import { type Lease, renewLease } from '../store/leases.ts';

/** For how long a lease is prolonged, seconds, and how often, milliseconds: several renewals fit into it, so that one or two that fail are made up for. */
export interface LeaseRhythm {
  readonly seconds: number;
  readonly renewMs: number;
}

/** A lease that is prolonged while the work under it goes on, however slow a source is. */
export interface KeptLease {
  /** Aborted once it turns out that the lease was taken over. */
  readonly lost: AbortSignal;
  /** Prolongs it no more. */
  end(): Promise<void>;
}

/** Prolongs a lease from time to time until it is ended or lost. */
export function keepLease({ database, clock }: { readonly database: Queries; readonly clock: Pick<Clock, 'sleep'> }, lease: Lease, { seconds, renewMs }: LeaseRhythm): KeptLease {
  const ended = new AbortController();
  const lost = new AbortController();
  async function renew(): Promise<void> {
    for (;;) {
      await clock.sleep(renewMs, ended.signal);
      if (ended.signal.aborted) return;
      // A database that does not answer now may the next time; until then the fences decide.
      if (await renewLease(database, lease, seconds).catch(() => true)) continue;
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
