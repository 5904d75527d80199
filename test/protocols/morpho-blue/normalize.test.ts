import { describe, expect, test } from 'vitest';
import type { Address } from '../../../src/core/ids.ts';
import type { CallResult } from '../../../src/core/source.ts';
import { morphoBlue, morphoBlueRule } from '../../../src/protocols/morpho-blue/index.ts';
import { computeMarketId, getMarketParams } from '../../../src/protocols/morpho-blue/market-id.ts';
import type { MorphoMarket, MorphoPosition } from '../../../src/protocols/morpho-blue/state.ts';
import type { Deployment } from '../../../src/protocols/protocol.ts';
import { LIQUIDATOR, MARKET_ID, marketRow, NOW, OWNER, positionRow, USDC, v7Position, wstEthUsdc } from './wsteth-usdc.ts';

const ethereum = deploymentOf('morpho-blue/1');
const block = { chain: ethereum.chain, number: 23_500_000n, hash: `0x${'ab'.repeat(32)}`, timestamp: NOW };
const rows = { positions: [positionRow('BORROWER', v7Position.borrowShares), positionRow('COLLATERAL', v7Position.collateral)] };

function deploymentOf(id: string): Deployment {
  const found = morphoBlue.deployments.find((row) => row.id === id);
  return found ?? expect.unreachable(`no deployment ${id}`);
}

const ok = (...values: unknown[]): CallResult => ({ ok: true, values });
const reverted: CallResult = { ok: false, reason: 'execution reverted' };

/** The chain's answers to the plan, for the given states; `changes` replace or remove some by key. */
function answers(changes: Record<string, CallResult | undefined> = {}, positions: Record<Address, MorphoPosition> = { [OWNER]: v7Position }): ReadonlyMap<string, CallResult> {
  const m = wstEthUsdc;
  const given: Record<string, CallResult | undefined> = {
    [`market:${MARKET_ID}`]: ok(m.totalSupplyAssets, m.totalSupplyShares, m.totalBorrowAssets, m.totalBorrowShares, m.lastUpdate, m.fee),
    [`price:${MARKET_ID}`]: ok(m.oraclePrice),
    [`rate:${MARKET_ID}`]: ok(m.borrowRate),
    [`usd:${USDC.slice(USDC.indexOf('0x'))}`]: ok(99_997_427n),
    ...Object.fromEntries(Object.entries(positions).map(([owner, p]) => [`position:${MARKET_ID}:${owner}`, ok(p.supplyShares, p.borrowShares, p.collateral)])),
    ...changes,
  };
  return new Map(Object.entries(given).flatMap(([key, answer]) => (answer === undefined ? [] : [[key, answer] as const])));
}

function normalize(calls: ReadonlyMap<string, CallResult> | null, found: Record<string, readonly unknown[]> = rows, owners: readonly Address[] = [OWNER]) {
  return morphoBlue.normalize({ deployment: ethereum, owners, block, rows: found, calls });
}

