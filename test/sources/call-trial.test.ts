import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { PlimsollError } from '../../src/core/errors.ts';
import type { CallTrial, TrialCall } from '../../src/core/source.ts';
import { tryCallsAt } from '../../src/sources/call-trial.ts';
import { createChainSource } from '../../src/sources/chain.ts';
import type { RpcOutcome, SendRpc } from '../../src/sources/rpc.ts';
import { Anvil, Reverted } from '../chain/anvil.ts';
import { createFakeClock } from '../fakes/fake-clock.ts';
import { createFakeNetwork } from '../fakes/fake-network.ts';

const FROM = `0x${'0'.repeat(37)}b01` as const;
const KEEPS = `0x${'0'.repeat(37)}b02` as const;
const REVERTS = `0x${'0'.repeat(37)}b03` as const;
/** With data: stores its first word. Without: reverts unless something is stored. */
const KEEPS_CODE = '0x36601157600054600f5760006000fd5b005b60003560005500';
/** Reverts with the data that it was called with. */
const REVERTS_CODE = '0x366000600037366000fd';
const WORD = `0x${'0'.repeat(63)}7`;
const SECRET = 'key-5f0c9b1e7d3a4c2b';
const call = (to: TrialCall['to'], data = WORD): TrialCall => ({ from: FROM, to, data, value: 0n });

describe('tryCallsAt on a real node', () => {
  let chain: Anvil;
  const send: SendRpc = async (method, params) => {
    try {
      return { kind: 'result', value: await chain.request(method, params) };
    } catch (error) {
      if (error instanceof Reverted) return { kind: 'revert', data: error.data, outOfGas: false };
      throw error;
    }
  };

  beforeAll(async () => {
    chain = await Anvil.start('cancun');
    await chain.fund(FROM);
    await chain.request('anvil_setCode', [KEEPS, KEEPS_CODE]);
    await chain.request('anvil_setCode', [REVERTS, REVERTS_CODE]);
  });
  afterAll(() => chain.stop());

  test('default: each call sees what those before it changed, and nothing stays', async () => {
    expect(await tryCallsAt(send, 'anvil', [call(KEEPS), call(KEEPS, '0x')])).toEqual({ kind: 'tried', results: [{ ok: true }, { ok: true }] });
    expect(await tryCallsAt(send, 'anvil', [call(KEEPS, '0x'), call(KEEPS)])).toEqual({ kind: 'tried', results: [{ ok: false, data: '0x', message: 'reverted' }, { ok: true }] });
    expect(BigInt(String(await chain.request('eth_getStorageAt', [KEEPS, '0x0', 'latest'])))).toBe(0n);
  });

  test('behavior: what a contract reverted with is told', async () => {
    expect(await tryCallsAt(send, 'anvil', [call(REVERTS)])).toEqual({ kind: 'tried', results: [{ ok: false, data: WORD, message: 'reverted' }] });
  });
});

