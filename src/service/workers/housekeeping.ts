import { randomUUID } from 'node:crypto';
import { deleteGoneAccounts } from '../../store/book-accounts.ts';
import { deleteEvents } from '../../store/events.ts';
import { claimLease, renewLease } from '../../store/leases.ts';
import { maintain } from '../../store/maintain.ts';
import { deleteProofJobs } from '../../store/proof-jobs.ts';
import type { RoleContext } from './role.ts';

/** The lease under which one process keeps house for all. */
export const HOUSE_LEASE = 'house:keeping';
/** Seconds that it may take; whoever was killed at it is followed after that. */
const WORK_SECONDS = 600;
/** Seconds until it is done again. */
const EVERY_SECONDS = 4 * 3_600;
const DAY_SECONDS = 86_400;
/** Days that an event stays, from which a stream can go on. */
const EVENT_DAYS = 30;
/** Days that a job stays, with its result, or with a payload that nobody could open. */
const JOB_DAYS = 1;
/** Days that a closed account stays: long beyond any reorganisation. */
const ACCOUNT_DAYS = 7;

/** What was deleted. */
export interface Kept {
  readonly events: number;
  readonly jobs: number;
  readonly accounts: number;
}

/**
 * Deletes what is old and tells the database what its tables hold, if nobody has for some hours. The lease stays taken until it is due again.
 *
 * @returns null where it is not due
 */
export async function keepHouse({ database, holder, surroundings, log }: Pick<RoleContext, 'database' | 'holder' | 'surroundings' | 'log'>): Promise<Kept | null> {
  // A name of its own each time: the same one could claim what it did a moment ago.
  const lease = await claimLease(database, HOUSE_LEASE, { holder: `${holder}/${randomUUID()}`, seconds: WORK_SECONDS });
  if (lease === null) return null;
  const before = (days: number): bigint => BigInt(Math.floor(surroundings.clock.now() / 1000) - days * DAY_SECONDS);
  const events = await deleteEvents(database, before(EVENT_DAYS));
  const jobs = await deleteProofJobs(database, before(JOB_DAYS));
  const accounts = await deleteGoneAccounts(database, before(ACCOUNT_DAYS));
  await maintain(database);
  await renewLease(database, lease, EVERY_SECONDS);
  log(`notify: deleted ${events} events, ${jobs} jobs and ${accounts} closed accounts that were old`);
  return { events, jobs, accounts };
}
