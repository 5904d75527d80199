import { connect } from 'node:net';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type RawAnswer, sendRaw } from './raw-http.ts';
import { ask, startTestService, type TestService, type TestServiceOptions } from './serving.ts';
import { readGauge, until } from './threads.ts';

/** Longer than anything here takes: who waits this long hangs. */
const HANGS_MS = 60_000;

async function withService(options: TestServiceOptions, work: (running: TestService) => Promise<void>): Promise<void> {
  const running = await startTestService(options);
  try {
    await work(running);
  } finally {
    await running.close();
  }
}

const hostOf = ({ origin }: TestService): string => new URL(origin).host;
const get = (running: TestService, path: string, headers: readonly string[] = []): string =>
  `GET ${path} HTTP/1.1\r\nHost: ${hostOf(running)}\r\nConnection: close\r\n${headers.map((header) => `${header}\r\n`).join('')}\r\n`;
const post = (running: TestService, framing: string): string => `POST /v1/health HTTP/1.1\r\nHost: ${hostOf(running)}\r\nContent-Type: application/json\r\n${framing}\r\n\r\n`;

function expectRefusal(answer: RawAnswer, status: number, code: string): void {
  expect([answer.status, answer.ended]).toEqual([status, true]);
  expect(answer.text).toMatch(/\r\ncontent-type: application\/problem\+json/i);
  const problem = JSON.parse(answer.text.slice(answer.text.indexOf('\r\n\r\n'))) as Record<string, unknown>;
  expect(problem).toMatchObject({ status, code, type: `/docs#${code}`, detail: expect.stringMatching(/Send/) });
  expect(Object.keys(problem).toSorted()).toEqual(['code', 'detail', 'fields', 'instance', 'retryable', 'status', 'title', 'type']);
}

/** Writes something every now and then for as long as it is let. @returns what came back */
function drip(origin: string, head: string, drop: string): Promise<string> {
  const { hostname, port } = new URL(origin);
  return new Promise((resolve) => {
    let text = '';
    const socket = connect({ host: hostname, port: Number(port) });
    const timer = setInterval(() => socket.write(drop), 20);
    const finish = (): void => {
      clearInterval(timer);
      socket.destroy();
      resolve(text);
    };
    socket.write(head);
    socket.on('data', (part: Buffer) => {
      text += part.toString('latin1');
    });
    socket.on('error', finish).on('close', finish);
  });
}

describe('a body that does not come', () => {
  test('behavior: is refused at the deadline of its request, and leaves its place to others', { timeout: 2 * HANGS_MS }, async () => {
    await withService({ limits: { deadlineMs: 500, inFlight: 6 } }, async (running) => {
      const sent = [post(running, 'Content-Length: 1000'), `${post(running, 'Content-Length: 1000')}{"a":`, `${post(running, 'Transfer-Encoding: chunked')}5\r\n{"a":\r\n`];
      const slow = sent.map((text) => sendRaw(running.origin, [text], HANGS_MS));
      const dripped = drip(running.origin, post(running, 'Transfer-Encoding: chunked'), '1\r\n \r\n');
      for (const answer of await Promise.all(slow)) expectRefusal(answer, 408, 'REQUEST_TIMEOUT');
      expect(await dripped).toMatch(/^HTTP\/1\.1 408 /);
      // Of the six places one is that of whoever counts.
      await until(async () => (await readGauge(running.origin, 'plimsoll_http_in_flight')) === 1);
      expect(running.log()).toContain('"code":"REQUEST_TIMEOUT"');
      expect(running.log()).not.toContain('defect');
    });
  });

  test('default: one that comes in pieces within the deadline is read', async () => {
    await withService({}, async (running) => {
      const answer = await sendRaw(running.origin, [post(running, 'Content-Length: 2\r\nConnection: close'), '{', '}'], HANGS_MS);
      expect(answer.status).toBe(422);
    });
  });
});

