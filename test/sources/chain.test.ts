import { afterAll, describe, expect, test } from 'vitest';
import type { ContractCall } from '../../src/core/source.ts';
import { decodeArguments, encodeCall, encodeResult, encodeRevert, parseSignature } from '../../src/sources/abi.ts';
import { type ChainSourceOptions, createChainSource } from '../../src/sources/chain.ts';
import { splitIntoBatches } from '../../src/sources/contract-calls.ts';
import { MULTICALL3 } from '../../src/sources/multicall.ts';
import { readDataset } from '../../src/sources/recorded/dataset.ts';
import { startRecorded } from '../../src/sources/recorded/start.ts';
import { createFakeClock } from '../fakes/fake-clock.ts';
import { createFakeNetwork, type Fault, type Script, type SeenRequest } from '../fakes/fake-network.ts';
import { HASH_1, HASH_2, sampleDocuments, TINY, WIDE } from './sample.ts';

const AGGREGATE3 = 'function aggregate3((address target, bool allowFailure, bytes callData)[] calls) payable returns ((bool success, bytes returnData)[])';
const tiny = await startRecorded(await readDataset(TINY), sampleDocuments);
afterAll(() => tiny.close());

const SECRET = 'key-5f0c9b1e7d3a4c2b';
const CONTRACT = `0x${'0'.repeat(38)}c1` as const;
const ASSET = `0x${'0'.repeat(38)}aa`;
const endpoint = { url: tiny.rpcUrl('eip155:1') ?? '', label: 'RPC_URL_1' };
const second = { url: `${endpoint.url}?second`, label: 'RPC_URL_1_SECOND' };

const totalDebt: ContractCall = { key: 'debt', to: CONTRACT, signature: 'function totalDebt() view returns (uint256)', args: [] };
const priceOf: ContractCall = { key: 'price', to: CONTRACT, signature: 'function priceOf(address asset) view returns (int256)', args: [ASSET] };
const reserves: ContractCall = {
  key: 'reserves',
  to: CONTRACT,
  signature: 'function reserves() view returns ((address token, uint8 decimals, (bool active, bytes32 key) flags)[] list, string name)',
  args: [],
};
const unknown: ContractCall = { key: 'unknown', to: CONTRACT, signature: 'function nothing() view returns (uint256)', args: [] };

function setUp(scripts: readonly Script[] = [], options: Partial<ChainSourceOptions> = {}) {
  const upstream = { fetch: (input: Parameters<typeof fetch>[0], init?: RequestInit) => globalThis.fetch(String(input).replace('?second', ''), init) };
  const network = createFakeNetwork(upstream);
  for (const script of scripts) network.fail(script);
  const clock = createFakeClock({ auto: { isBusy: network.isBusy } });
  const source = createChainSource({ chain: 'eip155:1', endpoint, clock, random: () => 0.5, fetch: network.fetch, policy: WIDE, ...options });
  return { network, clock, source };
}

const isCall = (request: SeenRequest) => request.name === 'eth_call';
const targetOf = (request: SeenRequest) => JSON.stringify(request.body['params']).toLowerCase();
const isMulticall = (request: SeenRequest) => isCall(request) && targetOf(request).includes(MULTICALL3);
const rpcError = (code: number, message: string, data?: unknown): Fault => ({ kind: 'answer', json: { jsonrpc: '2.0', id: 1, error: { code, message, ...(data === undefined ? {} : { data }) } } });
const rpcResult = (result: unknown): Fault => ({ kind: 'answer', json: { jsonrpc: '2.0', id: 1, result } });

