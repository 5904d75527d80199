import type { Entity, EntityField, EntityModel } from './entity-model.ts';
import { subsquidNames } from './entity-names.ts';

const EQUALITY = ['_isNull', '_eq', '_not_eq'];
const SETS = ['_in', '_not_in'];
const ORDER = ['_gt', '_gte', '_lt', '_lte'];
const TEXT = ['_contains', '_not_contains', '_containsInsensitive', '_not_containsInsensitive', '_startsWith', '_not_startsWith', '_endsWith', '_not_endsWith'];

const FILTERS: Readonly<Record<string, readonly string[]>> = {
  Boolean: EQUALITY,
  Bytes: EQUALITY,
  JSON: EQUALITY,
  String: [...EQUALITY, ...ORDER, ...SETS, ...TEXT],
  ID: [...EQUALITY, ...ORDER, ...SETS, ...TEXT],
};
const LIST_FILTERS = ['_isNull', '_containsAll', '_containsAny', '_containsNone'];
const DIRECTIONS = ['ASC', 'DESC', 'ASC_NULLS_FIRST', 'ASC_NULLS_LAST', 'DESC_NULLS_FIRST', 'DESC_NULLS_LAST'];

/** The entity that GMX's squid keeps its progress in; an excerpt may declare it itself. */
const PROCESSOR_STATUS = 'ProcessorStatus';

/** Writes the API that Subsquid's server derives from a schema, as SDL. */
export function printSubsquidApi(model: EntityModel): string {
  const entities = [...model.entities.values()];
  const ownStatus = model.entities.has(PROCESSOR_STATUS);
  return [
    'scalar BigInt scalar BigDecimal scalar Bytes scalar DateTime scalar JSON scalar Int8 scalar Timestamp',
    ...[...model.enums].map(([name, values]) => `enum ${name} { ${values.join(' ')} }`),
    ownStatus ? '' : `type ${PROCESSOR_STATUS} { id: String! lastParsedBlockNumber: Int! lastParsedBlockTimestamp: Int! lastProcessorCallTimestamp: Int! }`,
    ...entities.flatMap((entity) => [printType(entity), printFilter(entity), printOrder(entity, model)]),
    `type Query { ${ownStatus ? '' : `processorStatuses: [${PROCESSOR_STATUS}!]!`} ${entities.map(printRoots).join(' ')} }`,
  ].join('\n');
}

function printRoots({ name }: Entity): string {
  const { singular, plural } = subsquidNames(name);
  return `${singular}(id: String!): ${name} ${plural}(${listArguments(name)}): [${name}!]!`;
}

function listArguments(entity: string): string {
  return `where: ${entity}WhereInput, orderBy: [${entity}OrderByInput!], offset: Int, limit: Int`;
}

function printType({ name, fields }: Entity): string {
  const lines = [...fields.values()].map((field) => {
    const args = field.kind === 'entity' && field.isList ? `(${listArguments(field.type)})` : '';
    return `${field.name}${args}: ${squidType(field)}`;
  });
  return `type ${name} { ${lines.join(' ')} }`;
}

/** Squid ids are plain strings to a client. */
function squidType(field: EntityField): string {
  return field.written.replace(/\bID\b/, 'String');
}

function printFilter({ name, fields }: Entity): string {
  const lines = [...fields.values()].flatMap(filtersOf);
  return `input ${name}WhereInput { ${lines.join(' ')} AND: [${name}WhereInput!] OR: [${name}WhereInput!] }`;
}

function filtersOf(field: EntityField): readonly string[] {
  const { name } = field;
  if (field.kind === 'entity') {
    if (field.isList) return ['_every', '_some', '_none'].map((suffix) => `${name}${suffix}: ${field.type}WhereInput`);
    return [`${name}_isNull: Boolean`, `${name}: ${field.type}WhereInput`];
  }
  const type = field.type === 'ID' ? 'String' : field.type;
  const typeOf = (suffix: string) => (suffix === '_isNull' ? 'Boolean' : suffix.endsWith('_in') || field.isList ? `[${type}!]` : type);
  const suffixes = field.isList ? LIST_FILTERS : field.kind === 'enum' ? [...EQUALITY, ...SETS] : (FILTERS[type] ?? [...EQUALITY, ...ORDER, ...SETS]);
  return suffixes.map((suffix) => `${name}${suffix}: ${typeOf(suffix)}`);
}

function printOrder({ name, fields }: Entity, model: EntityModel): string {
  const paths = [...fields.values()].flatMap((field) => {
    if (field.isList) return [];
    if (field.kind !== 'entity') return [field.name];
    return [...(model.entities.get(field.type)?.fields.values() ?? [])].filter((child) => child.kind !== 'entity' && !child.isList).map((child) => `${field.name}_${child.name}`);
  });
  return `enum ${name}OrderByInput { ${paths.flatMap((path) => DIRECTIONS.map((direction) => `${path}_${direction}`)).join(' ')} }`;
}
