import { describe, expect, test } from 'vitest';
import { encodeApproval, withApproval } from '../../src/core/approvals.ts';
import { addHeadRoom, type UnsignedCall } from '../../src/core/call.ts';
import { MAX_UINT256 } from '../../src/core/fixed-point.ts';
import type { Address } from '../../src/core/ids.ts';
import { describeApproval, describeStep, describeSwap, formatAmount } from '../../src/core/sentences.ts';

const USDC = { symbol: 'USDC', decimals: 6 };
const SPENDER: Address = `0x${'5'.repeat(40)}`;
const USDT: Address = '0xdac17f958d2ee523a2206206994597c13d831ec7';

describe(formatAmount, () => {
  test.each([
    [1_240_500_000n, USDC, '1,240.5 USDC'],
    [0n, USDC, '0 USDC'],
    [1n, USDC, '0.000001 USDC'],
    [1_234_567_000_000n, USDC, '1,234,567 USDC'],
    [100_000n, { symbol: 'PENNY', decimals: 0 }, '100,000 PENNY'],
    [123_456_789_012_345_678n, { symbol: 'WETH', decimals: 18 }, '0.123456789012345678 WETH'],
  ])('default: %d of %o', (raw, token, text) => {
    expect(formatAmount(raw, token)).toBe(text);
  });
});

describe('sentences', () => {
  test('default: steps in whole tokens, with their place', () => {
    const at = { token: USDC, place: 'Aave v3 Ethereum' };
    expect((['supply', 'withdraw', 'borrow', 'repay'] as const).map((kind) => describeStep(kind, 1_240_500_000n, at))).toEqual([
      'Supply 1,240.5 USDC to Aave v3 Ethereum.',
      'Withdraw 1,240.5 USDC from Aave v3 Ethereum.',
      'Borrow 1,240.5 USDC from Aave v3 Ethereum.',
      'Repay 1,240.5 USDC to Aave v3 Ethereum.',
    ]);
    expect(describeStep('repay', 'max', at)).toBe('Repay the whole debt in USDC to Aave v3 Ethereum.');
  });

  test('default: approvals, without limit and taken back', () => {
    expect([1_000_000n, MAX_UINT256, 0n].map((amount) => describeApproval(amount, USDC, 'Aave'))).toEqual([
      'Allow Aave to take 1 USDC.',
      'Allow Aave to take any amount of USDC.',
      'Take back what is left of the approval of USDC for Aave.',
    ]);
  });

  test('default: a swap says what it must bring, and until when', () => {
    expect(describeSwap({ sold: '2 WETH', least: '3,500 USDC', place: 'Uniswap v3', deadline: 1_760_000_000n })).toBe('Swap 2 WETH for at least 3,500 USDC on Uniswap v3, until 2025-10-09T08:53:20Z.');
  });
});

describe('approvals', () => {
  const approval = { chain: 'eip155:1', token: SPENDER, name: USDC, spender: SPENDER, spenderName: 'x', amount: 7n } as const;
  const amounts = (calls: readonly UnsignedCall[]): readonly (bigint | null)[] => calls.map((call) => (call.data.startsWith('0x095ea7b3') ? BigInt(`0x${call.data.slice(-64)}`) : null));
  const call: UnsignedCall = { to: SPENDER, data: '0x12345678', value: 0n, chain: 'eip155:1', description: 'x' };

  test('default: exact ones stay, others are taken back', () => {
    expect(amounts(withApproval(approval, 'exact', call))).toEqual([7n, null]);
    expect(amounts(withApproval(approval, 'at-most', call))).toEqual([7n, null, 0n]);
  });

  test('behavior: USDT on Ethereum is set to 0 first', () => {
    expect(amounts(encodeApproval({ ...approval, token: USDT }))).toEqual([0n, 7n]);
    expect(amounts(encodeApproval({ ...approval, token: USDT, amount: 0n }))).toEqual([0n]);
    expect(amounts(encodeApproval({ ...approval, token: USDT, chain: 'eip155:10' }))).toEqual([7n]);
  });

  test('behavior: head-room is a basis point, rounded up, and a unit', () => {
    expect([0n, 1n, 9_999n, 10_000n, 1_000_000n].map(addHeadRoom)).toEqual([1n, 3n, 10_001n, 10_002n, 1_000_101n]);
  });
});
