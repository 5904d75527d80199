import { describe, expect, test } from 'vitest';
import { Decimal } from '../../src/core/decimal.ts';
import { PlimsollError } from '../../src/core/errors.ts';
import type { AssetId } from '../../src/core/ids.ts';
import { applyShock, computeShockGrid, parseShock } from '../../src/engine/shock.ts';
import { linearAccount, open, USDC, WBTC, WETH, WSTETH } from './portfolio-of.ts';

const DUST = new Decimal(1);
const GROUPS = new Map<AssetId, string>([
  [WETH, 'ETH'],
  [WSTETH, 'ETH'],
]);
const opened = open({
  accounts: [
    linearAccount([
      ['collateral', WETH, 10, '0.8'],
      ['debt', USDC, 10_000, '1'],
    ]),
    linearAccount(
      [
        ['collateral', WSTETH, 10, '0.8'],
        ['collateral', WBTC, 1, '0.7'],
        ['debt', USDC, 30_000, '1'],
      ],
      { fixed: [WSTETH] },
    ),
  ],
});

function codeOf(run: () => unknown): string | undefined {
  try {
    run();
  } catch (error) {
    return error instanceof PlimsollError ? error.code : undefined;
  }
  return undefined;
}

describe(parseShock, () => {
  test('default: groups, symbols and asset ids, in any case', () => {
    const { parts } = parseShock(`eth=-20%, WBTC = +5.5% ,${USDC.toUpperCase().replace('EIP155', 'eip155')}=1%`, opened, GROUPS);
    expect(parts.map((part) => [part.assets, part.move.toString()])).toEqual([
      [[WETH, WSTETH], '-0.2'],
      [[WBTC], '0.055'],
      [[USDC], '0.01'],
    ]);
  });

  test('behavior: without groups a symbol is that symbol', () => {
    expect(parseShock('weth=-20%', opened).parts[0]?.assets).toEqual([WETH]);
  });

  test('error: INVALID_ARGUMENT where a part is not understood', () => {
    for (const text of ['', 'ETH', 'ETH=20', 'ETH=-0.2', '=5%', 'ETH=-20%,', 'ETH=abc%', 'ETH=1e9%', 'ETH==5%'])
      expect([text, codeOf(() => parseShock(text, opened, GROUPS))]).toEqual([text, 'INVALID_ARGUMENT']);
  });

  test('error: INVALID_ARGUMENT where a price would fall to 0 or below', () => {
    expect(() => parseShock('ETH=-100%', opened, GROUPS)).toThrow('ETH cannot fall by 100 %');
    expect(codeOf(() => parseShock('ETH=-250%', opened, GROUPS))).toBe('INVALID_ARGUMENT');
    expect(codeOf(() => parseShock('ETH=-99.999999999999%', opened, GROUPS))).toBeUndefined();
  });

  test('error: INVALID_ARGUMENT where an asset moves twice', () => {
    expect(() => parseShock('ETH=-20%,WETH=-10%', opened, GROUPS)).toThrow('"ETH" and "WETH" both move');
  });

  test('error: INVALID_ASSET where nothing matches, naming what there is', () => {
    expect(codeOf(() => parseShock('DOGE=-20%', opened))).toBe('INVALID_ASSET');
    expect(() => parseShock('DOGE=-20%', opened, GROUPS)).toThrow('It holds or owes WETH, USDC, wstETH, WBTC, ETH.');
    expect(() => parseShock('DOGE=-20%', open({ accounts: [] }))).toThrow('It holds or owes nothing.');
  });
});

describe(applyShock, () => {
  test('default: every account at the moved prices; a fixed oracle does not follow', () => {
    const shocked = applyShock(opened, parseShock('ETH=-50%,WBTC=-10%', opened, GROUPS), DUST);
    expect(shocked.accounts.map((account) => account.adjustedCollateral.toString())).toEqual(['8000', '56200']);
    expect(shocked.accounts.map((account) => account.native.liquidatable)).toEqual([true, false]);
    expect(shocked.wallet.weakest?.account.entry.id).toBe('account 0');
    expect(shocked.gaps).toEqual([]);
  });

  test('behavior: a price that rounds to nothing is a gap, not a safe account', () => {
    const cheap = open({
      accounts: [
        linearAccount(
          [
            ['collateral', WETH, 10, '0.8'],
            ['debt', USDC, 1, '1'],
          ],
          { prices: { [WETH]: '0.000000000000000001' } },
        ),
      ],
    });
    const shocked = applyShock(cheap, parseShock('WETH=-20%', cheap), DUST);
    expect(shocked.accounts).toEqual([]);
    expect(shocked.gaps).toEqual([expect.objectContaining({ code: 'MISSING_PRICE', account: 'account 0' })]);
  });
});

describe(computeShockGrid, () => {
  const axis = (target: string, ...moves: string[]): { target: string; moves: Decimal[] } => ({ target, moves: moves.map((move) => new Decimal(move)) });

  test('default: one cell per pair of moves', () => {
    const grid = computeShockGrid(opened, { rows: axis('WETH', '-0.5', '0', '0.5'), columns: axis('WBTC', '-0.5', '0') }, { dust: DUST });
    expect(grid.cells.map((row) => row.map((cell) => cell.wallet.adjustedCollateral.toString()))).toEqual([
      ['47400', '68400'],
      ['55400', '76400'],
      ['63400', '84400'],
    ]);
  });

  test('behavior: the cell without moves is today, and a cell is the shock of its moves', () => {
    const grid = computeShockGrid(opened, { rows: axis('ETH', '0', '-0.2'), columns: axis('WBTC', '0', '0.05') }, { dust: DUST, groups: GROUPS });
    const single = applyShock(opened, parseShock('ETH=-20%,WBTC=5%', opened, GROUPS), DUST);
    expect(grid.cells[1]?.[1]?.wallet.health?.toString()).toBe(single.wallet.health?.toString());
  });

  test('error: INVALID_ARGUMENT where the axes share an asset', () => {
    expect(codeOf(() => computeShockGrid(opened, { rows: axis('ETH', '0'), columns: axis('WETH', '0') }, { dust: DUST, groups: GROUPS }))).toBe('INVALID_ARGUMENT');
  });
});
