import { parse, validate } from 'graphql';
import { afterAll, describe, expect, test } from 'vitest';
import { assumedCurve } from '../../../src/path/curves/curve-assumed.ts';
import { requireUsableCurve } from '../../../src/path/curves/curve-check.ts';
import { defaultCurve, recordedCurve } from '../../../src/path/curves/curve-recorded.ts';
import { uniswapV3Curve } from '../../../src/path/curves/curve-uniswap-v3.ts';
import { quoteExactInput, requireState } from '../../../src/path/curves/uniswap-v3-pool.ts';
import { createChainSource } from '../../../src/sources/chain.ts';
import { systemClock, systemFetch, systemRandom } from '../../../src/sources/clock.ts';
import { createDocuments } from '../../../src/sources/documents.ts';
import { createGraphSource } from '../../../src/sources/graph.ts';
import { parseLiquidity, readRecordedLiquidity } from '../../../src/sources/liquidity.ts';
import { buildApiSchema } from '../../../src/sources/recorded/api-schema.ts';
import { startRecorded } from '../../../src/sources/recorded/start.ts';
import { fetchGraphPools, sortPair, type UniswapV3Pool } from '../../../src/sources/uniswap-v3.ts';
import { fetchChainPools } from '../../../src/sources/uniswap-v3-chain.ts';
import { TOKENS } from '../../fixtures/liquidity/tokens.ts';
import { expectConcave, USDC, WBTC, WETH } from './curve-properties.ts';
import { AT, FACTORY, POOL, pair, poolDataset, STATE } from './pool-dataset.ts';

const DAY = 86_400;

