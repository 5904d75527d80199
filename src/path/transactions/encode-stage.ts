import type { UnsignedCall } from '../../core/call.ts';
import { PlimsollError } from '../../core/errors.ts';
import type { Address, ChainId } from '../../core/ids.ts';
import type { PlanStage } from '../plan/plan-steps.ts';
import type { Execution } from './executor-calldata.ts';
import { encodeExecutorStage } from './executor-stage.ts';
import { encodeOwnStage } from './sequence-stage.ts';
import type { StepEncoder } from './step-encoder.ts';
import type { SwapVenue } from './swap-venue.ts';

/** Who acts, through what, until when. */
export interface StageOptions {
  readonly owner: Address;
  /** The owner's own PlimsollExecutor on the stage's chain; null where there is none. */
  readonly executor: Address | null;
  /** Last unix second at which swaps and executor plans may run. */
  readonly deadline: bigint;
  readonly encoder: StepEncoder;
  /** Tried in order. */
  readonly venues: readonly SwapVenue[];
  /** What the wallet holds of a token, raw units; null where that is not known. */
  readonly cashOf: (token: Address) => bigint | null;
}

/** A stage as unsigned calls, or why it has none. */
export type EncodedStage = CompleteStage | { readonly kind: 'incomplete'; readonly chain: ChainId; readonly order: PlanStage['order']; readonly reason: string };

export interface CompleteStage {
  readonly kind: 'complete';
  readonly chain: ChainId;
  readonly order: PlanStage['order'];
  /** In the order in which they are sent. */
  readonly calls: readonly UnsignedCall[];
  /** What the executor is asked to do; null in the other orders. */
  readonly execution: Execution | null;
}

/** Encodes one stage. What cannot be encoded is a reason, never a part of the calls. */
export function encodeStage(stage: PlanStage, options: StageOptions): EncodedStage {
  const { chain, order } = stage;
  try {
    if (order === 'executor') return { kind: 'complete', chain, order, ...encodeExecutorStage(stage, options) };
    return { kind: 'complete', chain, order, calls: encodeOwnStage(stage, options), execution: null };
  } catch (error) {
    if (error instanceof PlimsollError && error.kind !== 'bug') return { kind: 'incomplete', chain, order, reason: error.message };
    throw error;
  }
}
