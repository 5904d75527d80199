import { Decimal } from '../../core/decimal.ts';
import { InternalError } from '../../core/errors.ts';
import type { Entity, EntityField, EntityModel } from './entity-model.ts';

/** A recorded row: flat, references as id strings, derived fields absent. */
export type StoredRow = Readonly<Record<string, unknown>>;

/** A row with the entity and store that it belongs to, from which its references are followed. */
export interface StoredNode {
  readonly store: EntityStore;
  readonly entity: Entity;
  readonly row: StoredRow;
}

/** The rows of one snapshot. */
export interface EntityStore {
  readonly model: EntityModel;
  /** Every row of an entity, ids ascending. */
  rows(entity: string): readonly StoredRow[];
  /** Where in {@link rows} the rows with a greater id begin. */
  placeAfter(entity: string, id: string): number;
  find(entity: string, id: string): StoredRow | null;
  /** What a reference field of a row leads to, ids ascending: one row or none for a single reference. */
  follow(row: StoredRow, field: EntityField): readonly StoredRow[];
  /** The block since which a row is as it is; 0 where that is not known. */
  changedAt(row: StoredRow): bigint;
  /** A later state: what changed, by entity. The rest is shared with this one. */
  withChanges(changes: EntityChanges): EntityStore;
}

/** Rows that are new or changed, and the ids of those that are gone. */
export type EntityChanges = Readonly<Record<string, { readonly rows: readonly StoredRow[]; readonly gone: readonly string[] }>>;

/** The rows of one entity with their ids, ascending. */
interface Table {
  readonly ids: readonly string[];
  readonly rows: readonly StoredRow[];
}

/** Opens rows by entity; they are sorted at first use. */
export function openEntityStore(model: EntityModel, entities: Readonly<Record<string, readonly StoredRow[]>>, changedAt: (row: StoredRow) => bigint = () => 0n): EntityStore {
  const tables = new Map(Object.entries(entities).map(([entity, rows]) => [entity, once(() => sortTable(rows, (row) => idOf(model, entity, row['id'])))]));
  return storeOf(model, tables, changedAt);
}

function storeOf(model: EntityModel, tables: ReadonlyMap<string, () => Table>, changedAt: (row: StoredRow) => bigint): EntityStore {
  const byReference = new Map<string, ReadonlyMap<string, readonly StoredRow[]>>();
  const tableOf = (entity: string): Table => tables.get(entity)?.() ?? EMPTY;
  const rows = (entity: string) => tableOf(entity).rows;

  function find(entity: string, id: string): StoredRow | null {
    const { ids, rows: sorted } = tableOf(entity);
    const wanted = idOf(model, entity, id);
    const at = placeAfter(ids, wanted) - 1;
    return ids[at] === wanted ? (sorted[at] ?? null) : null;
  }
  function referring(entity: string, name: string): ReadonlyMap<string, readonly StoredRow[]> {
    return remember(byReference, `${entity}.${name}`, () => indexByReference(rows(entity), fieldOf(model, entity, name), (id) => idOf(model, fieldOf(model, entity, name).type, id)));
  }
  function follow(row: StoredRow, field: EntityField): readonly StoredRow[] {
    if (field.derivedFrom !== null) {
      const owner = fieldOf(model, field.type, field.derivedFrom).type;
      return referring(field.type, field.derivedFrom).get(idOf(model, owner, row['id'])) ?? [];
    }
    const found = idsIn(row[field.name])
      .map((id) => find(field.type, id))
      .filter((target) => target !== null);
    return found.length < 2 ? found : found.sort((a, b) => compareText(String(a['id']), String(b['id'])));
  }
  function withChanges(changes: EntityChanges): EntityStore {
    const changed = Object.entries(changes).map(([entity, change]): [string, () => Table] => {
      return [entity, once(() => mergeTable(tableOf(entity), change, (id) => idOf(model, entity, id)))];
    });
    return storeOf(model, new Map([...tables, ...changed]), changedAt);
  }
  return { model, rows, placeAfter: (entity, id) => placeAfter(tableOf(entity).ids, idOf(model, entity, id)), find, follow, changedAt, withChanges };
}

const EMPTY: Table = { ids: [], rows: [] };

