/** A JSON Schema, as far as the OpenAPI document uses it. */
export type Schema = { readonly [key: string]: unknown };

/** Every keyword that {@link validate} understands: a document with another one is a defect of the test. */
export const KEYWORDS: ReadonlySet<string> = new Set(
  [
    ['$ref', '$defs', 'type', 'const', 'enum', 'properties', 'required', 'additionalProperties', 'propertyNames', 'items', 'prefixItems', 'minItems', 'maxItems'],
    ['anyOf', 'oneOf', 'allOf', 'pattern', 'minLength', 'maxLength', 'minimum', 'maximum', 'exclusiveMinimum', 'exclusiveMaximum', 'not', 'format'],
    ['description', 'default', 'title', 'example', 'examples', '$comment'],
  ].flat(),
);

/** Finds what a reference points to. @throws where it points nowhere */
export function resolveRef(root: Schema, ref: string): Schema {
  if (!ref.startsWith('#/')) throw new Error(`a reference leaves the document: ${ref}`);
  let at: unknown = root;
  for (const part of ref.slice(2).split('/')) {
    const key = decodeURIComponent(part).replaceAll('~1', '/').replaceAll('~0', '~');
    at = at !== null && typeof at === 'object' ? (at as Record<string, unknown>)[key] : undefined;
  }
  if (at === undefined || at === null || typeof at !== 'object') throw new Error(`a reference points nowhere: ${ref}`);
  return at as Schema;
}

/** Lists what is wrong with a value; nothing where it fits. A sketch of draft 2020-12 with what the document uses. */
export function validate(value: unknown, schema: Schema, root: Schema, path = '$'): string[] {
  if (typeof schema['$ref'] === 'string') return validate(value, resolveRef(root, schema['$ref']), root, path);
  const errors: string[] = [];
  const fail = (what: string): void => void errors.push(`${path}: ${what}`);
  if (schema['type'] !== undefined && !isOfType(value, schema['type'])) return [`${path}: expected ${JSON.stringify(schema['type'])}, got ${typeName(value)}`];
  if ('const' in schema && value !== schema['const']) fail(`expected ${JSON.stringify(schema['const'])}`);
  if (Array.isArray(schema['enum']) && !schema['enum'].includes(value)) fail('not one of the values allowed');
  const [anyOf, oneOf, allOf] = [schema['anyOf'], schema['oneOf'], schema['allOf']].map((list) => (Array.isArray(list) ? (list as Schema[]) : null));
  const options = anyOf ?? oneOf;
  if (options !== null && options !== undefined && !options.some((option) => validate(value, option, root, path).length === 0)) {
    fail(`fits none of ${options.length}: ${options.map((option) => validate(value, option, root, path)[0]).join(' | ')}`);
  }
  for (const part of allOf ?? []) errors.push(...validate(value, part, root, path));
  if (typeof value === 'string') errors.push(...checkText(value, schema, path));
  if (typeof value === 'number') errors.push(...checkNumber(value, schema, path));
  if (Array.isArray(value)) errors.push(...checkList(value, schema, root, path));
  else if (value !== null && typeof value === 'object') errors.push(...checkObject(value as Record<string, unknown>, schema, root, path));
  return errors;
}

function checkText(value: string, schema: Schema, path: string): string[] {
  const { pattern, minLength, maxLength } = schema;
  return [
    ...(typeof pattern === 'string' && !new RegExp(pattern, 'u').test(value) ? [`${path}: does not match ${pattern}`] : []),
    ...(typeof minLength === 'number' && value.length < minLength ? [`${path}: too short`] : []),
    ...(typeof maxLength === 'number' && value.length > maxLength ? [`${path}: too long`] : []),
  ];
}

function checkNumber(value: number, schema: Schema, path: string): string[] {
  const { minimum, maximum } = schema;
  return [...(typeof minimum === 'number' && value < minimum ? [`${path}: too small`] : []), ...(typeof maximum === 'number' && value > maximum ? [`${path}: too large`] : [])];
}

function checkList(value: readonly unknown[], schema: Schema, root: Schema, path: string): string[] {
  const { items, prefixItems, minItems, maxItems } = schema;
  const first = Array.isArray(prefixItems) ? (prefixItems as Schema[]) : [];
  return [
    ...(typeof minItems === 'number' && value.length < minItems ? [`${path}: too few`] : []),
    ...(typeof maxItems === 'number' && value.length > maxItems ? [`${path}: too many`] : []),
    ...value.flatMap((entry, at) => {
      const own = first[at] ?? (items as Schema | undefined);
      return own === undefined ? [] : validate(entry, own, root, `${path}[${at}]`);
    }),
  ];
}

function checkObject(value: Readonly<Record<string, unknown>>, schema: Schema, root: Schema, path: string): string[] {
  const properties = (schema['properties'] ?? {}) as Record<string, Schema>;
  const required = (schema['required'] ?? []) as string[];
  const more = schema['additionalProperties'];
  return [
    ...required.filter((name) => !(name in value)).map((name) => `${path}.${name}: missing`),
    ...Object.entries(value).flatMap(([name, entry]) => {
      const own = properties[name];
      if (own !== undefined) return validate(entry, own, root, `${path}.${name}`);
      if (more === false) return [`${path}.${name}: not documented`];
      return more !== null && typeof more === 'object' ? validate(entry, more as Schema, root, `${path}.${name}`) : [];
    }),
  ];
}

function isOfType(value: unknown, type: unknown): boolean {
  if (Array.isArray(type)) return type.some((one) => isOfType(value, one));
  if (type === 'integer') return Number.isInteger(value);
  return typeName(value) === type;
}

function typeName(value: unknown): string {
  return value === null ? 'null' : Array.isArray(value) ? 'array' : typeof value;
}
