import { runApiBench } from './api/run.ts';
import { runPageBench } from './page/run.ts';
import { runPathBench } from './path/run.ts';
import { runProofBench } from './proof/run.ts';
import { writeProgress } from './report.ts';
import { runScanBench } from './scan/run.ts';
import { runWorkersBench } from './workers/run.ts';

/** `npm run -s bench -- <name> [flags]`: each bench reads its own flags. */
const BENCHES: Readonly<Record<string, (args: readonly string[]) => Promise<void>>> = {
  api: runApiBench,
  page: runPageBench,
  path: runPathBench,
  proof: runProofBench,
  scan: runScanBench,
  workers: runWorkersBench,
};

const [name = '', ...args] = process.argv.slice(2);
const bench = BENCHES[name];
if (bench === undefined) {
  writeProgress(`Usage: npm run -s bench -- <${Object.keys(BENCHES).join('|')}> [--json]`);
  process.exitCode = 2;
} else {
  await bench(args);
}
