import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { findWalletFault, formatRoute, parseRoute, queryOf } from '../../src/web/data/route.ts';
import { parseRecent, withNewest } from '../../src/web/shell/recent-wallets.ts';

const WALLET = '0xc0ffee00000000000000000000000000c0ffee01';

describe(parseRoute, () => {
  test('default: the wallet stands in the address', () => {
    expect(parseRoute(`#/wallet/${WALLET}?at=2021-02-24`)).toEqual({ view: 'wallet', wallet: WALLET, recorded: null, at: '2021-02-24' });
    expect([parseRoute('#/opportunities').view, parseRoute('#/proofs').view, parseRoute('#/file').view]).toEqual(['opportunities', 'proofs', 'file']);
  });

  test.each(['', '#', '#/', '#/wallet/', '#/nothing', '#main', '#/wallet/%E0%A4%A'])('bad input: "%s" is home', (hash) => {
    expect(parseRoute(hash)).toEqual({ view: 'home' });
  });

  test('property: what is written is read back', () => {
    const text = fc.string({ minLength: 1, maxLength: 30 });
    const route = fc.record({ view: fc.constant('wallet' as const), wallet: text, recorded: fc.option(text), at: fc.option(text) });
    fc.assert(
      fc.property(route, (written) => {
        expect(parseRoute(formatRoute(written))).toEqual(written);
      }),
      { seed: 7, numRuns: process.env['PLIMSOLL_LONG'] === '1' ? 5_000 : 200 },
    );
  });

  test('behavior: the parameters of the service are the same', () => {
    expect(queryOf({ recorded: 'morpho-depeg', at: null })).toBe('?recorded=morpho-depeg');
    expect(queryOf({ recorded: null, at: null })).toBe('');
  });
});

describe(findWalletFault, () => {
  test.each([WALLET, `eip155:1:${WALLET}`, 'vitalik.eth', 'Vitalik.ETH', 'name.xyz', 'münchen.eth', `${WALLET},name.eth`, ` ${WALLET} `])('default: %s is a wallet', (text) => {
    expect(findWalletFault(text)).toBeNull();
  });

  test.each(['', '0x12', 'hello', `${WALLET},`, 'a b.eth', '<script>'])('bad input: "%s" is none, and is told so', (text) => {
    expect(findWalletFault(text)).toMatch(/wallet/i);
  });
});

describe('recent wallets', () => {
  test('behavior: the newest first, each once, six at most', () => {
    const list = ['a', 'b', 'c', 'd', 'e', 'f', 'A'].reduce<readonly string[]>((before, wallet) => withNewest(before, wallet), []);
    expect(list).toEqual(['A', 'f', 'e', 'd', 'c', 'b']);
  });

  test.each([null, 'no json', '{}', '[1,null]'])('bad input: %s is empty', (text) => {
    expect(parseRecent(text)).toEqual([]);
  });
});
