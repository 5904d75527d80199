import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { buildOpenApi } from '../../src/api/contract/openapi.ts';
import { listOperations, type PlacedOperation } from '../../src/api/contract/operations.ts';
import type { OperationId } from '../../src/api/contract/paths.ts';
import { ERROR_TABLE } from '../../src/core/errors.ts';
import { addEvent } from '../../src/store/events.ts';
import { proveDemo } from './demo-proof.ts';
import { KEYWORDS, resolveRef, type Schema, validate } from './json-schema.ts';
import { ask, DEMO, startTestService, type TestService } from './serving.ts';

const document = buildOpenApi('1.2.3') as Schema;
const paths = document['paths'] as Record<string, Record<string, Schema>>;

function walk(value: unknown, visit: (node: Record<string, unknown>, path: string) => void, path = '#'): void {
  if (value === null || typeof value !== 'object') return;
  visit(value as Record<string, unknown>, path);
  for (const [name, entry] of Object.entries(value)) walk(entry, visit, `${path}/${name}`);
}

describe('the OpenAPI document', () => {
  test('default: 3.1, and the same each time it is built', () => {
    expect([document['openapi'], (document['info'] as Schema)['version']]).toEqual(['3.1.0', '1.2.3']);
    expect(buildOpenApi('1.2.3')).toEqual(document);
  });

  test('behavior: every reference leads somewhere within the document', () => {
    let count = 0;
    walk(document, (node) => {
      if (typeof node['$ref'] !== 'string') return;
      count += 1;
      expect(() => resolveRef(document, String(node['$ref']))).not.toThrow();
    });
    expect(count).toBeGreaterThan(300);
  });

  test('behavior: every component is used, and every keyword of a schema is one that is checked', () => {
    const text = JSON.stringify(document);
    const components = document['components'] as Record<string, Record<string, unknown>>;
    for (const name of Object.keys(components['schemas'] ?? {})) expect(text.includes(`"#/components/schemas/${name}"`), name).toBe(true);
    const unknown = new Set<string>();
    const look = (schema: unknown): void => {
      if (schema === null || typeof schema !== 'object') return;
      const own = schema as Record<string, unknown>;
      for (const key of Object.keys(own)) if (!KEYWORDS.has(key)) unknown.add(key);
      for (const inner of [...Object.values((own['properties'] ?? {}) as object), ...Object.values((own['$defs'] ?? {}) as object)]) look(inner);
      for (const key of ['anyOf', 'oneOf', 'allOf', 'prefixItems']) for (const inner of (own[key] ?? []) as unknown[]) look(inner);
      for (const key of ['items', 'additionalProperties', 'propertyNames', 'not']) look(own[key]);
    };
    for (const schema of Object.values(components['schemas'] ?? {})) look(schema);
    expect([...unknown]).toEqual([]);
  });

  test.each(listOperations().map((operation) => [operation.id, operation] as const))('behavior: %s says all that a client needs', (id, operation) => {
    const written = paths[operation.path]?.[operation.method] ?? {};
    expect(written['operationId']).toBe(id);
    for (const field of ['summary', 'description']) expect(String(written[field]).length).toBeGreaterThan(10);
    const parameters = (written['parameters'] as Schema[]).map((parameter) => (typeof parameter['$ref'] === 'string' ? resolveRef(document, parameter['$ref']) : parameter));
    const inPath = [...operation.path.matchAll(/\{([a-z]+)\}/g)].map(([, name]) => name);
    expect(parameters.filter((parameter) => parameter['in'] === 'path').map((parameter) => [parameter['name'], parameter['required']])).toEqual(inPath.map((name) => [name, true]));
    const responses = written['responses'] as Record<string, Schema>;
    expect(Object.keys(responses).some((status) => status.startsWith('2'))).toBe(true);
    const failures = Object.entries(responses).filter(([status]) => /^[45]/.test(status) && operation.answers[Number(status)] === undefined);
    expect(failures.length).toBeGreaterThan(5);
    for (const [status, failure] of [...failures, ['default', responses['default'] ?? {}] as const]) {
      expect(Object.keys(failure['content'] as object), status).toEqual(['application/problem+json']);
      expect(String(failure['description']).length).toBeGreaterThan(0);
    }
    for (const code of operation.errors) expect(responses[ERROR_TABLE[code].status], code).toBeDefined();
    expect(written['requestBody'] !== undefined).toBe(operation.body !== undefined);
  });

  test('behavior: ids are unique, and examples fit their schemas', () => {
    const ids = listOperations().map(({ id }) => id);
    expect(new Set(ids).size).toBe(ids.length);
    for (const { example, body, params, query } of listOperations()) {
      if (example?.body !== undefined) expect(body?.safeParse(example.body).success).toBe(true);
      if (example?.params !== undefined) expect(params?.safeParse(example.params).success).toBe(true);
      if (example?.query !== undefined) expect(query?.safeParse(example.query).success).toBe(true);
    }
  });
});

