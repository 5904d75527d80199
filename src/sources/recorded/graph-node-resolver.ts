import { GraphQLError, type GraphQLFieldResolver } from 'graphql';
import type { Entity, EntityField, EntityModel } from './entity-model.ts';
import { graphNodeNames } from './entity-names.ts';
import type { EntityStore, StoredNode, StoredRow } from './entity-store.ts';
import { compileFilter, sortRows } from './row-filter.ts';
import type { Located, Snapshots } from './snapshots.ts';

const MOST_FIRST = 1_000;
const MOST_SKIP = 5_000;

type Arguments = Readonly<Record<string, unknown>>;

/** Answers every field as graph-node does, from recorded snapshots. `deployment` is what `_meta` calls itself. */
export function graphNodeResolver(model: EntityModel, snapshots: Snapshots, deployment: string): GraphQLFieldResolver<unknown, unknown, Arguments> {
  const roots = new Map<string, { readonly entity: Entity; readonly many: boolean }>();
  for (const entity of model.entities.values()) {
    const { singular, plural } = graphNodeNames(entity.name);
    roots.set(singular, { entity, many: false });
    roots.set(plural, { entity, many: true });
  }

  function resolveRoot(name: string, args: Arguments): unknown {
    const located = snapshots.locate(args['block']);
    const { snapshot } = located;
    if (name === '_meta') return metaOf(located, deployment);
    const root = roots.get(name);
    if (root === undefined) return undefined;
    if (snapshot.hasIndexingErrors && args['subgraphError'] !== 'allow') throw new GraphQLError('indexing_error');
    if (root.many) return listNodes(snapshot.store, root.entity, snapshot.store.rows(root.entity.name), args);
    const row = snapshot.store.find(root.entity.name, String(args['id']));
    return row === null ? null : { store: snapshot.store, entity: root.entity, row };
  }

  return (source, args, _context, info) => {
    if (info.parentType.name === 'Query') return resolveRoot(info.fieldName, args);
    const field = model.entities.get(info.parentType.name)?.fields.get(info.fieldName);
    return field === undefined ? (source as Arguments)[info.fieldName] : resolveField(source as StoredNode, field, args);
  };
}

function resolveField({ store, row }: StoredNode, field: EntityField, args: Arguments): unknown {
  const target = field.kind === 'entity' ? store.model.entities.get(field.type) : undefined;
  if (target === undefined) return row[field.name] ?? null;
  const found = store.follow(row, field);
  if (field.isList) return listNodes(store, target, found, args);
  const [first] = found;
  return first === undefined ? null : { store, entity: target, row: first };
}

function listNodes(store: EntityStore, entity: Entity, rows: readonly StoredRow[], args: Arguments): readonly StoredNode[] {
  const first = within('first', args['first'] ?? 100, 1, MOST_FIRST);
  const skip = within('skip', args['skip'] ?? 0, 0, MOST_SKIP);
  const passing = rows.filter(compileFilter(store, entity, args['where'], 'graph-node'));
  const descending = args['orderDirection'] === 'desc';
  const path = orderPath(store.model, entity, String(args['orderBy'] ?? 'id'));
  const ordered = path.length === 1 && path[0]?.name === 'id' && !descending ? passing : sortRows(store, passing, [{ path, descending, nullsFirst: null }]);
  return ordered.slice(skip, skip + first).map((row) => ({ store, entity, row }));
}

/** @source graphprotocol/graph-node@f27eb5f graphql/src/store/query.rs (build_range) */
function within(name: string, value: unknown, least: number, most: number): number {
  if (typeof value !== 'number' || value < least || value > most) {
    throw new GraphQLError(`The \`${name}\` argument must be between 0 and ${most}, but is ${String(value)}`);
  }
  return value;
}

function orderPath(model: EntityModel, entity: Entity, name: string): readonly EntityField[] {
  const [outer = '', inner] = entity.fields.has(name) ? [name] : name.split('__');
  const field = entity.fields.get(outer);
  const child = inner === undefined || field === undefined ? undefined : model.entities.get(field.type)?.fields.get(inner);
  if (field === undefined || field.isList || (inner !== undefined && child === undefined)) {
    throw new GraphQLError(`Ordering by \`${name}\` is not supported for type \`${entity.name}\``);
  }
  return child === undefined ? [field] : [field, child];
}

function metaOf({ snapshot, byNumber }: Located, deployment: string): unknown {
  const { number, hash, timestamp } = snapshot.block;
  return {
    block: { number: Number(number), hash: byNumber ? null : hash, timestamp: byNumber ? null : timestamp, parentHash: null },
    deployment,
    hasIndexingErrors: snapshot.hasIndexingErrors,
  };
}
