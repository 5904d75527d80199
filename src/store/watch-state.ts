import { findInteger, findText, numberOf, textOf } from './columns.ts';
import type { Queries } from './database.ts';

/** How far a deployment was read. */
export interface DeploymentState {
  readonly id: string;
  readonly chain: string;
  /** Whether it was ever read to its end. */
  readonly isWhole: boolean;
  /** The newest block at which its mirror was whole; null before the first. */
  readonly block: { readonly number: bigint; readonly hash: string | null /** Unix seconds. */; readonly timestamp: bigint } | null;
}

/** Whether somebody keeps the book, and watches it. */
export interface WatchState {
  /** Shards that somebody looked at, ever. */
  readonly lookedShards: number;
  /** Seconds since the oldest of the newest looks at each of them, by the database's clock; null where nobody ever looked. */
  readonly oldestLookSeconds: number | null;
  readonly deployments: readonly DeploymentState[];
}

/** Reads how recent the book is, and how recent the looks at it are. */
export async function readWatchState(queries: Queries): Promise<WatchState> {
  const [looks] = await queries.query('select count(looked_at)::int4 as shards, ceil(extract(epoch from clock_timestamp() - min(looked_at)))::int8::text as seconds from plimsoll.shard_progress');
  const rows = await queries.query(
    `select d.id, d.chain, d.full_at is not null as is_whole, b.number::text as number, b.hash, b.timestamp::text as timestamp
     from plimsoll.deployments d left join lateral (select number, hash, timestamp from plimsoll.blocks where deployment = d.id order by blocks.number desc limit 1) b on true order by d.id`,
  );
  const seconds = looks === undefined ? null : findInteger(looks, 'seconds');
  return {
    lookedShards: looks === undefined ? 0 : numberOf(looks, 'shards'),
    oldestLookSeconds: seconds === null ? null : Number(seconds),
    deployments: rows.map((row) => {
      const [number, timestamp] = [findInteger(row, 'number'), findInteger(row, 'timestamp')];
      const block = number === null || timestamp === null ? null : { number, hash: findText(row, 'hash'), timestamp };
      return { id: textOf(row, 'id'), chain: textOf(row, 'chain'), isWhole: row['is_whole'] === true, block };
    }),
  };
}
