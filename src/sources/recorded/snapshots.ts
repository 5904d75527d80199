import { GraphQLError } from 'graphql';
import * as z from 'zod';
import { InternalError } from '../../core/errors.ts';
import type { RecordedSubgraph } from './dataset.ts';
import type { EntityModel } from './entity-model.ts';
import { compareText, type EntityStore, openEntityStore, type StoredRow } from './entity-store.ts';

/** One recorded block of a subgraph, with its rows. */
export interface Snapshot {
  readonly block: { readonly number: bigint; readonly hash: string | null; readonly timestamp: number };
  readonly hasIndexingErrors: boolean;
  readonly store: EntityStore;
}

/** The snapshot that a block argument selects. */
export interface Located {
  readonly snapshot: Snapshot;
  /** Asked for by number: graph-node then tells neither hash nor time. */
  readonly byNumber: boolean;
}

const blockArgument = z.object({ hash: z.string().nullish(), number: z.int().nullish(), number_gte: z.int().nullish() }).nullish();

/** The snapshots of one recorded subgraph, oldest first. */
export interface Snapshots {
  readonly newest: Snapshot;
  /** @throws {GraphQLError} worded like graph-node's, where the block is not recorded */
  locate(block: unknown): Located;
}

/** Opens recorded snapshots. */
export function openSnapshots(recorded: RecordedSubgraph, model: EntityModel): Snapshots {
  const snapshots = recorded.snapshots
    .map(({ block, hasIndexingErrors, entities }) => ({ block: { ...block, number: BigInt(block.number) }, hasIndexingErrors, entities }))
    .sort((a, b) => (a.block.number < b.block.number ? -1 : 1));
  const changedAt = datesOf(snapshots);
  const all = snapshots.map(({ entities, ...rest }) => ({ ...rest, store: openEntityStore(model, entities, changedAt) }));
  return snapshotsOf(() => all);
}

/**
 * Snapshots of a list that may grow and shrink, oldest first and never empty.
 *
 * @param numberOf the number of a block that is not in the list and whose hash is still known; null where it is not
 */
export function snapshotsOf(list: () => readonly Snapshot[], numberOf: (hash: string) => bigint | null = () => null): Snapshots {
  const newest = () => requireSnapshot(list().at(-1));

  function locate(argument: unknown): Located {
    const { hash, number, number_gte: least } = blockArgument.parse(argument) ?? {};
    if (hash != null) return { snapshot: findByHash(hash), byNumber: false };
    const wanted = number ?? least ?? null;
    const { block: head } = newest();
    if (wanted !== null && BigInt(wanted) > head.number) throw notYetIndexed(number == null ? 'number_gte' : 'number', head.number, wanted);
    return number == null ? { snapshot: newest(), byNumber: false } : { snapshot: findByNumber(number), byNumber: true };
  }
  function findByHash(hash: string): Snapshot {
    const orphan = numberOf(hash.toLowerCase());
    const found = list().find(({ block }) => (orphan === null ? block.hash?.toLowerCase() === hash.toLowerCase() : block.number === orphan));
    if (found === undefined) throw new GraphQLError('Failed to decode `block.hash` value: `no block with that hash found`');
    return found;
  }
  function findByNumber(number: number): Snapshot {
    const found = list().find(({ block }) => block.number === BigInt(number));
    if (found === undefined) throw new GraphQLError(`Failed to decode \`block.number\` value: \`the recording has no block ${number}\``);
    return found;
  }
  return {
    get newest() {
      return newest();
    },
    locate,
  };
}

/** Since which recorded block each row is as it is: looked up by the row itself, once something asks. */
function datesOf(snapshots: readonly { readonly block: { readonly number: bigint }; readonly entities: Readonly<Record<string, readonly StoredRow[]>> }[]): (row: StoredRow) => bigint {
  let dates: Map<StoredRow, bigint> | null = null;
  function dateAll(): Map<StoredRow, bigint> {
    const known = new Map<StoredRow, bigint>();
    let before = new Map<string, { readonly text: string; readonly date: bigint }>();
    for (const { block, entities } of snapshots) {
      const now = new Map<string, { readonly text: string; readonly date: bigint }>();
      for (const [entity, rows] of Object.entries(entities))
        for (const row of rows) now.set(`${entity} ${String(row['id'])}`, dateRow(row, before.get(`${entity} ${String(row['id'])}`), block.number, known));
      before = now;
    }
    return known;
  }
  return (row) => {
    dates ??= dateAll();
    return dates.get(row) ?? 0n;
  };
}

function dateRow(row: StoredRow, before: { readonly text: string; readonly date: bigint } | undefined, block: bigint, known: Map<StoredRow, bigint>): { readonly text: string; readonly date: bigint } {
  const text = JSON.stringify(Object.entries(row).sort(([a], [b]) => compareText(a, b)));
  const date = before?.text === text ? before.date : block;
  known.set(row, date);
  return { text, date };
}

function notYetIndexed(field: string, head: bigint, wanted: number): GraphQLError {
  return new GraphQLError(`Failed to decode \`block.${field}\` value: \`subgraph has only indexed up to block number ${head} and data for block number ${wanted} is therefore not yet available\``);
}

function requireSnapshot(snapshot: Snapshot | undefined): Snapshot {
  if (snapshot === undefined) throw new InternalError('a recorded subgraph without a snapshot');
  return snapshot;
}
