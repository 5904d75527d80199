import type { AssetId, ChainId } from '../../core/ids.ts';
import type { ChainSource } from '../../core/source.ts';
import type { OpenedAccount } from '../../engine/open-portfolio.ts';
import type { SwapCurve } from '../../path/curves/curve.ts';
import { defaultCurve, type RecordedShape } from '../../path/curves/curve-recorded.ts';
import type { LiquidatorMeans } from '../../path/liquidator/liquidator-market.ts';
import { listSoldPairs } from '../../path/opportunities/owner-opportunities.ts';
import { flashLendersOf } from '../../protocols/flash-lenders.ts';
import { readRecordedLiquidity } from '../../sources/liquidity.ts';
import { bestCurve } from '../plan/forward.ts';
import { readGas } from '../plan/gas.ts';
import { listRoutes, type PlanAsset } from '../plan/means.ts';

/** What a liquidator has on one chain. */
export interface ChainMeans extends LiquidatorMeans {
  readonly chain: ChainId;
  /** Who lends the debt for the transaction; null where nobody built in does, so that own funds are taken for granted. */
  readonly flashLender: string | null;
  readonly isGasAssumed: boolean;
}

/** Where means are looked for. */
export interface MeansRequest {
  /** The accounts that may be liquidated, at whatever prices. */
  readonly accounts: readonly OpenedAccount[];
  readonly assets: readonly PlanAsset[];
  readonly chains: ReadonlyMap<ChainId, ChainSource>;
  /** USD of one liquidation with the sale of what it brings; null = find out. */
  readonly gasUsd: number | null;
  /** Unix seconds. */
  readonly at: number;
}

/** Recorded depth older than this is an assumption. */
const MAX_CURVE_AGE_SECONDS = 3_600;

/** What a liquidator has on each chain that accounts are on: a curve for every pair that they hold and owe, gas of a liquidation with its sale, the cheapest flash loan. */
export async function openChainMeans(request: MeansRequest): Promise<ReadonlyMap<ChainId, ChainMeans>> {
  const byChain = Map.groupBy(request.accounts, ({ marketEntry }) => marketEntry.chain as ChainId);
  const gas = await readGas(request.gasUsd, { chains: request.chains, wanted: [...byChain.keys()], assets: request.assets });
  const shapes = await readRecordedLiquidity();
  const opened = [...byChain].map(async ([chain, accounts]): Promise<[ChainId, ChainMeans]> => {
    const curves = await findCurves(accounts, shapes, request);
    const [lender] = flashLendersOf(chain);
    return [
      chain,
      {
        chain,
        curveOf: (from, to) => curves.get(`${from}>${to}`) ?? null,
        gasUsd: () => request.gasUsd ?? gas.usd(chain, 'repay') + gas.usd(chain, 'swap'),
        flashFeeBps: lender?.feeBps ?? 0,
        flashLender: lender?.name ?? null,
        isGasAssumed: gas.assumed.includes(chain),
      },
    ];
  });
  return new Map(await Promise.all(opened));
}

/** Only pairs that somebody holds and owes: a book has too many assets for every pair. */
async function findCurves(accounts: readonly OpenedAccount[], shapes: readonly RecordedShape[], { assets, chains, at }: MeansRequest): Promise<ReadonlyMap<string, SwapCurve>> {
  const known = new Map(assets.map((asset) => [asset.asset, asset]));
  const marketUsd = new Map(assets.map(({ asset, usd }) => [asset, usd]));
  const found = await Promise.all(
    listSoldPairs(accounts).map(async ([from, to]): Promise<[string, SwapCurve | null]> => {
      const [sold, bought] = [known.get(from), known.get(to)];
      if (sold === undefined || bought === undefined) return [`${from}>${to}`, null];
      const recorded = (): SwapCurve => defaultCurve(from, to, shapes, { marketUsd, at, maxAgeSeconds: MAX_CURVE_AGE_SECONDS });
      return [`${from}>${to}`, chains.has(chainOf(from)) ? await findLiveCurve([sold, bought], { chains, at }) : recorded()];
    }),
  );
  return new Map(found.flatMap(([pair, curve]) => (curve === null ? [] : [[pair, curve]])));
}

/** Pools of the pair as the chain has them, else what is recorded. */
async function findLiveCurve(pair: readonly [PlanAsset, PlanAsset], sources: Pick<MeansRequest, 'chains' | 'at'>): Promise<SwapCurve | null> {
  const routes = await listRoutes(pair, { ...sources, gasUsd: () => 0, poolFee: null });
  return bestCurve(routes, pair[0].asset, pair[1].asset);
}

function chainOf(asset: AssetId): ChainId {
  return asset.slice(0, asset.indexOf('/')) as ChainId;
}
