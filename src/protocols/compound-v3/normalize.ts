import { ERROR_TABLE, type ErrorCode, isPlimsollError } from '../../core/errors.ts';
import { type Address, tokenOf } from '../../core/ids.ts';
import type { Discrepancy, Gap } from '../../core/portfolio.ts';
import type { Normalized, NormalizedAccount, NormalizeInput } from '../protocol.ts';
import type { Answers } from './answers.ts';
import { readChainMarket, readChainPosition } from './from-chain.ts';
import { MISSING_WITHOUT_CHAIN, readSubgraphMarket, readSubgraphPosition, toFactor } from './from-subgraph.ts';
import { readRows } from './rows.ts';
import { compoundV3Rule } from './rule.ts';
import { COMPOUND_V3_RULE } from './rule-id.ts';
import type { CometMarket, CometPosition } from './state.ts';

/**
 * Turns one comet's rows and answers into at most one market and one account for each owner that has something there. Where there are answers they win, and
 * what the subgraph says otherwise is reported as a discrepancy; without them everything is an estimate.
 */
export function normalizeComet(input: NormalizeInput): Normalized {
  return input.calls === null ? normalizeRows(input) : normalizeAnswers(input, input.calls);
}

function normalizeAnswers(input: NormalizeInput, answers: Answers): Normalized {
  const { positions } = readRows(input.deployment, input.rows);
  const chainMarket = readChainMarket(input, answers);
  const held: Held[] = [];
  const gaps: Gap[] = [];
  const discrepancies: Discrepancy[] = [];
  for (const owner of input.owners) {
    const chain = readChainPosition(input, answers, owner, chainMarket);
    const row = positions?.find((entry) => entry.account.id === owner);
    if (chain.kind === 'failed') {
      gaps.push(gapOf(input, 'CALL_FAILED', `${input.deployment.label} did not answer ${chain.failed.join(', ')} for ${owner}.`, owner));
      continue;
    }
    const position = chain.kind === 'position' ? chain.position : null;
    if (row !== undefined) discrepancies.push(...comparePosition(input, owner, readSubgraphPosition(input.deployment.chain, row), position));
    if (position === null) continue;
    if (positions !== null && row === undefined) {
      gaps.push(gapOf(input, 'MISSED_ACCOUNT', `${input.deployment.label} shows an account of ${owner} on the chain that the subgraph did not list.`, owner));
    }
    held.push({ owner, position });
  }
  if (chainMarket.kind === 'failed') return { markets: [], accounts: [], gaps, discrepancies };
  const normalized = assemble(input, { market: chainMarket.market, held, precision: 'exact', missing: [] });
  if (normalized.accounts.length > 0) discrepancies.push(...compareFactors(input, chainMarket.market));
  return { ...normalized, gaps: [...gaps, ...normalized.gaps], discrepancies };
}

function normalizeRows(input: NormalizeInput): Normalized {
  const { deployment } = input;
  const { market: row, positions } = readRows(deployment, input.rows);
  if (positions === null) {
    const message = `${deployment.label} was not read: no subgraph answered for it and no chain endpoint is configured for ${deployment.chain}.`;
    return { markets: [], accounts: [], gaps: [gapOf(input, 'NOT_CONFIGURED', message, null)], discrepancies: [] };
  }
  const held = input.owners.flatMap((owner): Held[] => {
    const found = positions.find((entry) => entry.account.id === owner);
    const position = found === undefined ? null : readSubgraphPosition(deployment.chain, found);
    return position === null ? [] : [{ owner, position }];
  });
  if (held.length === 0) return { markets: [], accounts: [], gaps: [], discrepancies: [] };
  const market = row === null ? null : readSubgraphMarket(deployment, row);
  if (market === null) {
    const code = row === null ? 'UNKNOWN_MARKET' : 'MISSING_PRICE';
    const message = row === null ? 'the subgraph has no row of this market' : 'the subgraph cannot price it in USD; configure a chain endpoint';
    return { markets: [], accounts: [], gaps: held.map(({ owner }) => gapOf(input, code, `${deployment.label}: ${message}.`, owner)), discrepancies: [] };
  }
  return assemble(input, { market, held, precision: 'estimate', missing: MISSING_WITHOUT_CHAIN });
}