describe('discover and value', () => {
  test('default: one query, every call at known addresses, each key once', () => {
    const [query, ...others] = morphoBlue.discover(ethereum, [OWNER]);
    expect(others).toEqual([]);
    expect(query).toMatchObject({ documents: 'morpho-blue', operation: 'positions', root: 'positions', variables: { owners: [OWNER] } });
    const parsed = rows.positions.map((row) => query?.row.parse(row));
    const calls = morphoBlue.value(ethereum, [OWNER, LIQUIDATOR], { positions: parsed });
    expect(calls).toEqual(morphoBlue.value(ethereum, [OWNER, LIQUIDATOR], rows));
    expect(calls.map((call) => call.key)).toEqual([
      `market:${MARKET_ID}`,
      `price:${MARKET_ID}`,
      `rate:${MARKET_ID}`,
      `position:${MARKET_ID}:${OWNER}`,
      `position:${MARKET_ID}:${LIQUIDATOR}`,
      'usd:0xa0b86991c6218b36c1d19d4a2e9eb0ce3606eb48',
    ]);
    expect(calls.map((call) => call.to)).toEqual([
      ethereum.contracts['morpho'],
      wstEthUsdc.oracle,
      wstEthUsdc.irm,
      ethereum.contracts['morpho'],
      ethereum.contracts['morpho'],
      ethereum.contracts['usdOracle'],
    ]);
  });

  test('behavior: no rate is asked of a market without a rate model, no dollar price where there is no oracle for it', () => {
    const irm = `0x${'0'.repeat(40)}`;
    const found = { positions: [positionRow('COLLATERAL', 1n, OWNER, { ...marketRow(wstEthUsdc), irm })] };
    expect(morphoBlue.value(deploymentOf('morpho-blue/34443'), [OWNER], found).map((call) => call.key.split(':')[0])).toEqual(['market', 'price', 'position']);
    expect(morphoBlue.value(ethereum, [OWNER], {})).toEqual([]);
  });
});

