import { InvalidArgument } from '../../core/errors.ts';
import type { Address } from '../../core/ids.ts';
import type { SelfPlanMeans } from '../../path/plan/plan.ts';
import type { SubjectRequest } from '../portfolio/wallet-report.ts';

export type PlanView = 'self' | 'forced' | 'liquidator';

/** What a plan is asked for. */
export interface PlanRequest extends SubjectRequest {
  readonly view: PlanView;
  /** Health in exposure form to reach; in the protocol's own terms where `native`. */
  readonly target: number;
  readonly native: boolean;
  /** Unified health factor to reach; null = only the accounts. */
  readonly unified: number | null;
  /** As in `ETH=-20%`: prices at which every account must still stand (self), or at which to look (forced, liquidator). */
  readonly shock: string | null;
  /** Wall time for the solver, ms. */
  readonly budgetMs: number;
  readonly order: SelfPlanMeans['order'];
  /** As in `USDC=1000`; null = what the wallet holds where the chain can be read, else nothing. */
  readonly cash: string | null;
  /** USD of one action; null = assumed by chain. */
  readonly gasUsd: number | null;
  /** Share that a swap may give less than expected. */
  readonly priceHeadRoom: number;
  readonly calldata: boolean;
  /** Calldata in spite of gaps. */
  readonly acceptGaps: boolean;
  /** The owner's own PlimsollExecutor; null where there is none. */
  readonly executor: Address | null;
  /** Fee of the pool that swaps are sent to where no pool's state was read, hundredths of a basis point. */
  readonly poolFee: number | null;
}

/** What is asked for where nothing else is said. */
export const DEFAULT_PLAN = {
  view: 'self',
  target: 1.25,
  native: false,
  unified: null,
  shock: null,
  budgetMs: 500,
  order: 'any',
  cash: null,
  gasUsd: null,
  priceHeadRoom: 0.005,
  calldata: false,
  acceptGaps: false,
  executor: null,
  poolFee: null,
} as const satisfies Omit<PlanRequest, 'subject'>;

/** @throws {InvalidArgument} for numbers that cannot be planned with. */
export function requireRequest({ budgetMs, priceHeadRoom, gasUsd, target, unified, native, view }: PlanRequest): void {
  for (const value of [target, ...(unified === null ? [] : [unified])]) {
    if (!(value >= 1 && value < 100)) throw new InvalidArgument(`A target of ${value} cannot be planned for: health must be at least 1 (and below 100).`, { target: value });
  }
  if (!(budgetMs > 0)) throw new InvalidArgument(`A budget of ${budgetMs} ms is none. Give milliseconds above 0, as in --budget-ms 500.`);
  if (!(priceHeadRoom >= 0 && priceHeadRoom < 0.5)) throw new InvalidArgument(`A slippage tolerance of ${priceHeadRoom * 100} % cannot be used: it lies from 0 to below 50 %.`);
  if (gasUsd !== null && !(gasUsd >= 0 && gasUsd < 1e6)) throw new InvalidArgument(`Gas of ${gasUsd} USD an action cannot be used.`);
  if (native && view !== 'self') throw new InvalidArgument('--target-native belongs to --view self.');
}
