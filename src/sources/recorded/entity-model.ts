import { type FieldDefinitionNode, Kind, type ObjectTypeDefinitionNode, parse, type TypeNode } from 'graphql';
import { InvalidFile } from '../../core/errors.ts';

/** What a field holds: a scalar or enum by its type name, or references to another entity. */
export interface EntityField {
  readonly name: string;
  /** The named type inside lists and non-null marks. */
  readonly type: string;
  readonly kind: 'scalar' | 'enum' | 'entity';
  readonly isList: boolean;
  /** As written in the excerpt: `[Bytes!]!`. */
  readonly written: string;
  /** The field of the other entity that refers back; null where the row itself holds the value. */
  readonly derivedFrom: string | null;
}

/** One `@entity` type of an excerpt. */
export interface Entity {
  readonly name: string;
  readonly fields: ReadonlyMap<string, EntityField>;
}

/** The entities and enums of a schema excerpt. */
export interface EntityModel {
  readonly entities: ReadonlyMap<string, Entity>;
  readonly enums: ReadonlyMap<string, readonly string[]>;
}

const SCALARS = new Set(['ID', 'String', 'Bytes', 'BigInt', 'BigDecimal', 'Int', 'Int8', 'Float', 'Boolean', 'Timestamp', 'DateTime', 'JSON']);

/**
 * Reads a schema excerpt: types with `@entity`, their scalars, enums, references and `@derivedFrom` lists. Directives and scalars need not
 * be declared.
 *
 * @throws {InvalidFile} where the text is not SDL, or uses what an excerpt may not (interfaces, unions, undeclared types)
 */
export function parseEntityModel(sdl: string, label = 'schema excerpt'): EntityModel {
  const definitions = parseSdl(sdl, label).definitions;
  const enums = new Map<string, readonly string[]>();
  const types: ObjectTypeDefinitionNode[] = [];
  for (const definition of definitions) {
    if (definition.kind === Kind.ENUM_TYPE_DEFINITION) enums.set(definition.name.value, definition.values?.map((value) => value.name.value) ?? []);
    else if (definition.kind === Kind.OBJECT_TYPE_DEFINITION) types.push(definition);
    else if (definition.kind !== Kind.SCALAR_TYPE_DEFINITION && definition.kind !== Kind.DIRECTIVE_DEFINITION) {
      throw new InvalidFile(`${label}: ${definition.kind} is not supported in an excerpt. Write the concrete types.`);
    }
  }
  const entityTypes = types.filter((type) => type.name.value !== '_Schema_');
  const names = new Set(entityTypes.map((type) => type.name.value));
  const entities = new Map(entityTypes.map((type) => [type.name.value, readEntity(type, names, enums, label)]));
  for (const entity of entities.values()) requireBackReferences(entity, entities, label);
  return { entities, enums };
}

function parseSdl(sdl: string, label: string): ReturnType<typeof parse> {
  try {
    return parse(sdl, { noLocation: true });
  } catch (error) {
    throw new InvalidFile(`${label} is not GraphQL SDL: ${error instanceof Error ? error.message : 'not understood'}`);
  }
}

function readEntity(type: ObjectTypeDefinitionNode, entities: ReadonlySet<string>, enums: ReadonlyMap<string, unknown>, label: string): Entity {
  const name = type.name.value;
  if (!type.directives?.some((directive) => directive.name.value === 'entity')) throw new InvalidFile(`${label}: type ${name} lacks @entity.`);
  const fields = new Map((type.fields ?? []).map((field) => [field.name.value, readField(field, `${label}: ${name}.${field.name.value}`, entities, enums)]));
  if (!fields.has('id')) throw new InvalidFile(`${label}: type ${name} lacks the field id.`);
  return { name, fields };
}

function readField(field: FieldDefinitionNode, where: string, entities: ReadonlySet<string>, enums: ReadonlyMap<string, unknown>): EntityField {
  const type = namedType(field.type);
  const kind = entities.has(type) ? 'entity' : enums.has(type) ? 'enum' : SCALARS.has(type) ? 'scalar' : null;
  if (kind === null) throw new InvalidFile(`${where} has the type ${type}, which the excerpt does not declare.`);
  const directive = field.directives?.find((entry) => entry.name.value === 'derivedFrom');
  const value = directive?.arguments?.find((argument) => argument.name.value === 'field')?.value;
  if (directive !== undefined && value?.kind !== Kind.STRING) throw new InvalidFile(`${where}: @derivedFrom needs field: "…".`);
  const derivedFrom = value?.kind === Kind.STRING ? value.value : null;
  if (derivedFrom !== null && kind !== 'entity') throw new InvalidFile(`${where}: only references can be derived.`);
  return { name: field.name.value, type, kind, isList: isList(field.type), written: written(field.type), derivedFrom };
}

function requireBackReferences(entity: Entity, entities: ReadonlyMap<string, Entity>, label: string): void {
  for (const field of entity.fields.values()) {
    if (field.derivedFrom === null) continue;
    if (!entities.get(field.type)?.fields.has(field.derivedFrom)) {
      throw new InvalidFile(`${label}: ${entity.name}.${field.name} is derived from ${field.type}.${field.derivedFrom}, which the excerpt leaves out.`);
    }
  }
}

function namedType(type: TypeNode): string {
  return type.kind === Kind.NAMED_TYPE ? type.name.value : namedType(type.type);
}

function isList(type: TypeNode): boolean {
  return type.kind === Kind.LIST_TYPE || (type.kind === Kind.NON_NULL_TYPE && isList(type.type));
}

function written(type: TypeNode): string {
  if (type.kind === Kind.NAMED_TYPE) return type.name.value;
  return type.kind === Kind.LIST_TYPE ? `[${written(type.type)}]` : `${written(type.type)}!`;
}
