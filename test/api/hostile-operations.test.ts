import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import * as z from 'zod';
import { ERROR_TABLE } from '../../src/core/errors.ts';
import { arbitraryOf, broken, poison, type Schema } from './arbitrary-of-schema.ts';
import { type HostileService, startHostileService } from './hostile-service.ts';

const LONG = process.env['PLIMSOLL_LONG'] === '1';
/** Requests of each kind for each operation. */
const RUNS = LONG ? 400 : 12;
/** Longer than any deadline of the service: who waits this long hangs. */
const HANGS_MS = 90_000;
/** Stands in what is sent, and must not come back. */
const MARKER = 'zq7Marker';
const WALLET = '0xc0ffee00000000000000000000000000c0ffee01';

const problemSchema = z.object({ status: z.int(), detail: z.string(), code: z.enum(Object.keys(ERROR_TABLE) as [string]), retryable: z.boolean() });

interface Parameter {
  readonly name: string;
  readonly in: string;
  readonly required?: boolean;
  readonly schema: Schema;
  readonly example?: unknown;
}
interface Described {
  readonly operationId: string;
  readonly parameters?: readonly (Parameter | { readonly $ref: string })[];
  readonly requestBody?: { readonly content: { readonly 'application/json': { readonly schema: Schema; readonly example?: unknown } } };
  readonly responses: Readonly<Record<string, unknown>>;
}
interface Sent {
  readonly path: string;
  readonly body: unknown;
}

let service: HostileService;
let document: { readonly paths: Readonly<Record<string, Readonly<Record<string, Described>>>>; readonly components: { readonly schemas: Readonly<Record<string, Schema>> } };
let portfolio: unknown;

beforeAll(async () => {
  service = await startHostileService();
  document = (await (await fetch(`${service.origin}/openapi.json`)).json()) as typeof document;
  portfolio = await (await fetch(`${service.origin}/v1/wallets/${WALLET}/portfolio`)).json();
});
afterAll(async () => {
  await service?.stop();
});

/** Streams do not end by themselves; what they take is tried on its own below. */
const operations = () =>
  Object.entries(document.paths).flatMap(([path, methods]) => Object.entries(methods).flatMap(([method, described]) => (path.endsWith('/stream') ? [] : [{ path, method, described }])));

const resolve = (reference: string): Schema => {
  const found = reference
    .replace(/^#\//, '')
    .split('/')
    .reduce<unknown>((value, key) => (value as Record<string, unknown> | undefined)?.[key.replaceAll('~1', '/')], document);
  return (found ?? {}) as Schema;
};

function requests({ path, described }: { readonly path: string; readonly described: Described }, wrap: (value: fc.Arbitrary<unknown>) => fc.Arbitrary<unknown>): fc.Arbitrary<Sent> {
  const parameters = (described.parameters ?? []).flatMap((entry) => ('$ref' in entry ? [] : [entry]));
  const fields = Object.fromEntries(parameters.map((entry) => [entry.name, wrap(parameterOf(entry))]));
  const schema = described.requestBody?.content['application/json'].schema;
  const body = schema === undefined ? fc.constant(undefined) : fc.oneof(wrap(arbitraryOf(schema, resolve)), wrap(bodyLike(described, schema)));
  return fc.tuple(fc.record(fields), body).map(([values, sent]) => ({ path: addressOf(path, parameters, values), body: sent }));
}

/** Half of the requests are about a wallet that exists, so that they come further than the door. */
function parameterOf({ schema, example }: Parameter): fc.Arbitrary<unknown> {
  return example === undefined ? arbitraryOf(schema, resolve) : fc.oneof(fc.constant(example), arbitraryOf(schema, resolve));
}

/** Bodies that are right but for what breaks them. */
function bodyLike({ requestBody }: Described, schema: Schema): fc.Arbitrary<unknown> {
  const { example } = requestBody?.content['application/json'] ?? {};
  if (schema['$ref'] === '#/components/schemas/Portfolio') return fc.constant(portfolio);
  return example === undefined ? fc.constant({ portfolio, target: '1.3' }) : fc.constant(example);
}

function addressOf(path: string, parameters: readonly Parameter[], values: Readonly<Record<string, unknown>>): string {
  const query = new URLSearchParams();
  let address = path;
  for (const { name, in: place } of parameters) {
    const text = textOf(values[name]);
    if (place === 'path') address = address.replace(`{${name}}`, encodeURIComponent(text) || '%20');
    else if (place === 'query') query.append(name, text);
  }
  return query.size === 0 ? address : `${address}?${query.toString()}`;
}

function textOf(value: unknown): string {
  const text = typeof value === 'string' ? value : (JSON.stringify(value) ?? '');
  return text.slice(0, 3_000).toWellFormed();
}

async function send({ path, body }: Sent, method: string): Promise<{ readonly status: number; readonly type: string; readonly text: string }> {
  const answer = await fetch(`${service.origin}${path}`, {
    method: method.toUpperCase(),
    redirect: 'manual',
    signal: AbortSignal.timeout(HANGS_MS),
    ...(body === undefined ? {} : { headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) ?? '' }),
  });
  return { status: answer.status, type: answer.headers.get('content-type') ?? '', text: await answer.text() };
}

