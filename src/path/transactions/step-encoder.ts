import type { ExecutorCheck, ExecutorStep, UnsignedCall } from '../../core/call.ts';
import type { Address, AssetId } from '../../core/ids.ts';
import type { TokenName } from '../../core/sentences.ts';
import type { AccountStep, PlanStage } from '../plan/plan-steps.ts';

/**
 * The protocols as the transactions of a plan need them: planning does not know them, the service hands them in. All targets come from the built-in deployments; what a document names
 * beside them is refused.
 *
 * Every member throws a `PlimsollError` for what cannot be encoded; its message is the reason that a person reads.
 */
export interface StepEncoder {
  /** The owner's own calls for a step, approvals included. */
  encodeOwn(step: AccountStep): readonly UnsignedCall[];
  /** The same as an executor's calls. */
  encodeForExecutor(step: AccountStep, executor: Address): ExecutorStep;
  /** What an executor asserts about every account of the stage at its end. */
  encodeChecks(stage: PlanStage, executor: Address): readonly ExecutorCheck[];
  /** One sentence for a step, in whole tokens. */
  describe(step: AccountStep): string;
  /** A token that swaps, loans and the wallet may name: its address and its name. */
  tokenOf(stage: PlanStage, asset: AssetId): { readonly token: Address; readonly name: TokenName };
  /** Refuses a lender of flash loans that is not a built-in one. */
  requireLender(stage: PlanStage, loan: PlanStage['loans'][number]): void;
}
