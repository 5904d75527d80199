import { PlimsollError } from '../../core/errors.ts';
import type { BlockRef } from '../../core/source.ts';
import { SUBSQUID_PAGE } from '../../sources/graph.ts';
import { holdLease, type Lease, renewLease } from '../../store/leases.ts';
import { applyRows, removeUnlisted } from '../../store/mirror-rows.ts';
import { completeRun, readMirrorState } from '../../store/mirrors.ts';
import { placeRow } from './read-pages.ts';
import { SYNC_LEASE } from './sync-lease.ts';
import type { MirroredDeployment, SyncOptions } from './sync-options.ts';
import type { Tally } from './tally.ts';

/** Rows that are written by one statement. */
const ROWS_AT_ONCE = 1_000;

/**
 * Mirrors a deployment whose indexer can neither be read at a block nor say what changed: everything, between two heads, and kept in one
 * transaction or not at all. The mirror counts as of the earlier head.
 *
 * @throws {PlimsollError} BLOCK_GONE where the indexer went back meanwhile, STALE_BLOCK, SOURCE_*
 */
export async function syncUnpinned(options: SyncOptions, { deployment, mirror, endpoint }: MirroredDeployment, { lease, tally }: { readonly lease: Lease; readonly tally: Tally }): Promise<BlockRef> {
  const { graph, now, maxBlockAgeSeconds } = options.reader;
  const { block: before } = await graph.fetchHead(endpoint);
  const age = now() - Number(before.timestamp);
  if (age > maxBlockAgeSeconds) {
    throw new PlimsollError('STALE_BLOCK', `${deployment.label}: the indexer's newest block is ${age} s old (limit ${maxBlockAgeSeconds} s). Wait for it, or raise PLIMSOLL_MAX_BLOCK_AGE.`, {
      ageSeconds: age,
    });
  }
  options.notify({ deployment: deployment.id, kind: 'started', mode: 'full', block: before.number, resumed: false });
  const read = await Promise.all(mirror.queries.map(async (query) => ({ query, rows: (await graph.fetchRows(endpoint, query, null)).map((row) => placeRow(query, row)) })));
  const { block: after } = await graph.fetchHead(endpoint);
  tally.requests += 2 + read.reduce((sum, { rows }) => sum + Math.floor(rows.length / SUBSQUID_PAGE) + 1, 0);
  if (after.number < before.number) {
    throw new PlimsollError('BLOCK_GONE', `${deployment.label}: the indexer went back from block ${before.number} to ${after.number} while it was read.`);
  }
  const isFirst = (await readMirrorState(options.database, deployment.id)).fullAt === null;
  tally.rowsChanged += await options.database.transaction(async (transaction) => {
    await holdLease(transaction, lease);
    let changed = 0;
    for (const { query, rows } of read) {
      const scope = { deployment: deployment.id, entity: query.name, block: isFirst ? 0n : before.number };
      for (let at = 0; at < rows.length; at += ROWS_AT_ONCE) changed += await applyRows(transaction, scope, rows.slice(at, at + ROWS_AT_ONCE));
      changed += await removeUnlisted(transaction, scope, { after: '', to: null, listed: rows.map((row) => row.id) });
    }
    await completeRun(transaction, deployment.id, { mode: 'full', block: before });
    // Nobody could prolong it while the transaction kept it as it was.
    await renewLease(transaction, lease, SYNC_LEASE.seconds);
    return changed;
  });
  for (const { query, rows } of read) options.notify({ deployment: deployment.id, kind: 'page', rows: query.name, read: rows.length, known: rows.length });
  tally.rowsRead += read.reduce((sum, { rows }) => sum + rows.length, 0);
  return before;
}