describe('every documented operation, called', () => {
  let running: TestService;
  let served: Schema;
  const called = new Set<OperationId>();

  beforeAll(async () => {
    running = await startTestService({
      environment: { PLIMSOLL_PROOFS: 'on' },
      webhookTarget: { resolve: async () => [{ address: '93.184.215.14', family: 4 }] },
    });
    served = (await ask(running.origin, '/openapi.json')).json;
  });
  afterAll(() => running.close());

  function operationOf(id: OperationId): PlacedOperation {
    const found = listOperations().find((operation) => operation.id === id);
    if (found === undefined) throw new Error(`no operation ${id}`);
    return found;
  }

  /** Calls an operation and holds the answer to the served document. */
  async function call(id: OperationId, given: { params?: Record<string, string>; query?: string; body?: unknown; headers?: Record<string, string> } = {}, status = 200) {
    const { method, path } = operationOf(id);
    const filled = Object.entries(given.params ?? {}).reduce((text, [name, value]) => text.replace(`{${name}}`, encodeURIComponent(value)), path);
    const answer = await ask(running.origin, `${filled}${given.query === undefined ? '' : `?${given.query}`}`, {
      method: method.toUpperCase(),
      ...(given.body === undefined ? {} : { body: given.body }),
      headers: { ...given.headers },
    });
    const written = (served['paths'] as Record<string, Record<string, Schema>>)[path]?.[method] ?? {};
    const response = (written['responses'] as Record<string, Schema>)[String(answer.status)];
    expect([id, answer.status, answer.status === status ? '' : answer.text]).toEqual([id, status, '']);
    expect(response, `${id} ${answer.status} is documented`).toBeDefined();
    const content = (response?.['content'] ?? {}) as Record<string, { schema: Schema }>;
    const type = (answer.headers.get('content-type') ?? '').split(';')[0] ?? '';
    if (answer.text !== '') expect(Object.keys(content)).toContain(type);
    const schema = content[type]?.schema;
    if (schema !== undefined && type.endsWith('json')) expect(validate(answer.json, schema, served)).toEqual([]);
    expect(answer.headers.get('x-request-id')).toMatch(/^[A-Za-z0-9_-]{8,64}$/);
    called.add(id);
    return answer;
  }

  test('behavior: the served document is the one that is built', () => {
    expect((served['info'] as Schema)['version']).toMatch(/^[0-9]+\./);
    expect(Object.keys(served['paths'] as object)).toEqual(Object.keys(paths));
  });

  test('default: reports, recorded and shocked, over moments and chains', async () => {
    const { json } = await call('getWallet', { params: { wallet: DEMO } });
    expect(json['status']).toBe('critical');
    const shocked = await call('getWallet', { params: { wallet: DEMO }, query: 'shock=ETH%3D-30%25' });
    expect((shocked.json['shocked'] as { shock: { move: string }[] }).shock[0]?.move).toBe('-0.3');
    const one = await call('getWallet', { params: { wallet: `eip155:1:${DEMO}` }, query: 'chain=1' });
    expect(new Set((one.json['accounts'] as { chain: string }[]).map((account) => account.chain))).toEqual(new Set(['eip155:1']));
    const recorded = await call('listRecorded');
    const [first] = recorded.json['wallets'] as { wallet: string; dataset: string; moments: { atIso: string }[] }[];
    const before = await call('getWallet', { params: { wallet: first?.wallet ?? '' }, query: `recorded=${first?.dataset}&at=${encodeURIComponent(first?.moments[0]?.atIso ?? '')}` });
    const now = await call('getWallet', { params: { wallet: first?.wallet ?? '' } });
    expect(before.json['asOf']).not.toEqual(now.json['asOf']);
  });

  test('default: every recorded wallet', async () => {
    const { json } = await call('listRecorded');
    const entries = json['wallets'] as { wallet: string; dataset: string }[];
    expect(entries.length).toBeGreaterThan(5);
    for (const { wallet, dataset } of new Map(entries.map((entry) => [entry.dataset, entry])).values()) await call('getWallet', { params: { wallet }, query: `recorded=${dataset}` });
  });

  test('default: a Portfolio out, and in again', async () => {
    const { json } = await call('getWalletPortfolio', { params: { wallet: DEMO } });
    const again = await call('computeHealth', { body: json });
    const direct = await call('getWallet', { params: { wallet: DEMO } });
    expect(again.json).toEqual(direct.json);
    const planned = await call('planPortfolio', { body: { portfolio: json, target: '1.5', budgetMs: 200 } });
    expect((planned.json['self'] as { order: string } | null)?.order).toBeDefined();
  });

  test.each([
    ['self', { target: '1.5', calldata: true, budgetMs: 200 }],
    ['self, impossible', { target: '50', budgetMs: 100 }],
    ['forced', { view: 'forced', shock: 'ETH=-30%' }],
    ['liquidator', { view: 'liquidator', shock: 'ETH=-30%' }],
  ])('default: a plan (%s)', async (_, body) => {
    const { json } = await call('planWallet', { params: { wallet: DEMO }, body });
    expect(json['forced']).toBeDefined();
  });

  test('default: the ranking, its pages, and what is supported', async () => {
    const whole = await call('listOpportunities', { query: 'limit=100' });
    const first = await call('listOpportunities', { query: 'limit=1' });
    const second = await call('listOpportunities', { query: `limit=100&cursor=${String(first.json['nextCursor'])}` });
    expect([...(first.json['opportunities'] as object[]), ...(second.json['opportunities'] as object[])]).toEqual(whole.json['opportunities']);
    await call('listProtocols');
    await call('listAttestors');
  });

  test('default: a proof is judged, and made as a job', async () => {
    const demo = await proveDemo();
    const judged = await call('verifyProof', { body: { proof: demo.bundle, policy: demo.policy, at: demo.at } });
    expect(judged.json['accepted']).toBe(true);
    const otherwise = await call('verifyProof', { body: { proof: demo.bundle, policy: { ...demo.policy, consumer: `0x${'1'.repeat(40)}` }, at: demo.at } });
    expect(otherwise.json['accepted']).toBe(false);
    const headers = { 'idempotency-key': 'the-first-proof' };
    const job = await call('createProof', { body: demo.request, headers }, 202);
    expect(job.headers.get('location')).toBe(`/v1/proofs/${String(job.json['id'])}`);
    expect((await call('createProof', { body: demo.request, headers }, 202)).json['id']).toBe(job.json['id']);
    const other = await ask(running.origin, '/v1/proofs', { body: { ...demo.request, threshold: '0.9' }, headers });
    expect([other.status, other.json['code']]).toEqual([409, 'CONFLICT']);
    const waiting = await call('getProof', { params: { id: String(job.json['id']) } });
    expect([waiting.json['state'], waiting.json['proof']]).toEqual(['waiting', null]);
    for (const secret of demo.secrets) expect(running.log()).not.toContain(secret);
  });

  test('default: webhooks come, are listed without secrets, and go', async () => {
    const body = { url: 'https://hooks.example.org/t0ken-in-the-path', kinds: ['alert'], alerts: [{ owner: DEMO, kind: 'health', below: '1.2' }] };
    const headers = { 'idempotency-key': 'the-first-hook' };
    const made = await call('createWebhook', { body, headers }, 201);
    expect(made.json['secret']).toMatch(/^whsec_/);
    expect((await call('createWebhook', { body, headers }, 201)).json).toEqual(made.json);
    const listed = await call('listWebhooks');
    expect(listed.text).not.toContain('whsec_');
    expect(listed.text).not.toContain('t0ken');
    expect((listed.json['webhooks'] as { alerts: object[] }[])[0]?.alerts).toHaveLength(1);
    const rotated = await call('rotateWebhookSecret', { params: { id: String(made.json['id']) } });
    expect(rotated.json['secret']).not.toBe(made.json['secret']);
    await call('deleteWebhook', { params: { id: String(made.json['id']) } }, 204);
    await call('rotateWebhookSecret', { params: { id: String(made.json['id']) } }, 404);
    await call('deleteWebhook', { params: { id: String(made.json['id']) } }, 404);
    expect((await call('listWebhooks')).json).toEqual({ webhooks: [] });
    expect(running.log()).not.toContain('t0ken');
  });

  test('default: the stream, the probes, the metrics', async () => {
    const response = await fetch(`${running.origin}/v1/stream`);
    const reader = response.body?.getReader();
    await running.database.transaction((queries) => addEvent(queries, { key: 'k', kind: 'opportunity.opened', subject: DEMO, body: { owner: DEMO }, at: 1_700_000_000n }));
    let text = '';
    while (!text.includes('data:')) text += new TextDecoder().decode((await reader?.read())?.value);
    const data = JSON.parse(/^data: (.*)$/m.exec(text)?.[1] ?? '{}');
    expect(validate(data, { $ref: '#/components/schemas/Event' }, served)).toEqual([]);
    await reader?.cancel();
    called.add('streamEvents');
    await call('getLiveness');
    await call('getReadiness');
    const metrics = await call('getMetrics');
    expect(metrics.text).toContain('route="/v1/wallets/{wallet}"');
    expect(metrics.text.toLowerCase()).not.toContain(DEMO.slice(2));
  });

  test('behavior: all of them were called', () => {
    expect([...called].toSorted()).toEqual(
      listOperations()
        .map(({ id }) => id)
        .toSorted(),
    );
  });
});
