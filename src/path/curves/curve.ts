import type { AssetId } from '../../core/ids.ts';

/**
 * What a swap of one asset into another gives: increasing and concave, so that tangents bound it from above and chords from below. Amounts are whole
 * tokens as floats: a plan's integers come from its replay, minimum outputs from the curve's own rounding.
 */
export interface SwapCurve {
  readonly from: AssetId;
  readonly to: AssetId;
  /** Tokens of `to` for `amount` tokens of `from`; `amount` between 0 and `depth`. */
  out(amount: number): number;
  /** Derivative of {@link out} at `amount`: tokens of `to` per token of `from`, never rising. */
  marginal(amount: number): number;
  /** Greatest input that the source vouches for, tokens of `from`. */
  readonly depth: number;
  /** Where the points come from, in words. */
  readonly source: string;
  /** Unix second of the observation; null where it is assumed. */
  readonly observedAt: number | null;
  /** True where no market was looked at: shown wherever the curve is used. */
  readonly assumed: boolean;
}
