import { GraphQLError, type GraphQLFieldResolver } from 'graphql';
import * as z from 'zod';
import type { Entity, EntityField, EntityModel } from './entity-model.ts';
import { graphNodeNames } from './entity-names.ts';
import { compareText, type EntityStore, type StoredNode, type StoredRow } from './entity-store.ts';
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
    if (root.many) return listRoots(snapshot.store, root.entity, args);
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

/** All rows of an entity; the page after a cursor is found without looking at the rows before it, nor at those behind the page. */
function listRoots(store: EntityStore, entity: Entity, args: Arguments): readonly StoredNode[] {
  const ascending = (args['orderBy'] ?? 'id') === 'id' && args['orderDirection'] !== 'desc';
  const { after, among } = boundsOf(args['where']);
  if (!ascending || (after === null && among === null)) return listNodes(store, entity, store.rows(entity.name), args);
  const first = within('first', args['first'] ?? 100, 1, MOST_FIRST);
  const skip = within('skip', args['skip'] ?? 0, 0, MOST_SKIP);
  const passes = compileFilter(store, entity, args['where'], 'graph-node');
  const all = among === null ? store.rows(entity.name) : findAll(store, entity.name, among);
  const found: StoredNode[] = [];
  let skipped = 0;
  for (let at = among === null ? store.placeAfter(entity.name, after ?? '') : 0; at < all.length && found.length < first; at += 1) {
    const row = all[at];
    if (row === undefined || !passes(row)) continue;
    if (skipped < skip) skipped += 1;
    else found.push({ store, entity, row });
  }
  return found;
}

/** The bounds that a filter sets to the id, also inside of an `and`. */
function boundsOf(where: unknown): { readonly after: string | null; readonly among: readonly string[] | null } {
  const parts = z
    .looseObject({ and: z.array(z.looseObject({})).nullish() })
    .nullish()
    .parse(where);
  const levels = [parts, ...(parts?.and ?? [])];
  const after = levels.map((level) => level?.['id_gt']).find((id) => typeof id === 'string');
  const among = levels.map((level) => level?.['id_in']).find((ids) => Array.isArray(ids));
  return { after: after ?? null, among: among?.map(String) ?? null };
}

function findAll(store: EntityStore, entity: string, ids: readonly string[]): readonly StoredRow[] {
  const rows = new Set(ids.map((id) => store.find(entity, id)).filter((row) => row !== null));
  return [...rows].sort((a, b) => compareText(String(a['id']), String(b['id'])));
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
