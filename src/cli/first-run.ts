import { readConfig } from '../config.ts';
import { DEFAULT_PLAN } from '../service/plan-request.ts';
import { planWallet } from '../service/plan-wallet.ts';
import { listDatasets } from '../service/recorded-data.ts';
import { reportWallet } from '../service/wallet-report.ts';
import { demonstrateProof } from './demo-proof.ts';
import { renderPlan } from './render/plan-text.ts';
import { renderReport } from './render/report-text.ts';

/** The wallets of the first run: one constructed in four protocols, one real. */
const SHOWN = [
  { recorded: 'constructed-wallet', wallet: '0xc0ffee00000000000000000000000000c0ffee01' },
  { recorded: 'morpho-depeg', wallet: '0x1597e4b7cf6d2877a1d690b6088668afdb045763' },
] as const;

const write = (text: string): boolean => process.stdout.write(text);

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
