import Table from 'cli-table3';
import { Decimal } from '../../core/decimal.ts';
import { formatAmount, type TokenName } from '../../core/sentences.ts';
import type { AccountHealth } from '../../path/plan/plan-health.ts';
import type { PlanStage, PlanStep } from '../../path/plan/plan-steps.ts';
import type { PlanAnswer, SelfAnswer } from '../../service/plan/plan-wallet.ts';
import { renderForced, renderLiquidator } from './forced-text.ts';
import { instant, plain, ratio, usd } from './format.ts';

const CHARS = { mid: '', 'left-mid': '', 'mid-mid': '', 'right-mid': '' };
const MAX_ROWS = 12;
const ORDERS: Readonly<Record<PlanStage['order'], string>> = {
  sequence: 'your own calls, one after the other, each safe alone',
  executor: 'one transaction of your executor, all or nothing',
  orders: 'orders that others execute later, each safe alone; not atomic with anything',
};

/** A plan as a page of text. */
export function renderPlan(answer: PlanAnswer): string {
  const { self, refused, liquidator } = answer;
  const parts = [
    ...(refused === null ? [] : [plain(refused.message)]),
    ...(self === null ? [] : renderSelf(answer, self)),
    ...(liquidator === null ? [] : renderLiquidator(liquidator)),
    ...(liquidator === null ? renderForced(answer.forced) : []),
    ...(self === null ? [] : renderAvoided(answer, self)),
    ...(self === null ? [] : renderAssumptions(answer, self)),
    ...(self?.transactions == null ? [] : renderTransactions(self)),
    ...renderGaps(answer),
  ];
  return `${parts.join('\n').replace(/^\n+/, '')}\n`;
}

function renderSelf(answer: PlanAnswer, { plan, baselines, policies }: SelfAnswer): string[] {
  const { target } = answer;
  const goal = `health ${target.health}${target.native === true ? ' (native)' : ''}${target.unified === null ? '' : `, unified ${target.unified}`}${target.scenarios.map(({ name }) => `, still standing at ${plain(name)}`).join('')}`;
  if (plan.stages.length === 0) return [`Nothing to do: every account that could be seen is at ${goal} already.`, '', renderHealth(plan.before.accounts, plan.after.accounts)];
  const { cost } = plan;
  const named = (text: string): string => plain(plan.before.accounts.reduce((words, { account, label }) => words.replaceAll(account, label), text));
  return [
    `The cheapest way to ${goal}: ${money(cost.totalUsd)}   (no plan costs less than ${money(plan.lowerBoundUsd)}; gap ${money(plan.gapUsd)})`,
    `  slippage ${money(cost.slippageUsd)} · fees ${money(cost.feesUsd)} · gas ${money(cost.gasUsd)} · penalty ${money(cost.penaltyUsd)}`,
    `  ${plan.method}${plan.repairs === 0 ? '' : `, repaired ${plan.repairs} ${plan.repairs === 1 ? 'time' : 'times'}`}; replayed in the protocols' integers`,
    '',
    ...plan.stages.flatMap((stage, at) => renderStage(answer, { stage, at, of: plan.stages.length })),
    '',
    renderHealth(plan.before.accounts, plan.after.accounts),
    `unified ${ratio(plan.before.unified)} → ${ratio(plan.after.unified)}`,
    '',
    'Compared with',
    ...baselines
      .filter(({ name, totalUsd }) => name !== 'native forced' || totalUsd !== null)
      .map(({ name, totalUsd, extraUsd, reason }) => `  ${name.padEnd(34)}${totalUsd === null ? `not possible: ${named(reason ?? '')}` : `${money(totalUsd)}   (+${money(extraUsd ?? 0)})`}`),
    ...policies.map(
      ({ policy, cost: own, reachesTarget, reason }) =>
        `  ${policy.padEnd(34)}${own === null ? `not possible: ${named(reason ?? '')}` : `${money(own.totalUsd)}${reachesTarget ? '' : '   (does not reach the target)'}`}`,
    ),
  ];
}

function renderStage(answer: PlanAnswer, { stage, at, of }: { readonly stage: PlanStage; readonly at: number; readonly of: number }): string[] {
  const loans = stage.loans.map(
    (loan) =>
      `    borrow ${amountOf(answer, loan.amount, loan.asset)} within the transaction${loan.fee === 0n ? ' (no fee)' : ` (fee ${amountOf(answer, loan.fee, loan.asset)})`}, and return it at the end`,
  );
  return [
    `  ${of > 1 ? `Stage ${at + 1} of ${of}, on` : 'On'} ${stage.chain}: ${ORDERS[stage.order]}`,
    ...loans,
    ...stage.steps.map((step, index) => `    ${index + 1}. ${describeStep(answer, step)}`),
  ];
}

function describeStep(answer: PlanAnswer, step: PlanStep): string {
  if (step.kind === 'swap')
    return `Swap ${amountOf(answer, step.amountIn, step.from)} for about ${amountOf(answer, step.expectedOut, step.to)}, at least ${amountOf(answer, step.minimumOut, step.to)}`;
  const label = plain(answer.self?.plan.before.accounts.find(({ account }) => account === step.account)?.label ?? step.account);
  const action = step.step;
  if (action.kind === 'close') return `Close ${action.sizeUsd === 'max' ? 'all' : formatAmount(roundTo(action.sizeUsd, 28), { symbol: 'USD', decimals: 30 })} of ${label}`;
  if (action.kind === 'liquidate') return `Liquidate ${label}`;
  const verbs = { supply: ['Supply', 'to'], withdraw: ['Withdraw', 'from'], borrow: ['Borrow', 'from'], repay: ['Repay', 'to'] } as const;
  const [verb, preposition] = verbs[action.kind];
  return `${verb} ${action.amount === 'max' ? `all ${tokenOf(answer, action.asset).symbol}` : amountOf(answer, action.amount, action.asset)} ${preposition} ${label}`;
}

