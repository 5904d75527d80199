import { isPlimsollError, PlimsollError } from '../../core/errors.ts';
import { encodeJson } from '../../core/json.ts';
import type { GraphPage } from '../../core/source.ts';
import type { MirrorQuery } from '../../protocols/protocol.ts';
import { holdLease, type Lease, renewLease } from '../../store/leases.ts';
import { applyRows, countEntities, listChangedIds, type MirrorRow, type MirrorScope, removeUnlisted } from '../../store/mirror-rows.ts';
import { completeRun, type SyncProgress, saveProgress } from '../../store/mirrors.ts';
import { judgeBlock } from './known-block.ts';
import { operationOf, type Step } from './run-steps.ts';
import { type Run, UNSETTLED_BLOCKS, UNSETTLED_SECONDS } from './start-run.ts';
import { SYNC_LEASE } from './sync-lease.ts';
import { isStopped, type MirroredDeployment, type SyncOptions } from './sync-options.ts';
import type { Tally } from './tally.ts';

/** Rows that are asked for by id at once. */
const IDS_AT_ONCE = 500;

/** An endpoint refused the first page of a read of changes: it does not have that filter or field. */
export class ChangesRefused extends PlimsollError {
  readonly operation: string;

  constructor(operation: string, label: string) {
    super('SOURCE_REJECTED', `${label} does not have what ${operation} asks for, so another way is taken.`, { operation });
    this.operation = operation;
  }
}

/** What a page brings: rows, those without data among them, up to an id; and whether the step ends with it. */
interface Page {
  readonly rows: readonly MirrorRow[];
  readonly lastId: string;
  readonly isLast: boolean;
}

/**
 * Reads the rest of a run, page by page, each applied and noted in one transaction: a process that is killed goes on behind its last page.
 * The last one makes the mirror whole at the run's block.
 *
 * @returns false where the signal came first
 * @throws {PlimsollError} BLOCK_GONE where the pinned block vanished, LEASE_LOST, SOURCE_*
 */
export async function readPages(options: SyncOptions, mirrored: MirroredDeployment, run: Run, { lease, tally }: { readonly lease: Lease; readonly tally: Tally }): Promise<boolean> {
  const id = mirrored.deployment.id;
  const known = await countEntities(options.database, id);
  let progress = run.progress;
  while (progress.step < run.steps.length) {
    if (isStopped(options)) return false;
    const step = run.steps[progress.step];
    if (step === undefined) break;
    const page = await readPage(options, mirrored, step, progress, tally);
    const isEnd = page.isLast && progress.step === run.steps.length - 1;
    if (isEnd) await requireStillThere(options, mirrored, progress, tally);
    const next = advance(progress, page);
    await applyPage(options, { id, step, page, progress, next, isEnd, lease, tally, isFirst: run.isFirst });
    if (page.rows.length > 0) options.notify({ deployment: id, kind: 'page', rows: step.query.name, read: next.rowsRead, known: known.get(step.query.name) ?? 0 });
    progress = next;
  }
  return true;
}

function advance(progress: SyncProgress, page: Page): SyncProgress {
  const counted = { ...progress, pages: progress.pages + 1, rowsRead: progress.rowsRead + page.rows.length };
  return page.isLast ? { ...counted, step: progress.step + 1, lastId: '' } : { ...counted, lastId: page.lastId };
}

async function readPage(options: SyncOptions, mirrored: MirroredDeployment, step: Step, progress: SyncProgress, tally: Tally): Promise<Page> {
  if (step.kind === 'again') return readAgain(options, mirrored, step, progress, tally);
  const { rows, isLast } = await fetchPage(options, mirrored, step, progress, tally);
  const placed = rows.map((row) => placeRow(step.query, row));
  return { rows: placed, lastId: placed.at(-1)?.id ?? progress.lastId, isLast };
}

async function fetchPage(options: SyncOptions, { endpoint }: MirroredDeployment, step: Exclude<Step, { kind: 'again' }>, progress: SyncProgress, tally: Tally): Promise<GraphPage> {
  const variables = step.kind === 'whole' ? step.query.variables : { ...step.query.variables, since: sinceOf(step.changes.by, step.kind === 'recent' ? recentOf(progress) : progress.since) };
  tally.requests += 1;
  try {
    return await options.reader.graph.fetchPage(endpoint, { ...step.query, operation: operationOf(step), variables }, { pin: progress.block.hash, after: progress.lastId });
  } catch (error) {
    if (step.kind !== 'whole' && progress.lastId === '' && isPlimsollError(error, 'SOURCE_REJECTED')) throw new ChangesRefused(step.changes.operation, endpoint.label);
    throw error;
  }
}

