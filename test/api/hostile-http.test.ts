import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type HostileService, startHostileService } from './hostile-service.ts';
import { sendRaw } from './raw-http.ts';

const WALLET = '0xc0ffee00000000000000000000000000c0ffee01';
const MEGABYTES = 1 << 20;

let service: HostileService;
let host: string;
beforeAll(async () => {
  service = await startHostileService();
  host = new URL(service.origin).host;
});
afterAll(async () => {
  await service?.stop();
});

const post = (path: string, headers: readonly string[], body: string | Uint8Array): readonly (string | Uint8Array)[] => [
  `POST ${path} HTTP/1.1\r\nHost: ${host}\r\nConnection: close\r\n${headers.map((header) => `${header}\r\n`).join('')}\r\n`,
  body,
];
const json = (body: string | Uint8Array): readonly string[] => ['Content-Type: application/json', `Content-Length: ${Buffer.byteLength(body)}`];
const nested = (levels: number): string => '['.repeat(levels) + ']'.repeat(levels);

describe('bodies', () => {
  test.each([
    ['not JSON', '{"a":', 400],
    ['nothing', '', 400],
    ['deeply nested', nested(100_000), 400],
    ['a key twice', '{"portfolio":{},"portfolio":{}}', 400],
    ['a prototype key', '{"__proto__":{"target":"1.3"}}', 400],
    ['a huge number', '{"target":1e999}', 400],
    ['text of bytes that are no text', new Uint8Array([0x7b, 0x22, 0xff, 0xfe, 0x22, 0x3a, 0x31, 0x7d]), 400],
  ])('bad input: %s', async (_, body, status) => {
    const answer = await sendRaw(service.origin, post('/v1/plan', json(body), body));
    expect(answer.status).toBe(status);
    expect(answer.text).toContain('application/problem+json');
  });

  test.each([
    ['another type', ['Content-Type: text/plain', 'Content-Length: 2']],
    ['no type', ['Content-Length: 2']],
    ['a form', ['Content-Type: application/x-www-form-urlencoded', 'Content-Length: 2']],
    ['another charset', ['Content-Type: application/json; charset=utf-16', 'Content-Length: 2']],
  ])('bad input: %s is 415', async (_, headers) => {
    expect((await sendRaw(service.origin, post('/v1/plan', headers, '{}'))).status).toBe(415);
  });

  test('bad input: larger than it reads is 413, also where the length is not told', async () => {
    const large = Buffer.alloc(40 * MEGABYTES, 0x20);
    expect((await sendRaw(service.origin, post('/v1/plan', json(large), large), 20_000)).status).toBe(413);
    const chunk = `100000\r\n${' '.repeat(MEGABYTES)}\r\n`;
    const chunked = post('/v1/plan', ['Content-Type: application/json', 'Transfer-Encoding: chunked'], '');
    expect((await sendRaw(service.origin, [...chunked, ...Array.from({ length: 40 }, () => chunk), '0\r\n\r\n'], 20_000)).status).toBe(413);
  });

  test('bad input: a body that is small only while it is packed', async () => {
    const bomb = gzipSync(Buffer.alloc(200 * MEGABYTES, 0x20));
    const answer = await sendRaw(service.origin, post('/v1/plan', [...json(bomb), 'Content-Encoding: gzip'], bomb), 20_000);
    expect([413, 415]).toContain(answer.status);
  });
});

