import { PlimsollError } from '../core/errors.ts';
import { type ChainId, parseChain } from '../core/ids.ts';
import type { Coverage, Gap } from '../core/portfolio.ts';
import type { BlockRef } from '../core/source.ts';
import { listDeployments } from '../protocols/registry.ts';
import type { Database } from '../store/database.ts';
import { SHARD_COUNT } from '../store/leases.ts';
import { type DeploymentState, readWatchState, type WatchState } from '../store/watch-state.ts';
import { gapOf } from './portfolio/gaps.ts';

/** How recent the stored book and its watch are. */
export interface BookFreshness {
  /** What of it cannot be vouched for; empty where everything is recent. */
  readonly gaps: readonly Gap[];
  /** The oldest of the newest blocks of each chain's deployments. */
  readonly blocks: readonly BlockRef[];
  /** Why nobody should be sent to this book at all: nobody watches it, or even its newest block is old. Null where there is no such reason. */
  readonly trouble: string | null;
}

/** What counts as recent. */
export interface FreshnessLimit {
  /** Unix seconds. */
  readonly now: number;
  readonly maxAgeSeconds: number;
}

/**
 * Finds out whether what is stored about opportunities can be told as all that there is.
 *
 * @throws {PlimsollError} STORE_*
 */
export async function findBookFreshness(database: Database, limit: FreshnessLimit): Promise<BookFreshness> {
  const state = await readWatchState(database);
  const unwatched = watchFault(state, limit);
  const stale = deploymentGaps(state, limit);
  return {
    gaps: [...(unwatched === null ? [] : [gapOf(new PlimsollError('STALE_BLOCK', unwatched), { chain: null, deployment: null })]), ...stale],
    blocks: blocksOf(state.deployments),
    trouble: unwatched ?? blockFault(state.deployments, limit),
  };
}

/** What was read into the stored book. */
export interface BookCoverage {
  readonly coverage: readonly Coverage[];
  /** What cannot be vouched for, whoever watches it: deployments that were never read whole or not of late, or that there are none at all. */
  readonly gaps: readonly Gap[];
}

/** Finds what the stored book covers. @throws {PlimsollError} STORE_* */
export async function findBookCoverage(database: Database, limit: FreshnessLimit): Promise<BookCoverage> {
  const state = await readWatchState(database);
  const stored = new Set(state.deployments.map(({ id }) => id));
  const rows = listDeployments().filter(({ id }) => stored.has(id));
  return {
    coverage: rows.map(({ id, chain, protocol, market }) => ({ deployment: id, chain, protocol, market, rule: null, status: 'read' })),
    gaps: deploymentGaps(state, limit),
  };
}

function deploymentGaps({ deployments }: WatchState, limit: FreshnessLimit): readonly Gap[] {
  if (deployments.length > 0) return deployments.flatMap((deployment) => deploymentGap(deployment, limit));
  return [gapOf(new PlimsollError('MISSED_ACCOUNT', 'No deployment was ever read into the book. Start a worker with the role sync.'), { chain: null, deployment: null })];
}

function watchFault({ lookedShards, oldestLookSeconds }: WatchState, { maxAgeSeconds }: FreshnessLimit): string | null {
  if (oldestLookSeconds === null) return 'No worker has watched the book yet. Start one with the role watch.';
  if (lookedShards < SHARD_COUNT) return `${SHARD_COUNT - lookedShards} of ${SHARD_COUNT} parts of the book were never looked at. Check that workers with the role watch are running.`;
  if (oldestLookSeconds <= maxAgeSeconds) return null;
  return `A part of the book was last looked at ${oldestLookSeconds} s ago (limit ${maxAgeSeconds} s). Check that workers with the role watch are running.`;
}

function deploymentGap({ id, chain, isWhole, block }: DeploymentState, { now, maxAgeSeconds }: FreshnessLimit): readonly Gap[] {
  const about = { chain: parseChain(chain), deployment: id };
  if (!isWhole || block === null) return [gapOf(new PlimsollError('MISSED_ACCOUNT', `${id} was never read whole: accounts may be missing.`), about)];
  const age = now - Number(block.timestamp);
  if (age <= maxAgeSeconds) return [];
  return [
    gapOf(
      new PlimsollError('STALE_BLOCK', `${id} was last read at a block that is ${age} s old (limit ${maxAgeSeconds} s). Check its subgraph, and that a worker with the role sync is running.`),
      about,
    ),
  ];
}

function blockFault(deployments: readonly DeploymentState[], { now, maxAgeSeconds }: FreshnessLimit): string | null {
  const times = deployments.flatMap(({ block }) => (block === null ? [] : [Number(block.timestamp)]));
  const age = now - Math.max(...times);
  return times.length === 0 || age <= maxAgeSeconds ? null : `The newest block of the book is ${age} s old (limit ${maxAgeSeconds} s). Check that a worker with the role sync is running.`;
}

function blocksOf(deployments: readonly DeploymentState[]): readonly BlockRef[] {
  const oldest = new Map<ChainId, BlockRef>();
  for (const { chain: text, block } of deployments) {
    const chain = parseChain(text);
    const known = oldest.get(chain);
    if (block !== null && (known === undefined || block.timestamp < known.timestamp)) oldest.set(chain, { chain, ...block });
  }
  return [...oldest.values()];
}
