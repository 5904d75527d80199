import { randomUUID } from 'node:crypto';
import { listWatchedOwners } from '../../store/alerts.ts';
import { deleteGoneAccounts } from '../../store/book-accounts.ts';
import { deleteEvents } from '../../store/events.ts';
import { claimLease, renewLease } from '../../store/leases.ts';
import { maintain } from '../../store/maintain.ts';
import { deleteClosedOpportunities } from '../../store/opportunities.ts';
import { deletePrices } from '../../store/prices.ts';
import { deleteProofJobs } from '../../store/proof-jobs.ts';
import { deleteWalletStates } from '../../store/wallet-states.ts';
import { endRotations } from '../../store/webhooks.ts';
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
/** Days that a closed opportunity stays. */
const OPPORTUNITY_DAYS = 30;
/** Days that the history of prices goes back. */
const PRICE_DAYS = 30;

/** Seconds for which the former secret of a subscriber signs beside the new one, at least. */
export const ROTATION_SECONDS: number = DAY_SECONDS;

/** What was deleted. */
export interface Kept {
  readonly events: number;
  readonly jobs: number;
  readonly accounts: number;
  readonly opportunities: number;
  readonly prices: number;
  /** How wallets stood that nobody watches any more. */
  readonly states: number;
}

/**
 * Deletes what is old, former secrets of subscribers too, and tells the database what its tables hold, if nobody has for some hours. The lease stays taken until it is due again.
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
  const opportunities = await deleteClosedOpportunities(database, before(OPPORTUNITY_DAYS));
  const prices = await deletePrices(database, before(PRICE_DAYS));
  const states = await deleteWalletStates(database, await listWatchedOwners(database));
  await endRotations(database, ROTATION_SECONDS);
  await maintain(database);
  await renewLease(database, lease, EVERY_SECONDS);
  log(
    `notify: deleted ${events} events, ${jobs} jobs, ${accounts} closed accounts, ${opportunities} closed opportunities and ${prices} prices that were old, and ${states} states of wallets that nobody watches`,
  );
  return { events, jobs, accounts, opportunities, prices, states };
}
