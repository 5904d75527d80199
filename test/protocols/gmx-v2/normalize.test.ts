import { FunctionFragment, Interface } from 'ethers';
import { parse, validate } from 'graphql';
import { describe, expect, test } from 'vitest';
import type { Address } from '../../../src/core/ids.ts';
import type { BlockRef, ContractCall } from '../../../src/core/source.ts';
import { gmxV2 } from '../../../src/protocols/gmx-v2/index.ts';
import { dataStoreKeys } from '../../../src/protocols/gmx-v2/keys.ts';
import { MISSING_WITHOUT_CHAIN } from '../../../src/protocols/gmx-v2/normalize.ts';
import type { GmxMarket, GmxPosition } from '../../../src/protocols/gmx-v2/state.ts';
import type { Deployment, Normalized, Rows } from '../../../src/protocols/protocol.ts';
import { createDocuments } from '../../../src/sources/documents.ts';
import { buildApiSchema } from '../../../src/sources/recorded/api-schema.ts';
import { DOLLAR, ethLong, ethMarket, MARKET_TOKEN, T0, USDC, WETH } from './eth-market.ts';
import { answerCalls, type FakeGmx, keyOf } from './reader-answers.ts';

const OWNER: Address = '0x00000000000000000000000000000000000000aa';
const OTHER: Address = '0x00000000000000000000000000000000000000bb';
const arbitrum = getDeployment('gmx-v2/42161');
const block: BlockRef = { chain: 'eip155:42161', number: 300_000_000n, hash: `0x${'2'.repeat(64)}`, timestamp: T0 };

function getDeployment(id: string): Deployment {
  const found = gmxV2.deployments.find((row) => row.id === id);
  if (found === undefined) throw new Error(id);
  return found;
}

/** Rates that only the squid tells, so that they can be seen to arrive. */
const rates = { borrowingFactorPerSecond: 10n ** 21n, fundingFactorPerSecond: 0n };
const market = ethMarket(undefined, { longs: { ...ethMarket().longs, ...rates, fundingFactorPerSecond: 3n * 10n ** 20n }, shorts: { ...ethMarket().shorts, ...rates } });
const position = withKey(ethLong());

function withKey(of: GmxPosition, account = OWNER): GmxPosition {
  return { ...of, key: keyOf({ market }, account, of) };
}

function fakeOf(changes: Partial<FakeGmx> = {}): FakeGmx {
  return { market, positions: [{ account: OWNER, position }], timestamp: T0, ...changes };
}

function positionRow(changes: Record<string, unknown> = {}) {
  return {
    id: 'a',
    positionKey: position.key,
    account: OWNER.toUpperCase().replace('0X', '0x'),
    market: MARKET_TOKEN,
    collateralToken: USDC.slice(-42),
    isLong: true,
    sizeInUsd: position.sizeInUsd.toString(),
    sizeInTokens: position.sizeInTokens.toString(),
    collateralAmount: position.collateralAmount.toString(),
    unrealizedFees: (40n * DOLLAR).toString(),
    unrealizedPriceImpact: '-5',
    ...changes,
  };
}

function marketRow(changes: Record<string, unknown> = {}) {
  const text = (value: bigint | null) => (value ?? 0n).toString();
  return {
    id: MARKET_TOKEN,
    marketTokenAddress: MARKET_TOKEN,
    indexTokenAddress: WETH.slice(-42),
    longTokenAddress: WETH.slice(-42),
    shortTokenAddress: USDC.slice(-42),
    isDisabled: false,
    minCollateralFactor: text(market.minCollateralFactor),
    minCollateralFactorForLiquidation: text(market.minCollateralFactorForLiquidation),
    minCollateralFactorForOpenInterestLong: text(market.longs.minCollateralFactorForOpenInterestMultiplier),
    minCollateralFactorForOpenInterestShort: text(market.shorts.minCollateralFactorForOpenInterestMultiplier),
    maxPositionImpactFactorForLiquidations: '0',
    maxPositionImpactFactorPositive: text(market.maxPositionImpactFactorPositive),
    maxPositionImpactFactorNegative: text(market.maxPositionImpactFactorNegative),
    positionFeeFactorForPositiveImpact: text(market.positionFeeFactorForPositiveImpact),
    positionFeeFactorForNegativeImpact: text(market.positionFeeFactorForNegativeImpact),
    maxPnlFactorForTradersLong: text(market.longs.maxPnlFactorForTraders),
    maxPnlFactorForTradersShort: text(market.shorts.maxPnlFactorForTraders),
    longOpenInterestUsd: text(market.longs.openInterestUsd),
    shortOpenInterestUsd: text(market.shorts.openInterestUsd),
    longOpenInterestInTokens: text(market.longs.openInterestInTokens),
    shortOpenInterestInTokens: text(market.shorts.openInterestInTokens),
    longPoolAmount: text(market.longs.poolAmount),
    shortPoolAmount: text(market.shorts.poolAmount),
    borrowingFactorPerSecondForLongs: (10n ** 21n).toString(),
    borrowingFactorPerSecondForShorts: (10n ** 21n).toString(),
    fundingFactorPerSecond: (3n * 10n ** 20n).toString(),
    longsPayShorts: true,
    ...changes,
  };
}

