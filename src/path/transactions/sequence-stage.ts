import { withApproval } from '../../core/approvals.ts';
import type { UnsignedCall } from '../../core/call.ts';
import { describeSwap, formatAmount } from '../../core/sentences.ts';
import type { PlanStage, SwapStep } from '../plan/plan-steps.ts';
import type { StageOptions } from './encode-stage.ts';
import { requireSwapCall } from './require-swap-call.ts';

/** A stage as the owner's own calls, step by step: each legal where it stands. @throws {PlimsollError} where a step cannot be encoded. */
export function encodeOwnStage(stage: PlanStage, options: StageOptions): readonly UnsignedCall[] {
  return stage.steps.flatMap((step) => (step.kind === 'account' ? options.encoder.encodeOwn(step) : encodeSwap(stage, step, options)));
}

function encodeSwap(stage: PlanStage, step: SwapStep, options: StageOptions): readonly UnsignedCall[] {
  const { owner, deadline, encoder } = options;
  const { call, label } = requireSwapCall(stage, { step, recipient: owner }, options);
  const [from, to] = [encoder.tokenOf(stage, step.from), encoder.tokenOf(stage, step.to)];
  const words = { sold: formatAmount(step.amountIn, from.name), least: formatAmount(step.minimumOut, to.name), place: label, deadline };
  const swap: UnsignedCall = { to: call.target, data: call.data, value: 0n, chain: stage.chain, description: describeSwap(words) };
  return withApproval({ chain: stage.chain, token: from.token, name: from.name, spender: call.target, spenderName: label, amount: step.amountIn }, 'exact', swap);
}
