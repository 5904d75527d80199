import type * as z from 'zod';
import type { Decimal } from './decimal.ts';
import type { AssetId } from './ids.ts';

/** How far a number can be trusted: the protocol's integers at a block; extrapolated from indexes; terms are missing. */
export type Precision = 'exact' | 'accrued' | 'estimate';

/** What a leg is to its account. `supply` is held there but does not count towards health. */
export type LegSide = 'collateral' | 'supply' | 'debt' | 'long' | 'short' | 'margin' | 'option' | 'fee';

/** One entry of an account, valued at a stated time with the protocol's own oracle. */
export interface Leg {
  readonly side: LegSide;
  readonly asset: AssetId;
  readonly symbol: string;
  readonly decimals: number;
  /** Raw base units, never negative; the side says which way it counts. */
  readonly amount: bigint;
  /** USD per whole token, by the protocol's oracle. */
  readonly priceUsd: Decimal;
  /** The factor with which the rule counts it: a liquidation threshold on collateral, a borrow weight on debt; 0 = does not count. */
  readonly weight: Decimal;
}

/**
 * One term of the exposure form (solvency.md §2): amount × price × weight in USD, standing in adjusted collateral A or in
 * adjusted debt L. Linear in the price of its own asset.
 */
export interface ExposureTerm {
  readonly side: 'collateral' | 'debt';
  readonly asset: AssetId;
  readonly symbol: string;
  readonly decimals: number;
  /** Raw base units, never negative. */
  readonly amount: bigint;
  /** USD per whole token. */
  readonly priceUsd: Decimal;
  readonly weight: Decimal;
  /** What the term stands for, for a reader: "collateral", "entry value", "maintenance", "borrowing fee" … */
  readonly role: string;
}

/** The protocol's own number and its own decision. */
export interface NativeHealth {
  /** The health factor as the protocol computes and rounds it; null where there is no debt. Never use it to decide. */
  readonly healthFactor: Decimal | null;
  /** The protocol's own integer comparison. */
  readonly liquidatable: boolean;
  /** The comparison in words, with its numbers, as in `healthFactor 989817008006302141 < 1e18`. */
  readonly reason: string;
  /** The integers that the protocol itself reports, by its own names (`totalCollateralBase`, `maxBorrow` …). */
  readonly figures: Readonly<Record<string, bigint>>;
}

/** A raw amount, or the protocol's own "all of it". */
export type StepAmount = bigint | 'max';

/** One action on one account. Amounts are raw base units of `asset`. */
export type Step =
  | { readonly kind: 'supply' | 'borrow'; readonly asset: AssetId; readonly amount: bigint }
  | { readonly kind: 'withdraw' | 'repay'; readonly asset: AssetId; readonly amount: StepAmount }
  | LiquidateStep
  | { readonly kind: 'close'; readonly sizeUsd: StepAmount };

/**
 * A liquidation by somebody else. Which fields a protocol takes: Aave `collateral`, `debt`, `repay`; Morpho `repayShares` or `seize`;
 * Comet none (absorb takes all); GMX none.
 */
export interface LiquidateStep {
  readonly kind: 'liquidate';
  readonly collateral?: AssetId;
  readonly debt?: AssetId;
  readonly repay?: StepAmount;
  readonly seize?: bigint;
  readonly repayShares?: StepAmount;
}

/** A raw amount of one asset. */
export interface TokenAmount {
  readonly asset: AssetId;
  readonly amount: bigint;
}

/** What a liquidation moved. */
export interface LiquidationOutcome {
  /** Debt paid by the liquidator (Comet: debt absorbed by the protocol). */
  readonly repaid: readonly TokenAmount[];
  /** Collateral taken from the account, protocol fee included. */
  readonly seized: readonly TokenAmount[];
  /** The part of `seized` that goes to the protocol. */
  readonly protocolFee: readonly TokenAmount[];
  /** Debt written off because no collateral was left. */
  readonly badDebt: readonly TokenAmount[];
}

/** The state after a step. */
export interface Applied<Market, Position> {
  readonly market: Market;
  readonly position: Position;
  /** What the actor pays in, in the step's order. */
  readonly paid: readonly TokenAmount[];
  /** What the actor receives. */
  readonly received: readonly TokenAmount[];
  readonly liquidation?: LiquidationOutcome;
}

/** A price move of one asset: the new price is the old one × numerator / denominator. */
export interface PriceMove {
  readonly numerator: bigint;
  readonly denominator: bigint;
}

/** An account as a rule sees it: shared market state, the owner's own position, and the unix second it is evaluated at. */
export interface AccountView<Market, Position> {
  readonly market: Market;
  readonly position: Position;
  /** Unix seconds; interest accrues up to here. */
  readonly at: bigint;
}

