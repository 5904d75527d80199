import { findInteger, findText, integerOf, numberOf, textOf } from './columns.ts';
import type { Queries, SqlRow } from './database.ts';

/** A deployment as the book knows it. */
export interface DeploymentRecord {
  readonly id: string;
  readonly protocol: string;
  readonly chain: string;
  readonly market: string;
  readonly label: string;
}

/** A block that a mirror was read at. */
export interface MirrorBlock {
  readonly number: bigint;
  /** Null where the source does not tell it. */
  readonly hash: string | null;
  /** Unix seconds. */
  readonly timestamp: bigint;
}

/** How far a mirror is. */
export interface MirrorState {
  /** Unix seconds of the newest block at which every row was compared; null before the first time. */
  readonly fullAt: bigint | null;
  /** Blocks at which the mirror was whole, newest first. */
  readonly blocks: readonly MirrorBlock[];
}

/** A run that is under way, as of its last page. */
export interface SyncProgress {
  /** What identifies the reads that the run makes: a run under another plan cannot go on. */
  readonly plan: string;
  readonly mode: 'full' | 'changes';
  /** The block that every page is read at. */
  readonly block: MirrorBlock & { readonly hash: string };
  /** What changed after this block is read; zeros in a full run. */
  readonly since: { readonly number: bigint; readonly timestamp: bigint };
  /** The read that is under way, and the last id of its last page. */
  readonly step: number;
  readonly lastId: string;
  readonly pages: number;
  readonly rowsRead: number;
}

/** Blocks that are kept of each deployment: a reorganisation that goes further back leads to a full read. */
const KEPT_BLOCKS = 64;

/** Makes a deployment known, or corrects what is known of it. */
export async function saveDeployment(queries: Queries, { id, protocol, chain, market, label }: DeploymentRecord): Promise<void> {
  await queries.query(
    `insert into plimsoll.deployments as known (id, protocol, chain, market, label) values ($1, $2, $3, $4, $5)
     on conflict (id) do update set protocol = excluded.protocol, chain = excluded.chain, market = excluded.market, label = excluded.label
     where (known.protocol, known.chain, known.market, known.label) is distinct from (excluded.protocol, excluded.chain, excluded.market, excluded.label)`,
    [id, protocol, chain, market, label],
  );
}

/** How far the mirror of a deployment is. */
export async function readMirrorState(queries: Queries, deployment: string): Promise<MirrorState> {
  const [row] = await queries.query('select full_at::text as full_at from plimsoll.deployments where id = $1', [deployment]);
  const blocks = await queries.query('select number::text as number, hash, timestamp::text as timestamp from plimsoll.blocks where deployment = $1 order by blocks.number desc', [deployment]);
  return { fullAt: row === undefined ? null : findInteger(row, 'full_at'), blocks: blocks.map(readBlock) };
}

/** Forgets the blocks above a number: they vanished from the chain. Null forgets all. */
export async function forgetBlocksAbove(queries: Queries, deployment: string, number: bigint | null): Promise<void> {
  await queries.query('delete from plimsoll.blocks where deployment = $1 and number > $2', [deployment, number ?? -1n]);
}

/** The run that is under way; null where none is. */
export async function findProgress(queries: Queries, deployment: string): Promise<SyncProgress | null> {
  const [row] = await queries.query(
    `select plan, mode, block_number::text as number, block_hash as hash, block_timestamp::text as timestamp, since_number::text as since_number, since_timestamp::text as since_timestamp,
       step, last_id, pages::text as pages, rows_read::text as rows_read
     from plimsoll.sync_progress where deployment = $1`,
    [deployment],
  );
  return row === undefined ? null : readProgress(row);
}

/** Keeps where a run stands. Call it in the transaction that applies the page. */
export async function saveProgress(transaction: Queries, deployment: string, progress: SyncProgress): Promise<void> {
  const { block, since } = progress;
  await transaction.query(
    `insert into plimsoll.sync_progress
       (deployment, plan, mode, block_number, block_hash, block_timestamp, since_number, since_timestamp, step, last_id, pages, rows_read)
     values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)
     on conflict (deployment) do update set plan = excluded.plan, mode = excluded.mode, block_number = excluded.block_number, block_hash = excluded.block_hash,
       block_timestamp = excluded.block_timestamp, since_number = excluded.since_number, since_timestamp = excluded.since_timestamp, step = excluded.step, last_id = excluded.last_id,
       pages = excluded.pages, rows_read = excluded.rows_read`,
    [deployment, progress.plan, progress.mode, block.number, block.hash, block.timestamp, since.number, since.timestamp, progress.step, progress.lastId, progress.pages, progress.rowsRead],
  );
}

/** Ends a run: the mirror is whole at this block. Call it in the transaction that applies the last page. */
export async function completeRun(transaction: Queries, deployment: string, run: { readonly mode: 'full' | 'changes'; readonly block: MirrorBlock }): Promise<void> {
  const { number, hash, timestamp } = run.block;
  await transaction.query(
    `insert into plimsoll.blocks (deployment, number, hash, timestamp) values ($1, $2, $3, $4)
     on conflict (deployment, number) do update set hash = excluded.hash, timestamp = excluded.timestamp`,
    [deployment, number, hash, timestamp],
  );
  await transaction.query(
    `delete from plimsoll.blocks where deployment = $1 and number > $2
       or deployment = $1 and number < (select min(number) from (select number from plimsoll.blocks where deployment = $1 order by number desc limit $3) as kept)`,
    [deployment, number, KEPT_BLOCKS],
  );
  if (run.mode === 'full') await transaction.query('update plimsoll.deployments set full_at = $2 where id = $1', [deployment, timestamp]);
  await transaction.query('delete from plimsoll.sync_progress where deployment = $1', [deployment]);
}

function readBlock(row: SqlRow): MirrorBlock {
  return { number: integerOf(row, 'number'), hash: findText(row, 'hash'), timestamp: integerOf(row, 'timestamp') };
}

function readProgress(row: SqlRow): SyncProgress {
  return {
    plan: textOf(row, 'plan'),
    mode: textOf(row, 'mode') === 'full' ? 'full' : 'changes',
    block: { ...readBlock(row), hash: textOf(row, 'hash') },
    since: { number: integerOf(row, 'since_number'), timestamp: integerOf(row, 'since_timestamp') },
    step: numberOf(row, 'step'),
    lastId: textOf(row, 'last_id'),
    pages: Number(integerOf(row, 'pages')),
    rowsRead: Number(integerOf(row, 'rows_read')),
  };
}