describe('fetchHead', () => {
  test('default', async () => {
    const { source, network } = setUp();
    const head = { chain: 'eip155:1', number: 23_640_010n, hash: HASH_2, timestamp: 1_761_221_390n };
    expect(await source.fetchHead('latest')).toEqual(head);
    expect(await source.fetchHead('finalized')).toEqual(head);
    expect(network.requests.map((request) => request.name).sort()).toEqual(['eth_chainId', 'eth_getBlockByNumber', 'eth_getBlockByNumber']);
    expect(network.rounds()).toBe(2);
  });

  test('behavior: of two endpoints the older head counts', async () => {
    const older = { number: '0x168b7c0', hash: HASH_1, timestamp: '0x1' };
    const { source } = setUp([{ match: (request) => request.url.endsWith('second') && request.name === 'eth_getBlockByNumber', fault: rpcResult(older) }], { second });
    expect(await source.fetchHead('latest')).toMatchObject({ hash: HASH_1, number: 23_640_000n });
    expect(source.label).toBe('RPC_URL_1 and RPC_URL_1_SECOND');
  });

  test('error: SOURCE_REJECTED where the endpoint serves another chain', async () => {
    const { source } = setUp([{ match: (request) => request.name === 'eth_chainId', fault: rpcResult('0xa') }]);
    await expect(source.fetchHead('latest')).rejects.toMatchObject({ code: 'SOURCE_REJECTED', message: expect.stringContaining('eip155:10') });
  });

  test('error: MALFORMED_RESPONSE', async () => {
    const { source } = setUp([{ match: (request) => request.name === 'eth_getBlockByNumber', fault: rpcResult({ number: '0x1', hash: null, timestamp: '0x1' }) }]);
    await expect(source.fetchHead('latest')).rejects.toMatchObject({ code: 'MALFORMED_RESPONSE', fields: { path: 'eth_getBlockByNumber.hash' } });
  });
});

describe('fetchBlock', () => {
  test('default', async () => {
    const { source } = setUp();
    expect(await source.fetchBlock(23_640_000n)).toEqual({ chain: 'eip155:1', number: 23_640_000n, hash: HASH_1, timestamp: 1_761_221_354n });
    expect(await source.fetchBlock(HASH_1)).toMatchObject({ number: 23_640_000n });
  });

  test('error: BLOCK_GONE', async () => {
    const { source } = setUp();
    await expect(source.fetchBlock(5n)).rejects.toMatchObject({ code: 'BLOCK_GONE' });
    await expect(source.fetchBlock(`0x${'9'.repeat(64)}`)).rejects.toMatchObject({ code: 'BLOCK_GONE' });
  });
});

