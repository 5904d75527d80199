import type { LeaseRhythm } from '../keep-lease.ts';

/** How the lease of a deployment is kept while it is synchronised. */
export const SYNC_LEASE: LeaseRhythm = { seconds: 60, renewMs: 20_000 };