/** One thing that the owner can do with an account, linear in its amount. Effects are USD per whole token, signed. */
export interface PlanningArc {
  readonly kind: 'supply' | 'withdraw' | 'borrow' | 'repay' | 'close';
  /** For `close` the dollar: its amount is position size. */
  readonly asset: AssetId;
  readonly symbol: string;
  readonly decimals: number;
  /** Greatest raw amount that balances, caps and liquidity allow now; null where nothing limits it. */
  readonly max: bigint | null;
  /** The raw amount that is all of it, and is done with the step's 'max'; null where the protocol has no such thing. */
  readonly all: bigint | null;
  /** Change of adjusted collateral and of adjusted debt. */
  readonly collateralUsd: Decimal;
  readonly debtUsd: Decimal;
  /** The same in the account's borrow limit; zero where it has none. */
  readonly limitCollateralUsd: Decimal;
  readonly limitDebtUsd: Decimal;
  /** What the protocol takes for it and the owner does not get back: fees and price impact of a close; else zero. */
  readonly feeUsd: Decimal;
  /** Maintenance requirement that it frees, USD; zero outside perps. It is part of `debtUsd`. */
  readonly requirementUsd: Decimal;
}

/** An account as a planner sees it: linear around its state at `view.at`. The rule's own integers decide about every step later. */
export interface PlanningAccount {
  readonly arcs: readonly PlanningArc[];
  /** The stricter test that steps of these kinds must pass at the end: collateral ≥ debt, USD. Null where liquidation's own test is the only one. */
  readonly borrowLimit: { readonly collateralUsd: Decimal; readonly debtUsd: Decimal; readonly kinds: readonly ('withdraw' | 'borrow')[] } | null;
  /** Debts that must be 0 or at least this much after a borrow or withdrawal, raw. */
  readonly minimumDebts: readonly { readonly asset: AssetId; readonly decimals: number; readonly current: bigint; readonly minimum: bigint }[];
  /** True where steps are orders that others execute later. */
  readonly asynchronous: boolean;
}

/** The accounts of one market at one second, with what they share computed once. Each answer, and each error, is that of the rule's own function. */
export interface MarketAt<Position> {
  /** `health(…).liquidatable`, without the rest. */
  isLiquidatable(position: Position): boolean;
  health(position: Position): NativeHealth;
  exposure(position: Position): readonly ExposureTerm[];
}

/**
 * What a screen in floats may count on, so that it never passes over an account that `health` calls liquidatable: if it has a cohort, and no
 * term without a price, then with q = `quantumUsd`, n terms, and the amounts and prices of `exposure`, it has a debt term, and
 * Σ collateral · price · (weight − weightCut) < Σ debt · price · weight + 2 · n · q.
 */
export interface Screening<Market = unknown, Position = unknown> {
  /** By how much less than its weight the decision may count a collateral: 0.0001 where the protocol cuts the average threshold to whole basis points. */
  readonly weightCut: number;
  /** The step that values are rounded to in the decision, USD. */
  quantumUsd(market: Market): Decimal;
  /**
   * Accounts of one market with equal answers are alike: terms of the same asset, side and role have the same price and weight, and each one's amount is, to
   * within one raw unit, a constant of its own times a factor that all share and that time never makes smaller. Null: this account is always decided in integers.
   */
  cohort(market: Market, position: Position): string | null;
  /** Assets whose moves change prices of terms in other assets as well, such as what prices are quoted in. A move of any other changes its own terms alone. */
  numeraires(market: Market): readonly AssetId[];
  /** Everything in the market's state, apart from prices, indexes, rates and totals, that decides which accounts have which terms, and which are refused. */
  shape(market: Market): string;
}

/**
 * A protocol's own margin arithmetic, versioned, exact in integers, pure and synchronous.
 *
 * Market is what accounts share (reserves, indexes, oracle prices, parameters); Position is the account's own part (scaled
 * balances, shares, flags). Both are readonly plain data whose JSON form (bigints as decimal strings) the schemas read.
 */
export interface Rule<Market = unknown, Position = unknown> {
  /** As in `aave-v3@3.6`. */
  readonly id: string;
  readonly kind: 'lending' | 'perp';
  readonly marketSchema: z.ZodType<Market>;
  readonly positionSchema: z.ZodType<Position>;
  /** The account's entries with amounts as the protocol computes them at `view.at`. */
  legs(view: AccountView<Market, Position>): readonly Leg[];
  /** The protocol's number and decision at `view.at`. @throws {MissingPrice} @throws {UnknownMarket} */
  health(view: AccountView<Market, Position>): NativeHealth;
  /** The account in exposure form: ΣA − ΣL has the sign of the protocol's own slack, up to its rounding. */
  exposure(view: AccountView<Market, Position>): readonly ExposureTerm[];
  /** The state after `step` at `view.at`. @throws {RuleViolation} where the protocol would revert. */
  apply(view: AccountView<Market, Position>, step: Step): Applied<Market, Position>;
  /** The market prepared for many accounts; absent where a rule has no faster way than its functions one by one. */
  prepare?(market: Market, at: bigint): MarketAt<Position>;
  /** Absent where a rule is not linear: then its accounts are decided in integers each time. */
  readonly screening?: Screening<Market, Position>;
  /** The account's linear view for a planner; absent where a rule has none. */
  planning?(view: AccountView<Market, Position>): PlanningAccount;
  /**
   * The market with its oracle prices moved. `moves` is by asset; an oracle that does not follow the market (a hard-coded one)
   * is left as it is. Amounts, indexes and parameters do not change.
   */
  reprice(market: Market, moves: ReadonlyMap<AssetId, PriceMove>): Market;
}

/** Finds a rule by its id, as in `aave-v3@3.6`; undefined where this release has none. */
export type FindRule = (ruleId: string) => Rule | undefined;
