import { isPlimsollError, PlimsollError } from '../../core/errors.ts';
import type { BlockRef } from '../../core/source.ts';
import { addObstructedOwners } from '../../store/book-accounts.ts';
import { claimLease, type Lease, releaseLeases } from '../../store/leases.ts';
import { maintain } from '../../store/maintain.ts';
import { deleteVanished } from '../../store/mirror-rows.ts';
import { saveDeployment } from '../../store/mirrors.ts';
import { keepLease } from '../keep-lease.ts';
import { gapOf } from '../portfolio/gaps.ts';
import { makeAccounts } from './make-accounts.ts';
import { blockForValues } from './read-markets.ts';
import { ChangesRefused, readPages } from './read-pages.ts';
import { RoundMemory } from './round-memory.ts';
import { startRun } from './start-run.ts';
import { SYNC_LEASE } from './sync-lease.ts';
import { isStopped, type MirroredDeployment, type SyncOptions, type SyncResult } from './sync-options.ts';
import { syncUnpinned } from './sync-unpinned.ts';
import { Tally } from './tally.ts';

/** How often a run begins anew, because its block vanished or an operation was refused, before it is given up for this time. */
const MOST_BEGINNINGS = 8;
/** Blocks behind the newest that no reorganisation reaches. */
const SETTLED_BLOCKS = 10_000n;
/** Rounds after which accounts that could not be valued are tried again, */
const OBSTRUCTED_EVERY = 5;
/** and of how many owners at once: those that were not tried for longest. A full run tries all. */
const MOST_OBSTRUCTED = 200;
/** Changed rows after which the database is told what its tables hold. */
const MANY_ROWS = 10_000;

/** The name of the lease under which a deployment is synchronised. */
export function syncLeaseName(deployment: string): string {
  return `sync:${deployment}`;
}

/**
 * Brings the mirror of one deployment, and the accounts made of it, to the newest block of its subgraph. What fails becomes a gap of the
 * result; what was committed stays, and the next call goes on from there.
 *
 * @param memory of the rounds before; without it there were none
 */
export async function syncDeployment(options: SyncOptions, mirrored: MirroredDeployment, memory: RoundMemory = new RoundMemory(options)): Promise<SyncResult> {
  const { deployment } = mirrored;
  const { database } = options;
  const tally = new Tally(deployment.id, options.notify);
  let lease: Lease | null = null;
  let reached: Reached = { status: 'failed', mode: null, block: null };
  try {
    await saveDeployment(database, deployment);
    const { holder } = options;
    lease = await claimLease(database, syncLeaseName(deployment.id), { holder, seconds: SYNC_LEASE.seconds, attended: await database.attend(holder) });
    reached = lease === null ? { ...reached, status: 'busy' } : await reachUnderLease(options, mirrored, { lease, tally, memory });
  } catch (error) {
    tally.addGap(gapOf(error, { chain: deployment.chain, deployment: deployment.id }));
  } finally {
    if (lease !== null) await releaseLeases(database, [lease]).catch(() => {});
  }
  const { requests, rowsRead, rowsChanged, accountsChanged, valued, gaps } = tally;
  return { deployment: deployment.id, ...reached, requests, rowsRead, rowsChanged, accountsChanged, valued, gaps };
}

type Reached = Pick<SyncResult, 'status' | 'mode' | 'block'>;

interface Round {
  readonly lease: Lease;
  readonly tally: Tally;
  readonly memory: RoundMemory;
}

/** Works while the lease is prolonged, and stops where somebody else took it over. */
async function reachUnderLease(options: SyncOptions, mirrored: MirroredDeployment, round: Round): Promise<Reached> {
  const kept = keepLease(options, round.lease, SYNC_LEASE);
  try {
    const reached = await reach({ ...options, signal: options.signal === undefined ? kept.lost : AbortSignal.any([options.signal, kept.lost]) }, mirrored, round);
    if (reached.status === 'stopped' && !isStopped(options)) throw new PlimsollError('LEASE_LOST', `${mirrored.deployment.label}: another process took the synchronisation over.`);
    return reached;
  } finally {
    await kept.end();
  }
}