function sortTable(rows: readonly StoredRow[], idOfRow: (row: StoredRow) => string): Table {
  const pairs = rows.map((row): [string, StoredRow] => [idOfRow(row), row]).sort(([a], [b]) => compareText(a, b));
  return { ids: pairs.map(([id]) => id), rows: pairs.map(([, row]) => row) };
}

/** A table with some rows replaced, added or taken away, in one pass. */
function mergeTable(table: Table, { rows, gone }: EntityChanges[string], idOfValue: (id: unknown) => string): Table {
  const fresh = sortTable(rows, (row) => idOfValue(row['id']));
  const left = new Set([...gone.map(idOfValue), ...fresh.ids]);
  const merged = { ids: [] as string[], rows: [] as StoredRow[] };
  let next = 0;
  const take = (from: Table, at: number): void => {
    merged.ids.push(from.ids[at] ?? '');
    merged.rows.push(from.rows[at] ?? {});
  };
  table.ids.forEach((id, at) => {
    for (; next < fresh.ids.length && (fresh.ids[next] ?? '') <= id; next += 1) take(fresh, next);
    if (!left.has(id)) take(table, at);
  });
  for (; next < fresh.ids.length; next += 1) take(fresh, next);
  return merged;
}

/** The first place in ascending ids that holds a greater one. */
function placeAfter(ids: readonly string[], id: string): number {
  let low = 0;
  let high = ids.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (compareText(ids[middle] ?? '', id) > 0) high = middle;
    else low = middle + 1;
  }
  return low;
}

function fieldOf(model: EntityModel, entity: string, name: string): EntityField {
  const field = model.entities.get(entity)?.fields.get(name);
  if (field === undefined) throw new InternalError(`recorded entity ${entity} has no field ${name}`);
  return field;
}

function idOf(model: EntityModel, entity: string, value: unknown): string {
  return String(comparable(fieldOf(model, entity, 'id'), value));
}

function once<T>(make: () => T): () => T {
  let made: { readonly value: T } | null = null;
  return () => {
    made ??= { value: make() };
    return made.value;
  };
}

function indexByReference(rows: readonly StoredRow[], field: EntityField, idOf: (id: unknown) => string): ReadonlyMap<string, readonly StoredRow[]> {
  const index = new Map<string, StoredRow[]>();
  for (const row of rows) {
    for (const id of idsIn(row[field.name])) {
      const list = index.get(idOf(id));
      if (list === undefined) index.set(idOf(id), [row]);
      else list.push(row);
    }
  }
  return index;
}

function idsIn(value: unknown): readonly string[] {
  if (Array.isArray(value)) return value.map(String);
  return value === null || value === undefined ? [] : [String(value)];
}

/** A value in the form that comparisons need; null stays null. */
export type Comparable = string | boolean | bigint | Decimal | null;

/** Brings a stored or given value of a field into the form in which the database would compare it. */
export function comparable(field: EntityField, value: unknown): Comparable {
  if (value === null || value === undefined) return null;
  if (field.kind === 'entity') return typeof value === 'string' && /^0x[0-9a-fA-F]*$/.test(value) ? value.toLowerCase() : String(value);
  switch (field.type) {
    case 'Boolean':
      return Boolean(value);
    case 'BigInt':
    case 'Int':
    case 'Int8':
    case 'Timestamp':
      return BigInt(String(value));
    case 'BigDecimal':
    case 'Float':
      return new Decimal(String(value));
    case 'Bytes':
      return String(value).toLowerCase();
    default:
      return String(value);
  }
}

/** −1, 0 or 1; both values of one field and not null. */
export function compareValues(a: Comparable, b: Comparable): number {
  if (Decimal.isDecimal(a) && Decimal.isDecimal(b)) return a.comparedTo(b);
  if (typeof a === 'string' && typeof b === 'string') return compareText(a, b);
  if (a === null || b === null) throw new InternalError('null has no order');
  return a < b ? -1 : a > b ? 1 : 0;
}

/** By code units, as a database with the C collation orders text that is ASCII. */
export function compareText(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

function remember<T>(cache: Map<string, T>, key: string, make: () => T): T {
  const known = cache.get(key);
  if (known !== undefined) return known;
  const made = make();
  cache.set(key, made);
  return made;
}