function priceRow(asset: string, price: bigint, timestamp = Number(T0) - 30) {
  return { id: `${asset}${timestamp}`, token: asset.slice(-42), minPrice: price.toString(), maxPrice: price.toString(), timestamp };
}

const PRICES = [priceRow(WETH, 1_980n * 10n ** 12n), priceRow(USDC, 10n ** 24n), priceRow(WETH, 7n, Number(T0) - 900)];
const LISTED: Rows = { positions: [positionRow()], marketInfos: [marketRow()], prices: PRICES };

function normalize(rows: Rows, fake: FakeGmx | null): Normalized {
  const owners = [OWNER, OTHER];
  const calls = fake === null ? null : answerCalls(gmxV2.value(arbitrum, owners, rows), fake);
  return gmxV2.normalize({ deployment: arbitrum, owners, block, rows, calls });
}

function codes({ gaps }: Normalized): readonly string[] {
  return gaps.map((gap) => gap.code);
}

describe('discover', () => {
  test('default: documents fit the excerpt, and owners are asked for in both spellings', () => {
    const documents = createDocuments();
    const schema = buildApiSchema(documents.schema('gmx-v2'), 'subsquid');
    const queries = gmxV2.discover(arbitrum, ['0x5aaeb6053f3e94c9b9a09f33669435e7ef1beaed']);
    for (const query of queries) {
      const operation = documents.operation(query.documents, query.operation);
      expect(validate(schema, parse(operation.text))).toEqual([]);
      expect(operation.roots).toEqual([query.root]);
      expect([...operation.variables].sort()).toEqual([...Object.keys(query.variables), 'limit', 'offset'].sort());
    }
    expect(queries[0]?.variables).toEqual({ accounts: ['0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed', '0x5aaeb6053f3e94c9b9a09f33669435e7ef1beaed'] });
  });

  test('behavior: nothing without a squid', () => {
    expect(gmxV2.discover({ ...arbitrum, subgraph: null }, [OWNER])).toEqual([]);
  });
});

describe('value', () => {
  const calls = gmxV2.value(arbitrum, [OWNER, OTHER], LISTED);

  test('default: signatures and arguments encode, under keys of their own', () => {
    expect(new Set(calls.map((call) => call.key)).size).toBe(calls.length);
    for (const { signature, args } of calls) {
      const fragment = FunctionFragment.from(signature);
      expect(() => new Interface([fragment]).encodeFunctionData(fragment, args)).not.toThrow();
    }
    expect(calls.filter((call) => call.key.startsWith('infoList:'))).toHaveLength(2);
  });

  test('behavior: the Reader’s selectors', () => {
    const selectorOf = (prefix: string) => FunctionFragment.from(calls.find((call: ContractCall) => call.key.startsWith(prefix))?.signature ?? '').selector;
    expect(selectorOf('positions:')).toBe('0x77cfb162');
    expect(selectorOf('infoList:')).toBe('0xb05e0ea0');
    expect(selectorOf('info:')).toBe('0x0815bce1');
    expect(selectorOf('dataStore:')).toBe('0xbd02d0f5');
  });

  test('behavior: markets without a price are left out of the account’s call, and nothing is planned without contracts', () => {
    const unpriced = gmxV2.value(arbitrum, [OWNER], { ...LISTED, prices: [] });
    expect(unpriced.find((call) => call.key.startsWith('infoList:'))?.args[3]).toEqual([]);
    expect(unpriced.some((call) => call.key.startsWith('info:'))).toBe(false);
    expect(gmxV2.value({ ...arbitrum, contracts: {} }, [OWNER], LISTED)).toEqual([]);
  });
});

