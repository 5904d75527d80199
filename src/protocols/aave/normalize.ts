import { isPlimsollError, PlimsollError } from '../../core/errors.ts';
import type { Address } from '../../core/ids.ts';
import type { Discrepancy, Gap } from '../../core/portfolio.ts';
import type { Precision } from '../../core/rule.ts';
import type { Deployment, Normalized, NormalizedAccount, NormalizeInput } from '../protocol.ts';
import { computeAccountData } from './account-data.ts';
import { CallAnswers } from './call-answers.ts';
import { isBorrowing, isUsingAsCollateral } from './configuration-bits.ts';
import { getAaveProfile } from './profile.ts';
import { type ChainPool, MAX_RESERVES, readChainHoldings, readChainPool } from './read-chain.ts';
import { readRowsHoldings, readRowsPool } from './read-rows.ts';
import { type PoolRows, readPoolRows } from './rows.ts';
import type { AaveHolding, AavePool, AavePosition } from './state.ts';
import { callKey } from './value.ts';

/** The fields of getUserAccountData that a rule must reproduce, by their place in its answer. */
const ACCOUNT_DATA_FIELDS = { totalCollateralBase: 0, totalDebtBase: 1, currentLiquidationThreshold: 3, healthFactor: 5 } as const;

/** Turns a pool's rows and calls into one market and an account per owner who has something there. */
export function normalizeAave(input: NormalizeInput): Normalized {
  const rows = readPoolRows(input.rows);
  if (input.calls === null) return normalizeRows(input, rows);
  const answers = new CallAnswers(input.calls, input.deployment.label);
  try {
    return normalizeChain(input, rows, answers);
  } catch (error) {
    if (!isPlimsollError(error)) throw error;
    return { markets: [], accounts: [], gaps: [gapOf(input.deployment, null, error)], discrepancies: [] };
  }
}

function normalizeChain(input: NormalizeInput, rows: PoolRows, answers: CallAnswers): Normalized {
  const { deployment, block } = input;
  const chain = readChainPool(deployment, rows, answers);
  const gaps: Gap[] = [];
  const discrepancies: Discrepancy[] = [];
  const accounts = input.owners.flatMap((owner): NormalizedAccount[] => {
    const id = accountId(deployment, owner);
    try {
      const unread = findUnreadReserves(deployment, owner, chain, answers);
      gaps.push(...unread);
      const holdings = readChainHoldings(owner, chain, answers);
      const discovered = readRowsHoldings(owner, rows, chain.assetsById);
      const isEmpty = holdings.length === 0;
      const position = { eMode: isEmpty ? 0 : Number(answers.findInteger(callKey.userEMode(owner)) ?? 0n), holdings: [...holdings] };
      gaps.push(...findMissed(deployment, owner, chain, { holdings, discovered }));
      discrepancies.push(...compareHoldings(deployment, owner, chain, { holdings, discovered }));
      // Of an account that looks empty the pool may know a debt that is not read here: it must not vanish.
      const mismatch = compareAccountData(deployment, owner, { chain, position, at: block.timestamp }, answers);
      if (mismatch !== null) gaps.push(mismatch);
      if (isEmpty) return [];
      // A pool that does not answer getUserAccountData raises no mismatch, so what was not read has to count by itself.
      const missing = [...unread, ...(mismatch === null ? [] : [mismatch])].map((found) => found.message);
      return [account(deployment, owner, position, missing.length === 0 ? 'exact' : 'estimate', missing)];
    } catch (error) {
      if (!isPlimsollError(error)) throw error;
      gaps.push(gapOf(deployment, id, error));
      return [];
    }
  });
  return { markets: accounts.length === 0 ? [] : [market(deployment, chain.rule, chain.pool)], accounts, gaps, discrepancies };
}

function normalizeRows(input: NormalizeInput, rows: PoolRows): Normalized {
  const { deployment, block } = input;
  const { pool, reservesList } = readRowsPool(deployment, rows);
  const missing = [
    'oracle prices at the block: the subgraph keeps the last one it saw, which freezes for many feeds',
    'index updates that the subgraph does not see',
    ...(rows.eModes === null && deployment.protocol === 'spark' ? ['e-mode: this subgraph does not tell it'] : []),
  ];
  const gaps: Gap[] = [];
  const accounts = input.owners.flatMap((owner): NormalizedAccount[] => {
    const holdings = readRowsHoldings(owner, rows, reservesList);
    if (holdings.length === 0) return [];
    const position = { eMode: rows.userEModes.get(owner) ?? 0, holdings: [...holdings] };
    try {
      if (holdings.some((holding) => holding.reserve < 0)) throw new PlimsollError('UNKNOWN_MARKET', `${deployment.label}: a holding names a reserve that was not listed.`);
      computeAccountData(getAaveProfile(deployment.assumedRule), pool, position, block.timestamp);
      return [account(deployment, owner, position, 'estimate', missing)];
    } catch (error) {
      if (!isPlimsollError(error)) throw error;
      gaps.push(gapOf(deployment, accountId(deployment, owner), error));
      return [];
    }
  });
  return { markets: accounts.length === 0 ? [] : [market(deployment, deployment.assumedRule, pool)], accounts, gaps, discrepancies: [] };
}

