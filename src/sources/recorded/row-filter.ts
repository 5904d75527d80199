import { GraphQLError } from 'graphql';
import * as z from 'zod';
import type { GraphDialect } from '../../core/source.ts';
import type { Entity, EntityField } from './entity-model.ts';
import { type Comparable, comparable, compareText, compareValues, type EntityStore, type StoredRow } from './entity-store.ts';

const changedFilter = z.object({ number_gte: z.int() });

/** Tells whether a row passes. */
export type RowTest = (row: StoredRow) => boolean;

type Operator = 'equal' | 'above' | 'below' | 'atLeast' | 'atMost' | 'in' | 'contains' | 'startsWith' | 'endsWith' | 'isNull' | 'containsAny';

interface Operation {
  readonly operator: Operator;
  readonly negated: boolean;
  readonly ignoresCase: boolean;
}

const op = (operator: Operator, negated = false, ignoresCase = false): Operation => ({ operator, negated, ignoresCase });

const GRAPH_NODE_OPERATIONS: ReadonlyMap<string, Operation> = new Map([
  ['', op('equal')],
  ['_not', op('equal', true)],
  ['_gt', op('above')],
  ['_lt', op('below')],
  ['_gte', op('atLeast')],
  ['_lte', op('atMost')],
  ['_in', op('in')],
  ['_not_in', op('in', true)],
  ...(['contains', 'startsWith', 'endsWith'] as const).flatMap((operator): [string, Operation][] => {
    const word = operator === 'contains' ? operator : `${operator.slice(0, -4)}_with`;
    return [
      [`_${word}`, op(operator)],
      [`_not_${word}`, op(operator, true)],
      [`_${word}_nocase`, op(operator, false, true)],
      [`_not_${word}_nocase`, op(operator, true, true)],
    ];
  }),
]);

const SUBSQUID_OPERATIONS: ReadonlyMap<string, Operation> = new Map([
  ['_isNull', op('isNull')],
  ['_eq', op('equal')],
  ['_not_eq', op('equal', true)],
  ['_gt', op('above')],
  ['_gte', op('atLeast')],
  ['_lt', op('below')],
  ['_lte', op('atMost')],
  ['_in', op('in')],
  ['_not_in', op('in', true)],
  ['_contains', op('contains')],
  ['_not_contains', op('contains', true)],
  ['_containsInsensitive', op('contains', false, true)],
  ['_not_containsInsensitive', op('contains', true, true)],
  ['_startsWith', op('startsWith')],
  ['_not_startsWith', op('startsWith', true)],
  ['_endsWith', op('endsWith')],
  ['_not_endsWith', op('endsWith', true)],
  ['_containsAll', op('contains')],
  ['_containsAny', op('containsAny')],
  ['_containsNone', op('containsAny', true)],
]);

/**
 * Compiles a `where` argument. A row without a value passes only a test for null, as in SQL.
 *
 * @throws {GraphQLError} worded like graph-node's
 */
export function compileFilter(store: EntityStore, entity: Entity, where: unknown, dialect: GraphDialect): RowTest {
  if (where === null || where === undefined) return () => true;
  // What is cheap and passes few comes first: a page of changes looks at every row.
  const given = Object.entries(where).sort(([a], [b]) => Number(b === '_change_block') - Number(a === '_change_block'));
  if (dialect === 'graph-node') requireNoMixedOr(given.map(([key]) => key));
  const tests = given.map(([key, value]) => compileEntry(store, entity, key, value, dialect));
  // Subsquid joins OR to its neighbours as an alternative; graph-node refuses neighbours.
  const alternatives = given.flatMap(([key], at) => (dialect === 'subsquid' && key === 'OR' ? (tests[at] ?? []) : []));
  const required = tests.filter((test) => !alternatives.includes(test));
  return (row) => (required.every((test) => test(row)) && (required.length > 0 || alternatives.length === 0)) || alternatives.some((test) => test(row));
}

function compileEntry(store: EntityStore, entity: Entity, key: string, value: unknown, dialect: GraphDialect): RowTest {
  if (key === 'and' || key === 'AND' || key === 'or' || key === 'OR') {
    const parts = (Array.isArray(value) ? value : []).map((part: unknown) => compileFilter(store, entity, part, dialect));
    return key.toLowerCase() === 'and' ? (row) => parts.every((test) => test(row)) : (row) => parts.some((test) => test(row));
  }
  if (dialect === 'graph-node' && key === '_change_block') return compileChanged(store, value);
  const nested = compileNested(store, entity, key, value, dialect);
  if (nested !== null) return nested;
  for (const [suffix, operation] of dialect === 'graph-node' ? GRAPH_NODE_OPERATIONS : SUBSQUID_OPERATIONS) {
    const field = key.endsWith(suffix) ? entity.fields.get(key.slice(0, key.length - suffix.length)) : undefined;
    if (field !== undefined) return compileOperation(field, operation, value);
  }
  throw new GraphQLError(`Entity \`${entity.name}\` has no attribute \`${key}\``);
}

/** Rows that are as they are since that block or a later one. @source graphprotocol/graph-node@f27eb5f store/postgres/src/block_range.rs (changed_since) */
function compileChanged(store: EntityStore, value: unknown): RowTest {
  if (isNull(value)) return () => true;
  const { number_gte: least } = changedFilter.parse(value);
  return (row) => store.changedAt(row) >= BigInt(least);
}

