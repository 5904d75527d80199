import { afterAll, describe, expect, test } from 'vitest';
import { type AssetId, type ChainId, erc20, tokenOf } from '../../../src/core/ids.ts';
import type { ChainSource } from '../../../src/core/source.ts';
import { listRoutes, type PlanAsset, parseCash, readCash } from '../../../src/service/plan/means.ts';
import { createChainSource } from '../../../src/sources/chain.ts';
import { systemClock, systemFetch, systemRandom } from '../../../src/sources/clock.ts';
import { startRecorded } from '../../../src/sources/recorded/start.ts';
import { USDC, WETH } from '../../path/curves/curve-properties.ts';
import { AT, poolDataset } from '../../path/curves/pool-dataset.ts';

const OWNER = `0x${'ab'.repeat(20)}` as const;
const USDC_ARB: AssetId = erc20('eip155:42161', `0x${'77'.repeat(20)}`);
const ASSETS: readonly PlanAsset[] = [
  { asset: WETH, symbol: 'WETH', decimals: 18, usd: 2_000 },
  { asset: USDC, symbol: 'USDC', decimals: 6, usd: 1 },
  { asset: USDC_ARB, symbol: 'USDC.e', decimals: 6, usd: 1 },
];
const SOURCES = { chains: new Map<ChainId, ChainSource>(), at: AT, gasUsd: () => 3, poolFee: null };

describe('the means of a plan', async () => {
  const dataset = poolDataset();
  const [recordedChain] = dataset.chains;
  if (recordedChain === undefined) throw new TypeError('fixture');
  const balance = (asset: AssetId, amount: string) => ({ to: tokenOf(asset) ?? '', signature: 'function balanceOf(address) view returns (uint256)', args: [OWNER], returns: [amount] });
  const calls = [...recordedChain.calls, balance(USDC, '1500000'), balance(WETH, '0')];
  const recorded = await startRecorded({ ...dataset, chains: [{ ...recordedChain, calls }] });
  afterAll(() => recorded.close());
  const chain = createChainSource({ chain: 'eip155:1', endpoint: { url: recorded.rpcUrl('eip155:1') ?? '', label: 'test chain' }, clock: systemClock, random: systemRandom, fetch: systemFetch });
  const chains = new Map<ChainId, ChainSource>([['eip155:1', chain]]);

  test('default: where a chain is read, swaps are its pools, and name the pool that carries them out', async () => {
    const routes = await listRoutes(ASSETS, { ...SOURCES, chains });
    expect(routes.map(({ curve, pool }) => [curve.from, curve.to, curve.assumed, pool?.feePips])).toEqual([
      [WETH, USDC, false, 500],
      [USDC, WETH, false, 500],
    ]);
    expect(routes[0]?.pool?.tokens).toEqual([tokenOf(WETH), tokenOf(USDC)]);
    expect(routes[0]?.curve.marginal(0)).toBeCloseTo(1_999.1, 0);
  });

  test('behavior: without a chain the recorded curves serve, at market prices, flagged where they are not of the plan’s time', async () => {
    const [now] = await listRoutes(ASSETS, SOURCES);
    const [later] = await listRoutes(ASSETS, { ...SOURCES, at: AT + 86_400 * 30 });
    expect([now?.curve.assumed, later?.curve.assumed]).toEqual([false, true]);
    expect(now?.curve.source).toContain('1inch quotes');
    expect(now?.pool).toBeNull();
    const [sent] = await listRoutes(ASSETS, { ...SOURCES, poolFee: 3_000 });
    expect(sent?.pool?.feePips).toBe(3_000);
  });

  test('behavior: no swap leads from one chain to another', async () => {
    const routes = await listRoutes(ASSETS, SOURCES);
    expect(routes.every(({ chain: own, curve }) => curve.from.startsWith(own) && curve.to.startsWith(own))).toBe(true);
    expect(routes).toHaveLength(2);
  });

  test('behavior: a chain that does not answer leaves the recorded curves, not nothing', async () => {
    const dead: ChainSource = { ...chain, fetchHead: () => chain.fetchBlock(1n) };
    const [route] = await listRoutes(ASSETS, { ...SOURCES, chains: new Map([['eip155:1', dead]]) });
    expect(route?.curve.source).toContain('1inch quotes');
  });

  test('behavior: the wallet’s own balances are cash', async () => {
    expect(await readCash([OWNER], ASSETS, chains)).toEqual([{ asset: USDC, decimals: 6, amount: 1_500_000n }]);
  });

  test('behavior: cash is read by symbol or asset id, to the raw unit, rounded down', () => {
    expect(parseCash(`usdc=12.3456789, ${WETH}=0.5`, ASSETS)).toEqual([
      { asset: USDC, decimals: 6, amount: 12_345_678n },
      { asset: WETH, decimals: 18, amount: 5n * 10n ** 17n },
    ]);
  });

  test.each([
    ['no amount', 'USDC', /no amount of cash/],
    ['a negative amount', 'USDC=-5', /no amount of cash/],
    ['something that nobody holds', 'DOGE=1', /held in none/],
  ])('bad input: %s', (_, text, message) => {
    expect(() => parseCash(text, ASSETS)).toThrow(message);
  });

  test('bad input: a symbol of two assets must be told apart', () => {
    const twice = ASSETS.map((entry) => ({ ...entry, symbol: entry.symbol.replace('.e', '') }));
    expect(() => parseCash('USDC=5', twice)).toThrow(/stands for 2 assets/);
  });
});
