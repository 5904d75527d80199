import type { AssetId } from '../../../src/core/ids.ts';
import type { OpenedAccount } from '../../../src/engine/open-portfolio.ts';
import { constantProductCurve } from '../../../src/path/curves/curve-constant-product.ts';
import type { LiquidatorMeans } from '../../../src/path/liquidator/liquidator-market.ts';
import type { AaveTestView } from '../../protocols/aave/apply-step.ts';
import { assetOf } from '../../protocols/aave/fact-sheet-pool.ts';
import { dollarAccount } from '../views/aave-accounts.ts';
import { openAccounts } from '../views/portfolio.ts';

export const [WETH, WSTETH, USDC] = [assetOf('WETH'), assetOf('wstETH'), assetOf('USDC')];
const DAI = assetOf('DAI');
/** The oracle's prices of the fact sheet. */
export const PRICES: Readonly<Record<string, number>> = { [WETH]: 1816.85499606, [WSTETH]: 2080.52489524, [USDC]: 0.99997427, [DAI]: 0.99997427 };

/** One constant-product pool for each pair, as deep on both sides. */
export function venue({
  depthUsd,
  gas = 5,
  flashFeeBps = 5,
  fee = 0.0005,
}: {
  readonly depthUsd: number;
  readonly gas?: number;
  readonly flashFeeBps?: number;
  readonly fee?: number;
}): LiquidatorMeans {
  const priceOf = (asset: AssetId): number => PRICES[asset] ?? 1;
  return {
    curveOf: (from, to) =>
      constantProductCurve({ from, to, reserveFrom: depthUsd / priceOf(from), reserveTo: depthUsd / priceOf(to), fee, depth: depthUsd * 100, source: 'pool', observedAt: 0, assumed: false }),
    gasUsd: () => gas,
    flashFeeBps,
  };
}

/** An owner by number. */
export function ownerOf(number: number): `0x${string}` {
  return `0x${number.toString(16).padStart(40, '0')}`;
}

/** Accounts of one Aave pool; `owners[n]` is the number of account n's owner, its own number where absent. */
export function openPool(views: readonly AaveTestView[], owners: readonly number[] = [], rule = 'aave-v3@3.6'): readonly OpenedAccount[] {
  const { accounts } = openAccounts(views.map((view) => ({ rule, view, market: 'pool' })));
  return accounts.map((account, at) => ({ ...account, entry: { ...account.entry, owner: ownerOf(owners[at] ?? at + 1) } }));
}

/** WETH against USDC at a health in thousandths. */
export function wethAccount(collateralUsd: number, healthPerMille: number): AaveTestView {
  return dollarAccount({ weth: collateralUsd, wsteth: 0, usdc: (collateralUsd * 0.83 * 1000) / healthPerMille, dai: 0 });
}
