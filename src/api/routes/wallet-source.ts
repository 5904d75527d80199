import { type Config, isLive } from '../../config.ts';
import { InvalidArgument } from '../../core/errors.ts';
import { type ChainId, parseChain } from '../../core/ids.ts';
import { formatPortfolio, type Portfolio } from '../../core/portfolio.ts';
import { reportToJson } from '../../engine/report-json.ts';
import { bandsOf } from '../../service/portfolio/bands.ts';
import { MACHINE } from '../../service/portfolio/open-runtime.ts';
import { isName, normalizeName } from '../../service/portfolio/resolve-owners.ts';
import { computeAnswer, readWallet } from '../../service/portfolio/wallet-report.ts';
import { type Cache, createCache, type Kept } from '../http/cache.ts';
import { abortable } from '../http/deadline.ts';
import { type Prepared, prepare } from '../http/prepared.ts';
import type { WorkGate } from '../http/work-gate.ts';

/** A wallet that was read, with its answers written. */
export interface ReadWallet {
  readonly portfolio: Portfolio;
  readonly report: Prepared;
  /** Written when it is asked for. */
  readonly document: () => Prepared;
}

/** What is asked of a wallet's address. */
export interface WalletQuery {
  readonly chain?: string | undefined;
  readonly at?: string | undefined;
  readonly recorded?: string | undefined;
}

/** How long a report stands, and how many are kept. */
export interface WalletSourceOptions {
  readonly config: Config;
  readonly gate: WorkGate;
  readonly now: () => number;
  /** Milliseconds that a live report may be given again: about a block. */
  readonly liveMs: number;
  readonly most: number;
}

/** Recordings do not change. */
const RECORDED_MS = 3_600_000;
/** What could not be read is asked for again soon, but not by everybody at once. */
const INCOMPLETE_MS = 2_000;

/** Opens the reports of wallets: each is made once however many ask, and kept for about a block. */
export function openWalletSource({ config, gate, now, liveMs, most }: WalletSourceOptions): Cache<ReadWallet> {
  return createCache<ReadWallet>({
    most,
    now,
    load: (key, signal) => gate.run(() => load(key, config, liveMs, signal), signal),
  });
}

/**
 * Names a request by everything that its answer depends on.
 *
 * @throws {PlimsollError} INVALID_CHAIN, INVALID_WALLET for a name that ENS does not accept, and INVALID_ARGUMENT for a moment of live data
 */
export function keyOf(wallet: string, { chain, at, recorded }: WalletQuery, config: Config): string {
  const isRecorded = !isLive(config) || recorded !== undefined;
  if (at !== undefined && !isRecorded) throw new InvalidArgument('The parameter at reads recorded data only. Add recorded, or leave it out.', { in: 'query', path: 'at' });
  const chains = chain === undefined ? null : [...new Set(chain.split(',').map(parseChain))].toSorted();
  const subject = wallet
    .split(',')
    .map((entry) => (isName(entry) ? normalizeName(entry) : entry.toLowerCase()))
    .join(',');
  return JSON.stringify([subject, chains, at === undefined ? null : readMoment(at), recorded ?? null]);
}

function readMoment(text: string): number {
  const milliseconds = Date.parse(text);
  if (Number.isNaN(milliseconds)) throw new InvalidArgument('The parameter at is not a time. Write it as 2021-05-19T12:00:00Z.', { in: 'query', path: 'at' });
  return Math.floor(milliseconds / 1000);
}

async function load(key: string, config: Config, liveMs: number, signal: AbortSignal): Promise<Kept<ReadWallet>> {
  const [subject, chains, at, recorded] = JSON.parse(key) as [string, ChainId[] | null, number | null, string | null];
  const request = { subject, ...(chains === null ? {} : { chains }), ...(at === null ? {} : { at }), ...(recorded === null ? {} : { recorded }) };
  const portfolio = await readWallet(request, config, abortable(MACHINE, signal));
  const report = prepare(reportToJson(computeAnswer(portfolio, { bands: bandsOf(config) }).report));
  let document: Prepared | null = null;
  const forMs = portfolio.recorded !== null ? RECORDED_MS : portfolio.gaps.length > 0 ? INCOMPLETE_MS : liveMs;
  return { value: { portfolio, report, document: () => (document ??= prepare(JSON.parse(formatPortfolio(portfolio)))) }, forMs };
}
