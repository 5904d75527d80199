import fc from 'fast-check';

/** A JSON Schema as it stands in the document. */
export type Schema = { readonly [key: string]: unknown };

const PROTOTYPE_KEYS = ['__proto__', 'constructor', 'prototype', 'toString', ''];
/** Deeper references are cut off: schemas may refer to themselves. */
const MOST_DEPTH = 6;

/** Finds schemas by their `$ref`. */
export type Resolve = (reference: string) => Schema;

/** Values that a schema allows, as far as it says: patterns, lengths, unions, lists, objects with and without what is optional. */
export function arbitraryOf(schema: Schema, resolve: Resolve, depth = 0): fc.Arbitrary<unknown> {
  const { $ref: reference, const: only, enum: several, anyOf, oneOf } = schema;
  if (depth > MOST_DEPTH) return fc.constant(null);
  if (typeof reference === 'string') return arbitraryOf(resolve(reference), resolve, depth + 1);
  if (only !== undefined) return fc.constant(only);
  if (Array.isArray(several)) return fc.constantFrom(...several);
  const union = (anyOf ?? oneOf) as readonly Schema[] | undefined;
  if (union !== undefined) return fc.oneof(...union.map((entry) => arbitraryOf(entry, resolve, depth)));
  const type = schema['type'] ?? 'any';
  const types = (Array.isArray(type) ? type : [type]) as readonly string[];
  return fc.oneof(...types.map((entry) => arbitraryOfType(entry, schema, resolve, depth)));
}

function arbitraryOfType(type: string, schema: Schema, resolve: Resolve, depth: number): fc.Arbitrary<unknown> {
  switch (type) {
    case 'string':
      return textOf(schema);
    case 'integer':
      return fc.integer({ min: numberOf(schema['minimum'], -1_000), max: Math.max(numberOf(schema['minimum'], 0), Math.min(numberOf(schema['maximum'], 1e9), 1e9)) });
    case 'number':
      return fc.double({ min: numberOf(schema['minimum'], -1e6), max: numberOf(schema['maximum'], 1e6), noNaN: true });
    case 'boolean':
      return fc.boolean();
    case 'null':
      return fc.constant(null);
    case 'array':
      return listOf(schema, resolve, depth);
    case 'object':
      return objectOf(schema, resolve, depth);
    default:
      return fc.jsonValue({ maxDepth: 2 });
  }
}

function textOf(schema: Schema): fc.Arbitrary<string> {
  const pattern = schema['pattern'];
  const length = { minLength: numberOf(schema['minLength'], 0), maxLength: Math.min(numberOf(schema['maxLength'], 60), 200) };
  return typeof pattern === 'string' ? fc.stringMatching(new RegExp(pattern)) : fc.string(length);
}

function listOf(schema: Schema, resolve: Resolve, depth: number): fc.Arbitrary<unknown> {
  const items = schema['items'];
  const fixed = schema['prefixItems'];
  if (Array.isArray(fixed)) return fc.tuple(...(fixed as Schema[]).map((entry) => arbitraryOf(entry, resolve, depth + 1)));
  const entry = items !== null && typeof items === 'object' ? arbitraryOf(items as Schema, resolve, depth + 1) : fc.jsonValue({ maxDepth: 1 });
  return fc.array(entry, { minLength: numberOf(schema['minItems'], 0), maxLength: Math.max(numberOf(schema['minItems'], 0), Math.min(numberOf(schema['maxItems'], 3), 3)) });
}

function objectOf(schema: Schema, resolve: Resolve, depth: number): fc.Arbitrary<unknown> {
  const properties = (schema['properties'] ?? {}) as Readonly<Record<string, Schema>>;
  const required = (schema['required'] ?? []) as string[];
  const fields = Object.fromEntries(Object.entries(properties).map(([name, field]) => [name, arbitraryOf(field, resolve, depth + 1)]));
  return fc.record(fields, { requiredKeys: required.filter((name) => name in fields) });
}

/** A value with one thing wrong: another type, a field too many or too few, an absurd number, a text that is code. */
export function broken(value: fc.Arbitrary<unknown>): fc.Arbitrary<unknown> {
  return fc
    .tuple(value, fc.array(fc.nat(12), { maxLength: 5 }), poison(), fc.constantFrom('replace', 'remove', 'add'))
    .map(([whole, path, poisoned, kind]) => breakAt(whole, path, { poisoned, kind }));
}

/** What hostile callers send. */
export function poison(): fc.Arbitrary<unknown> {
  return fc.oneof(
    fc.jsonValue({ maxDepth: 2 }),
    fc.constantFrom<unknown>(
      -1,
      0,
      1e308,
      2 ** 53,
      '9'.repeat(5_000),
      '-0',
      'NaN',
      '../../../../etc/passwd',
      'portfolio.json',
      '%00',
      '\u0000',
      '<script>alert(1)</script>',
      "'; drop table plimsoll.events; --",
      '{{7*7}}',
      'http://169.254.169.254/latest/meta-data',
      '\ud800',
      '\u202e',
      '0x',
      `0x${'f'.repeat(40)}`,
      [],
      {},
      null,
      true,
      Array.from({ length: 500 }, () => 0),
    ),
  );
}

interface Breaking {
  readonly poisoned: unknown;
  readonly kind: string;
}

function breakAt(value: unknown, path: readonly number[], breaking: Breaking): unknown {
  const [step, ...rest] = path;
  if (value === null || typeof value !== 'object' || step === undefined) return breaking.poisoned;
  if (Array.isArray(value)) return value.length === 0 ? [breaking.poisoned] : value.map((entry, at) => (at === step % value.length ? breakAt(entry, rest, breaking) : entry));
  return breakObject(value as Record<string, unknown>, step, { rest, breaking });
}

function breakObject(value: Readonly<Record<string, unknown>>, step: number, { rest, breaking }: { readonly rest: readonly number[]; readonly breaking: Breaking }): unknown {
  const keys = Object.keys(value);
  const key = keys[step % Math.max(1, keys.length)];
  if (key === undefined || (breaking.kind === 'add' && rest.length === 0)) return { ...value, [PROTOTYPE_KEYS[step % PROTOTYPE_KEYS.length] || 'unknown']: breaking.poisoned };
  if (breaking.kind === 'remove' && rest.length === 0) return Object.fromEntries(Object.entries(value).filter(([name]) => name !== key));
  return { ...value, [key]: breakAt(value[key], rest, breaking) };
}

function numberOf(value: unknown, otherwise: number): number {
  return typeof value === 'number' ? value : otherwise;
}
