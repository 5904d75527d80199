import type { Address, AssetId, ChainId } from '../../core/ids.ts';
import type { SwapCurve } from '../curves/curve.ts';

/**
 * A path problem: linear accounts, concave swaps, fixed gas. Everything in whole tokens and USD as floats, evaluated at the head-roomed time that `headRoom` states;
 * nothing of it decides: the plan that comes out is replayed in the rules' integers before anybody sees it.
 */
export interface PathProblem {
  readonly accounts: readonly PathAccount[];
  /** What the owner has at hand, by asset (an asset id names its chain). */
  readonly cash: readonly { readonly asset: AssetId; readonly amount: number }[];
  /** Market price of every asset that occurs, USD per whole token: the objective's prices. */
  readonly marketUsd: ReadonlyMap<AssetId, number>;
  readonly routes: readonly PathRoute[];
  /** Lenders of flash loans, cheapest first; empty = none may be used. */
  readonly flashLenders: readonly FlashLender[];
  /** Unified health factor to reach over all accounts; null where only the accounts' own targets count. */
  readonly unifiedTarget: number | null;
  /** Cost of using cash at hand, as a share of its value (0 = free). */
  readonly cashCost: number;
  /** Share of every swap's output that the plan does not count on (0 … <1): what prices may move before it is carried out. What arrives of it stays with the owner, so it is no cost. */
  readonly priceHeadRoom: number;
  /** How interest between quote and execution is provided for, in words; the amounts above already contain it. */
  readonly headRoom: string;
}

/** Somebody who lends within one transaction; the contract comes from the built-in deployments. */
export interface FlashLender {
  readonly chain: ChainId;
  readonly name: string;
  readonly kind: 'morpho' | 'aave';
  readonly lender: Address;
  readonly feeBps: number;
}

/** One account in exposure form, linear in its arcs. */
export interface PathAccount {
  readonly id: string;
  readonly label: string;
  readonly chain: ChainId;
  /** Adjusted collateral and adjusted debt, USD. */
  readonly collateralUsd: number;
  readonly debtUsd: number;
  /** Health in exposure form to reach: A' ≥ target · L'. */
  readonly target: number;
  /**
   * The protocol's stricter test for taking something out (Aave LTV, Comet borrow factor), where it differs: A_b' ≥ L_b' must hold after the plan if any arc of
   * the kinds that it names is used. Null where liquidation and borrowing limits are the same.
   */
  readonly borrowLimit: PathBorrowLimit | null;
  /** The same account under price shocks: A_s' ≥ target_s · L_s' must hold as well. */
  readonly scenarios: readonly PathScenario[];
  /** Debts that must be 0 or at least `minimum` afterwards, tokens. */
  readonly minimumDebts: readonly { readonly asset: AssetId; readonly current: number; readonly minimum: number }[];
  /** True where steps are orders that execute later (GMX): they stand in a stage of their own. */
  readonly asynchronous: boolean;
  readonly arcs: readonly PathArc[];
}

/** A limit on taking something out, and which arcs it stands before (Aave: borrowing only; Comet: both). */
export interface PathBorrowLimit {
  readonly collateralUsd: number;
  readonly debtUsd: number;
  readonly kinds: readonly ('withdraw' | 'borrow')[];
}

/** An account at shocked prices. */
export interface PathScenario {
  readonly name: string;
  readonly collateralUsd: number;
  readonly debtUsd: number;
  readonly target: number;
}

/** What one unit of an arc's amount changes. USD per token. */
export interface ArcEffect {
  readonly collateralUsd: number;
  readonly debtUsd: number;
}

/** One thing that can be done with an account, in any amount up to `max`. */
export interface PathArc {
  readonly id: string;
  readonly kind: 'supply' | 'withdraw' | 'borrow' | 'repay' | 'close';
  /** The asset that the amount counts; for `close` the dollar (position size). */
  readonly asset: AssetId;
  /** Tokens; Infinity where nothing limits it. */
  readonly max: number;
  /** The amount that means all of it (whole debt, whole supply); null where there is no such thing. */
  readonly all: number | null;
  readonly effect: ArcEffect;
  /** Effect on the borrow-limit row; null where the account has none. */
  readonly borrowEffect: ArcEffect | null;
  /** Effect in each of the account's scenarios, in their order. */
  readonly scenarioEffects: readonly ArcEffect[];
  /** Tokens that the owner's cash gains per unit: +1 for withdraw and borrow, −1 for supply and repay, 0 for close. */
  readonly cashPerUnit: number;
  /** Protocol fee in USD per unit (closing a perp); 0 elsewhere. */
  readonly feeUsdPerUnit: number;
  /** Fixed cost of doing it at all. */
  readonly gasUsd: number;
}

/** A way to swap; several routes may share a pool by naming it. */
export interface PathRoute {
  readonly id: string;
  readonly chain: ChainId;
  readonly curve: SwapCurve;
  readonly gasUsd: number;
}

/** What the plan costs the owner, by kind, USD. */
export interface PathCost {
  /** Value lost to swaps at market prices. */
  readonly slippageUsd: number;
  /** Flash-loan and closing fees. */
  readonly feesUsd: number;
  readonly gasUsd: number;
  /** What using cash at hand is said to cost. */
  readonly cashUsd: number;
  readonly totalUsd: number;
}

/** Net amounts of a terminal state, with a certificate. */
export interface PathSolution {
  readonly status: 'optimal' | 'budget' | 'infeasible';
  readonly arcs: readonly { readonly account: string; readonly arc: string; readonly amount: number }[];
  readonly swaps: readonly { readonly route: string; readonly amountIn: number; readonly amountOut: number }[];
  readonly cost: PathCost;
  /** No plan of this model costs less, USD. */
  readonly lowerBoundUsd: number;
  /** cost.totalUsd − lowerBoundUsd. */
  readonly gapUsd: number;
  readonly method: string;
  /** Of an infeasible problem: the least slack in USD of adjusted collateral that would make it feasible, by account. */
  readonly missing: readonly { readonly account: string; readonly collateralUsd: number }[];
}