describe(readRecordedLiquidity, async () => {
  const recorded = await readRecordedLiquidity();
  const marketUsd = new Map([
    [WETH, 3_000],
    [USDC, 1],
    [WBTC, 90_000],
  ] as const);
  const find = (from: string, to: string) => recorded.find((entry) => entry.fromSymbol === from && entry.toSymbol === to);

  test('default', () => {
    expect(recorded).toHaveLength(56);
    expect(find('WETH', 'USDC')).toMatchObject({ from: TOKENS['WETH'], to: TOKENS['USDC'], observedAt: 1_700_497_010, source: '1inch quotes, Ethereum, 2023-11-20' });
    expect(find('WETH', 'USDC')?.rate).toBeCloseTo(2_044.54, 2);
    expect(find('USDC', 'USDT')?.rate).toBeNull();
  });

  test('behavior: every recorded curve is concave, and one that has a rate is usable in its own time only', () => {
    for (const shape of recorded) {
      const market = {
        marketUsd: new Map([
          [shape.from, 2],
          [shape.to, 1],
        ]),
        at: AT,
        maxAgeSeconds: DAY,
      };
      expectConcave(defaultCurve(shape.from, shape.to, recorded, market), 15);
      if (shape.rate === null) continue;
      const curve = recordedCurve(shape);
      const limits = { at: AT, maxAgeSeconds: DAY, rate: shape.rate, maxDeviation: 0.02 };
      expect(requireUsableCurve(curve, limits)).toBe(curve);
      expect(() => requireUsableCurve(curve, { ...limits, at: AT + 2 * DAY })).toThrow(expect.objectContaining({ code: 'STALE_BLOCK' }));
      expect(() => requireUsableCurve(curve, { ...limits, rate: shape.rate === null ? 1 : shape.rate * 1.05 })).toThrow(expect.objectContaining({ code: 'MISSING_PRICE' }));
    }
  });

  test("behavior: an old shape takes the market's rate and is flagged, an unknown pair is assumed", () => {
    const old = defaultCurve(WETH, USDC, recorded, { marketUsd, at: AT + 30 * DAY, maxAgeSeconds: DAY });
    expect(old).toMatchObject({ assumed: true, observedAt: 1_700_497_010 });
    expect(old.out(100) / 300_000).toBeGreaterThan(0.998);
    expect(old.out(100) / 300_000).toBeLessThanOrEqual(1);
    expect(defaultCurve(WETH, USDC, recorded, { marketUsd, at: AT, maxAgeSeconds: DAY }).assumed).toBe(false);
    expect(defaultCurve(WETH, USDC, recorded, { marketUsd, at: AT - DAY, maxAgeSeconds: DAY }).assumed).toBe(true);
    const [shape] = recorded.filter((entry) => entry.from === WETH && entry.to === USDC);
    if (shape === undefined) throw new TypeError('no shape');
    const newer = { ...shape, observedAt: shape.observedAt + 1 };
    expect(defaultCurve(WETH, USDC, [shape, newer], { marketUsd, at: AT, maxAgeSeconds: DAY }).observedAt).toBe(newer.observedAt);
    expect(defaultCurve(WETH, USDC, [], { marketUsd, at: AT, maxAgeSeconds: DAY })).toMatchObject({ assumed: true, observedAt: null });
  });

  test('behavior: the conservative table is nowhere below a recorded median', () => {
    const usd: Readonly<Record<string, number>> = { USDC: 1, USDT: 1, TUSD: 1, USDP: 1, WETH: 2_040, WBTC: 37_300, wstETH: 2_340, sfrxETH: 2_170 };
    let compared = 0;
    for (const { from, to, fromSymbol, toSymbol, points } of recorded) {
      const [fromUsd = 0, toUsd = 0] = [usd[fromSymbol], usd[toSymbol]];
      const curve = assumedCurve(from, to, { fromUsd, toUsd });
      for (const { size, impact } of points.filter((point) => point.size <= curve.depth)) {
        expect(1 - (curve.out(size) * toUsd) / (size * fromUsd)).toBeGreaterThanOrEqual(impact);
        compared++;
      }
    }
    expect(compared).toBeGreaterThan(500);
  });

  test('error: MissingPrice', () => {
    expect(() => defaultCurve(WETH, USDC, recorded, { marketUsd: new Map(), at: AT, maxAgeSeconds: DAY })).toThrow(expect.objectContaining({ code: 'MISSING_PRICE' }));
    const noRate = find('USDC', 'USDT');
    expect(noRate).toBeDefined();
    if (noRate !== undefined) expect(() => recordedCurve(noRate)).toThrow(expect.objectContaining({ code: 'MISSING_PRICE' }));
  });

  const sample = {
    format: 'plimsoll/liquidity@1',
    chain: 'eip155:1',
    source: 's',
    tokens: { A: TOKENS['WETH'], B: TOKENS['USDC'] },
    curves: [{ from: 'A', to: 'B', rate: 2, observedAt: 1, points: [[1, 0, 0]] }],
  };

  test.each([
    ['an unknown symbol', { ...sample, tokens: { A: TOKENS['WETH'] } }],
    [
      'sizes that do not ascend',
      {
        ...sample,
        curves: [
          {
            ...sample.curves[0],
            points: [
              [2, 0, 0],
              [1, 0, 0],
            ],
          },
        ],
      },
    ],
    ['an impact of everything', { ...sample, curves: [{ ...sample.curves[0], points: [[1, 1, 1]] }] }],
    ['another format', { ...sample, format: 'plimsoll/liquidity@2' }],
    ['no JSON', null],
  ])('error: INVALID_FILE: %s', (_, content) => {
    expect(parseLiquidity(JSON.stringify(sample), 'sample.json')).toHaveLength(1);
    expect(() => parseLiquidity(content === null ? '{' : JSON.stringify(content), 'sample.json')).toThrow(expect.objectContaining({ code: 'INVALID_FILE' }));
  });
});

