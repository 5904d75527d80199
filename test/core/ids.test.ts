import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { isPlimsollError } from '../../src/core/errors.ts';
import { chainNumber, erc20, isAssetId, parseChain, parseWallet, toAddress, tokenOf, USD } from '../../src/core/ids.ts';

const ADDRESS = '0x87870bca3f3fd6335c3f4ce8392d69350b4fa4e2';

describe('parseChain', () => {
  test('default', () => {
    expect([parseChain('eip155:1'), parseChain('42161'), parseChain(10), parseChain(' EIP155:5 ')]).toEqual(['eip155:1', 'eip155:42161', 'eip155:10', 'eip155:5']);
    expect(chainNumber('eip155:42161')).toBe(42161);
  });

  test.each(['', '0', '01', 'eip155:', 'solana:1', '-1', '1.5', 'eip155:99999999999999999', 'x'.repeat(100)])('error: INVALID_CHAIN for "%s"', (text) => {
    expect(() => parseChain(text)).toThrow(/is not a chain/);
  });
});

describe('parseWallet', () => {
  test('default', () => {
    expect(parseWallet(' 0x87870Bca3F3fD6335C3F4ce8392D69350B4fA4E2 ')).toBe(ADDRESS);
    expect(parseWallet(`eip155:1:${ADDRESS}`)).toBe(ADDRESS);
  });

  test('error: INVALID_WALLET for whatever is not 20 bytes', () => {
    fc.assert(
      fc.property(fc.string(), (text) => {
        fc.pre(!/^\s*(?:eip155:\d+:)?0x[0-9a-fA-F]{40}\s*$/.test(text));
        try {
          parseWallet(text);
          expect.unreachable();
        } catch (error) {
          expect(isPlimsollError(error, 'INVALID_WALLET')).toBe(true);
        }
      }),
    );
  });
});

describe('assets', () => {
  test('default', () => {
    const asset = erc20('eip155:1', '0x87870Bca3F3fD6335C3F4ce8392D69350B4fA4E2');
    expect(asset).toBe(`eip155:1/erc20:${ADDRESS}`);
    expect(tokenOf(asset)).toBe(ADDRESS);
    expect(tokenOf(USD)).toBeNull();
    expect([isAssetId(asset), isAssetId(USD), isAssetId('eip155:1/slip44:60'), isAssetId('eip155:1/erc20:0x12'), isAssetId('usd')]).toEqual([true, true, true, false, false]);
  });

  test('error: MALFORMED_RESPONSE for an address that is none', () => {
    expect(() => toAddress('0x12')).toThrow(/is not an address/);
  });
});