function accountId(deployment: Deployment, owner: Address): string {
  return `${deployment.id}/${owner}`;
}

function market(deployment: Deployment, rule: string, state: AavePool): Normalized['markets'][number] {
  return { id: deployment.id, market: deployment.market, label: deployment.label, rule, state };
}

function account(deployment: Deployment, owner: Address, position: AavePosition, precision: Precision, missing: readonly string[]): NormalizedAccount {
  return { id: accountId(deployment, owner), market: deployment.id, owner, position, precision, missing };
}

/** The chain's list has a reserve that discovery does not know, and the user's flags say that it is in use. */
function findUnreadReserves(deployment: Deployment, owner: Address, chain: ChainPool, answers: CallAnswers): Gap[] {
  const word = answers.struct(callKey.configuration(owner))[0];
  if (typeof word !== 'bigint') return [];
  const known = new Set(chain.pool.reserves.map((reserve) => reserve.id));
  const isUsed = (id: number): boolean => isBorrowing(word, id) || isUsingAsCollateral(word, id);
  const unread = Array.from({ length: MAX_RESERVES }, (_, id) => id).filter((id) => !known.has(id) && isUsed(id));
  return unread.map((id) =>
    gap('MISSED_ACCOUNT', deployment, accountId(deployment, owner), `${deployment.label}: the wallet uses the reserve ${chain.assetsById[id] ?? `number ${id}`}, which the subgraph does not list.`),
  );
}

interface TwoViews {
  readonly holdings: readonly AaveHolding[];
  readonly discovered: readonly AaveHolding[];
}

function findMissed(deployment: Deployment, owner: Address, chain: ChainPool, views: TwoViews): Gap[] {
  return views.holdings
    .filter((holding) => !views.discovered.some((row) => row.reserve === holding.reserve))
    .map((holding) =>
      gap(
        'MISSED_ACCOUNT',
        deployment,
        accountId(deployment, owner),
        `${deployment.label}: the chain shows ${symbolOf(chain, holding.reserve)} in this account, the subgraph did not list it. It is counted from the chain.`,
      ),
    );
}

function compareHoldings(deployment: Deployment, owner: Address, chain: ChainPool, views: TwoViews): Discrepancy[] {
  const id = accountId(deployment, owner);
  return views.discovered.flatMap((row) => {
    const holding = views.holdings.find((entry) => entry.reserve === row.reserve);
    return (['scaledSupply', 'scaledVariableDebt'] as const).flatMap((field): Discrepancy[] => {
      const onChain = holding?.[field] ?? 0n;
      if (row[field] === onChain) return [];
      return [
        {
          account: id,
          deployment: deployment.id,
          field: `${symbolOf(chain, row.reserve)} ${field}`,
          subgraph: row[field].toString(),
          chain: onChain.toString(),
          note: 'The chain is used. Differences of a few units are normal: the subgraph rebuilds scaled balances from events.',
        },
      ];
    });
  });
}

/** The pool's own figures against the rule's: a difference means that the rule does not model this pool. */
function compareAccountData(deployment: Deployment, owner: Address, state: { chain: ChainPool; position: AavePosition; at: bigint }, answers: CallAnswers): Gap | null {
  const result = answers.findTuple(callKey.account(owner));
  if (result === null) return null;
  const computed = computeAccountData(getAaveProfile(state.chain.rule), state.chain.pool, state.position, state.at);
  for (const [field, at] of Object.entries(ACCOUNT_DATA_FIELDS)) {
    const own = computed[field as keyof typeof ACCOUNT_DATA_FIELDS];
    if (result[at] !== own) {
      return gap(
        'UNSUPPORTED_STATE',
        deployment,
        accountId(deployment, owner),
        `${deployment.label}: the pool itself says ${field} ${String(result[at])}, the rule ${state.chain.rule} computes ${own}.`,
      );
    }
  }
  return null;
}

function symbolOf(chain: ChainPool, reserve: number): string {
  return chain.pool.reserves.find((entry) => entry.id === reserve)?.symbol ?? `reserve ${reserve}`;
}

function gap(code: Gap['code'], deployment: Deployment, accountOrNull: string | null, message: string): Gap {
  return { code, message, retryable: false, chain: deployment.chain, deployment: deployment.id, account: accountOrNull };
}

function gapOf(deployment: Deployment, accountOrNull: string | null, error: PlimsollError): Gap {
  return { ...gap(error.code, deployment, accountOrNull, error.message), retryable: error.retryable };
}