async function reach(options: SyncOptions, mirrored: MirroredDeployment, { lease, tally, memory }: Round): Promise<Reached> {
  const { deployment, endpoint } = mirrored;
  const reached = endpoint.dialect === 'graph-node' ? await reachHead(options, mirrored, lease, tally) : await reachUnpinned(options, mirrored, lease, tally);
  if (reached.block === null || (reached.status !== 'synced' && reached.status !== 'current')) return reached;
  if (reached.mode === 'full') await deleteVanished(options.database, deployment.id, reached.block.number - SETTLED_BLOCKS);
  // What stood in the way may have passed.
  if (reached.mode === 'full') await addObstructedOwners(options.database, deployment.id);
  else if (memory.rounds % OBSTRUCTED_EVERY === 0) await addObstructedOwners(options.database, deployment.id, MOST_OBSTRUCTED);
  memory.rounds += 1;
  const isGreat = tally.rowsChanged >= MANY_ROWS || (reached.mode === 'full' && mirrored.endpoint.dialect === 'graph-node');
  if (isGreat) await maintain(options.database);
  await options.database.notify(BOOK_CHANNEL, deployment.id);
  try {
    const block = await blockForValues(options, mirrored, reached.block);
    const finished = await makeAccounts(options, mirrored, { block, lease, tally, memory });
    await options.database.notify(BOOK_CHANNEL, deployment.id);
    return finished ? reached : { ...reached, status: 'stopped' };
  } catch (error) {
    // The mirror is whole; the accounts are made when the chain answers again.
    tally.addGap(gapOf(error, { chain: deployment.chain, deployment: deployment.id }));
    return reached;
  }
}

/** Where it is announced that the book of a deployment changed. The payload is the deployment's id. */
export const BOOK_CHANNEL = 'plimsoll_book';

async function reachUnpinned(options: SyncOptions, mirrored: MirroredDeployment, lease: Lease, tally: Tally): Promise<Reached> {
  for (let beginning = 1; ; beginning += 1) {
    try {
      return { status: 'synced', mode: 'full', block: await syncUnpinned(options, mirrored, { lease, tally }) };
    } catch (error) {
      if (beginning >= MOST_BEGINNINGS || !isPlimsollError(error, 'BLOCK_GONE')) throw error;
      options.notify({ deployment: mirrored.deployment.id, kind: 'again', reason: error.message });
    }
  }
}

async function reachHead(options: SyncOptions, mirrored: MirroredDeployment, lease: Lease, tally: Tally): Promise<Reached> {
  const unsupported = new Set<string>();
  for (let beginning = 1; ; beginning += 1) {
    try {
      return await runOnce(options, mirrored, { lease, tally, unsupported });
    } catch (error) {
      const isRefused = error instanceof ChangesRefused;
      if (beginning >= MOST_BEGINNINGS || !(isRefused || isPlimsollError(error, 'BLOCK_GONE'))) throw error;
      if (isRefused) unsupported.add(error.operation);
      options.notify({ deployment: mirrored.deployment.id, kind: 'again', reason: error.message });
    }
  }
}

async function runOnce(options: SyncOptions, mirrored: MirroredDeployment, context: { readonly lease: Lease; readonly tally: Tally; readonly unsupported: ReadonlySet<string> }): Promise<Reached> {
  const start = await startRun(options, mirrored, context);
  if (start.progress === null) return { status: start.status, mode: null, block: start.block };
  const { mode, block: pinned } = start.progress;
  const block: BlockRef = { chain: mirrored.deployment.chain, ...pinned };
  options.notify({ deployment: mirrored.deployment.id, kind: 'started', mode, block: block.number, resumed: start.resumed });
  const finished = await readPages(options, mirrored, start, context);
  return { status: finished ? 'synced' : 'stopped', mode, block };
}
