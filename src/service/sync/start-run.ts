import { PlimsollError } from '../../core/errors.ts';
import type { BlockRef } from '../../core/source.ts';
import { holdLease, type Lease } from '../../store/leases.ts';
import { countChangedAfter } from '../../store/mirror-rows.ts';
import { findProgress, forgetBlocksAbove, type MirrorState, readMirrorState, type SyncProgress, saveProgress } from '../../store/mirrors.ts';
import { type CommonBlock, findCommonBlock, judgeBlock } from './known-block.ts';
import { planName, planSteps, type Step, type Unsupported } from './run-steps.ts';
import type { MirroredDeployment, SyncOptions } from './sync-options.ts';
import type { Tally } from './tally.ts';

/** Blocks and seconds whose changes are read again where only the subgraph vouches for the last one. */
export const UNSETTLED_BLOCKS = 64n;
export const UNSETTLED_SECONDS = 900n;
/** Rows that are read again one by one; where more are in doubt, everything is read. */
const MOST_AGAIN = 20_000;
const DEFAULT_FULL_EVERY_SECONDS = 86_400;

/** A run that can go on. */
export interface Run {
  readonly progress: SyncProgress;
  readonly steps: readonly Step[];
  readonly resumed: boolean;
  /** Whether everything is read for the first time. */
  readonly isFirst: boolean;
}

/** A run, or why there is none: the mirror is at the head already, or the head is behind it. */
export type Start = Run | { readonly progress: null; readonly status: 'current' | 'behind'; readonly block: BlockRef };

/** What starting needs beside the deployment. */
export interface StartContext {
  readonly lease: Lease;
  readonly unsupported: Unsupported;
  readonly tally: Tally;
}

/**
 * Goes on with the run that was begun, or begins one at the subgraph's head: from the newest block that is still on the chain, or from
 * nothing. Whatever vanished is forgotten first.
 *
 * @throws {PlimsollError} STALE_BLOCK, INDEXING_ERRORS, SOURCE_*
 */
export async function startRun(options: SyncOptions, mirrored: MirroredDeployment, context: StartContext): Promise<Start> {
  const { database } = options;
  const id = mirrored.deployment.id;
  const state = await readMirrorState(database, id);
  const begun = await findProgress(database, id);
  if (begun !== null && (await canGoOn(options, mirrored, begun, { context, isFirst: state.fullAt === null }))) {
    return { progress: begun, steps: stepsOf(options, mirrored, { mode: begun.mode, isFirst: state.fullAt === null, context }), resumed: true, isFirst: state.fullAt === null };
  }
  const head = await fetchUsableHead(options, mirrored, context.tally);
  const newest = state.blocks[0] ?? null;
  if (newest !== null && newest.number > head.number && (await isMerelyBehind(options, mirrored, newest, context.tally))) return { progress: null, status: 'behind', block: head };
  const common = await findCommonBlock(options, mirrored, state.blocks, context.tally);
  if (common === null ? newest !== null : common.isRollback) options.notify({ deployment: id, kind: 'rolled-back', to: common?.block.number ?? null });
  const since = common === null || isFullDue(options, state, head) ? null : await chooseSince(options, id, common, begun !== null);
  const isCurrent = since !== null && begun === null && common?.isRollback === false && common.block.hash === head.hash;
  if (isCurrent) return { progress: null, status: 'current', block: head };
  return begin(options, mirrored, { head, common, since, isFirst: state.fullAt === null, context });
}

/** A run goes on where it makes the same reads as one of its kind would now, at a block that is still there. */
async function canGoOn(options: SyncOptions, mirrored: MirroredDeployment, begun: SyncProgress, { context, isFirst }: { readonly context: StartContext; readonly isFirst: boolean }): Promise<boolean> {
  if (options.full === true && begun.mode !== 'full') return false;
  if (begun.plan !== planName(begun.mode, stepsOf(options, mirrored, { mode: begun.mode, isFirst, context }))) return false;
  return (await judgeBlock(options, mirrored, begun.block, context.tally)) !== 'gone';
}

