import type { AssetId } from '../../../src/core/ids.ts';
import type { SwapCurve } from '../../../src/path/curves/curve.ts';

interface CurveEnds {
  readonly from: AssetId;
  readonly to: AssetId;
}

/** A constant-product pool: reserves in tokens, fee as a share of the input; vouched for up to three quarters of the input reserve. */
export function constantProduct(ends: CurveEnds, pool: { readonly reserveIn: number; readonly reserveOut: number; readonly fee: number }): SwapCurve {
  const { reserveIn, reserveOut } = pool;
  const keep = 1 - pool.fee;
  return {
    ...ends,
    out: (amount) => (keep * amount * reserveOut) / (reserveIn + keep * amount),
    marginal: (amount) => (keep * reserveIn * reserveOut) / (reserveIn + keep * amount) ** 2,
    depth: 0.75 * reserveIn,
    source: 'constant product',
    observedAt: null,
    assumed: true,
  };
}

/** A concave broken line: the first `inputs[i]` tokens more give `slopes[i]` each; slopes must not rise. */
export function brokenLine(ends: CurveEnds, pieces: { readonly inputs: readonly number[]; readonly slopes: readonly number[] }): SwapCurve {
  const { inputs, slopes } = pieces;
  return {
    ...ends,
    out: (amount) => {
      let [left, got] = [amount, 0];
      for (const [index, width] of inputs.entries()) {
        const taken = Math.min(left, width);
        got += taken * (slopes[index] ?? 0);
        left -= taken;
      }
      return got;
    },
    marginal: (amount) => {
      let left = amount;
      for (const [index, width] of inputs.entries()) {
        if (left < width) return slopes[index] ?? 0;
        left -= width;
      }
      return slopes.at(-1) ?? 0;
    },
    depth: inputs.reduce((sum, width) => sum + width, 0),
    source: 'broken line',
    observedAt: null,
    assumed: true,
  };
}
