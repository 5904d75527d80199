import { Decimal } from '../../core/decimal.ts';
import { RuleViolation } from '../../core/errors.ts';
import type { ChainId } from '../../core/ids.ts';
import type { FlashLender } from '../solver/problem.ts';
import { type Ledger, MOMENTS } from './ledger.ts';
import { isFault, type Ordered, type OrderFault, orderForExecutor } from './order-executor.ts';
import { exposureAt, orderAsSequence, type SequenceTerms } from './order-sequence.ts';
import { type AccountAction, type PlanActions, stepOf } from './plan-actions.ts';
import type { AccountStep, PlanStage } from './plan-steps.ts';

/** How a plan's steps may be sent: the owner's own calls, or one transaction through the executor. */
export type PlanOrder = 'sequence' | 'executor';

export interface StageOptions extends SequenceTerms {
  readonly order: PlanOrder;
  /** Cheapest first; the first of a chain is taken. */
  readonly flashLenders: readonly FlashLender[];
}

/** Stages, and how many rounds the longest sequence among them takes. */
export interface Staged {
  readonly stages: readonly PlanStage[];
  readonly rounds: number;
}

/**
 * Splits actions into stages: a chain apiece, and of asynchronous accounts (GMX) the orders that bring money or none before the chain's other steps, those that need money after them.
 * Each stage is safe alone: no account ends it below both its target and where it stood. The ledger ends in the state after the last stage.
 */
export function arrangeStages(ledger: Ledger, actions: PlanActions, options: StageOptions): Staged | OrderFault {
  const stages: PlanStage[] = [];
  let rounds = 1;
  for (const chain of chainsOf(actions)) {
    const own = { accounts: actions.accounts.filter((action) => action.chain === chain), swaps: actions.swaps.filter((swap) => swap.chain === chain) };
    const needsCash = new Set(own.accounts.filter((action) => action.asynchronous && action.kind === 'supply').map((action) => action.account));
    const orders = own.accounts.filter((action) => action.asynchronous);
    const result = [
      () => arrangeOrders(ledger, chain, { actions: orders.filter((action) => !needsCash.has(action.account)), targetOf: options.targetOf }),
      () => arrangeDirect(ledger, chain, { actions: { ...own, accounts: own.accounts.filter((action) => !action.asynchronous) }, options }),
      () => arrangeOrders(ledger, chain, { actions: orders.filter((action) => needsCash.has(action.account)), targetOf: options.targetOf }),
    ];
    for (const arrange of result) {
      const arranged = arrange();
      if ('kind' in arranged) return arranged;
      stages.push(...arranged.stages);
      rounds = Math.max(rounds, arranged.rounds);
    }
  }
  return { stages, rounds };
}

function chainsOf({ accounts, swaps }: PlanActions): ChainId[] {
  return [...new Set([...accounts, ...swaps].map(({ chain }) => chain))].toSorted();
}

function arrangeDirect(ledger: Ledger, chain: ChainId, { actions, options }: { readonly actions: PlanActions; readonly options: StageOptions }): Staged | OrderFault {
  if (actions.accounts.length === 0 && actions.swaps.length === 0) return { stages: [], rounds: 1 };
  const before = ledger.fork();
  const lender = options.flashLenders.find((entry) => entry.chain === chain) ?? null;
  const sequence = options.order === 'sequence' ? orderAsSequence(ledger, actions, options) : null;
  const ordered: Ordered | OrderFault = sequence ?? orderForExecutor(ledger, actions, { lender, terms: options.terms });
  if (isFault(ordered)) return ordered;
  const unsafe = findWeakened(before, ledger, options.targetOf);
  if (unsafe !== null) return { kind: 'stuck', reason: `the stage on ${chain} would leave ${unsafe} weaker than before and below its target` };
  const stage = { chain, order: options.order, loans: ordered.loans, steps: ordered.steps, after: viewsAfter(ledger, ordered.steps) };
  return { stages: ordered.steps.length === 0 ? [] : [stage], rounds: sequence !== null && 'rounds' in sequence ? sequence.rounds : 1 };
}

/** Orders that do not need each other share a stage; one that needs another's effect goes into the next. */
function arrangeOrders(ledger: Ledger, chain: ChainId, { actions, targetOf }: { readonly actions: readonly AccountAction[]; readonly targetOf: StageOptions['targetOf'] }): Staged | OrderFault {
  const stages: PlanStage[] = [];
  // Closing first: it lowers what the position must keep.
  let open = actions.toSorted((a, b) => Number(b.kind === 'close') - Number(a.kind === 'close'));
  while (open.length > 0) {
    const start = ledger.fork();
    const steps: AccountStep[] = [];
    const left: AccountAction[] = [];
    let refused: OrderFault | null = null;
    for (const action of open) {
      try {
        const alone = start.fork();
        alone.apply(action.account, stepOf(action, action.amount));
        if (alone.cashOf(action.asset) < 0n) throw new RuleViolation('wallet', 'InsufficientBalance', 'the margin is not at hand yet');
        if (findWeakened(start, alone, targetOf) !== null) throw new RuleViolation('plan', 'UnsafeAlone', 'the order would weaken its account if it were the only one that is executed');
        steps.push(ledger.apply(action.account, stepOf(action, action.amount)));
      } catch (error) {
        if (!(error instanceof RuleViolation)) throw error;
        refused ??= { kind: 'refused', action, violation: error };
        left.push(action);
      }
    }
    if (steps.length === 0) return refused ?? { kind: 'stuck', reason: 'no order can be placed' };
    stages.push({ chain, order: 'orders', loans: [], steps, after: viewsAfter(ledger, steps) });
    open = left;
  }
  return { stages, rounds: 1 };
}

function viewsAfter(ledger: Ledger, steps: PlanStage['steps']): PlanStage['after'] {
  const touched = new Set(steps.flatMap((step) => (step.kind === 'account' ? [step.account] : [])));
  return new Map([...touched].map((account) => [account, ledger.view(account, 'now')]));
}

/** Share of the debt that rounding may take from an account that a stage does not mean to weaken. */
const ROUNDING = new Decimal('1e-9');

/** The first account that ends below both its target and where it stood; null where none does. */
export function findWeakened(before: Ledger, after: Ledger, targetOf: (account: string) => number): string | null {
  const isWeakened = (account: string): boolean =>
    MOMENTS.some((moment) => {
      const [old, now] = [exposureAt(before, account, before.view(account, moment)), exposureAt(after, account, after.view(account, moment))];
      const reachesTarget = now.collateral.gte(now.debt.times(targetOf(account)));
      return !reachesTarget && now.collateral.times(old.debt).lt(old.collateral.times(now.debt).times(new Decimal(1).minus(ROUNDING)));
    });
  return after.ids().find(isWeakened) ?? null;
}
