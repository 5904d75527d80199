import { PlimsollError } from '../../core/errors.ts';
import type { Address } from '../../core/ids.ts';
import type { ChainSource } from '../../core/source.ts';
import type { CompleteStage } from './encode-stage.ts';
import { describeRevert } from './revert-reason.ts';

/** Whether a stage's calls would go through, one after the other, on top of the newest block. */
export type StageSimulation =
  | { readonly kind: 'ready' }
  /** `call` counts from 0; null where the source does not tell which one. */
  | { readonly kind: 'failed'; readonly call: number | null; readonly reason: string }
  | { readonly kind: 'not-simulated'; readonly reason: string };

/** What a simulation asks, and of whom. */
export interface SimulationOptions {
  readonly from: Address;
  /** The stage's chain; null where no endpoint is configured. */
  readonly source: Pick<ChainSource, 'tryCalls'> | null;
  /** The protocols' own errors, as ABI fragments. */
  readonly errors: readonly string[];
}

/**
 * Tries the very calls that are about to be signed. Only what comes out as `ready` may be called ready to sign; a stage of orders is `ready` when the orders can be placed, which says nothing
 * about what becomes of them.
 */
export async function simulateStage(stage: CompleteStage, { from, source, errors }: SimulationOptions): Promise<StageSimulation> {
  if (source === null) return { kind: 'not-simulated', reason: `no RPC endpoint is configured for ${stage.chain}` };
  if (source.tryCalls === undefined) return { kind: 'not-simulated', reason: 'the source of this chain cannot try calls' };
  try {
    const trial = await source.tryCalls(stage.calls.map(({ to, data, value }) => ({ from, to, data, value })));
    if (trial.kind === 'untried') return { kind: 'not-simulated', reason: trial.reason };
    const at = trial.results.findIndex((result) => !result.ok);
    const failed = trial.results[at];
    if (failed === undefined || failed.ok)
      return trial.results.length === stage.calls.length ? { kind: 'ready' } : { kind: 'not-simulated', reason: 'the source answered for fewer calls than it was asked for' };
    const isKnownPlace = trial.results.length === stage.calls.length || trial.results.length > 1;
    const words = failed.data === '0x' && failed.message !== 'reverted' ? failed.message : describeRevert(failed.data, errors);
    return { kind: 'failed', call: isKnownPlace ? at : null, reason: words };
  } catch (error) {
    if (error instanceof PlimsollError && error.kind !== 'bug') return { kind: 'not-simulated', reason: error.message };
    throw error;
  }
}
