import { GraphQLError } from 'graphql';
import * as z from 'zod';
import { InternalError } from '../../core/errors.ts';
import type { RecordedSubgraph } from './dataset.ts';
import type { EntityModel } from './entity-model.ts';
import { type EntityStore, openEntityStore } from './entity-store.ts';

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
  const all = recorded.snapshots
    .map(({ block, hasIndexingErrors, entities }) => ({ block: { ...block, number: BigInt(block.number) }, hasIndexingErrors, store: openEntityStore(model, entities) }))
    .sort((a, b) => (a.block.number < b.block.number ? -1 : 1));
  const newest = requireSnapshot(all.at(-1));
  const { block: head } = newest;

  function locate(argument: unknown): Located {
    const { hash, number, number_gte: least } = blockArgument.parse(argument) ?? {};
    if (hash != null) return { snapshot: findByHash(hash), byNumber: false };
    const wanted = number ?? least ?? null;
    if (wanted !== null && BigInt(wanted) > head.number) throw notYetIndexed(number == null ? 'number_gte' : 'number', head.number, wanted);
    return number == null ? { snapshot: newest, byNumber: false } : { snapshot: findByNumber(number), byNumber: true };
  }
  function findByHash(hash: string): Snapshot {
    const found = all.find(({ block }) => block.hash !== null && block.hash.toLowerCase() === hash.toLowerCase());
    if (found === undefined) throw new GraphQLError('Failed to decode `block.hash` value: `no block with that hash found`');
    return found;
  }
  function findByNumber(number: number): Snapshot {
    const found = all.find(({ block }) => block.number === BigInt(number));
    if (found === undefined) throw new GraphQLError(`Failed to decode \`block.number\` value: \`the recording has no block ${number}\``);
    return found;
  }
  return { newest, locate };
}

function notYetIndexed(field: string, head: bigint, wanted: number): GraphQLError {
  return new GraphQLError(`Failed to decode \`block.${field}\` value: \`subgraph has only indexed up to block number ${head} and data for block number ${wanted} is therefore not yet available\``);
}

function requireSnapshot(snapshot: Snapshot | undefined): Snapshot {
  if (snapshot === undefined) throw new InternalError('a recorded subgraph without a snapshot');
  return snapshot;
}
