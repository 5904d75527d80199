import { InvalidArgument } from '../../core/errors.ts';
import type { Address } from '../../core/ids.ts';
import type { PlanStage, SwapStep } from '../plan/plan-steps.ts';
import type { StageOptions } from './encode-stage.ts';
import type { SwapCall, SwapRequest } from './swap-venue.ts';

/** A swap as a call with the venue that makes it. @throws {InvalidArgument} where no venue serves the route. */
export function requireSwapCall(
  stage: PlanStage,
  { step, recipient }: { readonly step: SwapStep; readonly recipient: Address },
  { encoder, venues, deadline }: StageOptions,
): { readonly call: SwapCall; readonly label: string } {
  const [from, to] = [encoder.tokenOf(stage, step.from), encoder.tokenOf(stage, step.to)];
  const { route, amountIn, minimumOut } = step;
  const request: SwapRequest = { chain: stage.chain, route, from: from.token, to: to.token, amountIn, minimumOut, recipient, deadline };
  for (const venue of venues) {
    const call = venue.encodeSwap(request);
    if (call !== null) return { call, label: venue.label };
  }
  throw new InvalidArgument(`No venue is known for the swap of ${from.name.symbol} into ${to.name.symbol} on ${stage.chain} (route ${route}), so it has no calldata.`, { route });
}
