import { type ChildProcess, spawn } from 'node:child_process';
import { createRequire } from 'node:module';
import { createServer } from 'node:net';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createChainSource } from '../../src/sources/chain.ts';
import { systemClock, systemFetch, systemRandom } from '../../src/sources/clock.ts';
import { createFakeNetwork } from '../fakes/fake-network.ts';

/** Runtime code that returns the number 42 to any call. */
const RETURNS_42 = '0x602a60005260206000f3';
/** Runtime code that reverts any call without data. */
const REVERTS = '0x60006000fd';
const GOOD = `0x${'0'.repeat(37)}a01` as const;
const BAD = `0x${'0'.repeat(37)}a02` as const;
const NOBODY = `0x${'0'.repeat(37)}a03` as const;
const SIGNATURE = 'function number() view returns (uint256)';

let anvil: ChildProcess | null = null;
let url = '';

beforeAll(async () => {
  const port = await freePort();
  url = `http://127.0.0.1:${port}`;
  anvil = spawn(anvilPath(), ['--port', String(port), '--silent', '--chain-id', '31337'], { stdio: 'ignore' });
  for (let tries = 0; tries < 200; tries += 1) {
    const block = await rpc('eth_blockNumber').catch(() => null);
    if (block === '0x0') break;
    await systemClock.sleep(25);
  }
  await rpc('anvil_setCode', GOOD, RETURNS_42);
  await rpc('anvil_setCode', BAD, REVERTS);
  await rpc('evm_mine');
});
afterAll(() => void anvil?.kill());

describe('createChainSource on a real node', () => {
  test('behavior: the gas price is the node’s own', async () => {
    const source = createChainSource({ chain: 'eip155:31337', endpoint: { url, label: 'anvil' }, clock: systemClock, random: systemRandom, fetch: systemFetch });
    expect(await source.fetchGasPrice?.()).toBe(BigInt(String(await rpc('eth_gasPrice'))));
    const odd = createFakeNetwork({ answer: ({ body }) => ({ jsonrpc: '2.0', id: body['id'], result: body['method'] === 'eth_chainId' ? '0x7a69' : 'cheap' }) });
    const broken = createChainSource({ chain: 'eip155:31337', endpoint: { url, label: 'anvil' }, clock: systemClock, random: systemRandom, fetch: odd.fetch });
    await expect(broken.fetchGasPrice?.()).rejects.toThrow(expect.objectContaining({ code: 'MALFORMED_RESPONSE' }));
  });

  test('default: a node without Multicall3 is read call by call at the block hash', async () => {
    const network = createFakeNetwork({ fetch: systemFetch });
    const source = createChainSource({ chain: 'eip155:31337', endpoint: { url, label: 'anvil' }, clock: systemClock, random: systemRandom, fetch: network.fetch });
    const head = await source.fetchHead('latest');
    expect(await source.fetchBlock(head.number)).toEqual(head);
    const call = (key: string, to: `0x${string}`) => ({ key, to, signature: SIGNATURE, args: [] });
    expect(Object.fromEntries(await source.fetchCalls([call('good', GOOD), call('bad', BAD), call('nobody', NOBODY)], head.hash ?? ''))).toEqual({
      good: { ok: true, values: [42n] },
      bad: { ok: false, reason: 'reverted without a reason' },
      nobody: { ok: false, reason: 'empty answer: there is no such contract or function at this block' },
    });
  });

  test('error: BLOCK_GONE', async () => {
    const source = createChainSource({ chain: 'eip155:31337', endpoint: { url, label: 'anvil' }, clock: systemClock, random: systemRandom, fetch: systemFetch });
    const call = { key: 'good', to: GOOD, signature: SIGNATURE, args: [] };
    await expect(source.fetchCalls([call], `0x${'9'.repeat(64)}`)).rejects.toMatchObject({ code: 'BLOCK_GONE' });
    await expect(source.fetchBlock(99n)).rejects.toMatchObject({ code: 'BLOCK_GONE' });
  });
});

async function rpc(method: string, ...params: unknown[]): Promise<unknown> {
  const response = await fetch(url, { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify({ jsonrpc: '2.0', id: 1, method, params }) });
  return ((await response.json()) as { result?: unknown }).result;
}

function anvilPath(): string {
  const require = createRequire(import.meta.url);
  const main = dirname(require.resolve('@foundry-rs/anvil/package.json'));
  const platform = `@foundry-rs/anvil-${process.platform}-${process.arch === 'x64' ? 'amd64' : process.arch}`;
  return join(dirname(createRequire(join(main, 'package.json')).resolve(`${platform}/package.json`)), 'bin', 'anvil');
}

function freePort(): Promise<number> {
  return new Promise((resolve) => {
    const server = createServer().listen(0, '127.0.0.1', () => {
      const address = server.address();
      server.close(() => resolve(address !== null && typeof address === 'object' ? address.port : 0));
    });
  });
}
