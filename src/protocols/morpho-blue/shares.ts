import { mulDivDown, mulDivUp } from '../../core/fixed-point.ts';

/** Shares that exist in no account; they keep the first depositor from setting the share price. @source SharesMathLib.sol */
export const VIRTUAL_SHARES = 1_000_000n;
/** Assets that belong to the virtual shares. @source SharesMathLib.sol */
export const VIRTUAL_ASSETS = 1n;

/** The two totals between which assets and shares are converted: of the supply side, or of the borrow side. */
export interface ShareTotals {
  /** Raw base units of the loan token. */
  readonly assets: bigint;
  readonly shares: bigint;
}

/** ⌊assets in shares⌋. @source SharesMathLib.sol toSharesDown */
export function toSharesDown(assets: bigint, totals: ShareTotals): bigint {
  return mulDivDown(assets, totals.shares + VIRTUAL_SHARES, totals.assets + VIRTUAL_ASSETS);
}

/** ⌈assets in shares⌉. @source SharesMathLib.sol toSharesUp */
export function toSharesUp(assets: bigint, totals: ShareTotals): bigint {
  return mulDivUp(assets, totals.shares + VIRTUAL_SHARES, totals.assets + VIRTUAL_ASSETS);
}

/** ⌊shares in assets⌋: what a lender can claim. @source SharesMathLib.sol toAssetsDown */
export function toAssetsDown(shares: bigint, totals: ShareTotals): bigint {
  return mulDivDown(shares, totals.assets + VIRTUAL_ASSETS, totals.shares + VIRTUAL_SHARES);
}

/**
 * ⌈shares in assets⌉: what a borrower owes.
 *
 * @source SharesMathLib.sol toAssetsUp
 * @example
 * ```ts
 * toAssetsUp(17_300_000_000_000_000n, { assets: 250_000_000_000_000n, shares: 240_000_000_000_000_000_000n }); // 18_020_833_334n
 * ```
 */
export function toAssetsUp(shares: bigint, totals: ShareTotals): bigint {
  return mulDivUp(shares, totals.assets + VIRTUAL_ASSETS, totals.shares + VIRTUAL_SHARES);
}
