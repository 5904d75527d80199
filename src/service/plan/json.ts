import { type Decimal, fromFixed, toText } from '../../core/decimal.ts';
import type { AssetId } from '../../core/ids.ts';
import { chainNumber } from '../../core/ids.ts';
import type { Json } from '../../core/json.ts';
import type { ForcedSequence } from '../../path/forced/forced-sequence.ts';
import type { Opportunity } from '../../path/liquidator/liquidator-opportunity.ts';
import type { PlanHealth } from '../../path/plan/plan-health.ts';
import type { FlashLoan, PlanStage, PlanStep } from '../../path/plan/plan-steps.ts';
import type { ForcedAnswer } from './forward.ts';
import type { PlanAnswer, SelfAnswer } from './plan-wallet.ts';

const USD_PLACES = 6;

/** A plan's answer as one JSON document: amounts `{ raw, decimals, amount }` and USD as decimal strings, health as a string or null. */
export function planToJson(answer: PlanAnswer): Json {
  const { view, portfolio, target, self, refused, forced, liquidator, gaps, routes, gasAssumedOn } = answer;
  const used = new Set(self?.plan.solution.swaps.map((swap) => swap.route) ?? []);
  return {
    view,
    asOf: { blocks: portfolio.asOf.map(({ chain, number, timestamp }) => ({ chain, number, timestamp })), prices: portfolio.prices.map((price) => ({ ...price })) },
    recorded: portfolio.recorded,
    target: { health: String(target.health), native: target.native === true, unified: target.unified === null ? null : String(target.unified), scenarios: target.scenarios.map(({ name }) => name) },
    self: self === null ? null : selfToJson(answer, self),
    refused: refused === null ? null : { code: refused.code, message: refused.message, fields: { ...refused.fields } },
    forced: forcedToJson(forced),
    liquidator:
      liquidator === null
        ? null
        : {
            method: liquidator.method,
            profitUsd: usd(liquidator.profitUsd),
            ended: liquidator.ended,
            sequence: liquidator.sequence.map(opportunityToJson),
            opportunities: liquidator.opportunities.map(opportunityToJson),
            closed: liquidator.closed.map((entry) => ({ ...entry })),
          },
    curves: routes
      .filter((route) => self === null || used.has(route.id))
      .map(({ id, curve }) => ({ route: id, source: curve.source, observedAt: curve.observedAt, assumed: curve.assumed, depth: String(curve.depth) })),
    gas: { assumedOn: [...gasAssumedOn] },
    gaps: gaps.map((gap) => ({ ...gap })),
  };
}

function selfToJson(answer: PlanAnswer, { plan, baselines, policies, transactions, simulations }: SelfAnswer): Json {
  const { cost } = plan;
  return {
    order: plan.order,
    rounds: plan.rounds,
    method: plan.method,
    repairs: plan.repairs,
    headRoom: plan.headRoom,
    cost: { slippageUsd: usd(cost.slippageUsd), feesUsd: usd(cost.feesUsd), gasUsd: usd(cost.gasUsd), penaltyUsd: usd(cost.penaltyUsd), cashUsd: usd(cost.cashUsd), totalUsd: usd(cost.totalUsd) },
    lowerBoundUsd: usd(plan.lowerBoundUsd),
    gapUsd: usd(plan.gapUsd),
    stages: plan.stages.map((stage) => stageToJson(answer, stage)),
    before: healthToJson(plan.before),
    after: healthToJson(plan.after),
    cashAfter: plan.cashAfter.map(({ asset, decimals, amount }) => ({ asset, ...amountToJson(amount, decimals) })),
    baselines: baselines.map(({ name, totalUsd, reason, extraUsd, ratio }) => ({
      name,
      totalUsd: usdOrNull(totalUsd),
      extraUsd: usdOrNull(extraUsd),
      ratio: ratio === null ? null : ratio.toFixed(4),
      reason,
    })),
    policies: policies.map(({ policy, cost: own, reason, funding, reachesTarget, extraUsd }) => ({
      policy,
      totalUsd: usdOrNull(own?.totalUsd ?? null),
      extraUsd: usdOrNull(extraUsd),
      reachesTarget,
      funding,
      reason,
    })),
    transactions:
      transactions === null
        ? null
        : transactions.kind === 'incomplete'
          ? { status: 'incomplete', reasons: [...transactions.reasons] }
          : {
              status: simulations.length > 0 && simulations.every((simulation) => simulation.kind === 'ready') ? 'ready' : 'not ready',
              simulations: simulations.map((simulation) => ({ ...simulation })),
              calls: transactions.calls.map(({ to, data, value, chain, description }) => ({ to, data, value: value.toString(), chainId: chainNumber(chain), description })),
              batches: transactions.batches.map((batch) => ({ ...batch, calls: batch.calls.map((call) => ({ ...call })) })),
            },
  };
}

