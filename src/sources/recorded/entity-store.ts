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
  find(entity: string, id: string): StoredRow | null;
  /** What a reference field of a row leads to, ids ascending: one row or none for a single reference. */
  follow(row: StoredRow, field: EntityField): readonly StoredRow[];
}

/** Opens rows by entity; sorting and indexes are made at first use. */
export function openEntityStore(model: EntityModel, entities: Readonly<Record<string, readonly StoredRow[]>>): EntityStore {
  const sorted = new Map<string, readonly StoredRow[]>();
  const byId = new Map<string, ReadonlyMap<string, StoredRow>>();
  const byReference = new Map<string, ReadonlyMap<string, readonly StoredRow[]>>();
  const idOf = (entity: string, value: unknown) => String(comparable(fieldOf(entity, 'id'), value));

  function fieldOf(entity: string, name: string): EntityField {
    const field = model.entities.get(entity)?.fields.get(name);
    if (field === undefined) throw new InternalError(`recorded entity ${entity} has no field ${name}`);
    return field;
  }
  function rows(entity: string): readonly StoredRow[] {
    return remember(sorted, entity, () => [...(entities[entity] ?? [])].sort((a, b) => compareText(idOf(entity, a['id']), idOf(entity, b['id']))));
  }
  function find(entity: string, id: string): StoredRow | null {
    const index = remember(byId, entity, () => new Map(rows(entity).map((row) => [idOf(entity, row['id']), row])));
    return index.get(idOf(entity, id)) ?? null;
  }
  function referring(entity: string, name: string): ReadonlyMap<string, readonly StoredRow[]> {
    return remember(byReference, `${entity}.${name}`, () => indexByReference(rows(entity), fieldOf(entity, name), (id) => idOf(fieldOf(entity, name).type, id)));
  }
  function follow(row: StoredRow, field: EntityField): readonly StoredRow[] {
    if (field.derivedFrom !== null) {
      const owner = fieldOf(field.type, field.derivedFrom).type;
      return referring(field.type, field.derivedFrom).get(idOf(owner, row['id'])) ?? [];
    }
    const found = idsIn(row[field.name])
      .map((id) => find(field.type, id))
      .filter((target) => target !== null);
    return found.length < 2 ? found : found.sort((a, b) => compareText(String(a['id']), String(b['id'])));
  }
  return { model, rows, find, follow };
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
