import { Decimal } from '../../core/decimal.ts';
import { InvalidArgument, PlimsollError } from '../../core/errors.ts';
import { type Address, type AssetId, type ChainId, isAssetId, tokenOf } from '../../core/ids.ts';
import type { ChainSource } from '../../core/source.ts';
import { marketPricesOf } from '../../engine/evaluate.ts';
import type { OpenedPortfolio } from '../../engine/open-portfolio.ts';
import { defaultCurve, type RecordedShape } from '../../path/curves/curve-recorded.ts';
import { uniswapV3Curve } from '../../path/curves/curve-uniswap-v3.ts';
import type { CashAtHand } from '../../path/plan/plan.ts';
import type { PathRoute } from '../../path/solver/problem.ts';
import { readRecordedLiquidity } from '../../sources/liquidity.ts';
import { sortPair } from '../../sources/uniswap-v3.ts';
import { fetchChainPools, UNISWAP_V3_FACTORIES } from '../../sources/uniswap-v3-chain.ts';

/** An asset that a plan may touch. */
export interface PlanAsset {
  readonly asset: AssetId;
  readonly symbol: string;
  readonly decimals: number;
  /** USD per whole token at market, by the oracle where there is no market price. */
  readonly usd: number;
}

/** A swap that a plan may use, and the pool that would carry it out; null where the curve is of no single pool. */
export interface PlanRoute extends PathRoute {
  readonly pool: { readonly tokens: readonly [Address, Address]; readonly feePips: number } | null;
}

/** Recorded depth older than this is an assumption. */
const MAX_CURVE_AGE_SECONDS = 3_600;
/** Ticks read on each side of a pool's price. */
const REACH = 2_500;

/** Everything with a balance or a debt, with its price. */
export function listPlanAssets(opened: OpenedPortfolio): readonly PlanAsset[] {
  const known = marketPricesOf(opened.portfolio);
  const found = new Map<AssetId, PlanAsset>();
  for (const { asset, symbol, decimals, priceUsd } of opened.accounts.flatMap((account) => account.legs)) {
    if (tokenOf(asset) === null || found.has(asset)) continue;
    found.set(asset, { asset, symbol, decimals, usd: (known.get(asset) ?? priceUsd).toNumber() });
  }
  return [...found.values()].filter(({ usd }) => usd > 0);
}

/**
 * Reads `SYMBOL=AMOUNT` or `ASSET=AMOUNT` parts, comma-separated, in whole tokens.
 *
 * @throws {InvalidArgument} where a part is not understood, or a symbol stands for several assets.
 */
export function parseCash(text: string, assets: readonly PlanAsset[]): readonly CashAtHand[] {
  return text.split(',').map((part) => {
    const [, name = '', amount = ''] = /^\s*([^=\s]+)\s*=\s*([0-9]{1,20}(?:\.[0-9]{1,30})?)\s*$/.exec(part) ?? [];
    if (name === '') throw new InvalidArgument(`"${part.trim()}" is no amount of cash. Write SYMBOL=AMOUNT, as in USDC=1000,WETH=0.5.`);
    const matches = assets.filter(({ asset, symbol }) => asset === name.toLowerCase() || symbol.toLowerCase() === name.toLowerCase());
    const [match] = matches;
    if (match === undefined) throw new PlimsollError('INVALID_ASSET', `${name} is held in none of the wallet's accounts, so a plan cannot use it.`, { asset: name });
    if (matches.length > 1) throw new InvalidArgument(`${name} stands for ${matches.length} assets: ${matches.map(({ asset }) => asset).join(', ')}. Name one.`);
    return { asset: match.asset, decimals: match.decimals, amount: BigInt(new Decimal(amount).times(new Decimal(10).pow(match.decimals)).floor().toFixed(0)) };
  });
}

/** Balances of the owners' wallets, read from the chains that are configured. An asset that does not answer is left out. */
export async function readCash(owners: readonly Address[], assets: readonly PlanAsset[], chains: ReadonlyMap<ChainId, ChainSource>): Promise<readonly CashAtHand[]> {
  const found = await Promise.all(
    [...chains].map(async ([chain, source]) => {
      const own = assets.filter(({ asset }) => asset.startsWith(`${chain}/`));
      const { hash } = await source.fetchHead('latest');
      if (hash === null || own.length === 0) return [];
      const calls = own.flatMap(({ asset }) =>
        owners.map((owner) => ({ key: `${asset} ${owner}`, to: tokenOf(asset) ?? owner, signature: 'function balanceOf(address) view returns (uint256)', args: [owner] })),
      );
      const answers = await source.fetchCalls(calls, hash);
      return own.map(({ asset, decimals }) => ({ asset, decimals, amount: owners.reduce((sum, owner) => sum + balanceIn(answers.get(`${asset} ${owner}`)), 0n) }));
    }),
  );
  return found.flat().filter(({ amount }) => amount > 0n);
}

