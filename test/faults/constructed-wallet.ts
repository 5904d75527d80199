import { afterAll, expect } from 'vitest';
import { readConfig } from '../../src/config.ts';
import type { ErrorCode } from '../../src/core/errors.ts';
import type { Address, ChainId } from '../../src/core/ids.ts';
import { formatPortfolio, type Gap, type Portfolio, parsePortfolio } from '../../src/core/portfolio.ts';
import { openPortfolio } from '../../src/engine/open-portfolio.ts';
import { computeReport, type Report } from '../../src/engine/report.ts';
import { findRule } from '../../src/protocols/registry.ts';
import { openRuntime, type Runtime } from '../../src/service/portfolio/open-runtime.ts';
import { readPortfolio } from '../../src/service/portfolio/read-portfolio.ts';
import type { ReaderOptions } from '../../src/service/portfolio/reader-options.ts';
import { createFakeClock, type FakeClock } from '../fakes/fake-clock.ts';
import { createFakeNetwork, type FakeNetwork, type Script, type SeenRequest } from '../fakes/fake-network.ts';
import { copyRecorded, type Edits, type RecordedCopy } from './recorded-copy.ts';

/** The constructed wallet, and its deployments. */
export const WALLET: Address = '0xc0ffee00000000000000000000000000c0ffee01';
export const AAVE = 'aave-v3/1/core';
export const COMET = 'compound-v3/1/usdc';
export const MORPHO = 'morpho-blue/1';
export const GMX = 'gmx-v2/42161';
export const DEPLOYMENTS = [AAVE, COMET, MORPHO, GMX] as const;
export const ETHEREUM: ChainId = 'eip155:1';
export const ARBITRUM: ChainId = 'eip155:42161';

/** Files of the data set. */
export const FILES = {
  [AAVE]: 'aave-v3-1-core.json',
  [COMET]: 'compound-v3-1-usdc.json',
  [MORPHO]: 'morpho-blue-1.json',
  [GMX]: 'gmx-v2-42161.json',
  chain: 'chain-1.json',
  arbitrum: 'chain-42161.json',
} as const;

const runtimes: Runtime[] = [];
const copies: RecordedCopy[] = [];
afterAll(async () => {
  await Promise.all(runtimes.map((runtime) => runtime.close()));
  for (const copy of copies) copy.remove();
});

/** The constructed wallet's sources behind a fake clock and a fake network. */
export interface Scene {
  readonly reader: ReaderOptions;
  readonly network: FakeNetwork;
  readonly clock: FakeClock;
  /** A fault at one deployment's subgraph, beside which everything else goes on. */
  failSubgraph(deployment: string, script: Script): void;
  /** A fault at one chain's endpoint. */
  failChain(chain: ChainId, script: Script): void;
}

/** Opens the data set, changed by `edits` where they are given. */
export async function openScene(edits?: Edits): Promise<Scene> {
  const copy = edits === undefined ? null : copyRecorded('constructed-wallet', edits);
  if (copy !== null) copies.push(copy);
  const network = createFakeNetwork({ fetch: globalThis.fetch });
  const clock = createFakeClock({ auto: { isBusy: () => network.isBusy() } });
  const surroundings = { clock, random: () => 0.5, fetch: network.fetch };
  const runtime = await openRuntime(readConfig({}), { owners: [WALLET], recorded: copy?.folder ?? 'constructed-wallet' }, surroundings);
  runtimes.push(runtime);
  const { reader } = runtime;
  const urlOf = (id: string): string => {
    const deployment = reader.deployments.find((entry) => entry.id === id);
    return (deployment === undefined ? undefined : reader.endpointOf(deployment)?.url) ?? expect.fail(`${id} is not recorded`);
  };
  const failAt = (isThere: (request: SeenRequest) => boolean, { match, ...script }: Script): void =>
    network.fail({ ...script, match: (request) => isThere(request) && (match === undefined || match(request)) });
  return {
    reader,
    network,
    clock,
    failSubgraph: (deployment, script) => failAt((request) => request.url === urlOf(deployment), script),
    failChain: (chain, script) => failAt((request) => request.url.endsWith(`/rpc/${chain.slice('eip155:'.length)}`), script),
  };
}

/** A document, and the report that was computed from it. */
export interface Told {
  readonly portfolio: Portfolio;
  readonly report: Report;
}

/** Reads the wallet and computes its report, by way of the document's text. */
export async function tell({ reader }: Pick<Scene, 'reader'>): Promise<Told> {
  const portfolio = parsePortfolio(formatPortfolio(await readPortfolio([WALLET], reader)));
  return { portfolio, report: computeReport(openPortfolio(portfolio, findRule)) };
}

/** The deployments that have an account in the report. */
export function shownIn({ report }: Told): readonly string[] {
  return [...new Set(report.accounts.map(({ account }) => account.marketEntry.deployment))];
}

/** What is expected of a report with a fault in it. */
export interface ExpectedGap {
  readonly code: ErrorCode;
  /** The deployment that the gap names; null where it concerns a whole chain. */
  readonly deployment: string | null;
  /** What the message must say, the advice included. */
  readonly says: RegExp;
}

/** The report is incomplete, says why, and still shows every other deployment's accounts. Gives the gap. */
export function expectGap(told: Told, gap: ExpectedGap, lost: readonly string[]): Gap {
  expect(told.report.status).toBe('incomplete');
  const found = told.report.gaps.find((entry) => entry.code === gap.code && entry.deployment === gap.deployment);
  expect(found, JSON.stringify(told.report.gaps)).toBeDefined();
  expect(found?.message).toMatch(gap.says);
  expect(shownIn(told)).toEqual(expect.arrayContaining(DEPLOYMENTS.filter((id) => !lost.includes(id))));
  for (const id of lost) expect(shownIn(told)).not.toContain(id);
  if (gap.deployment !== null) expect(told.report.coverage.find((entry) => entry.deployment === gap.deployment)?.status).toBe('gap');
  return found ?? expect.fail();
}
