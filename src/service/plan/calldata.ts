import { InvalidArgument, PlimsollError } from '../../core/errors.ts';
import type { Address, ChainId } from '../../core/ids.ts';
import type { ChainSource } from '../../core/source.ts';
import type { OpenedPortfolio } from '../../engine/open-portfolio.ts';
import { goalOf } from '../../path/plan/goals.ts';
import type { SelfPlan, SelfPlanMeans } from '../../path/plan/plan.ts';
import type { PlanTarget } from '../../path/solver/build-problem.ts';
import { uniswapV3Venue } from '../../path/transactions/uniswap-v3-venue.ts';
import { listDeployments, PROTOCOLS } from '../../protocols/registry.ts';
import { systemClock } from '../../sources/clock.ts';
import { requireOwnExecutor } from './check-executor.ts';
import type { PlanRoute } from './means.ts';
import type { PlanRequest } from './request.ts';
import { type PlanTransactions, prepareTransactions } from './transactions.ts';

/** Seconds that a wallet has to send what it is shown. */
const DEADLINE_SECONDS = 1_200n;

/** A plan and what it was made of. */
export interface EncodablePlan {
  readonly routes: readonly PlanRoute[];
  readonly target: PlanTarget;
  readonly opened: OpenedPortfolio;
  readonly plan: SelfPlan;
  readonly cash: SelfPlanMeans['cash'];
  readonly isDocument: boolean;
}

/** The plan as unsigned calls. @throws {PlimsollError} PLAN_REJECTED where the plan has gaps that were not accepted. */
export function encodePlan(request: PlanRequest, { opened, routes, target, plan, cash, isDocument }: EncodablePlan): PlanTransactions {
  if (plan.unseen.length > 0 && !request.acceptGaps) {
    const [first] = plan.unseen;
    throw new PlimsollError(
      'PLAN_REJECTED',
      `No calldata for a plan that could not see everything (${plan.unseen.length} gaps, the first: ${first?.message ?? ''}). Mend the gaps, or add --accept-gaps to sign in spite of them.`,
      { gaps: plan.unseen.length },
    );
  }
  const pools = new Map(routes.map((route) => [route.id, route.pool]));
  return prepareTransactions({
    opened,
    owner: onlyOwner(opened),
    protocols: PROTOCOLS,
    deployments: listDeployments(),
    trust: isDocument ? 'document' : 'as-read',
    targetOf: (account) => goalOf(target, account),
    stages: plan.stages,
    executorOf: () => request.executor,
    deadline: BigInt(Math.floor(systemClock.now() / 1000)) + DEADLINE_SECONDS,
    venues: [
      uniswapV3Venue((_, route) => {
        const pool = pools.get(route) ?? null;
        return pool === null ? null : { tokens: pool.tokens, fees: [pool.feePips] };
      }),
    ],
    cash: new Map(cash.map(({ asset, amount }) => [asset, amount])),
  });
}

/** Rights are granted to nobody else's contract. @throws {InvalidArgument} where the named executor is not the owner's own. */
export async function requireExecutors(
  { executor }: PlanRequest,
  { stages }: SelfPlan,
  { opened, chains }: { readonly opened: OpenedPortfolio; readonly chains: ReadonlyMap<ChainId, ChainSource> },
): Promise<void> {
  if (executor === null) return;
  const owner = onlyOwner(opened);
  for (const chain of new Set(stages.filter((stage) => stage.order === 'executor').map((stage) => stage.chain))) {
    const source = chains.get(chain);
    if (source !== undefined) await requireOwnExecutor(source, { executor, owner });
  }
}

/** @throws {InvalidArgument} for several owners: each signs for itself. */
export function onlyOwner({ portfolio }: OpenedPortfolio): Address {
  const [owner, ...others] = portfolio.owners as Address[];
  if (owner === undefined || others.length > 0) throw new InvalidArgument('Calldata is for one wallet: ask for one address at a time.');
  return owner;
}
