import { AbiCoder, Interface } from 'ethers';
import { describe, expect, test } from 'vitest';
import { executorInterface } from '../../../src/path/transactions/executor-calldata.ts';
import { describeRevert } from '../../../src/path/transactions/revert-reason.ts';

const text = (words: string): string => `0x08c379a0${AbiCoder.defaultAbiCoder().encode(['string'], [words]).slice(2)}`;
const failed = (call: number, reason: string): string => executorInterface.encodeErrorResult('CallFailed', [call, reason]);

describe(describeRevert, () => {
  test.each([
    [text('insufficient collateral'), 'insufficient collateral'],
    [`0x4e487b71${'0'.repeat(62)}11`, 'panic 0x11'],
    [executorInterface.encodeErrorResult('CheckFailed', [0, 7n]), 'CheckFailed(0, 7)'],
    [failed(2, text('35')), 'call 2 of the plan failed: 35'],
    [failed(2, failed(1, '0x')), 'call 2 of the plan failed: call 1 of the plan failed: no reason'],
    ['0x', 'no reason'],
    ['0x12345678', 'an unknown error (0x12345678)'],
    ['0x08c379a0', 'data that cannot be read (0x08c379a0)'],
    [`0x08c379a0${'f'.repeat(64)}`, 'data that cannot be read (0x08c379a0)'],
  ])('default: %s', (data, words) => {
    expect(describeRevert(data)).toBe(words);
  });

  test("behavior: a protocol's own error by its name", () => {
    const errors = ['error NotCollateralized()'];
    const data = new Interface(errors).encodeErrorResult('NotCollateralized', []);
    expect([describeRevert(data, errors), describeRevert(failed(3, data), errors)]).toEqual(['NotCollateralized()', 'call 3 of the plan failed: NotCollateralized()']);
  });

  test('behavior: a hostile text is cut, and does not steer a terminal', () => {
    const words = describeRevert(text(`\u001b[2J${'x'.repeat(1_000)}`));
    expect(words.length).toBeLessThanOrEqual(160);
    expect(words).not.toContain('\u001b');
    expect(words.endsWith('...')).toBe(true);
  });

  test('behavior: calls inside calls without end are not followed', () => {
    let data = text('end');
    for (let depth = 0; depth < 50; depth += 1) data = failed(depth, data);
    expect(describeRevert(data).length).toBeLessThan(400);
  });
});
