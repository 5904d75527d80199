import { GraphQLError, type GraphQLFieldResolver } from 'graphql';
import type { Entity, EntityField, EntityModel } from './entity-model.ts';
import { subsquidNames } from './entity-names.ts';
import type { EntityStore, StoredNode, StoredRow } from './entity-store.ts';
import { compileFilter, type OrderKey, sortRows } from './row-filter.ts';
import type { Snapshot, Snapshots } from './snapshots.ts';

const PROCESSOR_STATUS = 'processorStatuses';
const ORDER = /^(.*)_(ASC|DESC)(?:_NULLS_(FIRST|LAST))?$/;

type Arguments = Readonly<Record<string, unknown>>;

/** Answers every field as Subsquid's server does, from the newest recorded snapshot: this dialect cannot look back. */
export function subsquidResolver(model: EntityModel, { newest }: Snapshots): GraphQLFieldResolver<unknown, unknown, Arguments> {
  const { store } = newest;
  const roots = new Map<string, { readonly entity: Entity; readonly many: boolean }>();
  for (const entity of model.entities.values()) {
    const { singular, plural } = subsquidNames(entity.name);
    roots.set(singular, { entity, many: false });
    roots.set(plural, { entity, many: true });
  }

  function resolveRoot(name: string, args: Arguments): unknown {
    const root = roots.get(name);
    if (name === PROCESSOR_STATUS && (root === undefined || store.rows(root.entity.name).length === 0)) return processorStatuses(newest, root?.entity);
    if (root === undefined) return undefined;
    if (root.many) return listNodes(store, root.entity, store.rows(root.entity.name), args);
    const row = store.find(root.entity.name, String(args['id']));
    return row === null ? null : { store, entity: root.entity, row };
  }

  return (source, args, _context, info) => {
    if (info.parentType.name === 'Query') return resolveRoot(info.fieldName, args);
    const field = model.entities.get(info.parentType.name)?.fields.get(info.fieldName);
    return field === undefined ? (source as Arguments)[info.fieldName] : resolveField(source as StoredNode, field, args);
  };

  function processorStatuses({ block }: Snapshot, entity: Entity | undefined): unknown {
    const row = {
      id: '1',
      lastParsedBlockNumber: Number(block.number),
      lastParsedBlockTimestamp: block.timestamp,
      lastProcessorCallTimestamp: block.timestamp,
    };
    return [entity === undefined ? row : { store, entity, row }];
  }
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
  const offset = natural('offset', args['offset'] ?? 0);
  const limit = args['limit'] === null || args['limit'] === undefined ? rows.length : natural('limit', args['limit']);
  const passing = rows.filter(compileFilter(store, entity, args['where'], 'subsquid'));
  const keys = (Array.isArray(args['orderBy']) ? args['orderBy'] : []).map((key: unknown) => orderKey(store.model, entity, String(key)));
  const ordered = keys.length === 0 ? passing : sortRows(store, passing, keys);
  return ordered.slice(offset, offset + limit).map((row) => ({ store, entity, row }));
}

function orderKey(model: EntityModel, entity: Entity, text: string): OrderKey {
  const [, name = '', direction, nulls] = ORDER.exec(text) ?? [];
  return { path: orderPath(model, entity, name), descending: direction === 'DESC', nullsFirst: nulls === undefined ? null : nulls === 'FIRST' };
}

function orderPath(model: EntityModel, entity: Entity, name: string): readonly EntityField[] {
  const own = entity.fields.get(name);
  if (own !== undefined) return [own];
  for (const field of entity.fields.values()) {
    const child = name.startsWith(`${field.name}_`) ? model.entities.get(field.type)?.fields.get(name.slice(field.name.length + 1)) : undefined;
    if (child !== undefined) return [field, child];
  }
  throw new GraphQLError(`Unexpected orderBy value ${name}`);
}

function natural(name: string, value: unknown): number {
  if (typeof value !== 'number' || value < 0) throw new GraphQLError(`invalid value for ${name}: expected a non-negative integer`);
  return value;
}