describe('a request that does not come', () => {
  test('behavior: headers without an end are given up after their time', { timeout: 2 * HANGS_MS }, async () => {
    await withService({ times: { headersMs: 200, checkMs: 50 } }, async (running) => {
      expectRefusal(await sendRaw(running.origin, ['GET /healthz HTTP/1.1\r\nHo'], HANGS_MS), 408, 'REQUEST_TIMEOUT');
      expect(await drip(running.origin, 'GET /healthz HTTP/1.1\r\n', 'X: y\r\n')).toMatch(/^HTTP\/1\.1 408 /);
      await until(async () => (await readGauge(running.origin, 'plimsoll_http_in_flight')) === 1);
    });
  });

  test('behavior: so is a whole request that is slower than any may be', { timeout: 2 * HANGS_MS }, async () => {
    await withService({ limits: { deadlineMs: 3_600_000 }, times: { headersMs: 200, requestMs: 300, checkMs: 50 } }, async (running) => {
      expectRefusal(await sendRaw(running.origin, [`${post(running, 'Content-Length: 1000')}{`], HANGS_MS), 408, 'REQUEST_TIMEOUT');
      await until(async () => (await readGauge(running.origin, 'plimsoll_http_in_flight')) === 1);
    });
  });
});

describe('headers', () => {
  let running: TestService;
  beforeAll(async () => {
    running = await startTestService();
  });
  afterAll(() => running.close());

  test('bad input: longer than it reads', async () => {
    expectRefusal(await sendRaw(running.origin, [get(running, '/healthz', [`X: ${'a'.repeat(40_000)}`])], HANGS_MS), 431, 'HEADERS_TOO_LARGE');
    expectRefusal(await sendRaw(running.origin, [get(running, `/healthz?${'a'.repeat(40_000)}`)], HANGS_MS), 431, 'HEADERS_TOO_LARGE');
  });

  test('bad input: more than it reads: what stands behind them must not pass for absent', async () => {
    const fillers = (count: number): readonly string[] => Array.from({ length: count }, (_, at) => `X-${at}: y`);
    // Host and Connection are two.
    expect((await sendRaw(running.origin, [get(running, '/healthz', fillers(62))], HANGS_MS)).status).toBe(200);
    for (const count of [63, 64, 1_000]) expectRefusal(await sendRaw(running.origin, [get(running, '/healthz', fillers(count))], HANGS_MS), 431, 'HEADERS_TOO_LARGE');
  });

  test('bad input: what is no HTTP', async () => {
    const answer = await sendRaw(running.origin, ['hello\r\n\r\n'], HANGS_MS);
    expect([answer.status, answer.ended, answer.text.includes('"code":"INVALID_ARGUMENT"')]).toEqual([400, true, true]);
  });

  test('bad input: in the middle of an answer the line ends without another one', async () => {
    const { hostname, port } = new URL(running.origin);
    const text = await new Promise<string>((resolve) => {
      let received = '';
      const socket = connect({ host: hostname, port: Number(port) });
      socket.write(`GET /v1/stream HTTP/1.1\r\nHost: ${hostOf(running)}\r\n\r\n`);
      socket.on('data', (part: Buffer) => {
        if (received === '') socket.write('no HTTP\r\n\r\n');
        received += part.toString('latin1');
      });
      socket.on('error', () => {}).on('close', () => resolve(received));
    });
    expect(text.match(/HTTP\/1\.1 /g)).toHaveLength(1);
    expect(text).toContain('text/event-stream');
  });
});

describe('the end', () => {
  test('behavior: is red first, and serves meanwhile for as long as it is told to', async () => {
    const waited: number[] = [];
    const over = Promise.withResolvers<void>();
    const drain = (ms: number): Promise<void> => {
      waited.push(ms);
      return over.promise;
    };
    await withService({ environment: { PLIMSOLL_DRAIN_SECONDS: '7' }, drain }, async (running) => {
      expect((await ask(running.origin, '/readyz')).status).toBe(200);
      const stopped = running.service.stop();
      const ready = await ask(running.origin, '/readyz');
      expect([ready.status, ready.json['reasons']]).toEqual([503, ['service: is stopping']]);
      expect([(await ask(running.origin, '/healthz')).status, (await ask(running.origin, '/v1/protocols')).status]).toEqual([200, 200]);
      expect(waited).toEqual([7_000]);
      over.resolve();
      await stopped;
      await expect(fetch(`${running.origin}/healthz`)).rejects.toThrow();
      // A second call waits for the same end.
      await running.service.stop();
      expect(waited).toEqual([7_000]);
    });
  });

  test('default: comes at once', async () => {
    const drain = (): Promise<void> => new Promise(() => {});
    await withService({ drain }, async (running) => {
      await running.service.stop();
      await expect(fetch(`${running.origin}/healthz`)).rejects.toThrow();
    });
  });
});