describe('tryCallsAt', () => {
  const unknown = new PlimsollError('SOURCE_REJECTED', 'RPC_URL_1: refuses the request: the method eth_simulateV1 does not exist', { rpcCode: -32_601 });
  const node =
    (answers: Readonly<Record<string, RpcOutcome | Error>>): SendRpc =>
    async (method) => {
      const answer = answers[method];
      if (answer === undefined || answer instanceof Error) throw answer ?? new TypeError(method);
      return answer;
    };
  const trial = (answers: Readonly<Record<string, RpcOutcome | Error>>, calls: readonly TrialCall[] = [call(KEEPS)]): Promise<CallTrial> => tryCallsAt(node(answers), 'RPC_URL_1', calls);

  test('behavior: without eth_simulateV1 a single call is tried alone, several are not', async () => {
    expect(await trial({ eth_simulateV1: unknown, eth_call: { kind: 'result', value: '0x' } })).toEqual({ kind: 'tried', results: [{ ok: true }] });
    expect(await trial({ eth_simulateV1: unknown, eth_call: { kind: 'revert', data: '0x1234', outOfGas: false } })).toEqual({
      kind: 'tried',
      results: [{ ok: false, data: '0x1234', message: 'reverted' }],
    });
    expect(await trial({ eth_simulateV1: unknown, eth_call: { kind: 'revert', data: '0x', outOfGas: true } })).toMatchObject({ results: [{ message: 'out of gas' }] });
    expect(await trial({ eth_simulateV1: unknown }, [call(KEEPS), call(REVERTS)])).toEqual({ kind: 'untried', reason: expect.stringContaining('RPC_URL_1 has no eth_simulateV1') });
  });

  test('behavior: a request that is refused as a revert is a failure without a place', async () => {
    expect(await trial({ eth_simulateV1: { kind: 'revert', data: '0x12', outOfGas: false } }, [call(KEEPS), call(REVERTS)])).toEqual({
      kind: 'tried',
      results: [{ ok: false, data: '0x12', message: 'reverted' }],
    });
  });

  test('behavior: a sender without ether is a failure, not a source that fails', async () => {
    const poor = new PlimsollError('SOURCE_REJECTED', 'RPC_URL_1: refuses the request: insufficient funds for gas * price + value', { rpcCode: -38_014 });
    expect(await trial({ eth_simulateV1: poor })).toEqual({ kind: 'tried', results: [{ ok: false, data: '0x', message: 'the sender has too little ether for it' }] });
  });

  test('error: MALFORMED_RESPONSE for anything else than a result for each call', async () => {
    for (const value of [null, [], [{ calls: [] }], [{ calls: [{ status: 'fine', gasUsed: '0x1' }] }], 'x']) {
      await expect(trial({ eth_simulateV1: { kind: 'result', value } })).rejects.toThrow(expect.objectContaining({ code: 'MALFORMED_RESPONSE' }));
    }
  });

  test('error: a failing source is thrown on', async () => {
    const failure = new PlimsollError('SOURCE_REJECTED', 'RPC_URL_1: refuses the request: the key is not valid');
    await expect(trial({ eth_simulateV1: failure })).rejects.toBe(failure);
  });
});

describe('createChainSource: tryCalls', () => {
  const sourceOf = (answers: Readonly<Record<string, unknown>>) => {
    const network = createFakeNetwork({ answer: ({ name }) => ({ jsonrpc: '2.0', id: 1, ...(answers[name] as object) }) });
    return createChainSource({
      chain: 'eip155:1',
      endpoint: { url: `http://127.0.0.1:1/${SECRET}`, label: 'RPC_URL_1' },
      clock: createFakeClock({ auto: { isBusy: network.isBusy } }),
      random: () => 0.5,
      fetch: network.fetch,
    });
  };
  const noSimulation = { error: { code: -32_601, message: 'the method eth_simulateV1 does not exist/is not available' } };

  test('default: through the endpoint, with its limits', async () => {
    const source = sourceOf({ eth_chainId: { result: '0x1' }, eth_simulateV1: { result: [{ calls: [{ status: '0x1', gasUsed: '0x5208', returnData: '0x' }] }] } });
    expect(await source.tryCalls?.([call(KEEPS)])).toEqual({ kind: 'tried', results: [{ ok: true }] });
  });

  test('behavior: an endpoint without the method tries what it can', async () => {
    const source = sourceOf({ eth_chainId: { result: '0x1' }, eth_simulateV1: noSimulation, eth_call: { result: '0x' } });
    expect(await source.tryCalls?.([call(KEEPS)])).toEqual({ kind: 'tried', results: [{ ok: true }] });
    expect(await source.tryCalls?.([call(KEEPS), call(KEEPS)])).toMatchObject({ kind: 'untried' });
  });

  test('error: SOURCE_REJECTED for another chain; no message holds the key', async () => {
    const other = sourceOf({ eth_chainId: { result: '0x2' }, eth_simulateV1: { result: [{ calls: [{ status: '0x1', gasUsed: '0x1' }] }] } });
    await expect(other.tryCalls?.([call(KEEPS)])).rejects.toThrow(expect.objectContaining({ code: 'SOURCE_REJECTED', message: expect.not.stringContaining(SECRET) }));
    const rude = sourceOf({ eth_chainId: { result: '0x1' }, eth_simulateV1: { error: { code: -32_000, message: `no access with ${SECRET}` } } });
    await expect(rude.tryCalls?.([call(KEEPS)])).rejects.toThrow(expect.objectContaining({ message: expect.not.stringContaining(SECRET) }));
  });
});