describe('dataStoreKeys', () => {
  test('default: as GMX publishes them for ETH/USD [WETH-USDC]', () => {
    // gmx-io/gmx-interface@a78e920 sdk/src/codegen/prebuilt, hashed there with other code.
    const weth = '0x82af49447d8a07e3bd95bd0d56f35241523fbab1';
    const usdc = '0xaf88d065e77c8cc2239327c5edb3a432268e5831';
    expect([
      dataStoreKeys.minCollateralFactor(MARKET_TOKEN),
      dataStoreKeys.minCollateralFactorForLiquidation(MARKET_TOKEN),
      dataStoreKeys.maxPositionImpactFactorForLiquidations(MARKET_TOKEN),
      dataStoreKeys.maxPositionImpactFactor(MARKET_TOKEN, true),
      dataStoreKeys.maxPnlFactorForTraders(MARKET_TOKEN, true),
      dataStoreKeys.positionFeeFactor(MARKET_TOKEN, false),
      dataStoreKeys.minCollateralFactorForOpenInterestMultiplier(MARKET_TOKEN, true),
      dataStoreKeys.isMarketDisabled(MARKET_TOKEN),
      dataStoreKeys.poolAmount(MARKET_TOKEN, weth),
      dataStoreKeys.openInterest(MARKET_TOKEN, weth, true),
      dataStoreKeys.openInterestInTokens(MARKET_TOKEN, usdc, true),
    ]).toEqual([
      '0xcf1cefe1a11576531900922002113a6cf623823d2c813a4534c5d181976450ae',
      '0xefc3fc73b918e0aa9a9a9f306393b25a2919aad551cbd5c5535834b6ea9d9934',
      '0x2d8a11f53ea0e4da886046922afbdaf2f98111c2c3617ce8d53320e5368ece53',
      '0xc230e1e4d328166be2c9c1e775203c706519bd3f17777d460f0bd159e2680920',
      '0x04e55b2a6b73d4cb774accdc2d7f0de0f4aa8a8ae6a084be73a43ca8f17f3586',
      '0xe1a9164e4ffd3e27713953d91592d29e5e51e16c1df48725a919fa8785b184af',
      '0xbcf38cdb77fa9cb02787c89b5b616dc4d91337a400795d617a2580ae49a6e209',
      '0xc45b95e59c3189b1ce34bf8e690a9dda3eee932f3855117d789dd298ad364e5d',
      '0xff0b4cfe8dcdf388c21daa548b07a401cf7ee7c64087f47b0849009486ba0af4',
      '0x39b1ba9baf45e2c11e202da432a2c21fa5d136cc112015896e024c20c339a6ea',
      '0xb29358c7b4cec591d8617ca7ed8db509eaa1138449e6aef8b85fd0d3b8bebb28',
    ]);
  });
});

