import { describe, expect, test } from 'vitest';
import { isWalletText, WALLETS_PATTERN } from '../../src/core/wallet-text.ts';

const WALLET = '0xC0ffee00000000000000000000000000c0ffee01';

describe('isWalletText', () => {
  test.each([
    WALLET,
    `eip155:1:${WALLET}`,
    'vitalik.eth',
    'Vitalik.ETH',
    'a.b.c.eth',
    'name.xyz',
    'pay.example.com',
    'münchen.eth',
    '名前.eth',
    '🦊.eth',
    '1.2.eth',
    'a_b.eth',
    'x-y.eth',
    'na\u200dme.eth',
  ])('default: %s', (text) => {
    expect([isWalletText(text), WALLETS_PATTERN.test(text), WALLETS_PATTERN.test(`${text},${WALLET}`)]).toEqual([true, true, true]);
  });

  test.each([
    '',
    'eth',
    '0x12',
    `${WALLET}0`,
    'eip155:0:0x12',
    `eip155:1:${WALLET}.eth`,
    '.eth',
    'a..eth',
    'a.',
    'a.e',
    'a b.eth',
    'a/b.eth',
    '../a.eth',
    'a.eth/..',
    'a.eth?x',
    'a.eth#x',
    '<a>.eth',
    '127.0.0.1',
    'http://a.eth',
    'a\u0000b.eth',
    `${'x'.repeat(64)}.eth`,
    'a.b.c.d.e.f.g.eth',
  ])('bad input: "%s"', (text) => {
    expect([isWalletText(text), WALLETS_PATTERN.test(text), WALLETS_PATTERN.test(`${WALLET},${text}`)]).toEqual([false, false, false]);
  });

  test('behavior: five at once, and no more', () => {
    expect([5, 6].map((count) => WALLETS_PATTERN.test(Array.from({ length: count }, () => 'a.eth').join()))).toEqual([true, false]);
  });
});