describe('normalize', () => {
  test('default: with a chain the account is exact and its state the contract’s', () => {
    const result = normalize(answers());
    expect(result.gaps).toEqual([]);
    expect(result.discrepancies).toEqual([]);
    expect(result.accounts).toEqual([{ id: `morpho-blue/1/${MARKET_ID}/${OWNER}`, market: `morpho-blue/1/${MARKET_ID}`, owner: OWNER, position: v7Position, precision: 'exact', missing: [] }]);
    const [market] = result.markets;
    expect(market).toMatchObject({ id: `morpho-blue/1/${MARKET_ID}`, market: MARKET_ID, rule: 'morpho-blue@1', label: 'Morpho Blue Ethereum wstETH/USDC' });
    expect(market?.state).toEqual({ ...wstEthUsdc, loanUsdSource: "Aave's price oracle 0x54586be62e3c3580375ae3723c145253060ca0c2" });
  });

  test('behavior: rows that a source has parsed already are the same to it', () => {
    const [query] = morphoBlue.discover(ethereum, [OWNER]);
    const parsed = rows.positions.map((row) => query?.row.parse(row));
    expect(normalize(answers(), { positions: parsed })).toEqual(normalize(answers()));
  });

  test('behavior: without a chain it is an estimate at the subgraph’s prices and rate', () => {
    const result = normalize(null);
    expect(result.accounts).toMatchObject([{ precision: 'estimate', position: v7Position, missing: [/USDC/, /wstETH/, /rate/].map((text) => expect.stringMatching(text)) }]);
    const state = result.markets[0]?.state as MorphoMarket;
    expect(state.oraclePrice).toBe(2_080_916_183_236_647_329_465_893_178n);
    expect(state.borrowRate).toBe(1_585_489_599n);
    expect(state).toMatchObject({ loanUsd: '0.9998', loanUsdSource: 'subgraph, block 23500000' });
  });

  test('behavior: the chain wins over the subgraph, and the difference is told', () => {
    const chain = { ...v7Position, borrowShares: v7Position.borrowShares + 5n };
    const moved = answers({ [`market:${MARKET_ID}`]: ok(3n * 10n ** 14n, wstEthUsdc.totalSupplyShares, 251n * 10n ** 12n, wstEthUsdc.totalBorrowShares, NOW - 9n, 0n) }, { [OWNER]: chain });
    const result = normalize(moved);
    expect(result.gaps).toEqual([]);
    expect(result.accounts).toMatchObject([{ position: chain, precision: 'estimate', missing: [expect.stringMatching(/interest rate/)] }]);
    expect(result.discrepancies.map(({ account, field, subgraph, chain: told }) => [account === null, field, subgraph, told])).toEqual([
      [true, `${MARKET_ID}.totalBorrowAssets`, '250000000000000', '251000000000000'],
      [false, 'borrowShares', '17300000000000000', '17300000000000005'],
    ]);
  });

  test('behavior: a closed position makes no account, one opened again does although hashClosed stands', () => {
    const closed = { positions: [positionRow('BORROWER', 0n), positionRow('COLLATERAL', 0n)] };
    const nothing = { supplyShares: 0n, borrowShares: 0n, collateral: 0n };
    expect(normalize(answers({}, { [OWNER]: nothing }), closed)).toEqual({ markets: [], accounts: [], gaps: [], discrepancies: [] });
    expect(normalize(null, closed).accounts).toEqual([]);
    expect(normalize(null, { positions: [{ ...positionRow('BORROWER', 5n), hashClosed: '0x01' }] }).accounts).toHaveLength(1);
  });

  test('behavior: a lender needs no oracle', () => {
    const lender = { supplyShares: 10n ** 18n, borrowShares: 0n, collateral: 0n };
    const found = { positions: [positionRow('SUPPLIER', lender.supplyShares)] };
    const result = normalize(answers({ [`price:${MARKET_ID}`]: reverted }, { [OWNER]: lender }), found);
    expect(result).toMatchObject({ gaps: [], accounts: [{ precision: 'exact' }] });
    expect(morphoBlueRule.legs({ market: result.markets[0]?.state as MorphoMarket, position: lender, at: NOW })).toHaveLength(1);
  });

  test('behavior: the loan token falls back to the subgraph’s dollar price, and says so', () => {
    const result = normalize(answers({ 'usd:0xa0b86991c6218b36c1d19d4a2e9eb0ce3606eb48': reverted }));
    expect(result.accounts).toMatchObject([{ precision: 'estimate', missing: [expect.stringMatching(/dollar price of USDC.*block 23500000/)] }]);
  });

  test('behavior: without a chain, a market whose rates were never written is estimated without interest', () => {
    const result = normalize(null, { positions: [positionRow('BORROWER', 5n, OWNER, { ...marketRow(wstEthUsdc), rates: null })] });
    expect(result.markets[0]?.state).toMatchObject({ borrowRate: 0n });
    expect(result.accounts[0]?.missing).toContainEqual('interest since the last event');
  });

  test('behavior: without a rate model there is no interest and nothing is missing', () => {
    const irm: Address = `0x${'0'.repeat(40)}`;
    const plain = { ...wstEthUsdc, irm };
    const id = computeMarketId(getMarketParams(plain));
    const found = { positions: [positionRow('SUPPLIER', 5n, OWNER, { ...marketRow(plain), id })] };
    expect(normalize(null, found).accounts[0]?.missing).toEqual([expect.stringMatching(/dollar price/)]);
    expect(normalize(null, found).markets[0]?.state).toMatchObject({ borrowRate: 0n });
  });

  test('behavior: without a chain there is no estimate where the collateral has no dollar price', () => {
    const inputToken = { id: '0x7f39c581f595b53c5cb19bd0b3f8da6c935e2ca0', symbol: 'wstETH', decimals: 18, lastPriceUSD: null, lastPriceBlockNumber: null };
    const found = { positions: [positionRow('COLLATERAL', 5n, OWNER, { ...marketRow(wstEthUsdc), inputToken })] };
    expect(normalize(null, found).gaps).toMatchObject([{ code: 'MISSING_PRICE', message: expect.stringMatching(/only be read on chain/) }]);
  });

  test('behavior: the flash-loan market is passed over', () => {
    const found = { positions: [positionRow('SUPPLIER', 5n, OWNER, { ...marketRow(wstEthUsdc), id: `0x${'0'.repeat(40)}` })] };
    expect(normalize(answers(), found)).toEqual({ markets: [], accounts: [], gaps: [], discrepancies: [] });
  });

  test('behavior: known fixed oracles are marked, and never estimated from market prices', () => {
    const oracle: Address = '0x65f9f6d537c2d628d1c2663896436817440edb72';
    const fixed = { ...wstEthUsdc, oracle };
    const id = computeMarketId(getMarketParams(fixed));
    const found = { positions: [positionRow('COLLATERAL', 5n, OWNER, { ...marketRow(fixed), id })] };
    expect(normalize(null, found).gaps).toMatchObject([{ code: 'MISSING_PRICE' }]);
  });

  test.each<[string, string, Record<string, CallResult | undefined>]>([
    ['CALL_FAILED', 'the market does not answer', { [`market:${MARKET_ID}`]: reverted }],
    ['CALL_FAILED', 'the market answer is missing', { [`market:${MARKET_ID}`]: undefined }],
    ['CALL_FAILED', 'the position does not answer', { [`position:${MARKET_ID}:${OWNER}`]: reverted }],
    ['CALL_FAILED', 'the rate model reverts', { [`rate:${MARKET_ID}`]: reverted }],
    ['MISSING_PRICE', 'the oracle reverts', { [`price:${MARKET_ID}`]: reverted }],
    ['MISSING_PRICE', 'the oracle answers 0', { [`price:${MARKET_ID}`]: ok(0n) }],
    ['CALL_FAILED', 'an answer is malformed', { [`market:${MARKET_ID}`]: ok('1') }],
  ])('error: %s where %s', (code, _what, changes) => {
    const result = normalize(answers(changes));
    expect(result.accounts).toEqual([]);
    expect(result.gaps).toMatchObject([{ code, account: `morpho-blue/1/${MARKET_ID}/${OWNER}`, deployment: 'morpho-blue/1', chain: 'eip155:1' }]);
  });

  test('error: MISSING_PRICE where nobody knows the dollar price of the loan token', () => {
    const market = marketRow(wstEthUsdc);
    const borrowedToken = { id: USDC.slice(USDC.indexOf('0x')), symbol: 'USDC', decimals: 6, lastPriceUSD: '0', lastPriceBlockNumber: null };
    const found = { positions: [positionRow('BORROWER', 5n, OWNER, { ...market, borrowedToken })] };
    const silent = answers({ 'usd:0xa0b86991c6218b36c1d19d4a2e9eb0ce3606eb48': ok(0n) });
    expect(normalize(silent, found).gaps).toMatchObject([{ code: 'MISSED_ACCOUNT' }, { code: 'MISSING_PRICE' }]);
  });

  test('error: MISSED_ACCOUNT where the chain shows a position that discovery did not list; it is kept', () => {
    const result = normalize(answers({}, { [OWNER]: v7Position, [LIQUIDATOR]: v7Position }), rows, [OWNER, LIQUIDATOR]);
    expect(result.accounts).toHaveLength(2);
    expect(result.gaps).toMatchObject([{ code: 'MISSED_ACCOUNT', account: `morpho-blue/1/${MARKET_ID}/${LIQUIDATOR}` }]);
  });

  test('error: MISSED_ACCOUNT where a leg is missing', () => {
    const result = normalize(answers(), { positions: [positionRow('COLLATERAL', v7Position.collateral)] });
    expect(result.gaps).toMatchObject([{ code: 'MISSED_ACCOUNT', message: expect.stringMatching(/shows borrowShares of/) }]);
  });

  test('error: MALFORMED_RESPONSE where the parameters do not hash to the id', () => {
    const found = { positions: [positionRow('BORROWER', 5n, OWNER, { ...marketRow(wstEthUsdc), lltv: '900000000000000000' })] };
    expect(normalize(null, found)).toMatchObject({ markets: [], accounts: [], gaps: [{ code: 'MALFORMED_RESPONSE' }] });
  });
});

describe('computeMarketId', () => {
  test('default: the id of wstETH/USDC at 86 %', () => {
    expect(computeMarketId(getMarketParams(wstEthUsdc))).toBe(MARKET_ID);
  });
});