describe('fetchCalls', () => {
  test('default', async () => {
    const { source, network } = setUp();
    const answers = await source.fetchCalls([totalDebt, priceOf, reserves, unknown], HASH_1);
    expect(Object.fromEntries(answers)).toEqual({
      debt: { ok: true, values: [2n ** 256n - 1n] },
      price: { ok: true, values: [-7n] },
      reserves: { ok: true, values: [[['0xc02aaa39b223fe8d0a0e5c4f27ead9083c756cc2', 18n, [true, HASH_2]]], 'Core'] },
      unknown: { ok: false, reason: 'reverted: not recorded' },
    });
    expect(network.requests.filter(isCall)).toHaveLength(1);
    expect(network.rounds()).toBe(1);
  });

  test('behavior: the call goes to Multicall3 by block hash, canonical blocks only', async () => {
    const { source, network } = setUp();
    expect((await source.fetchCalls([priceOf, totalDebt], HASH_2)).get('price')).toEqual({ ok: true, values: [8n] });
    const [call] = network.requests.filter(isCall);
    expect(call?.body['params']).toEqual([
      { to: MULTICALL3, data: expect.stringMatching(/^0x82ad56cb/) },
      { blockHash: HASH_2, requireCanonical: true },
    ]);
  });

  test('behavior: no calls, no requests', async () => {
    const { source, network } = setUp();
    expect(await source.fetchCalls([], HASH_1)).toEqual(new Map());
    expect(network.requests).toHaveLength(0);
  });

  test('behavior: batches go out side by side', async () => {
    const calls = Array.from({ length: 25 }, (_, at) => ({ ...totalDebt, key: `debt ${at}` }));
    const { source, network } = setUp([], { batch: { calls: 10 } });
    const answers = await source.fetchCalls(calls, HASH_1);
    expect([...answers.keys()]).toEqual(calls.map((call) => call.key));
    expect([...answers.values()].every((answer) => answer.ok)).toBe(true);
    expect(network.requests.filter(isCall)).toHaveLength(3);
    expect(network.rounds()).toBe(1);
  });

  test('behavior: without Multicall3 at that block every call is sent alone, concurrency bounded', async () => {
    const calls = [...Array.from({ length: 20 }, (_, at) => ({ ...totalDebt, key: `debt ${at}` })), unknown, priceOf];
    const { source, network } = setUp([{ match: isMulticall, fault: rpcResult('0x') }], { policy: { ...WIDE, concurrent: 4 } });
    const answers = await source.fetchCalls(calls, HASH_1);
    expect(answers.get('debt 19')).toEqual({ ok: true, values: [2n ** 256n - 1n] });
    expect(answers.get('price')).toEqual({ ok: true, values: [-7n] });
    expect(answers.get('unknown')).toEqual({ ok: false, reason: 'reverted: not recorded' });
    expect(network.requests.filter(isCall)).toHaveLength(23);
    expect(network.mostAtOnce()).toBe(4);
  });

  test.each([
    ['reverts', rpcError(3, 'execution reverted', '0x')],
    ['runs out of gas', rpcError(-32000, 'out of gas')],
  ])('behavior: where the batch %s, every call is sent alone', async (_name, fault) => {
    const { source, network } = setUp([{ match: isMulticall, fault }]);
    expect((await source.fetchCalls([totalDebt, priceOf], HASH_1)).get('price')).toEqual({ ok: true, values: [-7n] });
    expect(network.requests.filter(isCall)).toHaveLength(3);
  });

  test('behavior: a call that fails in the batch without data is sent again alone', async () => {
    const starved = encodeResult(AGGREGATE3, [
      [
        [true, encodeResult(totalDebt.signature, [5n])],
        [false, '0x'],
      ],
    ]);
    const { source, network } = setUp([{ match: isMulticall, fault: rpcResult(starved) }]);
    const answers = await source.fetchCalls([totalDebt, priceOf], HASH_1);
    expect(answers.get('debt')).toEqual({ ok: true, values: [5n] });
    expect(answers.get('price')).toEqual({ ok: true, values: [-7n] });
    expect(network.requests.filter(isCall)).toHaveLength(2);
  });

  test.each([
    ['an empty answer', rpcResult('0x'), 'empty answer: there is no such contract or function at this block'],
    ['an answer that is too short', rpcResult('0x01'), 'the answer does not fit the signature'],
    ['a revert with a text', rpcError(3, 'execution reverted: paused', encodeRevert('paused')), 'reverted: paused'],
    ['a revert whose data is nested', rpcError(-32015, 'VM execution error.', { data: `Reverted ${encodeRevert('paused')}` }), 'reverted: paused'],
    ['a panic', rpcError(3, 'execution reverted', `0x4e487b71${'0'.repeat(62)}11`), 'reverted with panic 17'],
    ['a custom error', rpcError(3, 'execution reverted', '0xdeadbeef'), 'reverted with custom error 0xdeadbeef'],
    ['a revert without data', rpcError(-32000, 'execution reverted'), 'reverted without a reason'],
    ['gas running out', rpcError(-32000, 'gas required exceeds allowance (50000000)'), 'ran out of gas'],
  ])('behavior: %s is an answer', async (_name, fault, reason) => {
    const { source } = setUp([{ match: isCall, fault }]);
    expect(await source.fetchCalls([totalDebt], HASH_1)).toEqual(new Map([['debt', { ok: false, reason }]]));
  });

  test('behavior: a string that is not UTF-8 is an answer that does not fit', async () => {
    const broken = encodeResult('function f() returns (string)', ['abcd']).replace('61626364', 'fffefdfc');
    const { source } = setUp([{ match: isCall, fault: rpcResult(broken) }]);
    const call = { ...totalDebt, signature: 'function name() view returns (string)' };
    expect(await source.fetchCalls([call], HASH_1)).toEqual(new Map([['debt', { ok: false, reason: 'the answer does not fit the signature' }]]));
  });

  test('behavior: arguments that do not fit are an answer for their call alone', async () => {
    const { source } = setUp();
    const answers = await source.fetchCalls([{ ...priceOf, key: 'bad', args: ['0x12'] }, totalDebt], HASH_1);
    expect(answers.get('bad')).toEqual({ ok: false, reason: 'the arguments do not fit the signature' });
    expect(answers.get('debt')).toMatchObject({ ok: true });
  });

  test('error: INTERNAL for a key used twice or a signature that is none', async () => {
    const { source } = setUp();
    await expect(source.fetchCalls([totalDebt, totalDebt], HASH_1)).rejects.toMatchObject({ code: 'INTERNAL' });
    await expect(source.fetchCalls([{ ...totalDebt, signature: 'what(' }], HASH_1)).rejects.toMatchObject({ code: 'INTERNAL' });
  });

  test('error: BLOCK_GONE', async () => {
    const { source } = setUp();
    await expect(source.fetchCalls([totalDebt], `0x${'9'.repeat(64)}`)).rejects.toMatchObject({ code: 'BLOCK_GONE' });
  });

  test.each(['header for hash not found', 'hash 0xabc is not currently canonical', 'Unknown block', 'block 0xabc not found'])('error: BLOCK_GONE for "%s"', async (message) => {
    const { source, network } = setUp([{ match: isCall, fault: rpcError(-32000, message) }]);
    await expect(source.fetchCalls([totalDebt, priceOf], HASH_1)).rejects.toMatchObject({ code: 'BLOCK_GONE' });
    expect(network.requests.filter(isCall)).toHaveLength(1);
  });

  test.each<[string, Fault, string]>([
    ['is down', { kind: 'down' }, 'SOURCE_UNREACHABLE'],
    ['hangs', { kind: 'hang' }, 'SOURCE_TIMEOUT'],
    ['answers 429', { kind: 'rate-limited' }, 'SOURCE_RATE_LIMITED'],
    ['limits inside the JSON', rpcError(-32005, 'daily request count exceeded'), 'SOURCE_RATE_LIMITED'],
    ['has an internal error', rpcError(-32603, 'oops'), 'SOURCE_UNREACHABLE'],
    ['answers 500', { kind: 'status', status: 500, body: 'x' }, 'SOURCE_UNREACHABLE'],
    ['answers 401', { kind: 'status', status: 401, body: 'x' }, 'SOURCE_REJECTED'],
    ['has pruned the state', rpcError(-32000, 'missing trie node abc'), 'SOURCE_REJECTED'],
    ['does not take block hashes', rpcError(-32602, 'invalid argument 1'), 'SOURCE_REJECTED'],
    ['cuts its answer', { kind: 'truncated' }, 'MALFORMED_RESPONSE'],
    ['answers with no hex', rpcResult(12), 'MALFORMED_RESPONSE'],
  ])('error: a source that %s throws', async (_name, fault, code) => {
    const { source } = setUp([{ match: isCall, fault }]);
    await expect(source.fetchCalls([totalDebt, priceOf], HASH_1)).rejects.toMatchObject({ code });
  });

  test('behavior: a passing failure is repeated and Retry-After honoured', async () => {
    const { source, clock } = setUp([{ match: isCall, times: 1, fault: { kind: 'rate-limited', retryAfter: '3' } }]);
    expect((await source.fetchCalls([totalDebt], HASH_1)).get('debt')).toMatchObject({ ok: true });
    expect(clock.elapsed()).toBe(3_000);
  });

  test('behavior: 429 counts whatever its body says', async () => {
    const fault: Fault = { kind: 'status', status: 429, headers: { 'retry-after': '2' }, body: { jsonrpc: '2.0', id: 1, error: { code: -32000, message: 'no more today' } } };
    const { source, clock } = setUp([{ match: isCall, times: 1, fault }]);
    expect((await source.fetchCalls([totalDebt], HASH_1)).get('debt')).toMatchObject({ ok: true });
    expect(clock.elapsed()).toBe(2_000);
  });

  test('behavior: no error shows a key', async () => {
    const keyed = { url: `https://rpc.example/v2/${SECRET}`, label: 'RPC_URL_1', headers: { 'x-api-key': SECRET } };
    for (const fault of [{ kind: 'down' }, { kind: 'hang' }, rpcError(-32600, `invalid key ${SECRET} for ${keyed.url}`)] satisfies Fault[]) {
      const { source } = setUp([{ fault }], { endpoint: keyed });
      const error: unknown = await source.fetchCalls([totalDebt], HASH_1).catch((caught: unknown) => caught);
      expect(error).toMatchObject({ fields: { source: 'RPC_URL_1' } });
      expect(error instanceof Error ? `${error.message} ${JSON.stringify(error)} ${error.stack} ${String(error.cause)}` : '').not.toContain(SECRET);
    }
  });
});