describe('requests that are none', () => {
  test.each([
    ['no HTTP', ['hello\r\n\r\n']],
    ['a line without an end', [`GET /${'a'.repeat(200_000)} HTTP/1.1\r\n`]],
    ['headers without an end', [`GET / HTTP/1.1\r\nHost: h\r\nX: ${'a'.repeat(200_000)}\r\n\r\n`]],
    ['two lengths', ['POST /v1/plan HTTP/1.1\r\nHost: h\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\n{}x']],
    ['length and chunks', ['POST /v1/plan HTTP/1.1\r\nHost: h\r\nContent-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n']],
    ['a negative length', ['POST /v1/plan HTTP/1.1\r\nHost: h\r\nContent-Length: -1\r\n\r\n']],
    ['no host', ['GET /healthz HTTP/1.1\r\n\r\n']],
    ['a control character in a header', ['GET /healthz HTTP/1.1\r\nHost: h\r\nX: \u0000\r\n\r\n']],
  ])('bad input: %s is refused, and the connection ends', async (_, parts) => {
    const answer = await sendRaw(service.origin, parts, 10_000);
    expect(answer.ended).toBe(true);
    expect(answer.status === null || (answer.status >= 400 && answer.status < 500)).toBe(true);
    expect(answer.text).not.toMatch(/ at .*\.[jt]s:\d+/);
  });

  test.each([
    '/%',
    '/v1/wallets/%ff',
    '/v1/wallets/%00',
    '/v1/wallets/..%2f..%2fetc%2fpasswd',
    '/../../etc/passwd',
    '//etc/passwd',
    `/v1/wallets/${WALLET}.json`,
    '/v1/wallets/portfolio.json',
    '/v1/wallets/a.json.eth.json',
  ])('bad input: the address %s is a refusal that repeats nothing', async (path) => {
    const answer = await sendRaw(service.origin, [`GET ${path} HTTP/1.1\r\nHost: ${host}\r\nConnection: close\r\n\r\n`]);
    expect(answer.status).toBeGreaterThanOrEqual(400);
    expect(answer.status).toBeLessThan(500);
    expect(answer.text).not.toMatch(/passwd|root:| at .*\.[jt]s:\d+/);
  });

  test.each([
    '/proving-keys/../package.json',
    '/proving-keys/M-attested/..%2f..%2f..%2fpackage.json',
    '/proving-keys/M-attested/%2e%2e/manifest.json',
    '/proving-keys/__proto__/vkey.json',
    '/assets/..%2f..%2f..%2fpackage.json',
  ])('bad input: %s leaves no folder', async (path) => {
    const answer = await sendRaw(service.origin, [`GET ${path} HTTP/1.1\r\nHost: ${host}\r\nConnection: close\r\n\r\n`]);
    expect(answer.text).not.toContain('"devDependencies"');
    expect(answer.status).toBeGreaterThanOrEqual(400);
  });

  test.each(['PUT', 'PATCH', 'TRACE', 'DELETE'])('bad input: %s on a report is 405 with Allow', async (method) => {
    const answer = await sendRaw(service.origin, [`${method} /v1/wallets/${WALLET} HTTP/1.1\r\nHost: ${host}\r\nConnection: close\r\n\r\n`]);
    expect(answer.status).toBe(405);
    expect(answer.text).toMatch(/\r\nallow: [^\r]*GET/i);
  });

  test('bad input: a request id that is none is replaced', async () => {
    const answer = await sendRaw(service.origin, [`GET /healthz HTTP/1.1\r\nHost: ${host}\r\nX-Request-Id: <script>\r\nConnection: close\r\n\r\n`]);
    expect(answer.status).toBe(200);
    expect(answer.text).not.toContain('<script>');
  });

  test('bad input: a name that is not the service’s own, as after a name was bound anew', async () => {
    const answer = await sendRaw(service.origin, [`GET /v1/protocols HTTP/1.1\r\nHost: evil.example\r\nConnection: close\r\n\r\n`]);
    expect([403, 421]).toContain(answer.status);
  });
});

describe('many at once', () => {
  test('behavior: who sends nothing, or slowly, keeps nobody else out', async () => {
    const slow = Array.from({ length: 100 }, () => sendRaw(service.origin, ['GET /healthz HTTP/1.1\r\nHo'], 3_000));
    const answers = await Promise.all(Array.from({ length: 20 }, () => fetch(`${service.origin}/healthz`)));
    expect(answers.map(({ status }) => status)).toEqual(Array.from({ length: 20 }, () => 200));
    await Promise.all(slow);
  });

  test('behavior: more plans at once than it works on are answered or turned away, and then it goes on', async () => {
    const plan = (): Promise<number> =>
      fetch(`${service.origin}/v1/wallets/${WALLET}/plan`, { method: 'POST', headers: { 'content-type': 'application/json' }, body: '{"budgetMs":50}' }).then(async (answer) => {
        await answer.arrayBuffer();
        if (answer.status !== 200) expect(answer.headers.get('retry-after')).toMatch(/^[0-9]+$/);
        return answer.status;
      });
    const statuses = await Promise.all(Array.from({ length: 40 }, plan));
    expect(statuses.filter((status) => status !== 200 && status !== 503 && status !== 429)).toEqual([]);
    expect(statuses).toContain(200);
    expect(statuses).toContain(503);
    expect(await plan()).toBe(200);
  });
});
