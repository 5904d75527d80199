import { Decimal, fromFixed } from '../../../src/core/decimal.ts';
import type { AssetId } from '../../../src/core/ids.ts';
import type { AccountView, ExposureTerm } from '../../../src/core/rule.ts';
import type { OpenedPortfolio } from '../../../src/engine/open-portfolio.ts';
import type { SelfPlan, SelfPlanMeans } from '../../../src/path/plan/plan.ts';

/**
 * A second opinion on a plan, sharing nothing with the replay but the rules: carries the stages out at one second, from the portfolio and the cash, with swaps that give their minimum.
 *
 * @returns what is wrong, in words; empty where nothing is.
 */
export function judge(opened: OpenedPortfolio, plan: Pick<SelfPlan, 'stages'>, { means, target, delay }: { readonly means: SelfPlanMeans; readonly target: number; readonly delay: bigint }): string[] {
  const wrong: string[] = [];
  const cash = new Map<AssetId, bigint>(means.cash.map(({ asset, amount }) => [asset, amount]));
  const move = (asset: AssetId, amount: bigint): void => void cash.set(asset, (cash.get(asset) ?? 0n) + amount);
  const markets = new Map(opened.accounts.map((account) => [account.marketEntry.id, account.view.market]));
  const positions = new Map(opened.accounts.map((account) => [account.entry.id, account.view.position]));
  for (const stage of plan.stages) {
    for (const loan of stage.loans) move(loan.asset, loan.amount);
    for (const step of stage.steps) {
      if (step.kind === 'swap') {
        move(step.from, -step.amountIn);
        if ((cash.get(step.from) ?? 0n) < 0n) wrong.push(`swaps ${step.amountIn} of ${step.from} that are not there`);
        move(step.to, step.minimumOut);
        continue;
      }
      const account = opened.accounts.find((entry) => entry.entry.id === step.account);
      if (account === undefined) return [...wrong, `no account ${step.account}`];
      const view: AccountView<unknown, unknown> = { market: markets.get(account.marketEntry.id), position: positions.get(step.account), at: account.view.at + delay };
      const done = account.rule.apply(view, step.step);
      markets.set(account.marketEntry.id, done.market);
      positions.set(step.account, done.position);
      for (const { asset, amount } of done.paid) {
        move(asset, -amount);
        if ((cash.get(asset) ?? 0n) < 0n) wrong.push(`${step.account} is paid ${amount} of ${asset} that are not there`);
      }
      for (const { asset, amount } of done.received) move(asset, amount);
    }
    for (const loan of stage.loans) move(loan.asset, -loan.amount - loan.fee);
    for (const [asset, amount] of cash) if (amount < 0n) wrong.push(`the loan in ${asset} is short by ${-amount}`);
  }
  for (const account of opened.accounts) {
    const view = { market: markets.get(account.marketEntry.id), position: positions.get(account.entry.id), at: account.view.at + delay };
    const [a, l] = (['collateral', 'debt'] as const).map((side) => sumOf(account.rule.exposure(view), side));
    if (a?.lt(l?.times(target) ?? 0) === true) wrong.push(`${account.entry.id} ends at ${a.div(l ?? 1).toFixed(9)}, below ${target}`);
    if (account.rule.health(view).liquidatable) wrong.push(`${account.entry.id} ends liquidatable`);
  }
  return wrong;
}

function sumOf(terms: readonly ExposureTerm[], side: ExposureTerm['side']): Decimal {
  return terms.filter((term) => term.side === side).reduce((total, term) => total.plus(fromFixed(term.amount, term.decimals).times(term.priceUsd).times(term.weight)), new Decimal(0));
}
