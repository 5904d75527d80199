import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { listOperations } from '../../src/api/contract/operations.ts';
import { proveDemo } from './demo-proof.ts';
import { ask, DEMO, startTestService, type TestService } from './serving.ts';

let running: TestService;
let sink: Server;
let port = 0;
/** Connections to a server that nobody has a reason to call. */
let called = 0;

beforeAll(async () => {
  sink = createServer((_request, response) => response.end('{}'));
  sink.on('connection', () => {
    called += 1;
  });
  await new Promise<void>((resolve) => sink.listen(0, '127.0.0.1', resolve));
  port = (sink.address() as AddressInfo).port;
  // Every name leads to the sink: who resolves one and calls it is seen.
  running = await startTestService({ environment: { PLIMSOLL_PROOFS: 'on' }, webhookTarget: { resolve: async () => [{ address: '127.0.0.1', family: 4 }] } });
});
afterAll(async () => {
  await running.close();
  sink.closeAllConnections();
  await new Promise((resolve) => sink.close(resolve));
});

/** A value with one of its texts, or of the lists and objects around it, put in place of another after the other. */
function* replaced(value: unknown, text: string): Generator<unknown> {
  yield text;
  if (Array.isArray(value)) {
    for (const [at, entry] of value.slice(0, 3).entries()) for (const changed of replaced(entry, text)) yield value.with(at, changed);
    return;
  }
  if (value === null || typeof value !== 'object') return;
  for (const [name, entry] of Object.entries(value)) for (const changed of replaced(entry, text)) yield { ...value, [name]: changed };
}

test('bad input: no parameter, field or header of any operation makes the service call an address of its choice', { timeout: 300_000 }, async () => {
  const demo = await proveDemo();
  const portfolio = (await ask(running.origin, `/v1/wallets/${DEMO}/portfolio`)).json;
  const bodies: Readonly<Record<string, unknown>> = {
    computeHealth: { ...portfolio, accounts: (portfolio['accounts'] as object[]).slice(0, 1) },
    planWallet: { target: '1.5', view: 'forced', shock: 'ETH=-10%', cash: 'USDC=1', recorded: 'constructed-wallet', chain: '1' },
    planPortfolio: { portfolio: {}, view: 'forced', shock: 'ETH=-10%' },
    createProof: { ...demo.request, attestation: {} },
    verifyProof: { proof: {}, policy: demo.policy, at: demo.at },
    createWebhook: { url: 'https://example.org/', kinds: ['alert'], wallets: [DEMO], alerts: [{ owner: DEMO, kind: 'health', below: '1.2' }] },
  };
  const targets = [`http://127.0.0.1:${port}/`, `https://127.0.0.1:${port}/`, `https://somewhere.example.org:${port}/`, `//127.0.0.1:${port}/`, `file://127.0.0.1:${port}/etc/passwd`];
  const headers = { 'x-forwarded-host': `127.0.0.1:${port}`, forwarded: `host=127.0.0.1:${port}`, referer: targets[0] ?? '', 'x-original-url': targets[0] ?? '' };
  let sent = 0;
  const send = async (path: string, method: string, body?: unknown): Promise<void> => {
    sent += 1;
    const { status } = await ask(running.origin, path, { method, headers, signal: AbortSignal.timeout(60_000), ...(body === undefined ? {} : { body }) });
    expect([500, 501, 502]).not.toContain(status);
  };
  for (const { id, method, path, params, query } of listOperations()) {
    const known = path.replace('{wallet}', DEMO).replace('{id}', `prove-${'0'.repeat(40)}`);
    for (const target of targets) {
      const text = encodeURIComponent(target);
      if (params !== undefined) await send(path.replaceAll(/\{[a-z]+\}/g, text), method.toUpperCase(), bodies[id]);
      // A stream whose parameters are understood does not end.
      for (const name of Object.keys(query?.shape ?? {})) await send(`${known}?${name}=${text}`, method.toUpperCase(), bodies[id]);
      if (bodies[id] !== undefined) for (const body of replaced(bodies[id], target)) await send(known, method.toUpperCase(), body);
    }
  }
  expect(sent).toBeGreaterThan(500);
  expect(called).toBe(0);
  // It would have been seen.
  await fetch(`http://127.0.0.1:${port}/`);
  expect(called).toBe(1);
});