function balanceIn(answer: Awaited<ReturnType<ChainSource['fetchCalls']>> extends ReadonlyMap<string, infer Result> ? Result | undefined : never): bigint {
  const value = answer?.ok === true ? answer.values[0] : 0n;
  return typeof value === 'bigint' ? value : 0n;
}

/** Where swaps between a plan's assets may go. */
export interface RouteSources {
  readonly chains: ReadonlyMap<ChainId, ChainSource>;
  /** Unix second of the plan. */
  readonly at: number;
  readonly gasUsd: (chain: ChainId, kind: 'swap') => number;
  /** Fee of the Uniswap v3 pool that a swap is sent to where no pool's state was read, hundredths of a basis point; null = to none. */
  readonly poolFee: number | null;
}

/**
 * Lists the swaps between assets of one chain: every Uniswap v3 pool of the pair where the chain can be read, else the recorded curve at the market's price, else the conservative table.
 */
export async function listRoutes(assets: readonly PlanAsset[], sources: RouteSources): Promise<readonly PlanRoute[]> {
  const shapes = await readRecordedLiquidity();
  const routes = await Promise.all(pairsOf(assets).map((pair) => routesOfPair(pair, shapes, sources)));
  return routes.flat();
}

type Pair = readonly [PlanAsset, PlanAsset];

function pairsOf(assets: readonly PlanAsset[]): Pair[] {
  return assets.flatMap((one, first) => assets.slice(first + 1).flatMap((other): Pair[] => (chainOf(one.asset) === chainOf(other.asset) ? [[one, other]] : [])));
}

async function routesOfPair(pair: Pair, shapes: readonly RecordedShape[], sources: RouteSources): Promise<PlanRoute[]> {
  const live = await readPools(pair, sources);
  if (live.length > 0) return live;
  const [one, other] = pair;
  return [recordedRoute(one, other, { shapes, sources }), recordedRoute(other, one, { shapes, sources })];
}

async function readPools([one, other]: Pair, { chains, gasUsd }: RouteSources): Promise<PlanRoute[]> {
  const chain = chainOf(one.asset);
  const [source, factory] = [chains.get(chain), UNISWAP_V3_FACTORIES[chain]];
  const [a, b] = [tokenOf(one.asset), tokenOf(other.asset)];
  if (source === undefined || factory === undefined || a === null || b === null) return [];
  try {
    const pools = await fetchChainPools(source, sortPair(a, b), await source.fetchHead('latest'), { factory, reach: REACH });
    return pools.flatMap((pool) =>
      [one, other].map((from): PlanRoute => {
        const to = from === one ? other : one;
        const { state, token0, token1, source: label, block } = pool;
        const curve = uniswapV3Curve({ state, token0, token1, sellsZero: token0.asset === from.asset, source: label, observedAt: Number(block.timestamp) });
        const tokens = from === one ? ([a, b] as const) : ([b, a] as const);
        return { id: `uniswap-v3 ${state.feePips / 10_000} % ${from.symbol} → ${to.symbol} (${chain})`, chain, gasUsd: gasUsd(chain, 'swap'), curve, pool: { tokens, feePips: state.feePips } };
      }),
    );
  } catch (error) {
    if (error instanceof PlimsollError && error.kind !== 'bug') return [];
    throw error;
  }
}

function recordedRoute(from: PlanAsset, to: PlanAsset, { shapes, sources }: { readonly shapes: readonly RecordedShape[]; readonly sources: RouteSources }): PlanRoute {
  const chain = chainOf(from.asset);
  const marketUsd = new Map([from, to].map(({ asset, usd }) => [asset, usd]));
  const curve = defaultCurve(from.asset, to.asset, shapes, { marketUsd, at: sources.at, maxAgeSeconds: MAX_CURVE_AGE_SECONDS });
  const [a, b] = [tokenOf(from.asset), tokenOf(to.asset)];
  const pool = sources.poolFee === null || a === null || b === null ? null : { tokens: [a, b] as const, feePips: sources.poolFee };
  return { id: `${from.symbol} → ${to.symbol} (${from.asset} → ${to.asset})`, chain, gasUsd: sources.gasUsd(chain, 'swap'), curve, pool };
}

function chainOf(asset: AssetId): ChainId {
  if (!isAssetId(asset)) throw new InvalidArgument(`${String(asset)} is no asset id.`);
  return asset.slice(0, asset.indexOf('/')) as ChainId;
}
