import { parseWallet } from '../../../src/core/ids.ts';
import type { Dataset } from '../../../src/sources/recorded/dataset.ts';
import { sortPair } from '../../../src/sources/uniswap-v3.ts';
import { UNISWAP_V3_FACTORIES } from '../../../src/sources/uniswap-v3-chain.ts';
import { USDC, WETH } from './curve-properties.ts';

const HASH = `0x${'7'.repeat(64)}`;
export const AT = 1_700_500_000;

export const pair = sortPair(parseWallet(WETH.slice('eip155:1/erc20:'.length)), parseWallet(USDC.slice('eip155:1/erc20:'.length)));
export const POOL = `0x${'88'.repeat(20)}`;
/** Created, but never given a price. */
const EMPTY = `0x${'89'.repeat(20)}`;
/** 1 / 2000 WETH per USDC: 10^12 · 2000 in raw terms for token 0 = USDC. */
export const STATE = {
  sqrtPriceX96: 1_771_595_571_142_957_166_656_030_441_169_256n,
  tick: 200_311,
  liquidity: 10n ** 19n,
  ticks: [
    [196_000, 10n ** 19n],
    [199_900, 4n * 10n ** 18n],
    [200_200, -(4n * 10n ** 18n)],
    [200_310, 0n],
    [204_610, -(10n ** 19n)],
  ] as const,
};
export const FACTORY = parseWallet(UNISWAP_V3_FACTORIES['eip155:1'] ?? '');
const SLOT0 =
  'function slot0() view returns (uint160 sqrtPriceX96, int24 tick, uint16 observationIndex, uint16 observationCardinality, uint16 observationCardinalityNext, uint8 feeProtocol, bool unlocked)';
const TICKS =
  'function ticks(int24 tick) view returns (uint128 liquidityGross, int128 liquidityNet, uint256 feeGrowthOutside0X128, uint256 feeGrowthOutside1X128, int56 tickCumulativeOutside, uint160 secondsPerLiquidityOutsideX128, uint32 secondsOutside, bool initialized)';

/** The same constructed pool as a subgraph and as a chain. */
export function poolDataset(): Dataset {
  const none = `0x${'0'.repeat(40)}`;
  const call = (to: string, signature: string, args: readonly (string | number)[], returns: readonly (string | number | boolean)[]) => ({ to, signature, args: [...args], returns: [...returns] });
  const words = new Map<number, bigint>();
  for (const [tick] of STATE.ticks) {
    const at = tick / 10;
    words.set(Math.floor(at / 256), (words.get(Math.floor(at / 256)) ?? 0n) | (1n << BigInt(at % 256)));
  }
  const bitmap = Array.from({ length: 12 }, (_, at) => 72 + at).map((word) =>
    call(POOL, 'function tickBitmap(int16 wordPosition) view returns (uint256)', [word], [(words.get(word) ?? 0n).toString()]),
  );
  const calls = [
    ...[100, 500, 3_000, 10_000].map((fee) =>
      call(FACTORY, 'function getPool(address tokenA, address tokenB, uint24 fee) view returns (address)', [pair.token0, pair.token1, fee], [fee === 500 ? POOL : fee === 3_000 ? EMPTY : none]),
    ),
    call(pair.token0, 'function decimals() view returns (uint8)', [], [6]),
    call(pair.token1, 'function decimals() view returns (uint8)', [], [18]),
    call(POOL, SLOT0, [], [STATE.sqrtPriceX96.toString(), STATE.tick, 0, 1, 1, 0, true]),
    call(EMPTY, SLOT0, [], ['0', 0, 0, 0, 0, 0, true]),
    call(EMPTY, 'function liquidity() view returns (uint128)', [], ['0']),
    call(EMPTY, 'function tickSpacing() view returns (int24)', [], [60]),
    call(POOL, 'function liquidity() view returns (uint128)', [], [STATE.liquidity.toString()]),
    call(POOL, 'function tickSpacing() view returns (int24)', [], [10]),
    ...bitmap,
    ...STATE.ticks.map(([tick, net]) => call(POOL, TICKS, [tick], ['1', net.toString(), '0', '0', 0, '0', 0, true])),
  ];
  const token = (id: string, symbol: string, decimals: string) => ({ id, symbol, decimals });
  const pool = (id: string, feeTier: string, sqrtPrice: string) => ({
    id,
    token0: pair.token0,
    token1: pair.token1,
    feeTier,
    liquidity: STATE.liquidity.toString(),
    sqrtPrice,
    tick: feeTier === '10000' ? null : String(STATE.tick),
  });
  const tick = (index: number, gross: string, net: string) => ({ id: `${POOL}#${index}`, tickIdx: String(index), pool: POOL, liquidityGross: gross, liquidityNet: net });
  const entities = {
    Token: [token(pair.token0, 'USDC', '6'), token(pair.token1, 'WETH', '18')],
    Pool: [
      pool(POOL, '500', STATE.sqrtPriceX96.toString()),
      pool(EMPTY, '3000', '0'),
      pool(`0x${'8b'.repeat(20)}`, '10000', STATE.sqrtPriceX96.toString()),
      pool(`0x${'8a'.repeat(20)}`, '777', STATE.sqrtPriceX96.toString()),
    ],
    Tick: [...STATE.ticks.map(([index, net]) => tick(index, '1', net.toString())), tick(199_800, '0', '0')],
  };
  const block = { number: '18600000', hash: HASH, timestamp: AT };
  return {
    name: 'uniswap',
    title: 'A constructed pool',
    about: 'Constructed for tests.',
    clockSeconds: AT,
    wallets: [],
    subgraphs: [
      { file: 'uniswap.json', about: '', deployments: ['uniswap'], schema: 'uniswap-v3', dialect: 'graph-node', chain: 'eip155:1', snapshots: [{ block, hasIndexingErrors: false, entities }] },
    ],
    chains: [{ file: 'chain.json', about: '', chain: 'eip155:1', blocks: [block], calls }],
  };
}
