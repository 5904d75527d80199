import { Decimal } from '../../core/decimal.ts';
import type { SwapAction } from './plan-actions.ts';
import type { SwapStep } from './plan-steps.ts';
import { type AssetDecimals, requireDecimals, toRaw, toWhole } from './raw-amounts.ts';

/** How swaps become integers. */
export interface SwapTerms {
  readonly decimals: AssetDecimals;
  /** Share of the expected output that may be lost before the swap fails. */
  readonly priceHeadRoom: number;
}

/** What a swap of `amountIn` gives after `before` has gone through the same curve; raw units, rounded down. */
export function quoteSwap({ route, curve }: Pick<SwapAction, 'route' | 'curve'>, before: bigint, amountIn: bigint, { decimals, priceHeadRoom }: SwapTerms): SwapStep {
  const [fromDecimals, toDecimals] = [requireDecimals(decimals, curve.from), requireDecimals(decimals, curve.to)];
  const whole = (raw: bigint): number => Math.min(curve.depth, toWhole(raw, fromDecimals));
  const out = curve.out(whole(before + amountIn)) - (before === 0n ? 0 : curve.out(whole(before)));
  const expectedOut = toRaw(out, toDecimals, 'down');
  const minimumOut = BigInt(new Decimal(expectedOut.toString()).times(new Decimal(1).minus(priceHeadRoom)).floor().toFixed(0));
  return { kind: 'swap', route, from: curve.from, to: curve.to, amountIn, expectedOut, minimumOut };
}
