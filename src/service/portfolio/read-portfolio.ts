import type { Address, AssetId } from '../../core/ids.ts';
import { type Coverage, type Gap, PORTFOLIO_SCHEMA, type Portfolio, type PortfolioBlock, type PortfolioPrice } from '../../core/portfolio.ts';
import type { BlockRef } from '../../core/source.ts';
import type { Deployment } from '../../protocols/protocol.ts';
import { type AssembleOptions, assembleDeployment } from './assemble-deployment.ts';
import { type Answered, readChain } from './read-chain.ts';
import type { ReaderOptions } from './reader-options.ts';

/**
 * Reads the owners' accounts from every deployment, in three rounds of requests however many there are. What fails becomes a gap; the rest goes on.
 *
 * @param owners lower-case addresses of one person
 */
export async function readPortfolio(owners: readonly Address[], options: ReaderOptions): Promise<Portfolio> {
  const assembling: AssembleOptions = { owners, findRule: options.findRule, chains: options.chains };
  const findAssets = (reading: Answered): readonly AssetId[] =>
    reading.protocol.listAssets?.(reading.deployment, reading.rows) ??
    assembleDeployment({ ...reading, calls: null }, assembling).accounts.flatMap((account) => account.legs.map((leg) => leg.asset as AssetId));
  const byChain = Map.groupBy(options.deployments, (deployment) => deployment.chain);
  const chains = await Promise.all([...byChain].map(([chain, deployments]) => readChain(chain, deployments, owners, options, findAssets)));

  const answered = chains.flatMap((chain) => chain.answered);
  const failed = chains.flatMap((chain) => chain.failed);
  const parts = answered.map((reading) => assembleDeployment(reading, assembling));
  const gaps = [...unknownOwners(owners, options), ...failed.map((failure) => failure.gap), ...chains.flatMap((chain) => chain.gaps), ...parts.flatMap((part) => part.gaps)];
  return {
    schema: PORTFOLIO_SCHEMA,
    owners: [...owners],
    createdAt: options.now(),
    recorded: options.recorded,
    asOf: blocksOf(answered.map((reading) => reading.block)),
    prices: uniquePrices(chains.flatMap((chain) => chain.prices)),
    coverage: [
      ...answered.map((reading, at) => coverageOf(reading.deployment, parts[at]?.markets[0]?.rule ?? null, hasGap(gaps, reading.deployment))),
      ...failed.map(({ deployment }) => coverageOf(deployment, null, true)),
    ].toSorted((a, b) => a.deployment.localeCompare(b.deployment)),
    markets: parts.flatMap((part) => part.markets),
    accounts: parts.flatMap((part) => part.accounts),
    gaps,
    discrepancies: parts.flatMap((part) => part.discrepancies),
  };
}

/** A recording is about its own wallets: that it shows nothing of another one says nothing. */
function unknownOwners(owners: readonly Address[], { recordedOwners, recorded }: ReaderOptions): readonly Gap[] {
  const unknown = recordedOwners === undefined ? [] : owners.filter((owner) => !recordedOwners.has(owner));
  return unknown.map((owner) => ({
    code: 'NOT_CONFIGURED',
    message: `The recorded data (${recorded}) know nothing of ${owner}. Configure live endpoints to read it.`,
    retryable: false,
    chain: null,
    deployment: null,
    account: null,
  }));
}

function coverageOf(deployment: Deployment, rule: string | null, isGap: boolean): Coverage {
  return { deployment: deployment.id, chain: deployment.chain, protocol: deployment.protocol, market: deployment.market, rule, status: isGap ? 'gap' : 'read' };
}

function hasGap(gaps: readonly Gap[], deployment: Deployment): boolean {
  return gaps.some((gap) => gap.deployment === deployment.id);
}

function blocksOf(blocks: readonly BlockRef[]): PortfolioBlock[] {
  const unique = new Map(blocks.map((block) => [`${block.chain} ${block.number}`, block]));
  return [...unique.values()]
    .map((block) => ({ chain: block.chain, number: block.number.toString(), hash: block.hash, timestamp: Number(block.timestamp) }))
    .toSorted((a, b) => a.chain.localeCompare(b.chain) || Number(BigInt(a.number) - BigInt(b.number)));
}

function uniquePrices(prices: readonly PortfolioPrice[]): PortfolioPrice[] {
  return [...new Map(prices.map((price) => [price.asset, price])).values()];
}
