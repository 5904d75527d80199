import type { Answer as Documents } from '../../api/contract/operations.ts';
import { amount, healthText, percent, plain, usd } from '../data/format.ts';

/** A plan as the service answers it. */
export type PlanDocument = Documents<'planPortfolio'>;
export type SelfPlanDocument = NonNullable<PlanDocument['self']>;
export type PlanStage = SelfPlanDocument['stages'][number];
export type PlanStep = PlanStage['steps'][number];
type Forced = PlanDocument['forced'];

/** Names accounts and assets for a reader. */
export interface PlanNames {
  readonly account: (id: string) => string;
  readonly symbol: (asset: string) => string;
}

/** Names from the wallet's document; an asset that is not in it by the end of its id. */
export function planNames(portfolio: {
  readonly accounts: readonly { readonly id: string; readonly market: string; readonly legs: readonly { readonly asset: string; readonly symbol: string }[] }[];
  readonly markets: readonly { readonly id: string; readonly label: string }[];
  readonly prices: readonly { readonly asset: string; readonly symbol: string }[];
}): PlanNames {
  const labels = new Map(portfolio.markets.map(({ id, label }) => [id, plain(label)]));
  const accounts = new Map(portfolio.accounts.map(({ id, market }) => [id, labels.get(market) ?? id]));
  const symbols = new Map([...portfolio.prices, ...portfolio.accounts.flatMap(({ legs }) => legs)].map(({ asset, symbol }) => [asset, plain(symbol)]));
  return { account: (id) => accounts.get(id) ?? id, symbol: (asset) => symbols.get(asset) ?? `token …${asset.slice(-6)}` };
}

/** One step as a sentence. */
export function stepSentence(step: PlanStep, names: PlanNames): string {
  if (step.kind === 'swap') {
    const to = names.symbol(step.to);
    return `Swap ${amount(step.amountIn.amount)} ${names.symbol(step.from)} for about ${amount(step.expectedOut.amount)} ${to}, at least ${amount(step.minimumOut.amount)}`;
  }
  if (step.kind === 'close') return `Close ${step.sizeUsd === 'max' ? 'all' : usd(step.sizeUsd)} of ${names.account(step.account)}`;
  if (step.kind === 'liquidate') return `Liquidate ${names.account(step.account)}`;
  const verbs = { supply: ['Supply', 'to'], withdraw: ['Withdraw', 'from'], borrow: ['Borrow', 'from'], repay: ['Repay', 'to'] } as const;
  const [verb, preposition] = verbs[step.kind];
  return `${verb} ${step.amount === 'max' ? 'all' : amount(step.amount)} ${names.symbol(step.asset)} ${preposition} ${names.account(step.account)}`;
}

/** How the steps of a stage hang together. */
export const STAGE_WORDS: Readonly<Record<PlanStage['order'], string>> = {
  sequence: 'your own calls, one after the other, each safe alone',
  executor: 'one transaction of your own executor, all or nothing',
  orders: 'orders that others execute later, each safe alone; not atomic with anything',
};

/** When the forced view looks. */
export function forcedWhen({ at, uniformMove }: Forced): string {
  if (at === 'now') return 'at today’s prices';
  if (at === 'shock') return 'at the shocked prices';
  return `once prices have moved ${uniformMove === null ? '' : `${percent(Number(uniformMove), 2).replace('+', '')} `}against the first account`;
}

/** A range of costs as a sentence. */
export function costRange({ best, rational, worst }: Pick<Forced, 'best' | 'rational' | 'worst'>): string {
  if (best.costUsd === worst.costUsd) return usd(worst.costUsd);
  return `${usd(best.costUsd)} at best, ${usd(rational.costUsd)} by a profit-maximiser, ${usd(worst.costUsd)} at worst`;
}

/** What acting costs less than the liquidations that it spares, USD; null where there is no plan, or it costs more. */
export function savingUsd({ forced, self }: Pick<PlanDocument, 'forced' | 'self'>): number | null {
  if (self === null || self.stages.length === 0) return null;
  const saving = Number(forced.rational.costUsd) - Number(self.cost.totalUsd);
  return saving > 0 ? saving : null;
}

/** Before and after as a reader sees them. */
export function beforeAfter(before: string | null, after: string | null): string {
  return `${healthText(before)} → ${healthText(after)}`;
}