interface Held {
  readonly owner: Address;
  readonly position: CometPosition;
}

interface Assembly extends Pick<NormalizedAccount, 'precision' | 'missing'> {
  readonly market: CometMarket;
  readonly held: readonly Held[];
}

/** Keeps the accounts that the rule can value at the block's time; what it cannot is a gap with the rule's reason. */
function assemble(input: NormalizeInput, { market, held, precision, missing }: Assembly): Normalized {
  const { deployment, block } = input;
  const accounts: NormalizedAccount[] = [];
  const gaps: Gap[] = [];
  for (const { owner, position } of held) {
    try {
      const view = { market, position, at: block.timestamp };
      compoundV3Rule.health(view);
      compoundV3Rule.legs(view);
      accounts.push({ id: accountId(input, owner), market: deployment.id, owner, position, precision, missing });
    } catch (error) {
      if (!isPlimsollError(error)) throw error;
      gaps.push(gapOf(input, error.code, error.message, owner));
    }
  }
  const entry = { id: deployment.id, market: deployment.market, label: deployment.label, rule: COMPOUND_V3_RULE, state: market };
  return { markets: accounts.length === 0 ? [] : [entry], accounts, gaps, discrepancies: [] };
}

function comparePosition(input: NormalizeInput, owner: Address, subgraph: CometPosition | null, chain: CometPosition | null): Discrepancy[] {
  const note = 'The chain is used. Debt can move by base transfers that emit no event, and the subgraph may not have reached this block.';
  const differ = (field: string, listed: bigint, shown: bigint): Discrepancy[] =>
    listed === shown ? [] : [{ account: accountId(input, owner), deployment: input.deployment.id, field, subgraph: listed.toString(), chain: shown.toString(), note }];
  const balance = (position: CometPosition | null, asset: string): bigint => position?.collaterals.find((entry) => entry.asset === asset)?.balance ?? 0n;
  const assets = new Set([...(subgraph?.collaterals ?? []), ...(chain?.collaterals ?? [])].map((entry) => entry.asset));
  return [
    ...differ('basePrincipal', subgraph?.principal ?? 0n, chain?.principal ?? 0n),
    ...[...assets].flatMap((asset) => differ(`collateral ${asset}`, balance(subgraph, asset), balance(chain, asset))),
  ];
}

const FACTORS = ['borrowCollateralFactor', 'liquidateCollateralFactor', 'liquidationFactor'] as const;

function compareFactors(input: NormalizeInput, market: CometMarket): Discrepancy[] {
  const listed = readRows(input.deployment, input.rows).market?.configuration.collateralTokens ?? [];
  const note = 'The chain is used. The subgraph reads factors when the comet is upgraded.';
  return market.collaterals.flatMap((collateral) => {
    const row = listed.find((entry) => entry.token.id === tokenOf(collateral.asset));
    if (row === undefined) return [];
    return FACTORS.filter((field) => toFactor(row[field]) !== collateral[field]).map((field) => ({
      account: null,
      deployment: input.deployment.id,
      field: `${field} of ${collateral.symbol}`,
      subgraph: toFactor(row[field]).toString(),
      chain: collateral[field].toString(),
      note,
    }));
  });
}

function accountId(input: NormalizeInput, owner: Address): string {
  return `${input.deployment.id}/${owner}`;
}

function gapOf(input: NormalizeInput, code: ErrorCode, message: string, owner: Address | null): Gap {
  const { deployment } = input;
  const account = owner === null ? null : accountId(input, owner);
  return { code, message, retryable: ERROR_TABLE[code].retryable, chain: deployment.chain, deployment: deployment.id, account };
}
