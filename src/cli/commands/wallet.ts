import { writeFile } from 'node:fs/promises';
import type { Command } from 'commander';
import { type Config, isLive } from '../../config.ts';
import { InvalidArgument, InvalidFile } from '../../core/errors.ts';
import { parseChain } from '../../core/ids.ts';
import type { Json } from '../../core/json.ts';
import { formatPortfolio, type Portfolio } from '../../core/portfolio.ts';
import { reportToJson, shockToJson } from '../../engine/report-json.ts';
import { reportWallet, type WalletAnswer, type WalletRequest } from '../../service/portfolio/wallet-report.ts';
import type { Console } from '../console.ts';
import { EXIT } from '../exit.ts';
import { renderReport } from '../render/report-text.ts';

interface WalletFlags {
  readonly chain?: string[];
  readonly save?: string;
  readonly shock?: string;
  readonly at?: string;
  readonly recorded?: string;
}

/** `plimsoll wallet`: the unified risk report. */
export function addWalletCommand(program: Command, config: () => Config, console: Console): void {
  program
    .command('wallet')
    .description('the unified risk report of one or several addresses, or of a saved Portfolio')
    .argument('<wallet>', 'address, addresses separated by commas, or portfolio.json')
    .option('--chain <chain...>', 'only these chains (CAIP-2 or number)')
    .option('--save <file>', 'write the Portfolio document')
    .option('--shock <moves>', 'what if, as in ETH=-20%,BTC=+5%')
    .option('--at <time>', 'recorded data only: the moment to read, as in 2021-05-19T12:00:00Z')
    .option('--recorded <name>', 'read this recorded data set')
    .action(async (subject: string, flags: WalletFlags) => {
      const settings = config();
      const request: WalletRequest = { subject, ...parseFlags(flags, settings) };
      const sources = isLive(settings) && flags.recorded === undefined ? 'configured sources' : 'recorded data';
      console.progress(subject.endsWith('.json') ? `Opening ${subject}` : `Reading ${subject.split(',').length} wallet(s) from ${sources}`);
      const answer = await reportWallet(request, settings);
      if (flags.save !== undefined) await save(flags.save, answer.portfolio, console);
      console.output(answerToJson(answer), () => renderReport(answer.report, answer.shocked));
      console.exit(exitCodeOf(answer));
    });
}

function parseFlags(flags: WalletFlags, config: Config): Omit<WalletRequest, 'subject'> {
  return {
    ...(flags.chain === undefined ? {} : { chains: flags.chain.flatMap((entry) => entry.split(',')).map(parseChain) }),
    ...(flags.shock === undefined ? {} : { shock: flags.shock }),
    ...(flags.recorded === undefined ? {} : { recorded: flags.recorded }),
    ...(flags.at === undefined ? {} : { at: parseMoment(flags, config) }),
  };
}

function parseMoment(flags: WalletFlags, config: Config): number {
  if (isLive(config) && flags.recorded === undefined) throw new InvalidArgument('--at reads recorded data only. Add --recorded <name>, or leave it out.');
  const milliseconds = Date.parse(flags.at ?? '');
  if (Number.isNaN(milliseconds)) throw new InvalidArgument(`--at "${flags.at}" is not a time. Write it as 2021-05-19T12:00:00Z.`);
  return Math.floor(milliseconds / 1000);
}

async function save(path: string, portfolio: Portfolio, console: Console): Promise<void> {
  try {
    await writeFile(path, formatPortfolio(portfolio));
  } catch (cause) {
    throw new InvalidFile(`${path} cannot be written. Check the folder and its permissions.`, { file: path }, { cause });
  }
  console.progress(`Saved ${path}`);
}

function answerToJson(answer: WalletAnswer): Json {
  const report = reportToJson(answer.report);
  if (answer.shocked === null || report === null || typeof report !== 'object' || Array.isArray(report)) return report;
  return { ...report, shocked: shockToJson(answer.shocked) };
}

/** Incomplete is 3; where not one source answered, 4. */
function exitCodeOf(answer: WalletAnswer): number {
  if (answer.report.status !== 'incomplete') return EXIT.ok;
  const { coverage, gaps } = answer.portfolio;
  const nothingRead = coverage.every((entry) => entry.status === 'gap') && answer.portfolio.accounts.length === 0;
  const unreachable = gaps.length > 0 && gaps.every((gap) => gap.code === 'SOURCE_UNREACHABLE' || gap.code === 'SOURCE_TIMEOUT' || gap.code === 'SOURCE_RATE_LIMITED' || gap.code === 'NOT_CONFIGURED');
  return nothingRead && unreachable ? EXIT.unreachable : EXIT.incomplete;
}
