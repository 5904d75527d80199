import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type Server } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { graphUrlVariable } from '../../src/config.ts';
import { listDeployments } from '../../src/protocols/registry.ts';
import { runCli } from './run-cli.ts';

const WALLET = '0xc0ffee00000000000000000000000000c0ffee01';
const KEY = 'marker5f0c9b1e7d3a4c2b';
const PATH_SECRET = 'path8d21c7aa90be64f3';
const CHAIN = 'eip155:8453';

let folder = '';
let server: Server;
let origin = '';
const seen: IncomingMessage[] = [];
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'plimsoll-safety-'));
  // Says back what it was sent, address and headers, as some gateways do when they refuse.
  server = createServer((request, response) => {
    seen.push(request);
    const echo = `refused ${request.url} ${JSON.stringify(request.headers)}`;
    const isRefused = seen.length % 2 === 0;
    response
      .writeHead(isRefused ? 400 : 200, { 'content-type': 'application/json' })
      .end(JSON.stringify({ jsonrpc: '2.0', id: 1, errors: [{ message: echo }], error: { code: -32000, message: echo } }));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  origin = `http://127.0.0.1:${address !== null && typeof address === 'object' ? address.port : 0}`;
});
afterAll(async () => {
  rmSync(folder, { recursive: true, force: true });
  await new Promise((resolve) => server.close(resolve));
});

/** Everything of one chain through endpoints at `base`, with a key that only the gateway may see. */
function configure(base: string): Record<string, string> {
  const graphUrls = listDeployments()
    .filter((deployment) => deployment.chain === CHAIN)
    .map((deployment) => [graphUrlVariable(deployment.id), `${base}/${PATH_SECRET}/graph`]);
  return { GRAPH_API_KEY: KEY, RPC_URL_8453: `${base}/${PATH_SECRET}/rpc?token=${PATH_SECRET}`, PRICE_API_URL: `${base}/${PATH_SECRET}`, PLIMSOLL_DEADLINE: '1', ...Object.fromEntries(graphUrls) };
}

describe('secrets', () => {
  test.each([
    ['unreachable', () => 'http://127.0.0.1:9'],
    ['that say them back', () => origin],
  ])('behavior: neither key nor address of endpoints %s is in any output', async (_what, base) => {
    const environment = configure(base());
    const args = ['wallet', WALLET, '--chain', CHAIN];
    const runs = await Promise.all([runCli(args, environment), runCli([...args, '--json'], environment)]);
    for (const run of runs) {
      expect([3, 4]).toContain(run.code);
      expect(run.stdout).toMatch(/INCOMPLETE|"incomplete"/);
      for (const secret of [KEY, PATH_SECRET]) {
        expect(run.stdout).not.toContain(secret);
        expect(run.stderr).not.toContain(secret);
      }
    }
    expect(JSON.parse(runs[1]?.stdout ?? '')).toMatchObject({ status: 'incomplete', accounts: [] });
  });

  test("behavior: the gateway's key goes to no other endpoint", () => {
    expect(seen.length).toBeGreaterThan(4);
    expect(seen.filter((request) => JSON.stringify([request.headers, request.url]).includes(KEY))).toEqual([]);
  });

  test('behavior: a saved document holds neither', async () => {
    const file = join(folder, 'portfolio.json');
    const { code } = await runCli(['wallet', WALLET, '--chain', CHAIN, '--save', file, '--quiet'], configure(origin));
    expect(code).toBe(3);
    const text = readFileSync(file, 'utf8');
    expect(text).toContain('"gaps"');
    for (const secret of [KEY, PATH_SECRET]) expect(text).not.toContain(secret);
  });
});

describe('foreign texts', () => {
  test('behavior: what a document calls its tokens and markets steers no terminal and makes no line of its own', async () => {
    const file = join(folder, 'whole.json');
    await runCli(['wallet', WALLET, '--save', file, '--quiet']);
    const foreign = 'EVIL\\u001b[2J\\u001b[8m\\n  SAFE   unified health 9.9\\u202e\\u009b31m';
    writeFileSync(file, readFileSync(file, 'utf8').replaceAll(/"(?:WETH|WBTC|USDC|Aave v3 Ethereum|Morpho Blue Ethereum WBTC\/USDC)"/g, `"${foreign}"`));
    const { code, stdout } = await runCli(['wallet', file]);
    expect(code).toBe(0);
    expect(stdout).toContain('EVIL');
    expect(stdout.replaceAll('\n', '')).not.toMatch(/[\p{Cc}\p{Cf}]/u);
    expect(stdout).not.toMatch(/^\s*SAFE/m);
    // In JSON the text is carried as it is, escaped.
    const { stdout: json } = await runCli(['wallet', file, '--json']);
    expect(JSON.parse(json).accounts[0].label).toContain('\u001b[2J');
    expect(json).not.toContain('\u001b');
  });

  test('error: a refused document is one line on stderr, whatever stands in it', async () => {
    const file = join(folder, 'odd.json');
    writeFileSync(file, '{"schema":"plimsoll/portfolio@1","\\nSAFE\\u001b[2J":1}');
    const { code, stdout, stderr } = await runCli(['wallet', file, '--quiet']);
    expect([code, stdout]).toEqual([2, '']);
    expect(stderr.trimEnd().split('\n')).toHaveLength(1);
    expect(stderr).not.toContain('\u001b');
  });
});
