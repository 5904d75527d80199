import { readFile } from 'node:fs/promises';
import type { Config } from '../../config.ts';
import { Decimal } from '../../core/decimal.ts';
import { InvalidFile } from '../../core/errors.ts';
import { type ChainId, parseWallet } from '../../core/ids.ts';
import { type Portfolio, parsePortfolio } from '../../core/portfolio.ts';
import { groupAssets } from '../../engine/asset-groups.ts';
import { type OpenedPortfolio, openPortfolio } from '../../engine/open-portfolio.ts';
import { type Bands, computeReport, type Report } from '../../engine/report.ts';
import { applyShock, parseShock, type ShockedWallet } from '../../engine/shock.ts';
import { DEFAULT_DUST_USD } from '../../engine/wallet.ts';
import { findRule } from '../../protocols/registry.ts';
import type { Surroundings } from '../../sources/clock.ts';
import { bandsOf } from './bands.ts';
import { chooseChains } from './choose-chains.ts';
import { MACHINE, openRuntime } from './open-runtime.ts';
import { readPortfolio } from './read-portfolio.ts';
import { isName, resolveOwners } from './resolve-owners.ts';

/** Whose accounts, and where from. */
export interface SubjectRequest {
  /** Addresses separated by commas, or the path of a Portfolio document. */
  readonly subject: string;
  readonly chains?: readonly ChainId[];
  /** Recorded data only: the moment, unix seconds. */
  readonly at?: number;
  readonly recorded?: string;
}

/** What a report is asked for. */
export interface WalletRequest extends SubjectRequest {
  /** As in `ETH=-20%,BTC=+5%`. */
  readonly shock?: string;
}

/** A report with the document it was computed from. */
export interface WalletAnswer {
  readonly portfolio: Portfolio;
  readonly report: Report;
  readonly shocked: ShockedWallet | null;
}

/**
 * Reads a wallet, or a saved Portfolio, and computes its report.
 *
 * @throws {PlimsollError} for a request that cannot be understood; what cannot be read becomes a gap of the report.
 */
export async function reportWallet(request: WalletRequest, config: Config): Promise<WalletAnswer> {
  return computeAnswer(await readSubject(request, config), { bands: bandsOf(config), shock: request.shock });
}

/** Reads a wallet's Portfolio from the sources, or loads a saved one. @throws {PlimsollError} for a request that cannot be understood. */
export function readSubject(request: SubjectRequest, config: Config): Promise<Portfolio> {
  return isDocument(request.subject) ? loadPortfolio(request.subject) : readWallet(request, config);
}

/** How a report is computed. */
export interface AnswerOptions {
  readonly bands: Bands;
  /** As in `ETH=-20%,BTC=+5%`. */
  readonly shock?: string | undefined;
}

/** Computes the report of a document, and its shocked form. */
export function computeAnswer(portfolio: Portfolio, { bands, shock }: AnswerOptions): WalletAnswer {
  const opened = openPortfolio(portfolio, findRule);
  const grouping = groupAssets(portfolio);
  return { portfolio, report: computeReport(opened, { ...grouping, bands }), shocked: shock === undefined ? null : shockOf(opened, shock, grouping.groups) };
}

/** What a document would become at moved prices, without its report. @param shock as in `ETH=-20%` @throws {PlimsollError} for a shock that cannot be read, or a document that cannot be opened */
export function computeShocked(portfolio: Portfolio, shock: string): ShockedWallet {
  return shockOf(openPortfolio(portfolio, findRule), shock, groupAssets(portfolio).groups);
}

function shockOf(opened: OpenedPortfolio, text: string, groups: ReturnType<typeof groupAssets>['groups']): ShockedWallet {
  return applyShock(opened, parseShock(text, opened, groups), new Decimal(DEFAULT_DUST_USD));
}

/**
 * Reads the Portfolio of addresses or names; never a file.
 *
 * @param surroundings clock, randomness and network; by default this machine's
 * @throws {PlimsollError} for a request that cannot be understood
 */
export async function readWallet(request: SubjectRequest, config: Config, surroundings: Surroundings = MACHINE): Promise<Portfolio> {
  const texts = request.subject.split(',');
  // Addresses choose the recorded data set; a name is looked up once the chains are open.
  const addresses = texts.filter((text) => !isName(text)).map(parseWallet);
  const runtime = await openRuntime(config, { owners: addresses, ...pick(request), ...chainsOf(texts, request.chains) }, surroundings);
  try {
    return await readPortfolio(await resolveOwners(texts, runtime.reader.chains), runtime.reader);
  } finally {
    await runtime.close();
  }
}

function pick(request: SubjectRequest): { at?: number; recorded?: string } {
  return {
    ...(request.at === undefined ? {} : { at: request.at }),
    ...(request.recorded === undefined ? {} : { recorded: request.recorded }),
  };
}

function chainsOf(texts: readonly string[], asked: readonly ChainId[] | undefined): { chains?: readonly ChainId[] } {
  const chains = chooseChains(texts, asked);
  return chains === undefined ? {} : { chains };
}

function isDocument(subject: string): boolean {
  return subject.endsWith('.json');
}

/** Loads a Portfolio document from a file. @throws {InvalidFile} @throws {InvalidPortfolio} */
export async function loadPortfolio(path: string): Promise<Portfolio> {
  let text: string;
  try {
    text = await readFile(path, 'utf8');
  } catch (cause) {
    throw new InvalidFile(`${path} cannot be read. Check the path.`, { file: path }, { cause });
  }
  return parsePortfolio(text);
}