describe('normalize', () => {
  test('default: the Reader gives the rule’s state, with the newest price of each token', () => {
    const { markets, accounts, gaps, discrepancies } = normalize(LISTED, fakeOf());
    expect([gaps, discrepancies]).toEqual([[], []]);
    const id = `gmx-v2/42161/${MARKET_TOKEN}`;
    expect(markets).toEqual([{ id, market: MARKET_TOKEN, label: 'GMX v2 Arbitrum WETH/USD [WETH-USDC]', rule: 'gmx-v2@2', state: market }]);
    expect(accounts).toEqual([{ id: `gmx-v2/42161/${position.key}`, market: id, owner: OWNER, position, precision: 'accrued', missing: [] }]);
  });

  test('behavior: of referral and tier the greater discount counts, and a referral only with a code', () => {
    const discounted = withKey({ ...ethLong(), traderDiscountFactor: 10n ** 29n });
    const fake = fakeOf({ positions: [{ account: OWNER, position: discounted }] });
    const read = (referral: FakeGmx['referral']) => {
      const [account] = normalize(LISTED, { ...fake, ...(referral === undefined ? {} : { referral }) }).accounts;
      return (account?.position as GmxPosition | undefined)?.traderDiscountFactor;
    };
    expect(read(undefined)).toBe(10n ** 29n);
    expect(read({ code: `0x${'1'.repeat(64)}`, discount: 5n * 10n ** 28n })).toBe(10n ** 29n);
    expect(read({ code: `0x${'0'.repeat(64)}`, discount: 2n * 10n ** 29n })).toBe(10n ** 29n);
    // The fake's costs are those of the tier, so a greater referral discount does not match them.
    expect(codes(normalize(LISTED, { ...fake, referral: { code: `0x${'1'.repeat(64)}`, discount: 2n * 10n ** 29n } }))).toEqual(['UNSUPPORTED_STATE']);
  });

  test('behavior: differences to the squid are discrepancies, and the chain wins', () => {
    const rows = { ...LISTED, positions: [positionRow({ collateralAmount: '1' })] };
    const { accounts, discrepancies, gaps } = normalize(rows, fakeOf());
    expect(gaps).toEqual([]);
    expect((accounts[0]?.position as GmxPosition | undefined)?.collateralAmount).toBe(2_000_000_000n);
    expect(discrepancies.map(({ field, subgraph, chain }) => [field, subgraph, chain])).toEqual([['collateralAmount', '1', '2000000000']]);
    expect(normalize(LISTED, fakeOf({ positions: [] })).discrepancies).toHaveLength(3);
  });

  test('behavior: a position that the squid missed is valued and a gap', () => {
    const missed = normalize({ ...LISTED, positions: [] }, fakeOf());
    expect(codes(missed)).toEqual(['MISSED_ACCOUNT']);
    expect(missed.accounts).toMatchObject([{ precision: 'estimate', position: { key: position.key } }]);
    expect(codes(normalize({ marketInfos: LISTED.marketInfos ?? [], prices: PRICES }, fakeOf()))).toEqual([]);
  });

  test('behavior: where the account’s call fails, each position’s own call stands in', () => {
    expect(normalize(LISTED, fakeOf({ reverts: ['infoList:'] })).accounts).toHaveLength(1);
  });

  test('behavior: reads that fail are gaps, never zeros', () => {
    expect(codes(normalize(LISTED, fakeOf({ reverts: ['positions:'] })))).toEqual(['CALL_FAILED', 'CALL_FAILED']);
    expect(codes(normalize(LISTED, fakeOf({ reverts: ['info'] })))).toEqual(['CALL_FAILED']);
    expect(codes(normalize(LISTED, fakeOf({ reverts: ['dataStore:'] })))).toEqual(['CALL_FAILED']);
  });

  test('behavior: a Reader that computes otherwise than the rule is a gap, not a number', () => {
    const { accounts, gaps } = normalize(LISTED, fakeOf({ costOffset: 1n }));
    expect(accounts).toEqual([]);
    expect(gaps.map((gap) => [gap.code, gap.message])).toEqual([['UNSUPPORTED_STATE', expect.stringContaining('totalCostAmount')]]);
  });

  test('behavior: what cannot be priced is a gap', () => {
    const withRows = (changes: Rows) => codes(normalize({ ...LISTED, ...changes }, null));
    expect(withRows({ prices: [PRICES[1]] })).toEqual(['MISSING_PRICE']);
    expect(withRows({ prices: [priceRow(WETH, 0n), PRICES[1]] })).toEqual(['MISSING_PRICE']);
    expect(withRows({ prices: [priceRow(WETH, 1_980n * 10n ** 30n), PRICES[1]] })).toEqual(['MALFORMED_RESPONSE']);
    expect(withRows({ marketInfos: [] })).toEqual(['UNKNOWN_MARKET']);
    const unknown = `0x${'9'.repeat(40)}`;
    expect(withRows({ marketInfos: [marketRow({ indexTokenAddress: unknown })], prices: [...PRICES, priceRow(unknown, 10n ** 15n)] })).toEqual(['UNKNOWN_MARKET']);
    expect(withRows({ positions: [positionRow({ collateralToken: unknown })] })).toEqual(['UNKNOWN_MARKET']);
  });

  test('behavior: prices that are minutes old make an estimate', () => {
    const prices = [priceRow(WETH, 1_980n * 10n ** 12n, Number(T0) - 301), PRICES[1]];
    expect(normalize({ ...LISTED, prices }, fakeOf()).accounts).toMatchObject([{ precision: 'estimate', missing: [expect.stringContaining('301 s')] }]);
  });

  test('behavior: in a market of one token, amounts stand for both halves', () => {
    const single = { longTokenAddress: USDC.slice(-42), shortTokenAddress: USDC.slice(-42) };
    const usdc = market.shortToken;
    const fake = fakeOf({ market: { ...market, longToken: usdc } });
    const calls = new Map(answerCalls(gmxV2.value(arbitrum, [OWNER], { ...LISTED, marketInfos: [marketRow(single)] }), fake));
    calls.set(`dataStore:${dataStoreKeys.openInterest(MARKET_TOKEN, USDC.slice(-42) as Address, true)}`, { ok: true, values: [101n] });
    calls.set(`dataStore:${dataStoreKeys.poolAmount(MARKET_TOKEN, USDC.slice(-42) as Address)}`, { ok: true, values: [31n] });
    const { markets } = gmxV2.normalize({ deployment: arbitrum, owners: [OWNER], block, rows: { ...LISTED, marketInfos: [marketRow(single)] }, calls });
    const state = markets[0]?.state as GmxMarket;
    expect([state.longs.openInterestUsd, state.longs.poolAmount, state.shorts.poolAmount]).toEqual([100n, 15n, 15n]);
  });

  test('behavior: only the paying side pays, and nobody while a side is empty', () => {
    const state = (changes: Record<string, unknown>) => normalize({ ...LISTED, marketInfos: [marketRow(changes)] }, null).markets[0]?.state as GmxMarket;
    const doubled = { shortOpenInterestUsd: (market.longs.openInterestUsd * 2n).toString() };
    expect(state(doubled).longs.fundingFactorPerSecond).toBe(3n * 10n ** 20n);
    expect(state(doubled).shorts.fundingFactorPerSecond).toBe(0n);
    expect(state({ longsPayShorts: false }).longs.fundingFactorPerSecond).toBe(0n);
    expect(state({ longsPayShorts: false }).shorts.fundingFactorPerSecond).toBe(3n * 10n ** 20n);
    expect(state({ longOpenInterestUsd: '0' }).longs.fundingFactorPerSecond).toBe(0n);
    expect(state({ shortOpenInterestUsd: '0' }).longs.fundingFactorPerSecond).toBe(0n);
  });

  describe('without a chain', () => {
    test('default: an estimate that lists its missing terms', () => {
      const { accounts, gaps, markets } = normalize(LISTED, null);
      expect(gaps).toEqual([]);
      expect(accounts).toMatchObject([{ owner: OWNER, precision: 'estimate', missing: MISSING_WITHOUT_CHAIN, position: { borrowingFeeUsd: 40n * DOLLAR, closingImpactUsd: -5n } }]);
      expect((markets[0]?.state as GmxMarket | undefined)?.minCollateralUsd).toBe(DOLLAR);
    });

    test('behavior: closed positions and those of others do not appear, and one listed twice appears once', () => {
      const rows = {
        ...LISTED,
        positions: [
          positionRow(),
          positionRow({ id: 'b' }),
          positionRow({ id: 'c', positionKey: `0x${'c'.repeat(64)}`, sizeInUsd: '0', collateralAmount: '0' }),
          positionRow({ id: 'd', positionKey: `0x${'d'.repeat(64)}`, account: `0x${'7'.repeat(40)}` }),
        ],
      };
      expect(normalize(rows, null).accounts).toHaveLength(1);
    });

    test('behavior: nothing read at all is a gap', () => {
      expect(codes(normalize({}, null))).toEqual(['NOT_CONFIGURED']);
    });
  });
});