/** A block is read whole by its mirror, so that changes begin with the one after it; several blocks may have one time. */
function sinceOf(by: 'change-block' | 'update-block' | 'update-time', since: SyncProgress['since']): number | string {
  if (by === 'update-time') return Number(since.timestamp);
  return by === 'update-block' ? (since.number + 1n).toString() : Number(since.number + 1n);
}

function recentOf({ block }: SyncProgress): SyncProgress['since'] {
  return { number: block.number > UNSETTLED_BLOCKS ? block.number - UNSETTLED_BLOCKS : 0n, timestamp: block.timestamp - UNSETTLED_SECONDS };
}

/** Rows that changed after the block as far as this mirror knows, as they are now; those that the source does not have are gone. */
async function readAgain(options: SyncOptions, mirrored: MirroredDeployment, step: Extract<Step, { kind: 'again' }>, progress: SyncProgress, tally: Tally): Promise<Page> {
  const scope = { deployment: mirrored.deployment.id, entity: step.query.name, block: progress.since.number };
  const ids = await listChangedIds(options.database, scope, { after: progress.lastId, most: IDS_AT_ONCE });
  if (ids.length === 0) return { rows: [], lastId: progress.lastId, isLast: true };
  tally.requests += 1;
  const query = { ...step.query, operation: step.operation, variables: { ids } };
  const { rows } = await options.reader.graph.fetchPage(mirrored.endpoint, query, { pin: progress.block.hash, after: '' });
  const found = new Map(rows.map((row) => placeRow(step.query, row)).map((row) => [row.id, row]));
  const all = ids.map((id) => found.get(id) ?? { id, owner: null, market: '', data: null });
  return { rows: all, lastId: ids.at(-1) ?? progress.lastId, isLast: ids.length < IDS_AT_ONCE };
}

/** A row as the mirror keeps it: as the protocol reads it, in JSON. */
export function placeRow(query: MirrorQuery, row: unknown): MirrorRow {
  const data = encodeJson(row);
  const id = row !== null && typeof row === 'object' && 'id' in row && typeof row.id === 'string' ? row.id : '';
  const place = query.place(row);
  return place === null ? { id, owner: null, market: '', data: null } : { id, owner: place.owner, market: place.market, data };
}

/** A subgraph may answer for a block that is no longer on the chain; the chain does not. */
async function requireStillThere(options: SyncOptions, mirrored: MirroredDeployment, { block }: SyncProgress, tally: Tally): Promise<void> {
  if (!options.reader.chains.has(mirrored.deployment.chain)) return;
  if ((await judgeBlock(options, mirrored, block, tally)) !== 'gone') return;
  throw new PlimsollError('BLOCK_GONE', `${mirrored.deployment.label}: block ${block.number} vanished from the chain while it was read.`);
}

interface Application {
  readonly id: string;
  readonly step: Step;
  readonly page: Page;
  readonly progress: SyncProgress;
  readonly next: SyncProgress;
  readonly isEnd: boolean;
  readonly isFirst: boolean;
  readonly lease: Lease;
  readonly tally: Tally;
}

async function applyPage(options: SyncOptions, { id, step, page, progress, next, isEnd, isFirst, lease, tally }: Application): Promise<void> {
  // What the first read of all finds may have changed long ago.
  const scope: MirrorScope = { deployment: id, entity: step.query.name, block: isFirst && step.kind === 'whole' ? 0n : progress.block.number, keepsEmpty: step.kind === 'recent' };
  const changed = await options.database.transaction(async (transaction) => {
    await holdLease(transaction, lease);
    await renewLease(transaction, lease, SYNC_LEASE.seconds);
    let count = await applyRows(transaction, scope, page.rows);
    if (step.kind === 'whole') {
      count += await removeUnlisted(transaction, scope, { after: progress.lastId, to: page.isLast ? null : page.lastId, listed: page.rows.map((row) => row.id) });
    }
    if (isEnd) await completeRun(transaction, id, { mode: progress.mode, block: progress.block });
    else await saveProgress(transaction, id, next);
    return count;
  });
  tally.rowsRead += page.rows.length;
  tally.rowsChanged += changed;
}
