import { buildSchema, GraphQLError, type GraphQLScalarType, type GraphQLSchema, isScalarType, Kind, type ValueNode } from 'graphql';
import type { GraphDialect } from '../../core/source.ts';
import { type EntityModel, parseEntityModel } from './entity-model.ts';
import { printGraphNodeApi } from './graph-node-api.ts';
import { printSubsquidApi } from './subsquid-api.ts';

/**
 * Derives the query API that a subgraph or squid offers from its schema excerpt, so that documents can be validated and executed.
 *
 * @throws {InvalidFile} where the excerpt cannot be used
 * @example
 * ```ts
 * const schema = buildApiSchema('type Reserve @entity { id: ID! symbol: String! }', 'graph-node');
 * validate(schema, parse('{ reserves(first: 5) { symbol } }')); // []
 * ```
 */
export function buildApiSchema(sdl: string, dialect: GraphDialect): GraphQLSchema {
  return apiSchemaOf(parseEntityModel(sdl), dialect);
}

/** As {@link buildApiSchema}, from a model that is already parsed. */
export function apiSchemaOf(model: EntityModel, dialect: GraphDialect): GraphQLSchema {
  const text = dialect === 'graph-node' ? printGraphNodeApi(model) : printSubsquidApi(model);
  const schema = buildSchema(text, { noLocation: true, assumeValidSDL: true });
  for (const type of Object.values(schema.getTypeMap())) if (isScalarType(type)) giveForm(type);
  return schema;
}

const FORMS: Readonly<Record<string, RegExp>> = {
  BigInt: /^-?[0-9]+$/,
  Int8: /^-?[0-9]+$/,
  Timestamp: /^-?[0-9]+$/,
  BigDecimal: /^-?[0-9]+(?:\.[0-9]+)?(?:[eE][-+]?[0-9]+)?$/,
  Bytes: /^(?:0x)?(?:[0-9a-fA-F]{2})*$/,
};

/** Wide numbers and bytes travel as strings and may come in as number literals; a value of another form is refused. */
function giveForm(scalar: GraphQLScalarType): void {
  const form = FORMS[scalar.name];
  if (form === undefined) return;
  const read = (value: unknown): string => {
    const text = typeof value === 'number' || typeof value === 'string' ? String(value) : '';
    if (!form.test(text) || (text === '' && scalar.name !== 'Bytes')) throw new GraphQLError(`Failed to decode \`${scalar.name}\` value`);
    return scalar.name === 'Bytes' ? normalBytes(text) : text;
  };
  scalar.serialize = read;
  scalar.parseValue = read;
  scalar.parseLiteral = (node: ValueNode) => {
    if (node.kind === Kind.STRING || node.kind === Kind.INT || node.kind === Kind.FLOAT) return read(node.value);
    throw new GraphQLError(`Failed to decode \`${scalar.name}\` value`);
  };
}

/** Bytes as graph-node writes them: lower-case with 0x. The empty text stays empty: it is the cursor before the first id. */
function normalBytes(text: string): string {
  if (text === '') return '';
  const lower = text.toLowerCase();
  return lower.startsWith('0x') ? lower : `0x${lower}`;
}