function requireDecent(described: Described, { status, type, text }: Awaited<ReturnType<typeof send>>): void {
  expect([500, 501, 502]).not.toContain(status);
  if (status < 400 || !type.startsWith('application/problem+json')) {
    expect(Object.keys(described.responses)).toContain(String(status));
    return;
  }
  const problem = problemSchema.parse(JSON.parse(text));
  expect(problem.status).toBe(status);
  expect(text).not.toMatch(/ at .*\.[jt]s:\d+|node_modules|\/src\/|TypeError|RangeError|ZodError/);
  expect(text).not.toContain(MARKER);
}

describe('hostile requests', () => {
  test('property: every operation answers what its schema allows without a failure of its own', async () => {
    expect(operations().length).toBeGreaterThan(10);
    for (const operation of operations())
      await tryAll(
        operation,
        requests(operation, (value) => value),
        11,
      );
  });

  test('property: every operation refuses broken requests decently', async () => {
    for (const operation of operations()) await tryAll(operation, requests(operation, broken), 12);
  });

  test('property: nothing of what is sent comes back in a refusal', async () => {
    const marked = (value: fc.Arbitrary<unknown>): fc.Arbitrary<unknown> => fc.tuple(broken(value), fc.nat()).map(([whole, at]) => mark(whole, at));
    for (const operation of operations()) await tryAll(operation, requests(operation, marked), 13);
  });

  test('bad input: poison in the stream’s parameters', async () => {
    await fc.assert(
      fc.asyncProperty(poison(), poison(), async (kind, wallet) => {
        const query = new URLSearchParams({ kind: textOf(kind), wallet: textOf(wallet), [MARKER]: '1' });
        const answer = await fetch(`${service.origin}/v1/stream?${query.toString()}`, { headers: { 'last-event-id': 'x' }, signal: AbortSignal.timeout(HANGS_MS) });
        const text = await answer.text();
        expect(answer.status).toBe(400);
        expect(text).not.toContain(MARKER);
      }),
      { seed: 14, numRuns: RUNS },
    );
  });

  test('behavior: after all of it the service lives, and its log holds nothing of what was sent', async () => {
    expect((await fetch(`${service.origin}/healthz`)).status).toBe(200);
    expect(service.output()).not.toContain(MARKER);
    expect(service.output().toLowerCase()).not.toContain(WALLET.toLowerCase());
  });
});

async function tryAll({ method, described }: { readonly method: string; readonly described: Described }, sent: fc.Arbitrary<Sent>, seed: number): Promise<void> {
  await fc.assert(
    fc.asyncProperty(sent, async (request) => {
      requireDecent(described, await send(request, method));
    }),
    { seed, numRuns: RUNS, endOnFailure: true },
  );
}

/** Puts the marker into a text of the value, or where there is none, in place of it. */
function mark(value: unknown, at: number): unknown {
  if (Array.isArray(value) && value.length > 0) return value.with(at % value.length, mark(value[at % value.length], at >> 1));
  if (value === null || typeof value !== 'object' || Array.isArray(value)) return `${typeof value === 'string' ? value.slice(0, 20) : ''}${MARKER}${at}`;
  const entries = Object.entries(value);
  const chosen = entries[at % Math.max(1, entries.length)];
  if (chosen === undefined || at % 3 === 0) return { ...value, [`${MARKER}${at}`]: 1 };
  return { ...value, [chosen[0]]: mark(chosen[1], at >> 1) };
}