function renderHealth(before: readonly AccountHealth[], after: readonly AccountHealth[]): string {
  const table = new Table({ head: ['account', 'health A/L before', 'after', 'native before', 'after'], chars: CHARS, style: { head: [], border: [], compact: true } });
  before.forEach((account, at) => {
    const then = after[at];
    table.push([
      plain(account.label),
      ratio(account.health),
      ratio(then?.health ?? null),
      `${ratio(account.native.healthFactor)}${account.native.liquidatable ? ' liquidatable' : ''}`,
      ratio(then?.native.healthFactor ?? null),
    ]);
  });
  return table.toString();
}

/** Said only where the two can be compared: something is, or at the first liquidation would be, liquidated. */
function renderAvoided(answer: PlanAnswer, { plan }: SelfAnswer): string[] {
  const forced = answer.forced.view;
  if (plan.stages.length === 0 || !forced.accounts.some((account) => account.status === 'liquidatable')) return [];
  const avoided = forced.rational.costUsd.minus(plan.cost.totalUsd);
  return [
    '',
    avoided.gt(0)
      ? `Acting now costs ${money(plan.cost.totalUsd)}; being liquidated then costs about ${usd(forced.rational.costUsd)}: ${usd(avoided)} more.`
      : `Acting now costs ${money(plan.cost.totalUsd)}, that liquidation about ${usd(forced.rational.costUsd)}.`,
  ];
}

function renderAssumptions(answer: PlanAnswer, { plan }: SelfAnswer): string[] {
  const used = new Set(plan.solution.swaps.map(({ route }) => route));
  const curves = answer.routes.filter(({ id }) => used.has(id));
  return [
    '',
    'Assumed',
    ...curves.map(
      ({ curve }) => `  ${tokenOf(answer, curve.from).symbol} → ${tokenOf(answer, curve.to).symbol}: ${plain(curve.source)}${curve.assumed ? ' (assumed: no market was looked at now)' : ''}`,
    ),
    `  positions and prices as of ${[...new Set(answer.portfolio.accounts.map(({ at }) => instant(at)))].join(', ')}: read again before signing`,
    `  ${plan.headRoom}`,
    ...(plan.stages.some(({ order }) => order === 'executor') ? ['  you have a PlimsollExecutor of your own (see the README); --order sequence does without, in more steps'] : []),
    ...(answer.gasAssumedOn.length > 0 ? [`  gas on ${answer.gasAssumedOn.join(', ')} by a table of this release, not by the chain (--gas-usd states it)`] : []),
    '  prices stand still; optimal for this model, not for the market',
  ];
}

function renderTransactions({ transactions, simulations }: SelfAnswer): string[] {
  if (transactions === null) return [];
  if (transactions.kind === 'incomplete') return ['', 'No calldata:', ...transactions.reasons.map((reason) => `  ! ${plain(reason)}`)];
  const lines = transactions.stages.flatMap((stage, at) => {
    const simulation = simulations[at];
    const state =
      simulation?.kind === 'ready'
        ? 'simulated: ready to sign'
        : simulation?.kind === 'failed'
          ? `simulation failed: ${plain(simulation.reason)}`
          : `not simulated, so not called ready: ${plain(simulation?.kind === 'not-simulated' ? simulation.reason : 'unknown')}`;
    return [
      `  Stage ${at + 1} on ${stage.chain}, ${state}`,
      ...stage.calls.map((call, index) => `    ${index + 1}. ${plain(call.description)}\n       to ${call.to} value ${call.value} data ${call.data}`),
    ];
  });
  return ['', 'Unsigned calls (--json has them as EIP-5792 batches)', ...lines];
}

function renderGaps({ gaps }: PlanAnswer): string[] {
  if (gaps.length === 0) return [];
  const shown = gaps.slice(0, MAX_ROWS).map((gap) => `  ? ${plain(gap.message)}`);
  return ['', `What could not be seen (${gaps.length}): the plan does not cover it.`, ...shown, ...(gaps.length > MAX_ROWS ? [`  and ${gaps.length - MAX_ROWS} more (--json lists all)`] : [])];
}

/** Amounts for a reader: rounded down to what eight significant decimals tell. */
function amountOf(answer: PlanAnswer, raw: bigint, asset: PlanAnswer['assets'][number]['asset']): string {
  const token = tokenOf(answer, asset);
  return formatAmount(roundTo(raw, Math.max(0, token.decimals - 8)), token);
}

function roundTo(raw: bigint, places: number): bigint {
  const unit = 10n ** BigInt(places);
  return raw - (raw % unit);
}

function tokenOf(answer: PlanAnswer, asset: PlanAnswer['assets'][number]['asset']): TokenName {
  const found = answer.assets.find((entry) => entry.asset === asset);
  return { symbol: plain(found?.symbol ?? asset), decimals: found?.decimals ?? 0 };
}

function money(value: number): string {
  return usd(new Decimal(value));
}
