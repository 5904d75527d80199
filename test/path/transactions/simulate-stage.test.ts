import { describe, expect, test } from 'vitest';
import { PlimsollError } from '../../../src/core/errors.ts';
import type { CallTrial, TrialCall } from '../../../src/core/source.ts';
import { toCallBatch } from '../../../src/path/transactions/call-batch.ts';
import type { CompleteStage } from '../../../src/path/transactions/encode-stage.ts';
import { simulateStage } from '../../../src/path/transactions/simulate-stage.ts';

const FROM = `0x${'a'.repeat(40)}` as const;
const call = (digit: string, value = 0n) => ({ to: `0x${digit.repeat(40)}` as const, data: '0x1234', value, chain: 'eip155:42161' as const, description: 'x' });
const stage: CompleteStage = { kind: 'complete', chain: 'eip155:42161', order: 'sequence', calls: [call('1'), call('2', 255n)], execution: null };
const PASSED = { ok: true } as const;
const FAILED = { ok: false, data: '0x', message: 'reverted' } as const;

function simulate(trial: CallTrial | Error, seen: TrialCall[] = []) {
  const tryCalls = async (calls: readonly TrialCall[]): Promise<CallTrial> => {
    seen.push(...calls);
    if (trial instanceof Error) throw trial;
    return trial;
  };
  return simulateStage(stage, { from: FROM, source: { tryCalls }, errors: [] });
}

describe(simulateStage, () => {
  test('default: the very calls, from the owner, with their value', async () => {
    const seen: TrialCall[] = [];
    expect(await simulate({ kind: 'tried', results: [PASSED, PASSED] }, seen)).toEqual({ kind: 'ready' });
    expect(seen).toEqual(stage.calls.map(({ to, data, value }) => ({ from: FROM, to, data, value })));
  });

  test('behavior: a failure says which call and why; without a place where the source tells none', async () => {
    expect(await simulate({ kind: 'tried', results: [PASSED, FAILED] })).toEqual({ kind: 'failed', call: 1, reason: 'no reason' });
    expect(await simulate({ kind: 'tried', results: [FAILED] })).toEqual({ kind: 'failed', call: null, reason: 'no reason' });
    expect(await simulate({ kind: 'tried', results: [PASSED, { ...FAILED, message: 'out of gas' }] })).toEqual({ kind: 'failed', call: 1, reason: 'out of gas' });
  });

  test('behavior: what the source says of a call that gave no data', async () => {
    expect(await simulate({ kind: 'tried', results: [{ ok: false, data: '0x', message: 'the sender has too little ether for it' }] })).toEqual({
      kind: 'failed',
      call: null,
      reason: 'the sender has too little ether for it',
    });
  });

  test('behavior: never ready by silence', async () => {
    expect(await simulate({ kind: 'tried', results: [PASSED] })).toMatchObject({ kind: 'not-simulated' });
    expect(await simulate({ kind: 'untried', reason: 'no eth_simulateV1' })).toEqual({ kind: 'not-simulated', reason: 'no eth_simulateV1' });
    expect(await simulate(new PlimsollError('SOURCE_TIMEOUT', 'RPC_URL_1: ran out of time.'))).toEqual({ kind: 'not-simulated', reason: 'RPC_URL_1: ran out of time.' });
    expect(await simulateStage(stage, { from: FROM, source: null, errors: [] })).toMatchObject({ kind: 'not-simulated', reason: expect.stringContaining('no RPC endpoint') });
    expect(await simulateStage(stage, { from: FROM, source: {}, errors: [] })).toMatchObject({ kind: 'not-simulated' });
  });

  test('error: a defect is thrown on', async () => {
    await expect(simulate(new TypeError('a defect'))).rejects.toThrow(TypeError);
  });
});

describe(toCallBatch, () => {
  test('default: as wallet_sendCalls takes it', () => {
    expect(toCallBatch(stage, FROM)).toEqual({
      version: '2.0.0',
      chainId: '0xa4b1',
      from: FROM,
      atomicRequired: false,
      calls: [
        { to: call('1').to, data: '0x1234', value: '0x0' },
        { to: call('2').to, data: '0x1234', value: '0xff' },
      ],
    });
  });

  test('behavior: only rights around an executor must stay together; orders never', () => {
    const atomic = (order: CompleteStage['order'], calls = stage.calls) => toCallBatch({ ...stage, order, calls }, FROM).atomicRequired;
    expect([atomic('executor'), atomic('executor', stage.calls.slice(1)), atomic('sequence'), atomic('orders')]).toEqual([true, false, false, false]);
  });
});
