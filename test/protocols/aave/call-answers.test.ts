import { describe, expect, test } from 'vitest';
import { isPlimsollError, PlimsollError } from '../../../src/core/errors.ts';
import type { CallResult } from '../../../src/core/source.ts';
import { CallAnswers } from '../../../src/protocols/aave/call-answers.ts';
import { idsOf, isBorrowing, isUsingAsCollateral, readConfiguration } from '../../../src/protocols/aave/configuration-bits.ts';
import { reserveOf } from './fact-sheet-pool.ts';
import { encodeConfiguration } from './pool-contracts.ts';

const answers = new CallAnswers(
  new Map<string, CallResult>([
    ['integer', { ok: true, values: [5n] }],
    ['struct', { ok: true, values: [[1n, 'x']] }],
    ['tuple', { ok: true, values: [1n, 2n] }],
    ['boolean', { ok: true, values: [false] }],
    ['addresses', { ok: true, values: [['0xAB', '0xcd']] }],
    ['text', { ok: true, values: ['x'] }],
    ['nothing', { ok: true, values: [] }],
    ['reverted', { ok: false, reason: 'out of gas' }],
  ]),
  'Aave v3 Somewhere',
);
const codeOf = (read: () => unknown): string | null => {
  try {
    read();
    return null;
  } catch (error) {
    return isPlimsollError(error) ? error.code : 'other';
  }
};

describe('CallAnswers', () => {
  test('default: each form by its key', () => {
    expect(answers.integer('integer')).toBe(5n);
    expect(answers.findInteger('integer')).toBe(5n);
    expect(answers.struct('struct')).toEqual([1n, 'x']);
    expect(answers.findStruct('struct')).toEqual([1n, 'x']);
    expect(answers.findTuple('tuple')).toEqual([1n, 2n]);
    expect(answers.findBoolean('boolean')).toBe(false);
    expect(answers.addresses('addresses')).toEqual(['0xab', '0xcd']);
  });

  test('behavior: the finders tell a revert and an unasked call as null', () => {
    for (const key of ['reverted', 'unasked']) expect([answers.findInteger(key), answers.findStruct(key), answers.findTuple(key), answers.findBoolean(key)]).toEqual([null, null, null, null]);
  });

  test('error: CALL_FAILED names place, call and reason', () => {
    const message = (key: string) => {
      try {
        return String(answers.integer(key));
      } catch (error) {
        return error instanceof PlimsollError && error.code === 'CALL_FAILED' ? error.message : 'other';
      }
    };
    expect(message('reverted')).toMatch(/^Aave v3 Somewhere: the read "reverted" failed \(out of gas\)/);
    expect(message('unasked')).toContain('it was not asked');
    expect(codeOf(() => answers.struct('reverted'))).toBe('CALL_FAILED');
    expect(codeOf(() => answers.addresses('unasked'))).toBe('CALL_FAILED');
  });

  test('error: MALFORMED_RESPONSE for an answer of another form', () => {
    const reads = [
      () => answers.integer('text'),
      () => answers.integer('nothing'),
      () => answers.findInteger('text'),
      () => answers.struct('integer'),
      () => answers.findStruct('text'),
      () => answers.findBoolean('integer'),
      () => answers.addresses('struct'),
    ];
    expect(reads.map(codeOf)).toEqual(reads.map(() => 'MALFORMED_RESPONSE'));
  });
});

describe('readConfiguration', () => {
  test('default: every field from its own bits', () => {
    const reserve = reserveOf('WETH', { frozen: true, siloedBorrowing: true, borrowCap: 2n ** 36n - 1n, supplyCap: 2n ** 36n - 2n, debtCeiling: 2n ** 40n - 1n });
    expect(readConfiguration(encodeConfiguration(reserve, 255))).toEqual({
      ltvBps: 8_050,
      liquidationThresholdBps: 8_300,
      liquidationBonusBps: 10_500,
      decimals: 18,
      active: true,
      frozen: true,
      borrowingEnabled: true,
      paused: false,
      borrowableInIsolation: false,
      siloedBorrowing: true,
      borrowCap: 2n ** 36n - 1n,
      supplyCap: 2n ** 36n - 2n,
      liquidationProtocolFeeBps: 1_000,
      eModeCategory: 255,
      debtCeiling: 2n ** 40n - 1n,
    });
  });

  test('behavior: flags are single bits beside the decimals', () => {
    const word = (0x85n << 56n) | (18n << 48n) | (10_500n << 32n) | (8_300n << 16n) | 8_050n;
    expect(readConfiguration(word)).toMatchObject({
      ltvBps: 8_050,
      liquidationThresholdBps: 8_300,
      liquidationBonusBps: 10_500,
      decimals: 18,
      active: true,
      frozen: false,
      borrowingEnabled: true,
      paused: false,
    });
  });
});

describe('user words and bitmaps', () => {
  test('default: bit 2i borrows, bit 2i + 1 is used as collateral', () => {
    expect([isBorrowing(0b0110n, 0), isUsingAsCollateral(0b0110n, 0), isBorrowing(0b0110n, 1), isUsingAsCollateral(0b0110n, 1)]).toEqual([false, true, true, false]);
    expect(isUsingAsCollateral(1n << 255n, 127)).toBe(true);
  });

  test('default: the ids of a bitmap, in order', () => {
    expect(idsOf(0n)).toEqual([]);
    expect(idsOf(0b1011n)).toEqual([0, 1, 3]);
    expect(idsOf((1n << 127n) | 1n)).toEqual([0, 127]);
  });
});
