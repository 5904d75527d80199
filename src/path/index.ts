/**
 * Paths back to safety: the cheapest one of one's own, what the protocols would force, and what a liquidator could earn. Pure but for the solver's thread: prices, curves, gas and time are arguments.
 *
 * @packageDocumentation
 */
export * from './auctions/auction.ts';
export * from './auctions/auction-bid.ts';
export * from './auctions/reverse-dutch.ts';
export * from './closed-forms/closed-form.ts';
export * from './closed-forms/greedy-forced.ts';
export * from './closed-forms/liquidator-optimum.ts';
export * from './closed-forms/pool-sale.ts';
export * from './closed-forms/toxicity.ts';
export * from './closed-forms/two-step.ts';
export { type BaselineName, type BaselineOptions, computeBaselines, type PathBaseline } from './comparisons/baselines.ts';
export { type ArcOrder, applyPolicy, POLICIES, type Policy, type PolicyAction, type PolicyOutcome } from './comparisons/policies.ts';
export { computePolicyCost, type PolicyCost } from './comparisons/policy-cost.ts';
export type { SwapCurve } from './curves/curve.ts';
export { assumedCurve } from './curves/curve-assumed.ts';
export { type CurveLimits, curveAge, requireUsableCurve } from './curves/curve-check.ts';
export { parallelCurve, seriesCurve, splitParallel } from './curves/curve-compose.ts';
export { type ConstantProductReserves, constantProductCurve } from './curves/curve-constant-product.ts';
export { concaveEnvelope, type ImpactPoint, type ImpactShape, impactCurve, type Quote, type QuoteSet, quoteCurve } from './curves/curve-quotes.ts';
export { anchoredCurve, type CurveMarket, defaultCurve, type RecordedShape, recordedCurve } from './curves/curve-recorded.ts';
export { type UniswapV3CurveInput, uniswapV3Curve } from './curves/curve-uniswap-v3.ts';
export { quoteExactInput, type UniswapV3Quote, type UniswapV3State } from './curves/uniswap-v3-pool.ts';
export * from './forced/forced.ts';
export type { CollateralStore } from './liquidator/absorb-and-buy.ts';
export * from './liquidator/liquidator.ts';
export { type LiquidatorMeans, losslessMeans } from './liquidator/liquidator-market.ts';
export type { LiquidatorCall, Opportunity } from './liquidator/liquidator-opportunity.ts';
export type { Confidence } from './opportunities/confidence.ts';
export { type JointLiquidations, type JointOptions, type LeftAccount, planJointLiquidations, type TakenLiquidation } from './opportunities/joint-liquidations.ts';
export { type OwnerOpportunity, type RankedLiquidation, type RankingOptions, rankByOwner } from './opportunities/owner-opportunities.ts';
export { comparePrices, type PriceEffect } from './opportunities/price-effect.ts';
export { computeWatchList, type WatchedAccount, type WatchList } from './opportunities/watch-list.ts';
export { type CashAtHand, planSelf, type SelfPlan, type SelfPlanMeans } from './plan/plan.ts';
export type { RealisedCost } from './plan/plan-cost.ts';
export type { AccountHealth, PlanHealth } from './plan/plan-health.ts';
export type { AccountStep, FlashLoan, PlanStage, PlanStep, SwapStep } from './plan/plan-steps.ts';
export { type ReplayOptions, replayPlan } from './plan/replay.ts';
export type { PlanOrder } from './plan/stages.ts';
export { buildProblem, type PlanMeans, type PlanTarget } from './solver/build-problem.ts';
export { buildOptionAccount, type OptionLeg, type OptionMargin } from './solver/option-account.ts';
export type { ArcEffect, FlashLender, PathAccount, PathArc, PathBorrowLimit, PathCost, PathProblem, PathRoute, PathScenario, PathSolution } from './solver/problem.ts';
export { type SolvePathOptions, solvePath, solvePathExactly } from './solver/refine.ts';
export { openWorkerSolver } from './solver/solve-thread.ts';
export { type CallBatch, toCallBatch } from './transactions/call-batch.ts';
export * from './transactions/executor-calldata.ts';
export { type UniswapV3Path, uniswapV3Venue } from './transactions/uniswap-v3-venue.ts';
