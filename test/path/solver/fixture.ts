import { type AssetId, erc20 } from '../../../src/core/ids.ts';
import type { SwapCurve } from '../../../src/path/curves/curve.ts';
import type { ArcEffect, PathAccount, PathArc, PathProblem, PathRoute, PathSolution } from '../../../src/path/solver/problem.ts';
import { type SolvePathOptions, solvePath } from '../../../src/path/solver/refine.ts';
import { openInThreadSolver } from '../../../src/path/solver/solve.ts';

export const CHAIN = 'eip155:1';
export const USDC = erc20(CHAIN, `0x${'1'.repeat(40)}`);
export const WETH = erc20(CHAIN, `0x${'2'.repeat(40)}`);
export const WBTC = erc20(CHAIN, `0x${'3'.repeat(40)}`);
export const MARKET = new Map<AssetId, number>([
  [USDC, 1],
  [WETH, 2_000],
  [WBTC, 50_000],
]);
/** Full counts take minutes; by default a part of them runs. */
export const IS_LONG = process.env['PLIMSOLL_LONG'] === '1';
/** Tight enough that two runs may be compared to the cent. */
export const TIGHT = { relativeGap: 1e-7, absoluteGapUsd: 1e-4 } as const;

const shared = openInThreadSolver();

/** Solves in this thread, for as long as it takes. */
export async function solveHere(problem: PathProblem, options: Partial<SolvePathOptions> = {}): Promise<PathSolution> {
  return solvePath(problem, { budgetMs: Infinity, now: () => 0, solver: await shared, ...options });
}

/** One arc with its defaults: a supply is worth its collateral factor, a debt its price. */
export function arcOf(kind: PathArc['kind'], asset: AssetId, terms: Partial<PathArc> & { readonly factor?: number } = {}): PathArc {
  const { factor = 0.8, ...rest } = terms;
  const price = MARKET.get(asset) ?? 1;
  const sign = kind === 'supply' || kind === 'borrow' ? 1 : -1;
  const onCollateral = kind === 'supply' || kind === 'withdraw';
  const effect: ArcEffect = onCollateral ? { collateralUsd: sign * price * factor, debtUsd: 0 } : { collateralUsd: 0, debtUsd: sign * price };
  return {
    id: `${kind}:${asset}`,
    kind,
    asset,
    max: Infinity,
    all: null,
    effect,
    borrowEffect: null,
    scenarioEffects: [],
    cashPerUnit: kind === 'withdraw' || kind === 'borrow' ? 1 : kind === 'close' ? 0 : -1,
    feeUsdPerUnit: 0,
    gasUsd: 5,
    ...rest,
  };
}

/** One account with its defaults: nothing but a health target of 1.2. */
export function accountOf(id: string, terms: Partial<PathAccount>): PathAccount {
  return {
    id,
    label: id,
    chain: CHAIN,
    collateralUsd: 0,
    debtUsd: 0,
    target: 1.2,
    borrowLimit: null,
    scenarios: [],
    minimumDebts: [],
    asynchronous: false,
    arcs: [],
    ...terms,
  };
}

/** A problem with its defaults: no cash, no routes, a free flash lender. */
export function problemOf(terms: Partial<PathProblem>): PathProblem {
  return {
    accounts: [],
    cash: [],
    marketUsd: MARKET,
    routes: [],
    flashLenders: [{ chain: CHAIN, name: 'free lender', kind: 'morpho', lender: `0x${'f'.repeat(40)}`, feeBps: 0 }],
    unifiedTarget: null,
    cashCost: 0,
    priceHeadRoom: 0,
    headRoom: 'none',
    ...terms,
  };
}

export function routeOf(id: string, curve: SwapCurve, gasUsd = 4): PathRoute {
  return { id, chain: CHAIN, curve, gasUsd };
}

/** What a solution does with one arc; 0 where it does nothing. */
export function amountOf(solution: PathSolution, account: string, arc: string): number {
  return solution.arcs.find((entry) => entry.account === account && entry.arc === arc)?.amount ?? 0;
}