describe('Uniswap v3 pools', async () => {
  const recorded = await startRecorded(poolDataset());
  afterAll(() => recorded.close());
  const surroundings = { clock: systemClock, random: systemRandom, fetch: systemFetch };
  const endpoint = { chain: 'eip155:1', dialect: 'graph-node', url: recorded.graphUrl('uniswap') ?? '', label: 'test subgraph' } as const;
  const chain = createChainSource({ chain: 'eip155:1', endpoint: { url: recorded.rpcUrl('eip155:1') ?? '', label: 'test chain' }, ...surroundings });
  const byGraph = () => fetchGraphPools(createGraphSource(surroundings), endpoint, pair, { maxAgeSeconds: 300, now: AT + 100 });
  const byChain = async (reach = 2_500) => fetchChainPools(chain, pair, await chain.fetchHead('latest'), { factory: FACTORY, reach });
  const curveOf = (pool: UniswapV3Pool, sellsZero: boolean) => uniswapV3Curve({ ...pool, sellsZero, observedAt: Number(pool.block.timestamp) });

  test('default', async () => {
    const [pool, ...others] = await byChain();
    expect(others).toEqual([]);
    expect(pool).toMatchObject({ address: POOL, token0: { asset: USDC, decimals: 6 }, token1: { asset: WETH, decimals: 18 }, source: 'Uniswap v3 0.05 % pool, test chain, block 18600000' });
    expect(pool?.state.ticks).toEqual(STATE.ticks.filter(([tick]) => tick > 196_000).map(([tick, liquidityNet]) => ({ tick, liquidityNet })));
    expect(pool?.state.known).toEqual({ from: 77 * 2_560, to: 80 * 2_560 - 1 });
  });

  test('behavior: subgraph and chain give the same pool, and the same quotes within what both read', async () => {
    const [fromGraph] = await byGraph();
    const [fromChain] = await byChain(6_000);
    if (fromGraph === undefined || fromChain === undefined) throw new TypeError('no pool');
    expect(fromGraph.state).toEqual({ ...fromChain.state, known: fromGraph.state.known });
    requireState(fromGraph.state);
    for (const amount of [10n ** 6n, 10n ** 11n, 10n ** 13n]) expect(quoteExactInput(fromGraph.state, true, amount)).toEqual(quoteExactInput(fromChain.state, true, amount));
    const selling = curveOf(fromGraph, false);
    expect(selling).toMatchObject({ from: WETH, to: USDC, observedAt: AT, assumed: false });
    expect(selling.marginal(0)).toBeCloseTo(1_999.1, 0);
    expectConcave(selling);
  });

  test('behavior: pools without a price or of an unknown spacing are left out', async () => {
    expect((await byGraph()).map((pool) => pool.address)).toEqual([POOL]);
  });

  test("behavior: tokens are put into the pool's order", () => {
    expect(sortPair(pair.token1, pair.token0)).toEqual(pair);
  });

  test('behavior: the documents fit the schema excerpt', () => {
    const documents = createDocuments();
    const schema = buildApiSchema(documents.schema('uniswap-v3'), 'graph-node');
    for (const name of documents.operationNames('uniswap-v3')) expect(validate(schema, parse(documents.operation('uniswap-v3', name).text))).toEqual([]);
  });

  test('error: STALE_BLOCK', async () => {
    await expect(fetchGraphPools(createGraphSource(surroundings), endpoint, pair, { maxAgeSeconds: 300, now: AT + 301 })).rejects.toMatchObject({ code: 'STALE_BLOCK' });
  });

  test('error: INDEXING_ERRORS', async () => {
    const graph = createGraphSource(surroundings);
    const broken = { ...graph, fetchHead: async () => ({ ...(await graph.fetchHead(endpoint)), hasIndexingErrors: true }) };
    await expect(fetchGraphPools(broken, endpoint, pair, { maxAgeSeconds: 300, now: AT })).rejects.toMatchObject({ code: 'INDEXING_ERRORS' });
  });

  test('error: BLOCK_GONE', async () => {
    const block = { ...(await chain.fetchHead('latest')), hash: null };
    await expect(fetchChainPools(chain, pair, block, { factory: FACTORY, reach: 100 })).rejects.toMatchObject({ code: 'BLOCK_GONE' });
  });

  test('error: CALL_FAILED', async () => {
    const block = await chain.fetchHead('latest');
    await expect(fetchChainPools(chain, { token0: pair.token1, token1: pair.token0 }, block, { factory: FACTORY, reach: 100 })).rejects.toMatchObject({ code: 'CALL_FAILED' });
  });
});
