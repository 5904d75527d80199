import { InternalError } from '../../core/errors.ts';
import type { EntityModel } from './entity-model.ts';
import { type EntityChanges, openEntityStore, type StoredRow } from './entity-store.ts';
import type { AnswerRequest } from './graph-endpoint.ts';
import { answerFrom } from './graph-endpoint.ts';
import { type Snapshot, snapshotsOf } from './snapshots.ts';

/** A block of a chain that a subgraph follows. */
export interface MovingBlock {
  readonly number: bigint;
  readonly hash: string;
  /** Unix seconds. */
  readonly timestamp: number;
}

/** A subgraph whose chain goes on and reorganises, as a graph-node serves it. */
export interface MovingSubgraph {
  readonly answer: AnswerRequest;
  /** The newest block. */
  readonly head: MovingBlock;
  /** Every row of an entity at the newest block, ids ascending. */
  rows(entity: string): readonly StoredRow[];
  /** Adds a block. Rows that it changes are dated with it. */
  append(block: MovingBlock, changes: EntityChanges): void;
  /** Takes the blocks above a number off the chain: rows are again as they were there, dates too, and the hashes are unknown from now on. */
  revertTo(number: bigint): void;
}

/** What a moving subgraph starts with. */
export interface MovingStart {
  readonly model: EntityModel;
  /** What `_meta` calls itself. */
  readonly deployment: string;
  readonly block: MovingBlock;
  /** Rows by entity. They are kept as they are and must not change. */
  readonly entities: Readonly<Record<string, readonly StoredRow[]>>;
  /** The block that the rows of the start are dated with; the first one if absent. */
  readonly dated?: bigint;
  /** Blocks that can be asked for; older ones are pruned. */
  readonly kept?: number;
  /**
   * What a hash that was reorganised away leads to: nothing, or, as long as a graph-node still has the block in its cache, the rows of the
   * block that took its number. Unknown if absent.
   *
   * @source graphprotocol/graph-node@f27eb5f store/postgres/src/query_store.rs
   */
  readonly orphans?: 'unknown' | 'by-number';
}

/** Makes a subgraph that can be moved on block by block, for tests and drills. */
export function createMovingSubgraph({ model, deployment, block, entities, dated = block.number, kept = 64, orphans = 'unknown' }: MovingStart): MovingSubgraph {
  const dates = new WeakMap<StoredRow, bigint>();
  const changedAt = (row: StoredRow): bigint => dates.get(row) ?? dated;
  const orphaned = new Map<string, bigint>();
  let chain: readonly Snapshot[] = [{ block, hasIndexingErrors: false, store: openEntityStore(model, entities, changedAt) }];

  function newest(): Snapshot {
    const last = chain.at(-1);
    if (last === undefined) throw new InternalError('a moving subgraph without a block');
    return last;
  }
  return {
    answer: answerFrom(
      snapshotsOf(
        () => chain,
        (hash) => orphaned.get(hash) ?? null,
      ),
      { model, dialect: 'graph-node', deployment },
    ),
    get head() {
      const { number, hash, timestamp } = newest().block;
      return { number, hash: hash ?? '', timestamp };
    },
    rows: (entity) => newest().store.rows(entity),
    append(next, changes) {
      if (next.number <= newest().block.number) throw new InternalError('a block must follow the newest one');
      for (const { rows } of Object.values(changes)) for (const row of rows) dates.set(row, next.number);
      chain = [...chain, { block: next, hasIndexingErrors: false, store: newest().store.withChanges(changes) }].slice(-kept);
    },
    revertTo(number) {
      const left = chain.filter((snapshot) => snapshot.block.number <= number);
      if (left.length === 0) throw new InternalError('the chain does not go back that far');
      if (orphans === 'by-number') for (const { block: gone } of chain.slice(left.length)) orphaned.set(gone.hash ?? '', gone.number);
      chain = left;
    },
  };
}
