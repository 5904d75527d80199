import type { Command } from 'commander';
import { type Config, isLive } from '../../config.ts';
import { InvalidArgument, isPlimsollError } from '../../core/errors.ts';
import { parseChain } from '../../core/ids.ts';
import { compareScans, hasChanged } from '../../service/scan/changes.ts';
import { type BookRequest, chooseBook, openScanChains } from '../../service/scan/choose.ts';
import { openColumnScreen } from '../../service/scan/columns.ts';
import { drillBook } from '../../service/scan/drill.ts';
import { openDrillWorld } from '../../service/scan/drill-world.ts';
import { changesToJson, drillToJson, scanToJson } from '../../service/scan/json.ts';
import { DEFAULT_SCAN, type ScanAnswer, type ScanRequest, scanBook } from '../../service/scan/scan-book.ts';
import { screenExactly } from '../../service/scan/screen.ts';
import { systemClock } from '../../sources/clock.ts';
import type { Console } from '../console.ts';
import { EXIT } from '../exit.ts';
import { plain } from '../render/format.ts';
import { renderChanges, renderDrill, renderScan } from '../render/scan-text.ts';
import { readAddress, readSeconds } from './flags.ts';

/** Whose wallets a drill tries where nothing else is said. */
const DEFAULT_DRILL = 'constructed-wallet';

/** About a block. */
const EVERY_SECONDS = '12';
/** From here on columns pay: a move is a second look. */
const MANY_ACCOUNTS = 20_000;

interface ScanFlags {
  readonly minProfit: string;
  readonly limit: string;
  readonly move?: string;
  readonly book?: string;
  readonly recorded?: string;
  readonly at?: string;
  readonly gasUsd?: string;
  readonly from?: string;
  readonly watch: boolean;
  readonly every?: string;
  readonly rounds?: string;
  readonly drill: boolean;
  readonly rpc?: string;
  readonly forkOf: string;
}

/** `plimsoll scan`: who is liquidatable, what that offers, who is near. */
export function addScanCommand(program: Command, config: () => Config, console: Console): void {
  program
    .command('scan')
    .description('a whole book: liquidatable accounts ranked by net profit, with calldata, and those that are near')
    .option('--min-profit <usd>', 'least net profit of an owner’s accounts together', String(DEFAULT_SCAN.minProfitUsd))
    .option('--limit <count>', 'how many owners and near accounts to list', String(DEFAULT_SCAN.limit))
    .option('--move <moves>', 'what a price move would add, as in ETH=-10%')
    .option('--book <file>', 'a book or Portfolio document to scan')
    .option('--recorded <name>', 'scan this recorded book or data set')
    .option('--at <time>', 'recorded data sets only: the moment to read, as in 2021-05-19T12:00:00Z')
    .option('--gas-usd <usd>', 'cost of one liquidation with its sale (by the gas price where an RPC endpoint is set, else assumed)')
    .option('--from <address>', 'who liquidates; some protocols write it into the call')
    .option('--watch', 'look again and again; changes only', false)
    .option('--every <seconds>', `with --watch: seconds between two looks (${EVERY_SECONDS})`)
    .option('--rounds <count>', 'with --watch: stop after so many looks')
    .option('--drill', 'pretend that accounts are liquidatable and try their liquidation on a local chain', false)
    .option('--rpc <url>', 'with --drill: the local chain, of id 31337 or 1337')
    .option('--fork-of <chain>', 'with --drill: which chain it is a copy of', '1')
    .action(async (flags: ScanFlags) => {
      const settings = config();
      if (flags.drill) return drill(flags, settings, console);
      if (flags.rpc !== undefined) throw new InvalidArgument('--rpc goes with --drill. Live endpoints are set by RPC_URL_<CHAIN>.');
      if (!flags.watch && (flags.every !== undefined || flags.rounds !== undefined)) throw new InvalidArgument('--every and --rounds go with --watch. Add it, or leave them out.');
      const [request, book] = [readRequest(flags), readBookRequest(flags)];
      await (flags.watch ? watch(book, request, { flags, settings, console }) : once(book, request, settings, console));
    });
}

async function once(book: BookRequest, request: ScanRequest, settings: Config, console: Console): Promise<void> {
  const answer = await look(book, request, settings, console);
  console.output(scanToJson(answer), () => renderScan(answer));
  console.exit(answer.gaps.length > 0 ? EXIT.incomplete : EXIT.ok);
}

