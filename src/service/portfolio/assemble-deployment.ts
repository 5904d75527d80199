import { PlimsollError } from '../../core/errors.ts';
import type { ChainId } from '../../core/ids.ts';
import { encodeJson } from '../../core/json.ts';
import type { Discrepancy, Evidence, Gap, PortfolioAccount, PortfolioMarket } from '../../core/portfolio.ts';
import type { FindRule } from '../../core/rule.ts';
import type { BlockRef, ChainSource } from '../../core/source.ts';
import { encodeLegs } from '../../engine/open-portfolio.ts';
import type { Normalized, NormalizedAccount, NormalizedMarket } from '../../protocols/protocol.ts';
import { fitDiscrepancy, fitGap, gapOf } from './gaps.ts';
import type { Answered } from './read-chain.ts';
import { requireReadable } from './require-readable.ts';

/** A deployment's part of the Portfolio. */
export interface DeploymentPart {
  readonly markets: readonly PortfolioMarket[];
  readonly accounts: readonly PortfolioAccount[];
  readonly gaps: readonly Gap[];
  readonly discrepancies: readonly Discrepancy[];
}

/** What assembling needs beside the reading itself. */
export interface AssembleOptions {
  readonly owners: readonly `0x${string}`[];
  readonly findRule: FindRule;
  readonly chains: ReadonlyMap<ChainId, ChainSource>;
}

/** Normalizes one deployment's rows and answers, and values the legs with its rule; an account that cannot be valued becomes a gap. */
export function assembleDeployment(reading: Answered, options: AssembleOptions): DeploymentPart {
  const { deployment, protocol, block, rows, calls } = reading;
  let normalized: Normalized;
  try {
    normalized = protocol.normalize({ deployment, owners: options.owners, block, rows, calls });
  } catch (error) {
    return { markets: [], accounts: [], gaps: [gapOf(error, { chain: deployment.chain, deployment: deployment.id })], discrepancies: [] };
  }
  const gaps: Gap[] = [...normalized.gaps];
  const accounts = normalized.accounts.flatMap((entry) => {
    try {
      const account = encodeAccount(entry, normalized.markets, reading, options);
      const markets = normalized.markets.filter((market) => market.id === entry.market).map((market) => encodeMarket(market, reading));
      requireReadable(deployment.label, { owners: [entry.owner], markets, accounts: [account] }, options.findRule);
      return [account];
    } catch (error) {
      gaps.push(gapOf(error, { chain: deployment.chain, deployment: deployment.id, account: entry.id }));
      return [];
    }
  });
  const used = new Set(accounts.map((account) => account.market));
  const markets = normalized.markets.filter((market) => used.has(market.id)).map((market) => encodeMarket(market, reading));
  return { markets, accounts, gaps: gaps.map(fitGap), discrepancies: normalized.discrepancies.map(fitDiscrepancy) };
}

function encodeMarket(market: NormalizedMarket, reading: Answered): PortfolioMarket {
  const { deployment } = reading;
  return {
    id: market.id,
    chain: deployment.chain,
    deployment: deployment.id,
    protocol: deployment.protocol,
    market: market.market,
    label: market.label,
    rule: market.rule,
    state: encodeJson(market.state) as PortfolioMarket['state'],
  };
}

function encodeAccount(entry: NormalizedAccount, markets: readonly NormalizedMarket[], reading: Answered, options: AssembleOptions): PortfolioAccount {
  const market = markets.find((candidate) => candidate.id === entry.market);
  const rule = market === undefined ? undefined : options.findRule(market.rule);
  if (market === undefined || rule === undefined) {
    throw new PlimsollError('UNKNOWN_RULE', `${reading.deployment.label}: this release has no rule for the market of ${entry.id}.`);
  }
  const at = reading.block.timestamp;
  return {
    id: entry.id,
    market: entry.market,
    owner: entry.owner,
    at: Number(at),
    position: encodeJson(entry.position) as PortfolioAccount['position'],
    legs: encodeLegs(rule.legs({ market: market.state, position: entry.position, at })),
    precision: entry.precision,
    missing: [...entry.missing],
    evidence: evidenceOf(reading, options.chains.get(reading.deployment.chain) ?? null),
  };
}

/** Where and at which block each part was read; an indexer that cannot be pinned leaves its heads before and after. */
function evidenceOf(reading: Answered, source: ChainSource | null): Evidence[] {
  const { endpoint, block, head, headAfter } = reading;
  const entry = (kind: Evidence['source'], label: string, at: BlockRef): Evidence => ({ source: kind, label, block: at.number.toString(), timestamp: Number(at.timestamp) });
  const evidence: Evidence[] = [];
  if (endpoint !== null && head !== null) {
    if (endpoint.dialect === 'graph-node') evidence.push(entry('subgraph', endpoint.label, block));
    else evidence.push(entry('indexer', `${endpoint.label}, head before`, head.block));
    if (headAfter !== null) evidence.push(entry('indexer', `${endpoint.label}, head after`, headAfter.block));
  }
  if (reading.calls !== null && source !== null) evidence.push(entry('chain', source.label, block));
  return evidence;
}