function stageToJson(answer: PlanAnswer, { chain, order, loans, steps }: PlanStage): Json {
  return { chain, order, loans: loans.map((loan) => loanToJson(answer, loan)), steps: steps.map((step) => stepToJson(answer, step)) };
}

function loanToJson(answer: PlanAnswer, { kind, lender, asset, amount, fee }: FlashLoan): Json {
  return { kind, lender, asset, ...amountToJson(amount, decimalsOf(answer, asset)), fee: fee.toString() };
}

function stepToJson(answer: PlanAnswer, step: PlanStep): Json {
  if (step.kind === 'swap') {
    const { route, from, to, amountIn, expectedOut, minimumOut } = step;
    const out = decimalsOf(answer, to);
    return { kind: 'swap', route, from, to, amountIn: amountToJson(amountIn, decimalsOf(answer, from)), expectedOut: amountToJson(expectedOut, out), minimumOut: amountToJson(minimumOut, out) };
  }
  const { account, step: action } = step;
  if (action.kind === 'close') return { kind: 'close', account, sizeUsd: action.sizeUsd === 'max' ? 'max' : toText(fromFixed(action.sizeUsd, 30), USD_PLACES) };
  if (action.kind === 'liquidate') return { kind: 'liquidate', account };
  return { kind: action.kind, account, asset: action.asset, ...(action.amount === 'max' ? { amount: 'max' } : amountToJson(action.amount, decimalsOf(answer, action.asset))) };
}

function healthToJson({ accounts, unified, weakest, shortfall }: PlanHealth): Json {
  return {
    unifiedHealthFactor: ratioOf(unified),
    weakest,
    shortfallUsd: toText(shortfall, USD_PLACES),
    accounts: accounts.map(({ account, label, health, adjustedCollateral, adjustedDebt, native }) => ({
      account,
      label,
      health: ratioOf(health),
      adjustedCollateralUsd: toText(adjustedCollateral, USD_PLACES),
      adjustedDebtUsd: toText(adjustedDebt, USD_PLACES),
      nativeHealthFactor: ratioOf(native.healthFactor),
      liquidatable: native.liquidatable,
    })),
  };
}

function forcedToJson({ view, at, move }: ForcedAnswer): Json {
  const total = (sum: { readonly costUsd: Decimal; readonly badDebtUsd: Decimal }): Json => ({ costUsd: toText(sum.costUsd, USD_PLACES), badDebtUsd: toText(sum.badDebtUsd, USD_PLACES) });
  return {
    at,
    uniformMove: move === null ? null : toText(move, 6),
    best: total(view.best),
    rational: total(view.rational),
    worst: total(view.worst),
    accounts: view.accounts.map((account) => ({
      account: account.account,
      label: account.label,
      status: account.status,
      reason: account.reason,
      ...(account.status === 'safe'
        ? { move: account.move === null ? null : toText(account.move, 6) }
        : {
            pairs: account.pairs.map((pair) => ({
              collateral: pair.collateral,
              debt: pair.debt,
              costUsd: pair.largest === null ? null : toText(pair.largest.costUsd, USD_PLACES),
              toxicity: pair.toxicity === null ? null : { lowersHealth: pair.toxicity.lowersHealth, raisesLoanToValue: pair.toxicity.raisesLoanToValue },
              refusal: pair.refusal,
            })),
            best: sequenceToJson(account.best),
            rational: sequenceToJson(account.rational),
            worst: sequenceToJson(account.worst),
          }),
    })),
  };
}

function sequenceToJson({ method, ended, costUsd, badDebtUsd, liquidations }: ForcedSequence): Json {
  return { method, ended, costUsd: toText(costUsd, USD_PLACES), badDebtUsd: toText(badDebtUsd, USD_PLACES), liquidations: liquidations.length };
}

function opportunityToJson({ account, label, chain, kind, collateral, debt, profitUsd, breakEvenGasUsd, calls }: Opportunity): Json {
  return { account, label, chain, kind, collateral, debt, profitUsd: usd(profitUsd), breakEvenGasUsd: usd(breakEvenGasUsd), calls: calls.length };
}

/** Decimals of an asset of the plan; 0 where it is none of its. */
export function decimalsOf({ assets }: PlanAnswer, asset: AssetId): number {
  return assets.find((entry) => entry.asset === asset)?.decimals ?? 0;
}

function amountToJson(raw: bigint, decimals: number): { raw: string; decimals: number; amount: string } {
  return { raw: raw.toString(), decimals, amount: fromFixed(raw, decimals).toString() };
}

function usd(value: number): string {
  return value.toFixed(USD_PLACES);
}

function usdOrNull(value: number | null): string | null {
  return value === null ? null : usd(value);
}

function ratioOf(value: Decimal | null): string | null {
  return value === null ? null : toText(value, 18);
}