async function watch(book: BookRequest, request: ScanRequest, { flags, settings, console }: { readonly flags: ScanFlags; readonly settings: Config; readonly console: Console }): Promise<void> {
  const pause = readSeconds('--every', flags.every ?? EVERY_SECONDS) * 1000;
  const rounds = flags.rounds === undefined ? Infinity : readCount('--rounds', flags.rounds);
  const ended = new AbortController();
  const end = (): void => ended.abort();
  process.once('SIGINT', end).once('SIGTERM', end);
  let last: ScanAnswer | null = null;
  for (let round = 0; round < rounds && !ended.signal.aborted; round += 1) {
    if (round > 0) await systemClock.sleep(pause, ended.signal);
    if (ended.signal.aborted) break;
    const answer = await look(book, request, settings, console).catch((error: unknown) => {
      // Once it has seen the book, a look that fails is not the end: the next one may not.
      if (last === null || !isPlimsollError(error) || error.kind === 'bug') throw error;
      console.progress(`This look failed: ${plain(error.message)}`);
      return null;
    });
    if (answer === null) continue;
    const changes = last === null ? null : compareScans(last, answer);
    if (changes === null) console.output(scanToJson(answer), () => renderScan(answer));
    else if (hasChanged(changes)) console.output(changesToJson(changes, answer), () => renderChanges(changes, answer));
    last = answer;
  }
  process.off('SIGINT', end).off('SIGTERM', end);
  console.exit(last !== null && last.gaps.length > 0 ? EXIT.incomplete : EXIT.ok);
}

async function drill(flags: ScanFlags, settings: Config, console: Console): Promise<void> {
  if (flags.rpc === undefined || !/^https?:\/\//.test(flags.rpc)) throw new InvalidArgument('--drill needs a local chain: --rpc http://127.0.0.1:8545.');
  if (flags.book !== undefined || flags.watch || flags.move !== undefined)
    throw new InvalidArgument('--drill tries the wallets of a recorded data set (--recorded) as they are; it takes no --book, --watch or --move.');
  const at = flags.at === undefined ? {} : { at: readMoment(flags.at) };
  const world = await openDrillWorld({ rpc: flags.rpc, forkOf: parseChain(flags.forkOf), recorded: flags.recorded ?? settings.recorded ?? DEFAULT_DRILL, ...at }, settings);
  try {
    const answer = await drillBook({ ...world, limit: readCount('--limit', flags.limit), progress: (line) => console.progress(line) });
    console.output(drillToJson(answer), () => renderDrill(answer));
    const isBroken = answer.results.some(({ outcome }) => outcome === 'failed' || outcome === 'differs');
    console.exit(isBroken ? EXIT.refused : answer.gaps.length > 0 ? EXIT.incomplete : EXIT.ok);
  } finally {
    await world.close();
  }
}

async function look(request: BookRequest, scan: ScanRequest, settings: Config, console: Console): Promise<ScanAnswer> {
  const source = await chooseBook(request, settings);
  console.progress(`Reading ${source.label}`);
  const book = await source.read();
  const chains = await openScanChains(settings, !isLive(settings) || request.recorded !== undefined);
  try {
    const screen = book.accounts.length > MANY_ACCOUNTS ? await openColumnScreen(book) : screenExactly;
    return await scanBook(book, scan, { chains: chains.chains, screen, progress: (line) => console.progress(line) });
  } finally {
    await chains.close();
  }
}

function readRequest(flags: ScanFlags): ScanRequest {
  return {
    minProfitUsd: readUsd('--min-profit', flags.minProfit),
    limit: readCount('--limit', flags.limit),
    move: flags.move ?? null,
    gasUsd: flags.gasUsd === undefined ? null : readUsd('--gas-usd', flags.gasUsd),
    liquidator: flags.from === undefined ? null : readAddress('--from', flags.from),
  };
}

function readBookRequest({ book, recorded, at }: ScanFlags): BookRequest {
  return { ...(book === undefined ? {} : { file: book }), ...(recorded === undefined ? {} : { recorded }), ...(at === undefined ? {} : { at: readMoment(at) }) };
}

function readMoment(text: string): number {
  const milliseconds = Date.parse(text);
  if (Number.isNaN(milliseconds)) throw new InvalidArgument(`--at "${text}" is not a time. Write it as 2021-05-19T12:00:00Z.`);
  return Math.floor(milliseconds / 1000);
}

function readUsd(flag: string, text: string): number {
  if (/^[0-9]{1,12}(?:\.[0-9]{1,18})?$/.test(text.trim())) return Number(text);
  throw new InvalidArgument(`${flag} "${text}" is not an amount of USD. Write it as in ${flag} 25.`);
}

function readCount(flag: string, text: string): number {
  if (/^[1-9][0-9]{0,5}$/.test(text.trim())) return Number(text);
  throw new InvalidArgument(`${flag} "${text}" is not a count. Write it as in ${flag} 50.`);
}
