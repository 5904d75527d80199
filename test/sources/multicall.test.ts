import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { decodeArguments, decodeResult, encodeCall, encodeResult } from '../../src/sources/abi.ts';
import { type AggregatedCall, type AggregatedResult, decodeAggregate, decodeAggregateResults, encodeAggregate, encodeAggregateResults } from '../../src/sources/multicall.ts';

/** The general coder, as the oracle. */
const AGGREGATE3 = 'function aggregate3((address target, bool allowFailure, bytes callData)[] calls) payable returns ((bool success, bytes returnData)[])';

const hex = (bytes: Uint8Array) => `0x${Buffer.from(bytes).toString('hex')}`;
const data = fc.uint8Array({ maxLength: 100 }).map(hex);
const call = fc.record({ to: fc.uint8Array({ minLength: 20, maxLength: 20 }).map(hex), allowFailure: fc.boolean(), data });
const result = fc.record({ success: fc.boolean(), data });

const callText = (calls: readonly AggregatedCall[]) => encodeCall(AGGREGATE3, [calls.map((entry) => [entry.to, entry.allowFailure, entry.data])]);
const resultText = (results: readonly AggregatedResult[]) => encodeResult(AGGREGATE3, [results.map((entry) => [entry.success, entry.data])]);

describe(encodeAggregate, () => {
  test('behavior: the same bytes as the general coder, and back', () => {
    fc.assert(
      fc.property(fc.array(call, { maxLength: 12 }), (calls) => {
        expect(encodeAggregate(calls)).toBe(callText(calls));
        expect(decodeAggregate(callText(calls))).toEqual(calls);
        expect(decodeArguments(AGGREGATE3, encodeAggregate(calls))).toEqual([calls.map((entry) => [entry.to, entry.allowFailure, entry.data])]);
      }),
    );
  });
});

describe(encodeAggregateResults, () => {
  test('behavior: the same bytes as the general coder, and back', () => {
    fc.assert(
      fc.property(fc.array(result, { maxLength: 12 }), (results) => {
        expect(encodeAggregateResults(results)).toBe(resultText(results));
        expect(decodeAggregateResults(resultText(results))).toEqual(results);
        expect(decodeResult(AGGREGATE3, encodeAggregateResults(results))).toEqual([results.map((entry) => [entry.success, entry.data])]);
      }),
    );
  });

  test('behavior: what is cut short is null, never a guess', () => {
    fc.assert(
      fc.property(fc.array(result, { minLength: 1, maxLength: 5 }), fc.nat(), (results, cut) => {
        const whole = encodeAggregateResults(results);
        const content = results.at(-1)?.data.length ?? 2;
        const padding = (64 - ((content - 2) % 64)) % 64;
        const kept = 2 + (cut % (whole.length - 2 - padding));
        expect(decodeAggregateResults(whole.slice(0, kept))).toBeNull();
      }),
    );
  });

  test('behavior: other data is null', () => {
    for (const other of ['0x', '0x01', `0x${'f'.repeat(640)}`, `0x${'0'.repeat(62)}20${'f'.repeat(64)}`]) expect(decodeAggregateResults(other), other).toBeNull();
    const success2 = encodeAggregateResults([{ success: true, data: '0x' }]).replace(/1(0{62}40)/, '2$1');
    expect(decodeAggregateResults(success2)).toBeNull();
    expect(decodeAggregate('0x12345678')).toBeNull();
  });
});
