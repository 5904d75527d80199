import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { decodeResult, encodeCall, encodeRevert } from '../../src/sources/abi.ts';
import { MULTICALL3 } from '../../src/sources/multicall.ts';
import { readDataset } from '../../src/sources/recorded/dataset.ts';
import { startRecorded } from '../../src/sources/recorded/start.ts';
import { HASH_1, HASH_2, sampleDocuments, TINY } from './sample.ts';

const AGGREGATE3 = 'function aggregate3((address target, bool allowFailure, bytes callData)[] calls) payable returns ((bool success, bytes returnData)[])';
const recorded = await startRecorded(await readDataset(TINY), sampleDocuments);
afterAll(() => recorded.close());

const CONTRACT = `0x${'0'.repeat(38)}C1`;
const PRICE = 'function priceOf(address asset) view returns (int256)';
const priceCall = { to: CONTRACT, data: encodeCall(PRICE, [`0x${'0'.repeat(38)}aa`]) };

async function rpc(method: string, ...params: unknown[]) {
  const response = await fetch(recorded.rpcUrl('eip155:1') ?? '', { method: 'POST', body: JSON.stringify({ jsonrpc: '2.0', id: 7, method, params }) });
  return (await response.json()) as { id: number; result?: unknown; error?: { code: number; message: string; data?: string } };
}

describe('recorded chain', () => {
  test('default', async () => {
    const { id, result } = await rpc('eth_call', priceCall, { blockHash: HASH_1, requireCanonical: true });
    expect(id).toBe(7);
    expect(decodeResult(PRICE, String(result))).toEqual([-7n]);
  });

  test('behavior: calls are answered by number, tag and hash, as recorded there', async () => {
    for (const block of ['latest', 'finalized', '0x168b7ca', { blockHash: HASH_2 }]) expect(decodeResult(PRICE, String((await rpc('eth_call', priceCall, block)).result))).toEqual([8n]);
    expect(decodeResult(PRICE, String((await rpc('eth_call', priceCall, '0x168b7c0')).result))).toEqual([-7n]);
  });

  test('behavior: blocks and chain', async () => {
    const newest = { number: '0x168b7ca', hash: HASH_2, timestamp: '0x68fa1b0e', transactions: [] };
    expect((await rpc('eth_chainId')).result).toBe('0x1');
    expect((await rpc('eth_blockNumber')).result).toBe('0x168b7ca');
    for (const tag of ['latest', 'finalized', '0x168b7ca']) expect((await rpc('eth_getBlockByNumber', tag, false)).result).toEqual(newest);
    expect((await rpc('eth_getBlockByHash', HASH_2, false)).result).toEqual(newest);
    expect((await rpc('eth_getBlockByNumber', '0x1', false)).result).toBeNull();
    expect((await rpc('eth_getBlockByHash', `0x${'9'.repeat(64)}`, false)).result).toBeNull();
  });

  test('behavior: what was not recorded reverts', async () => {
    const answer = await rpc('eth_call', { to: CONTRACT, data: '0x12345678' }, 'latest');
    expect(answer.error).toEqual({ code: 3, message: 'execution reverted: not recorded', data: encodeRevert('not recorded') });
  });

  test('behavior: aggregate3 answers each call, and reverts as a whole where a call must not fail', async () => {
    const aggregate = (allowFailure: boolean) => ({
      to: MULTICALL3,
      data: encodeCall(AGGREGATE3, [
        [
          [priceCall.to, true, priceCall.data],
          [CONTRACT, allowFailure, '0x12345678'],
        ],
      ]),
    });
    const { result } = await rpc('eth_call', aggregate(true), { blockHash: HASH_2 });
    expect(decodeResult(AGGREGATE3, String(result))).toEqual([
      [
        [true, `0x${'0'.repeat(63)}8`],
        [false, encodeRevert('not recorded')],
      ],
    ]);
    expect((await rpc('eth_call', aggregate(false), 'latest')).error).toMatchObject({ code: 3, message: expect.stringContaining('call failed') });
  });

  test('error: unknown blocks, methods and malformed requests', async () => {
    expect((await rpc('eth_call', priceCall, { blockHash: `0x${'9'.repeat(64)}` })).error).toEqual({ code: -32000, message: 'header not found' });
    expect((await rpc('eth_sendTransaction', {})).error).toMatchObject({ code: -32601 });
    expect((await rpc('eth_call', 'what')).error).toMatchObject({ code: -32602 });
    const url = recorded.rpcUrl('eip155:1') ?? '';
    expect((await fetch(url, { method: 'POST', body: '{' })).status).toBe(400);
    expect((await fetch(url)).status).toBe(405);
    expect((await fetch(url.replace('/rpc/1', '/rpc/2'), { method: 'POST', body: '{}' })).status).toBe(404);
    expect(recorded.rpcUrl('eip155:2')).toBeNull();
  });
});

describe(readDataset, () => {
  const folder = mkdtempSync(join(tmpdir(), 'plimsoll-'));
  afterAll(() => rmSync(folder, { recursive: true }));

  async function problemAfter(file: string, change: (text: string) => string): Promise<unknown> {
    cpSync(TINY, folder, { recursive: true });
    writeFileSync(join(folder, file), change(readFileSync(join(folder, file), 'utf8')));
    const started = await readDataset(folder)
      .then((dataset) => startRecorded(dataset, sampleDocuments))
      .catch((error: unknown) => error);
    if (started !== null && typeof started === 'object' && 'close' in started && typeof started.close === 'function') await started.close();
    return started;
  }

  test('default', async () => {
    const dataset = await readDataset(TINY);
    expect(dataset).toMatchObject({ name: 'tiny', clockSeconds: 1_761_221_400, wallets: [{ label: 'constructed' }] });
    expect(dataset.subgraphs.map((entry) => entry.dialect)).toEqual(['graph-node', 'subsquid']);
  });

  test.each([
    ['dataset.json', (text: string) => text.replace('"clock": 1761221400,', ''), 'dataset.json, at clock'],
    ['dataset.json', (text: string) => text.replace('lending.json', '../lending.json'), 'dataset.json, at subgraphs[0]'],
    ['dataset.json', (text: string) => text.replace('lending.json', 'missing.json'), 'missing.json cannot be read'],
    ['dataset.json', (text: string) => text.replace('"perps.json"', '"perps.json", "lending.json"'), 'twice'],
    ['lending.json', (text: string) => text.slice(0, 100), 'lending.json is not JSON'],
    ['lending.json', (text: string) => text.replace('"23640000"', '"0x1"'), 'lending.json, at snapshots[0].block.number'],
    ['lending.json', (text: string) => text.replace('{ "id": "p2", ', '{ '), 'lending.json, at snapshots[0].entities.Position[0].id'],
    ['lending.json', (text: string) => text.replace('"schema": "sample-lending"', '"schema": "no-such"'), 'subgraphs/no-such/schema.graphql'],
    ['chain.json', (text: string) => text.replace('"returns": ["-7"]', '"returns": ["minus seven"]'), 'chain.json, at calls[1]'],
    ['chain.json', (text: string) => text.replace('"function totalDebt() view returns (uint256)"', '"totalDebt("'), 'chain.json, at calls[0]'],
  ])('error: INVALID_FILE in %s (%#)', async (file, change, message) => {
    expect(await problemAfter(file, change)).toMatchObject({ code: 'INVALID_FILE', message: expect.stringContaining(message) });
  });

  test('error: INVALID_FILE where the folder is none', async () => {
    await expect(readDataset(join(folder, 'nowhere'))).rejects.toMatchObject({ code: 'INVALID_FILE' });
  });
});
