import type { UnsignedCall } from '../../core/call.ts';
import { InvalidArgument } from '../../core/errors.ts';
import type { Address, AssetId, ChainId } from '../../core/ids.ts';
import { erc20 } from '../../core/ids.ts';
import type { ChainSource } from '../../core/source.ts';
import type { PlanStage } from '../../path/plan/plan-steps.ts';
import { type CallBatch, toCallBatch } from '../../path/transactions/call-batch.ts';
import { type CompleteStage, type EncodedStage, encodeStage } from '../../path/transactions/encode-stage.ts';
import { type StageSimulation, simulateStage } from '../../path/transactions/simulate-stage.ts';
import type { SwapVenue } from '../../path/transactions/swap-venue.ts';
import type { Protocol } from '../../protocols/protocol.ts';
import { createStepEncoder, type StepEncoderOptions } from './step-encoder.ts';

/** The last second that a date can name. */
const LATEST_DEADLINE = 8_640_000_000_000n;

/** A plan and everything that makes it signable. */
export interface TransactionsRequest extends StepEncoderOptions {
  readonly stages: readonly PlanStage[];
  /** The owner's own PlimsollExecutor on a chain; null where there is none. */
  readonly executorOf: (chain: ChainId) => Address | null;
  /** Last unix second at which swaps and executor plans may run. */
  readonly deadline: bigint;
  /** Tried in order. */
  readonly venues: readonly SwapVenue[];
  /** What the wallet holds, raw units, where that is known. */
  readonly cash: ReadonlyMap<AssetId, bigint>;
}

/** A whole plan as unsigned calls, or why it is none: a plan of which a part cannot be encoded has no calldata at all. */
export type PlanTransactions =
  | {
      readonly kind: 'complete';
      readonly stages: readonly CompleteStage[];
      /** One for each stage, in order; never to be put together. */
      readonly batches: readonly CallBatch[];
      /** Every call in order. */
      readonly calls: readonly UnsignedCall[];
    }
  | { readonly kind: 'incomplete'; readonly stages: readonly EncodedStage[]; readonly reasons: readonly string[] };

/**
 * Encodes a plan's stages: calls of the owner's wallet, aimed at the built-in deployments alone.
 *
 * @throws {InvalidArgument} for a deadline that is none; everything else that cannot be encoded is a reason of the result.
 * @example
 * ```ts
 * const transactions = prepareTransactions({ ...request, stages: plan.stages, deadline: now + 1200n });
 * if (transactions.kind === 'complete') await wallet.request({ method: 'wallet_sendCalls', params: [transactions.batches[0]] });
 * ```
 */
export function prepareTransactions(request: TransactionsRequest): PlanTransactions {
  const { owner, deadline, venues, executorOf, cash } = request;
  if (deadline <= 0n || deadline > LATEST_DEADLINE) throw new InvalidArgument(`A deadline of ${deadline} is no unix time in seconds.`, { deadline: deadline.toString() });
  const encoder = createStepEncoder(request);
  const cashOf = (chain: ChainId) => (token: Address) => cash.get(erc20(chain, token)) ?? null;
  const stages = request.stages.map((stage) => encodeStage(stage, { owner, executor: executorOf(stage.chain), deadline, encoder, venues, cashOf: cashOf(stage.chain) }));
  const reasons = stages.flatMap((stage) => (stage.kind === 'incomplete' ? [stage.reason] : []));
  if (reasons.length > 0) return { kind: 'incomplete', stages, reasons: [...new Set(reasons)] };
  const complete = stages.filter((stage) => stage.kind === 'complete');
  return { kind: 'complete', stages: complete, batches: complete.map((stage) => toCallBatch(stage, owner)), calls: complete.flatMap((stage) => stage.calls) };
}

/** Who simulates. */
export interface SimulationRequest {
  readonly owner: Address;
  readonly chains: ReadonlyMap<ChainId, Pick<ChainSource, 'tryCalls'>>;
  readonly protocols: readonly Protocol[];
}

/**
 * Tries every stage's calls on its chain, each stage on top of those before it there. What follows orders that somebody else executes cannot be tried before they are.
 *
 * @throws nothing of the sources: an endpoint that fails makes a stage `not-simulated`.
 */
export async function simulateTransactions(stages: readonly CompleteStage[], { owner, chains, protocols }: SimulationRequest): Promise<readonly StageSimulation[]> {
  const errors = [...new Set(protocols.flatMap((protocol) => protocol.errors ?? []))];
  const results: StageSimulation[] = [];
  for (const [at, stage] of stages.entries()) {
    const earlier = stages.slice(0, at).flatMap((other, index) => (other.chain === stage.chain ? [{ stage: other, result: results[index] }] : []));
    const broken = earlier.find(({ result }) => result?.kind !== 'ready');
    if (broken !== undefined) results.push({ kind: 'not-simulated', reason: 'a stage before it on this chain is not ready' });
    else if (earlier.some((other) => other.stage.order === 'orders')) results.push({ kind: 'not-simulated', reason: 'it follows orders that others execute later' });
    else
      results.push(
        await simulateAfter(
          stage,
          earlier.flatMap((other) => other.stage.calls),
          { from: owner, source: chains.get(stage.chain) ?? null, errors },
        ),
      );
  }
  return results;
}

async function simulateAfter(stage: CompleteStage, before: readonly UnsignedCall[], options: Parameters<typeof simulateStage>[1]): Promise<StageSimulation> {
  const result = await simulateStage({ ...stage, calls: [...before, ...stage.calls] }, options);
  return result.kind === 'failed' && result.call !== null ? { ...result, call: result.call - before.length } : result;
}
