import { readConfig } from '../config.ts';
import { isPlimsollError } from '../core/errors.ts';
import { planWallet } from '../service/plan/plan-wallet.ts';
import { DEFAULT_PLAN } from '../service/plan/request.ts';
import { listDatasets } from '../service/portfolio/recorded-data.ts';
import { reportWallet } from '../service/portfolio/wallet-report.ts';
import { linesOf } from './commands/serve.ts';
import { demonstrateProof } from './demo-proof.ts';
import { ensurePage } from './ensure-page.ts';
import { EXIT } from './exit.ts';
import { renderPlan } from './render/plan-text.ts';
import { renderReport } from './render/report-text.ts';
import { type Serving, startServing, untilSignal } from './start-serving.ts';

/** The wallets of the first run: one constructed in four protocols, one real. */
const SHOWN = [
  { recorded: 'constructed-wallet', wallet: '0xc0ffee00000000000000000000000000c0ffee01' },
  { recorded: 'morpho-depeg', wallet: '0x1597e4b7cf6d2877a1d690b6088668afdb045763' },
] as const;
/** Where the service is looked for; the ports behind it are tried where this one is taken. */
const FIRST_PORT = 8_080;
const PORTS_TRIED = 20;
/** Ends the run after what is printed. */
const PRINT_ONLY = '--print';

/** Anything else would be passed over in silence. */
const unknown = process.argv.slice(2).filter((argument) => argument !== PRINT_ONLY);

const write = (text: string): boolean => process.stdout.write(text);

if (unknown.length > 0) {
  process.stderr.write(`plimsoll: the first run takes no ${unknown.join(' ')}. To choose a port or an address: npm run -s plimsoll -- serve --port 9000\n`);
  process.exit(EXIT.usage);
}
write('Plimsoll reads recorded data: no key, no network, no database.\n');
for (const { recorded, wallet } of SHOWN) {
  const { report } = await reportWallet({ subject: wallet, recorded }, readConfig({}));
  write(`\n${'═'.repeat(100)}\n${renderReport(report, null)}`);
}
const [planned, proved] = SHOWN;
write(`\n${'═'.repeat(100)}\nA plan for the first of them: npm run -s plimsoll -- plan ${planned.wallet} --target 1.5\n\n`);
write(renderPlan(await planWallet({ ...DEFAULT_PLAN, subject: planned.wallet, recorded: planned.recorded, target: 1.5 }, readConfig({}))));
write(`\n${'═'.repeat(100)}\nA proof that the second is in breach, which shows nothing else: plimsoll attest, prove, verify (README)\n\n`);
write(await demonstrateProof(proved, readConfig({})));
const wallets = (await listDatasets()).flatMap((dataset) => dataset.wallets.slice(0, 1).map((wallet) => `  npm run -s plimsoll -- wallet ${wallet.address}   ${dataset.title}`));
write(`\n${'═'.repeat(100)}\nOther recorded wallets:\n${wallets.join('\n')}\n\nLive data: set GRAPH_API_KEY and RPC_URL_1; "npm run -s plimsoll -- doctor" says what each adds.\n`);
if (!process.argv.includes(PRINT_ONLY)) await serve();

async function serve(): Promise<void> {
  const progress = (line: string): boolean => write(`${line}\n`);
  write(`\n${'═'.repeat(100)}\n`);
  await ensurePage(progress);
  const stopped = untilSignal();
  const serving = await startAtFreePort(progress);
  const { origin, port } = serving.service;
  if (port !== FIRST_PORT) write(`Port ${FIRST_PORT} is taken: port ${port} instead.\n`);
  write(`${linesOf(origin, false, serving.roles).join('\n')}\n`);
  await stopped;
  write('Stopping.\n');
  await serving.stop();
}

/** Over recorded data whatever is configured, and with nothing in the log but defects. */
async function startAtFreePort(progress: (line: string) => void): Promise<Serving> {
  const config = readConfig({ PLIMSOLL_LOG: 'error' });
  for (let port = FIRST_PORT; ; port += 1) {
    try {
      return await startServing({ config, host: '127.0.0.1', port, roles: [], progress, log: { write: (line) => process.stderr.write(line) } });
    } catch (error) {
      if (!isPlimsollError(error, 'INVALID_ARGUMENT') || error.fields['reason'] !== 'EADDRINUSE' || port >= FIRST_PORT + PORTS_TRIED) throw error;
    }
  }
}
