import { existsSync, readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { Decimal, fromFixed } from '../../../src/core/decimal.ts';
import { InvalidFile, isPlimsollError } from '../../../src/core/errors.ts';
import { encodeJson } from '../../../src/core/json.ts';
import { type BookOptions, type GenericMarket, type GenericPosition, genericLendingRule, normalizeBook } from '../../../src/protocols/generic-lending/index.ts';
import { E18 } from './book-fixture.ts';

const DATA = new URL('../../../../shared/data/', import.meta.url);
const POSITIONS = new URL('demo/euler_v1_positions_16818362_demo.json', DATA);
const PARAMS = new URL('params/euler_v1_tokens_16818362.json', DATA);
const isPresent = existsSync(POSITIONS) && existsSync(PARAMS);

const OPTIONS: BookOptions = {
  unit: { asset: 'eip155:1/erc20:0xc02aaa39b223fe8d0a0e5c4f27ead9083c756cc2', symbol: 'ETH' },
  // 1 / 0.000626684213824653, the book's own price of a USDC.
  unitPriceUsd: (E18 * E18) / 626_684_213_824_653n,
  at: 1_678_693_007,
  baseDiscount: E18 / 50n,
  repayFee: E18 / 50n,
};

const params = {
  protocol: 'euler-v1',
  chainId: 1,
  block: 16_818_362,
  selfCollateralFactor: '0.95',
  targetHealth: '1.25',
  maxDiscount: '0.20',
  tokens: [
    { address: '0xC02aaA39b223FE8D0A0e5C4F27eAD9083C756Cc2', symbol: 'WETH', priceEthWei: '1000000000000000000', collateralFactor: '0.88', borrowFactor: '0.91', borrowIsolated: false },
    { address: '0x6243d8cea23066d098a15582d81a598b4e8391f4', symbol: 'FLX', priceEthWei: '1', collateralFactor: '0', borrowFactor: '2.5e-10', borrowIsolated: true },
    { address: '0x0000000000000000000000000000000000000001', symbol: 'cbETH', priceEthWei: '1', collateralFactor: null, borrowFactor: null, borrowIsolated: null },
  ],
};
const owner = '0x00c08de5c795662f792f1434b207a1451a5a36fe';

describe(normalizeBook, () => {
  const book = {
    accounts: [
      {
        owner,
        account: '0x00C08De5c795662f792f1434b207a1451a5a36ff',
        deposits: [
          [0, '1.5'],
          [0, '0.000000000000000001'],
          [2, '0'],
        ],
        debts: [[1, '3']],
      },
    ],
  };

  test("default: one market and its accounts, under the rule's schemas", () => {
    const { markets, accounts } = normalizeBook(params, book, OPTIONS);
    expect(markets).toHaveLength(1);
    expect(genericLendingRule.marketSchema.parse(encodeJson(markets[0]?.state))).toEqual(markets[0]?.state);
    expect(markets[0]).toMatchObject({ id: 'generic-lending/1/euler-v1', rule: 'generic-lending@1', state: { selfCollateralFactor: (E18 * 95n) / 100n } });
    expect(markets[0]).toMatchObject({ state: { assets: [{ borrowFactor: (E18 * 91n) / 100n }, { borrowFactor: 250_000_000n }, { borrowFactor: null, borrowIsolated: true }] } });
    expect(accounts[0]).toMatchObject({
      id: 'generic-lending/1/euler-v1/0x00c08de5c795662f792f1434b207a1451a5a36ff',
      owner,
      precision: 'estimate',
      position: {
        supplied: [{ asset: OPTIONS.unit.asset, amount: 1_500_000_000_000_000_001n, collateral: true }],
        debts: [{ asset: 'eip155:1/erc20:0x6243d8cea23066d098a15582d81a598b4e8391f4', amount: 3n * E18 }],
      },
    });
    expect(genericLendingRule.positionSchema.parse(encodeJson(accounts[0]?.position))).toEqual(accounts[0]?.position);
  });

  test('error: INVALID_FILE names the path', () => {
    expect(() => normalizeBook({ ...params, tokens: [{ ...params.tokens[0], priceEthWei: '-1' }] }, book, OPTIONS)).toThrow('parameters, at tokens[0].priceEthWei');
    expect(() => normalizeBook(params, 1, OPTIONS)).toThrow('positions, at (top)');
    expect(() => normalizeBook(params, { accounts: [{ owner, account: owner, deposits: [[9, '1']], debts: [] }] }, OPTIONS)).toThrow(InvalidFile);
  });
});

describe.skipIf(!isPresent)('the Euler v1 book of block 16818362 (skipped where the shared data is absent)', () => {
  interface Row {
    readonly account: string;
    readonly exploiter: boolean;
    readonly allFactorsKnown: boolean;
    readonly sourceBorrowValueEth: string;
  }

  const read = (file: URL): unknown => JSON.parse(readFileSync(file, 'utf8'));
  const rowsOf = (): readonly Row[] => {
    const { accounts }: { accounts: readonly Row[] } = JSON.parse(readFileSync(POSITIONS, 'utf8'));
    return accounts;
  };
  const evaluateBook = (): readonly { row: Row; health: Decimal | null; liquidatable: boolean; collateralEth: Decimal; debtEth: Decimal }[] => {
    const { markets, accounts } = normalizeBook(read(PARAMS), read(POSITIONS), OPTIONS);
    const market: GenericMarket = genericLendingRule.marketSchema.parse(encodeJson(markets[0]?.state));
    const rows = rowsOf();
    return accounts.flatMap((account, at) => {
      const row = rows[at];
      const position: GenericPosition = genericLendingRule.positionSchema.parse(encodeJson(account.position));
      const view = { market, position, at: BigInt(OPTIONS.at) };
      if (row === undefined || !row.allFactorsKnown) return [];
      const { healthFactor, liquidatable } = genericLendingRule.health(view);
      const value = (of: 'collateral' | 'debt'): Decimal =>
        genericLendingRule
          .legs(view)
          .filter((leg) => leg.side === of)
          .reduce((total, leg) => total.plus(fromFixed(leg.amount, leg.decimals).times(leg.priceUsd)), new Decimal(0))
          .div(fromFixed(OPTIONS.unitPriceUsd, 18));
      return [{ row, health: healthFactor, liquidatable, collateralEth: value('collateral'), debtEth: value('debt') }];
    });
  };

  test("default: debt values are the source's own", () => {
    const different = evaluateBook().filter(({ row, debtEth }) =>
      debtEth
        .minus(row.sourceBorrowValueEth)
        .abs()
        .gt(Decimal.max('1e-15', debtEth.times('1e-12'))),
    );
    expect(different.map(({ row }) => row.account)).toEqual([]);
  });

  test('behavior: accounts with an unknown factor are refused, never guessed', () => {
    const { markets, accounts } = normalizeBook(read(PARAMS), read(POSITIONS), OPTIONS);
    const market: GenericMarket = genericLendingRule.marketSchema.parse(encodeJson(markets[0]?.state));
    const rows = rowsOf();
    const refused = accounts.filter((account, at) => {
      const view = { market, position: genericLendingRule.positionSchema.parse(encodeJson(account.position)), at: BigInt(OPTIONS.at) };
      try {
        genericLendingRule.health(view);
        return false;
      } catch (error) {
        return isPlimsollError(error, 'UNSUPPORTED_STATE') && rows[at]?.allFactorsKnown === false;
      }
    });
    expect(refused).toHaveLength(73);
  });

  test('default: nearly all accounts with debt above 0.01 ETH are healthy, the rest named', () => {
    const judged = evaluateBook().filter(({ row, debtEth }) => !row.exploiter && debtEth.gt('0.01'));
    const below = judged.filter(({ liquidatable }) => liquidatable);
    process.stdout.write(`Euler v1 book: ${judged.length} accounts judged, ${judged.length - below.length} healthy, ${below.length} below 1\n`);
    expect(judged).toHaveLength(289);
    expect(below).toHaveLength(13);
    const large = below.filter(({ debtEth }) => debtEth.gt('0.05'));
    expect(large.map(({ row, health }) => [row.account, health?.toFixed(4)])).toEqual([
      ['0x184fc8e05d68cf7aeaadee56b1aea3d8771736b6', '0.9985'],
      ['0x205e671bf61e4c19716027290485b72a3af5d018', '0.0000'],
      ['0x316be293c8f2380769e7b7e7382679fe5a3b6600', '0.7205'],
    ]);
  });

  test('default: four of the nine exploiter accounts owe with next to no collateral, the other five hold self-covered positions just above 1', () => {
    const exploiters = evaluateBook().filter(({ row }) => row.exploiter);
    const bad = exploiters.filter(({ liquidatable }) => liquidatable);
    const badDebt = bad.reduce((total, { debtEth, collateralEth }) => total.plus(debtEth.minus(collateralEth)), new Decimal(0));
    process.stdout.write(`Euler v1 book: ${bad.length} of ${exploiters.length} exploiter accounts have bad debt, ${badDebt.toFixed(0)} ETH\n`);
    expect(exploiters).toHaveLength(9);
    expect(bad).toHaveLength(4);
    expect(bad.every(({ collateralEth }) => collateralEth.lt('1e-12'))).toBe(true);
    expect(badDebt.toFixed(0)).toBe('862507');
    expect(exploiters.filter(({ liquidatable }) => !liquidatable).every(({ health }) => health !== null && health.gte(1) && health.lt('1.05'))).toBe(true);
  });
});
