import type { Command } from 'commander';
import type { Config } from '../../config.ts';
import { ERROR_TABLE, InvalidArgument } from '../../core/errors.ts';
import { parseChain } from '../../core/ids.ts';
import { encodeJson } from '../../core/json.ts';
import { runSync, type SyncRequest } from '../../service/sync/run-sync.ts';
import type { SyncEvent, SyncResult } from '../../service/sync/sync-options.ts';
import type { Console } from '../console.ts';
import { EXIT } from '../exit.ts';
import { plain } from '../render/format.ts';
import { renderSync, syncLine } from '../render/sync-text.ts';
import { readSeconds } from './flags.ts';

interface SyncFlags {
  readonly chain?: string[];
  readonly deployment?: string[];
  readonly full?: boolean;
  readonly once?: boolean;
  readonly every?: string;
}

/** Seconds between two rounds where nothing else is said: a block of Ethereum. */
const EVERY = '12';
/** Milliseconds between two lines about the pages of one deployment. */
const LINE_MS = 1_000;

/** `plimsoll sync`: mirror all borrowers into the database, and keep up. */
export function addSyncCommand(program: Command, config: () => Config, console: Console): void {
  program
    .command('sync')
    .description('mirror every borrower into the database (DATABASE_URL or the embedded one), and keep up')
    .option('--chain <chain...>', 'only these chains (CAIP-2 or number)')
    .option('--deployment <id...>', 'only these deployments, as in aave-v3/1/core')
    .option('--full', 'compare everything, not only what changed')
    .option('--once', 'one round, then end')
    .option('--every <seconds>', `seconds between two rounds (default: ${EVERY})`)
    .action(async (flags: SyncFlags) => {
      if (flags.once === true && flags.every !== undefined) throw new InvalidArgument('--once makes one round, so that --every has no effect. Give one of them.');
      const stop = new AbortController();
      const end = (): void => {
        console.progress('Stopping after the page that is being read');
        stop.abort();
      };
      process.once('SIGINT', end).once('SIGTERM', end);
      try {
        const results = await runSync(config(), requestOf(flags, console, stop.signal));
        console.output(encodeJson(results), () => renderSync(results));
        if (flags.once === true) for (const line of listUnfinished(results)) console.progress(line);
        console.exit(exitCodeOf(results, flags.once === true));
      } finally {
        process.off('SIGINT', end).off('SIGTERM', end);
      }
    });
}

function requestOf(flags: SyncFlags, console: Console, signal: AbortSignal): SyncRequest {
  const once = flags.once === true;
  return {
    ...(flags.chain === undefined ? {} : { chains: flags.chain.flatMap((entry) => entry.split(',')).map(parseChain) }),
    ...(flags.deployment === undefined ? {} : { deployments: flags.deployment.flatMap((entry) => entry.split(',')) }),
    full: flags.full === true,
    everyMs: once ? null : readSeconds('--every', flags.every ?? EVERY) * 1_000,
    notify: createTeller(console),
    finished: (results) => {
      if (!once) console.progress(plainLines(renderSync(results)));
    },
    priceFailed: ({ code, message }) => console.progress(`Market prices: ${code}: ${message}`),
    signal,
  };
}

/** Tells of every event, but of pages no more often than one can read. */
function createTeller(console: Console): (event: SyncEvent) => void {
  const told = new Map<string, number>();
  return (event) => {
    const now = Date.now();
    const isFrequent = event.kind === 'page' || event.kind === 'accounts' || event.kind === 'near';
    if (isFrequent && now - (told.get(event.deployment) ?? 0) < LINE_MS) return;
    if (isFrequent) told.set(event.deployment, now);
    console.progress(plain(syncLine(event)));
  };
}

function plainLines(text: string): string {
  return text.trimEnd().split('\n').map(plain).join('\n');
}

/** Why a deployment is not at its newest block though nothing failed. */
const UNFINISHED: Partial<Record<SyncResult['status'], string>> = {
  busy: 'another process is synchronising it; this one did nothing there',
  behind: 'its source is older than what is stored, which stays as it is',
  stopped: 'it was told to stop in the middle; the next round goes on from there',
};

function listUnfinished(results: readonly SyncResult[]): readonly string[] {
  return results.flatMap(({ deployment, status }) => (UNFINISHED[status] === undefined ? [] : [`${deployment.padEnd(22)} is not up to date: ${UNFINISHED[status]}`]));
}

/** The worst of what happened: nothing could be reached, something is missing, or all is well. A round that has to bring everything up to date is not well before it did. */
function exitCodeOf(results: readonly SyncResult[], isOnce: boolean): number {
  const gaps = results.flatMap((result) => result.gaps);
  if (gaps.length === 0) return isOnce && listUnfinished(results).length > 0 ? EXIT.incomplete : EXIT.ok;
  const isUnreachable = results.every((result) => result.status === 'failed') && gaps.every((gap) => ERROR_TABLE[gap.code].exitCode === EXIT.unreachable);
  return isUnreachable ? EXIT.unreachable : EXIT.incomplete;
}