/** graph-node writes `market_: { … }`; Subsquid `market: { … }` and, on lists, `_some`, `_every`, `_none`. */
function compileNested(store: EntityStore, entity: Entity, key: string, value: unknown, dialect: GraphDialect): RowTest | null {
  const [, name = '', quantifier = ''] = dialect === 'graph-node' ? (/^(.*)(_)$/.exec(key) ?? []) : (/^(.*?)(_some|_every|_none|)$/.exec(key) ?? []);
  const field = entity.fields.get(name);
  const target = field?.kind === 'entity' ? store.model.entities.get(field.type) : undefined;
  if (field === undefined || target === undefined) return null;
  const test = compileFilter(store, target, value, dialect);
  if (quantifier === '_every') return (row) => store.follow(row, field).every(test);
  if (quantifier === '_none') return (row) => !store.follow(row, field).some(test);
  return (row) => store.follow(row, field).some(test);
}

function compileOperation(field: EntityField, { operator, negated, ignoresCase }: Operation, value: unknown): RowTest {
  if (operator === 'isNull') return (row) => isNull(row[field.name]) === Boolean(value);
  if (isNull(value)) {
    if (operator !== 'equal') throw new GraphQLError(`Filter not supported by value \`null\`: \`${field.name}\``);
    return (row) => isNull(row[field.name]) !== negated;
  }
  const given = Array.isArray(value) ? value.map((item: unknown) => comparable(field, item)) : comparable(field, value);
  const matches = field.isList ? matchList(operator, Array.isArray(given) ? given : [given]) : matchScalar(operator, given, ignoresCase);
  return (row) => {
    const stored = row[field.name];
    if (isNull(stored)) return false;
    return matches(Array.isArray(stored) ? stored.map((item: unknown) => comparable(field, item)) : comparable(field, stored)) !== negated;
  };
}

type Match = (stored: Comparable | readonly Comparable[]) => boolean;

function matchList(operator: Operator, given: readonly Comparable[]): Match {
  const has = (list: readonly Comparable[], item: Comparable) => list.some((other) => compareValues(other, item) === 0);
  return (stored) => {
    const list = toList(stored);
    if (operator === 'contains') return given.every((item) => has(list, item));
    if (operator === 'containsAny') return given.some((item) => has(list, item));
    return list.length === given.length && given.every((item, at) => compareValues(list[at] ?? null, item) === 0);
  };
}

function matchScalar(operator: Operator, given: Comparable | readonly Comparable[], ignoresCase: boolean): Match {
  const order = (stored: Comparable | readonly Comparable[]) => compareValues(single(stored), single(given));
  const text = (value: Comparable | readonly Comparable[]) => (ignoresCase ? String(single(value)).toLowerCase() : String(single(value)));
  switch (operator) {
    case 'equal':
      return (stored) => order(stored) === 0;
    case 'above':
      return (stored) => order(stored) > 0;
    case 'below':
      return (stored) => order(stored) < 0;
    case 'atLeast':
      return (stored) => order(stored) >= 0;
    case 'atMost':
      return (stored) => order(stored) <= 0;
    case 'in': {
      const allowed = new Set(toList(given).map(String));
      return (stored) => allowed.has(String(single(stored)));
    }
    case 'startsWith':
      return (stored) => text(stored).startsWith(text(given));
    case 'endsWith':
      return (stored) => text(stored).endsWith(text(given));
    default: {
      const part = text(given).replace(/^0x/, '');
      return (stored) => text(stored).includes(part);
    }
  }
}

/** One key of an order: a field, or a field of a single reference. */
export interface OrderKey {
  readonly path: readonly EntityField[];
  readonly descending: boolean;
  /** null: as PostgreSQL does, last when ascending and first when descending. */
  readonly nullsFirst: boolean | null;
}

/** Sorts by keys, then by id in the direction of the first key. */
export function sortRows(store: EntityStore, rows: readonly StoredRow[], keys: readonly OrderKey[]): readonly StoredRow[] {
  const ways = keys.map((key) => ({ ...key, values: new Map(rows.map((row) => [row, valueAt(store, row, key.path)])) }));
  const idSign = keys[0]?.descending ? -1 : 1;
  return [...rows].sort((a, b) => {
    for (const { values, descending, nullsFirst } of ways) {
      const sign = compareNullable(values.get(a) ?? null, values.get(b) ?? null, descending, nullsFirst ?? descending);
      if (sign !== 0) return sign;
    }
    return idSign * compareText(String(a['id']), String(b['id']));
  });
}

function compareNullable(a: Comparable, b: Comparable, descending: boolean, nullsFirst: boolean): number {
  if (a === null || b === null) return a === b ? 0 : (a === null) === nullsFirst ? -1 : 1;
  return descending ? -compareValues(a, b) : compareValues(a, b);
}

function valueAt(store: EntityStore, row: StoredRow, path: readonly EntityField[]): Comparable {
  const [field, ...rest] = path;
  if (field === undefined) return null;
  if (rest.length === 0) return comparable(field, row[field.name]);
  const [next] = store.follow(row, field);
  return next === undefined ? null : valueAt(store, next, rest);
}

function requireNoMixedOr(keys: readonly string[]): void {
  const columns = keys.filter((key) => key !== 'or' && key !== 'and' && key !== '_change_block');
  if (!keys.includes('or') || columns.length === 0) return;
  throw new GraphQLError(`Cannot mix column filters with 'or' operator at the same level. Found column filter(s) ${columns.map((key) => `'${key}'`).join(', ')} alongside 'or' operator.`);
}

function isNull(value: unknown): value is null | undefined {
  return value === null || value === undefined;
}

function isMany(value: Comparable | readonly Comparable[]): value is readonly Comparable[] {
  return Array.isArray(value);
}

function toList(value: Comparable | readonly Comparable[]): readonly Comparable[] {
  return isMany(value) ? value : [value];
}

function single(value: Comparable | readonly Comparable[]): Comparable {
  return isMany(value) ? (value[0] ?? null) : value;
}
