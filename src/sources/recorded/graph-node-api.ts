import type { Entity, EntityField, EntityModel } from './entity-model.ts';
import { graphNodeNames } from './entity-names.ts';

const ORDERED = ['', '_not', '_gt', '_lt', '_gte', '_lte', '_in', '_not_in'];
const TEXT = ['contains', 'starts_with', 'ends_with'].flatMap((name) => [`_${name}`, `_${name}_nocase`, `_not_${name}`, `_not_${name}_nocase`]);

/** Filters by scalar type. @source graphprotocol/graph-node@f27eb5f graph/src/schema/api.rs (field_filter_ops) */
const FILTERS: Readonly<Record<string, readonly string[]>> = {
  Boolean: ['', '_not', '_in', '_not_in'],
  Bytes: [...ORDERED, '_contains', '_not_contains'],
  String: [...ORDERED, ...TEXT],
};
const ENUM_FILTERS = ['', '_not', '_in', '_not_in'];
const LIST_FILTERS = ['', '_not', '_contains', '_not_contains'];

/** @source graphprotocol/graph-node@f27eb5f graph/src/schema/meta.graphql */
const PRELUDE = `
scalar BigInt
scalar BigDecimal
scalar Bytes
scalar Int8
scalar Timestamp
enum OrderDirection { asc desc }
enum _SubgraphErrorPolicy_ { allow deny }
input BlockChangedFilter { number_gte: Int! }
input Block_height { hash: Bytes number: Int number_gte: Int }
type _Block_ { hash: Bytes number: Int! timestamp: Int parentHash: Bytes }
type _Meta_ { block: _Block_! deployment: String! hasIndexingErrors: Boolean! }
`;

/** Writes the API that graph-node derives from a schema, as SDL. */
export function printGraphNodeApi(model: EntityModel): string {
  const entities = [...model.entities.values()];
  return [
    PRELUDE,
    ...[...model.enums].map(([name, values]) => `enum ${name} { ${values.join(' ')} }`),
    ...entities.flatMap((entity) => [printType(entity), printFilter(entity, model), printOrder(entity, model)]),
    `type Query { _meta(block: Block_height): _Meta_ ${entities.map(printRoots).join(' ')} }`,
  ].join('\n');
}

function printRoots({ name }: Entity): string {
  const { singular, plural } = graphNodeNames(name);
  const at = 'block: Block_height, subgraphError: _SubgraphErrorPolicy_! = deny';
  return `${singular}(id: ID!, ${at}): ${name} ${plural}(${listArguments(name)}, ${at}): [${name}!]!`;
}

function listArguments(entity: string): string {
  return `skip: Int = 0, first: Int = 100, orderBy: ${entity}_orderBy, orderDirection: OrderDirection, where: ${entity}_filter`;
}

function printType({ name, fields }: Entity): string {
  const lines = [...fields.values()].map((field) => {
    const args = field.kind === 'entity' && field.isList ? `(${listArguments(field.type)})` : '';
    return `${field.name}${args}: ${field.written}`;
  });
  return `type ${name} { ${lines.join(' ')} }`;
}

function printFilter({ name, fields }: Entity, model: EntityModel): string {
  const lines = [...fields.values()].flatMap((field) => filtersOf(field, model));
  return `input ${name}_filter { ${lines.join(' ')} _change_block: BlockChangedFilter and: [${name}_filter] or: [${name}_filter] }`;
}

function filtersOf(field: EntityField, model: EntityModel): readonly string[] {
  const child = field.kind === 'entity' ? [`${field.name}_: ${field.type}_filter`] : [];
  if (field.derivedFrom !== null) return child;
  const type = field.kind === 'entity' ? referenceType(model, field.type) : field.type;
  if (field.isList) return [...LIST_FILTERS.map((suffix) => `${field.name}${suffix}: [${type}!]`), ...child];
  const suffixes = field.kind === 'enum' ? ENUM_FILTERS : (FILTERS[type] ?? ORDERED);
  return [...suffixes.map((suffix) => `${field.name}${suffix}: ${suffix.endsWith('_in') ? `[${type}!]` : type}`), ...child];
}

/** References are filtered by the text of the id, bytes ids too. */
function referenceType(model: EntityModel, entity: string): string {
  return model.entities.get(entity)?.fields.get('id')?.type === 'Int8' ? 'Int' : 'String';
}

function printOrder({ name, fields }: Entity, model: EntityModel): string {
  const values = [...fields.values()].flatMap((field) => {
    if (field.kind !== 'entity' || field.isList) return [field.name];
    const inner = [...(model.entities.get(field.type)?.fields.values() ?? [])].filter((child) => child.kind !== 'entity' && !child.isList);
    return [field.name, ...inner.map((child) => `${field.name}__${child.name}`)];
  });
  return `enum ${name}_orderBy { ${values.join(' ')} }`;
}
