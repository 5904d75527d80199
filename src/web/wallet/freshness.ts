import type { Gap } from '../../core/portfolio.ts';
import type { Report } from '../../engine/report.ts';
import { duration, instant } from '../data/format.ts';
import type { WalletModel } from '../data/wallet-model.ts';

/** Seconds after which live data are stale where the service does not tell its own limit. */
export const DEFAULT_MAX_AGE = 600;

/** A wallet as it was read. */
export interface Reading {
  readonly model: WalletModel;
  /** When the answer came, Unix milliseconds. */
  readonly readAt: number;
  /** A file may be of any time; the service has just read what it gives. */
  readonly isFile: boolean;
}

/** When the oldest of the data are of, Unix seconds: one chain may be behind the others. */
export function dataTime({ asOf }: Pick<Report, 'asOf'>): number {
  return asOf.blocks.reduce((oldest, { timestamp }) => Math.min(oldest, timestamp), asOf.createdAt);
}

/**
 * How old the data are. For what the service read that is its age there and then, and the time since on this machine: a clock that is wrong here makes nothing old or new.
 *
 * @param now unix milliseconds
 * @returns seconds, at least 0
 */
export function ageOf({ model: { report }, readAt, isFile }: Reading, now: number): number {
  const ageThen = (isFile ? readAt / 1000 : report.asOf.createdAt) - dataTime(report);
  return Math.floor(Math.max(0, ageThen) + Math.max(0, now - readAt) / 1000);
}

/**
 * When live data are too old to be stood by.
 *
 * @param maxAge seconds
 * @returns unix milliseconds; null for recorded data, which are as old as they are meant to be
 */
export function staleTime(reading: Reading, maxAge: number): number | null {
  if (reading.model.report.recorded !== null) return null;
  return reading.readAt + (maxAge - ageOf(reading, reading.readAt)) * 1000;
}

/** The wallet as old data show it: judged as with a gap, so that nothing of it is called safe or is green. */
export function asStale(model: WalletModel): WalletModel {
  const { report } = model;
  const gap: Gap = { code: 'STALE_BLOCK', message: 'What is shown is old. Read it again.', retryable: true, chain: null, deployment: null, account: null };
  return { ...model, report: { ...report, status: 'incomplete', gaps: [...report.gaps, gap] } };
}

/**
 * Since when data are old, as a title: on the same day its time alone.
 *
 * @param at unix milliseconds
 */
export function staleWord(at: number, now: number): string {
  const [then, today] = [instant(at / 1000), instant(now / 1000)];
  return `Stale since ${then.slice(0, 10) === today.slice(0, 10) ? then.slice(11) : then}`;
}

/** What old data say, in one sentence. */
export function staleSentence(seconds: number): string {
  return `What is shown is ${duration(seconds)} old. Prices and positions have moved since, so this is no statement of safety: read it again.`;
}