describe('two endpoints', () => {
  test('behavior: both are asked in the same round and agree', async () => {
    const { source, network } = setUp([], { second });
    expect((await source.fetchCalls([totalDebt, unknown], HASH_1)).get('debt')).toMatchObject({ ok: true });
    expect(network.requests.filter(isCall)).toHaveLength(2);
    expect(network.rounds()).toBe(1);
  });

  test('error: ENDPOINTS_DIFFER names the calls, not the values', async () => {
    const other = encodeResult(AGGREGATE3, [
      [
        [true, encodeResult(totalDebt.signature, [987_654_321n])],
        [false, encodeRevert('no')],
      ],
    ]);
    const { source } = setUp([{ match: (request) => isCall(request) && request.url.endsWith('second'), fault: rpcResult(other) }], { second });
    const error: unknown = await source.fetchCalls([totalDebt, unknown], HASH_1).catch((caught: unknown) => caught);
    expect(error).toMatchObject({ code: 'ENDPOINTS_DIFFER', fields: { keys: 'debt', count: 1 } });
    expect(String(error)).not.toContain('987654321');
  });

  test('error: ENDPOINTS_DIFFER where only one answers with a revert', async () => {
    const { source } = setUp([{ match: (request) => isCall(request) && request.url.endsWith('second'), fault: rpcError(3, 'execution reverted', '0x') }], { second });
    await expect(source.fetchCalls([totalDebt], HASH_1)).rejects.toMatchObject({ code: 'ENDPOINTS_DIFFER' });
  });

  test('error: SOURCE_UNREACHABLE where the second is down: what is not compared is not shown', async () => {
    const { source } = setUp([{ match: (request) => request.url.endsWith('second'), fault: { kind: 'down' } }], { second });
    await expect(source.fetchCalls([totalDebt], HASH_1)).rejects.toMatchObject({ code: 'SOURCE_UNREACHABLE', fields: { source: 'RPC_URL_1_SECOND' } });
  });
});

describe(splitIntoBatches, () => {
  test('behavior: bounded by count and by size, nothing lost', () => {
    const calls = Array.from({ length: 7 }, (_, at) => ({ key: String(at), to: CONTRACT, data: `0x${'00'.repeat(at === 3 ? 5_000 : 4)}` }));
    const batches = splitIntoBatches(calls, { calls: 3, bytes: 1_000 });
    expect(batches.map((batch) => batch.map((call) => call.key))).toEqual([['0', '1', '2'], ['3'], ['4', '5', '6']]);
  });
});

describe('abi', () => {
  test('behavior: signatures are read with and without the word function', () => {
    expect(parseSignature('totalSupply() view returns (uint256)').selector).toBe('0x18160ddd');
    expect(parseSignature('function totalSupply() view returns (uint256)').selector).toBe('0x18160ddd');
  });

  test('behavior: arguments survive encoding and decoding, structs as arrays', () => {
    const signature = 'function f((address a, uint256[] b)[] list, bytes data) returns (bool)';
    const args = [[[CONTRACT, [1n, 2n]]], '0xabcd'];
    expect(decodeArguments(signature, encodeCall(signature, args))).toEqual(args);
  });
});