function stepsOf(
  options: SyncOptions,
  { mirror, deployment }: MirroredDeployment,
  { mode, isFirst, context }: { readonly mode: 'full' | 'changes'; readonly isFirst: boolean; readonly context: StartContext },
): readonly Step[] {
  return planSteps(mirror, { mode, unsupported: context.unsupported, isUnvouchedFirst: isFirst && !options.reader.chains.has(deployment.chain) });
}

async function fetchUsableHead(options: SyncOptions, { deployment, endpoint }: MirroredDeployment, tally: Tally): Promise<BlockRef & { readonly hash: string }> {
  tally.requests += 1;
  const { block, hasIndexingErrors } = await options.reader.graph.fetchHead(endpoint);
  if (hasIndexingErrors) throw new PlimsollError('INDEXING_ERRORS', `${deployment.label}: the subgraph reports indexing errors. Its rows are not used until it is mended.`);
  const age = options.reader.now() - Number(block.timestamp);
  if (age > options.reader.maxBlockAgeSeconds) {
    const message = `${deployment.label}: the subgraph's newest block is ${age} s old (limit ${options.reader.maxBlockAgeSeconds} s). Wait for it, or raise PLIMSOLL_MAX_BLOCK_AGE.`;
    throw new PlimsollError('STALE_BLOCK', message, { ageSeconds: age });
  }
  if (block.hash === null) throw new PlimsollError('MALFORMED_RESPONSE', `${deployment.label}: the subgraph does not tell the hash of its block, so it cannot be read page by page.`);
  return { ...block, hash: block.hash };
}

/**
 * A head below the mirror is an indexer that lags, and a mirror does not go back for it; unless the chain denies the block, or the block is
 * later than now, as where recorded data follow live ones.
 */
async function isMerelyBehind(options: SyncOptions, mirrored: MirroredDeployment, newest: MirrorState['blocks'][number], tally: Tally): Promise<boolean> {
  if (Number(newest.timestamp) > options.reader.now() + options.reader.maxBlockAgeSeconds) return false;
  if (!options.reader.chains.has(mirrored.deployment.chain)) return true;
  return (await judgeBlock(options, mirrored, newest, tally)) !== 'gone';
}

function isFullDue(options: SyncOptions, { fullAt }: MirrorState, head: BlockRef): boolean {
  if (options.full === true || fullAt === null) return true;
  return Number(head.timestamp - fullAt) >= (options.fullEverySeconds ?? DEFAULT_FULL_EVERY_SECONDS);
}

/** From where on changes are read; null where so much is in doubt that everything is read. */
async function chooseSince(options: SyncOptions, id: string, common: CommonBlock, isInDoubt: boolean): Promise<SyncProgress['since'] | null> {
  const { number, timestamp } = common.block;
  const doubted = await countChangedAfter(options.database, id, number);
  if (doubted > MOST_AGAIN && (common.isRollback || isInDoubt)) return null;
  if (common.verdict === 'settled') return { number, timestamp };
  const earlier = number > UNSETTLED_BLOCKS ? number - UNSETTLED_BLOCKS : 0n;
  return (await countChangedAfter(options.database, id, earlier)) > MOST_AGAIN ? null : { number: earlier, timestamp: timestamp - UNSETTLED_SECONDS };
}

interface Beginning {
  readonly head: BlockRef & { readonly hash: string };
  readonly common: CommonBlock | null;
  readonly since: SyncProgress['since'] | null;
  readonly isFirst: boolean;
  readonly context: StartContext;
}

async function begin(options: SyncOptions, mirrored: MirroredDeployment, { head, common, since, isFirst, context }: Beginning): Promise<Run> {
  const mode = since === null ? 'full' : 'changes';
  const steps = stepsOf(options, mirrored, { mode, isFirst, context });
  const block = { number: head.number, hash: head.hash, timestamp: head.timestamp };
  const progress: SyncProgress = { plan: planName(mode, steps), mode, block, since: since ?? { number: 0n, timestamp: 0n }, step: 0, lastId: '', pages: 0, rowsRead: 0 };
  await options.database.transaction(async (transaction) => {
    await holdLease(transaction, context.lease);
    await forgetBlocksAbove(transaction, mirrored.deployment.id, common?.block.number ?? null);
    await saveProgress(transaction, mirrored.deployment.id, progress);
  });
  return { progress, steps, resumed: false, isFirst };
}
