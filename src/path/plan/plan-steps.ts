import type { Address, AssetId, ChainId } from '../../core/ids.ts';
import type { AccountView, Step, TokenAmount } from '../../core/rule.ts';

/** A plan in the protocols' integers, as the replay left it. All amounts are raw base units. */
export interface PlanStage {
  readonly chain: ChainId;
  /**
   * How the steps are sent. `sequence`: the owner's own calls, one after the other, each legal alone. `executor`: one transaction through PlimsollExecutor, all or nothing.
   * `orders`: requests that somebody else executes later, each safe alone whatever happens to the others.
   */
  readonly order: 'sequence' | 'executor' | 'orders';
  /** Taken before the first step and paid back after the last one; empty outside the executor. */
  readonly loans: readonly FlashLoan[];
  readonly steps: readonly PlanStep[];
  /** Accounts that the stage touches, as the rules predict them after it, by account id. */
  readonly after: ReadonlyMap<string, AccountView<unknown, unknown>>;
}

export type PlanStep = AccountStep | SwapStep;

/** One step on one account. */
export interface AccountStep {
  readonly kind: 'account';
  /** Id of the account in the Portfolio. */
  readonly account: string;
  readonly step: Step;
  /** The account just before the step, for encoding what the protocol has no "all" for. */
  readonly before: AccountView<unknown, unknown>;
  /** What the owner pays in and gets out, as the rule computes it. */
  readonly paid: readonly TokenAmount[];
  readonly received: readonly TokenAmount[];
}

/** A swap of exactly `amountIn`. */
export interface SwapStep {
  readonly kind: 'swap';
  /** Id of the route, hence of its curve. */
  readonly route: string;
  readonly from: AssetId;
  readonly to: AssetId;
  readonly amountIn: bigint;
  /** By the curve, rounded down. */
  readonly expectedOut: bigint;
  /** Less makes the transaction fail. */
  readonly minimumOut: bigint;
}

/** A flash loan around a stage. */
export interface FlashLoan {
  readonly kind: 'morpho' | 'aave';
  /** The lending contract, out of the built-in deployments. */
  readonly lender: Address;
  readonly asset: AssetId;
  readonly amount: bigint;
  /** The fee for the whole loan. */
  readonly fee: bigint;
}
