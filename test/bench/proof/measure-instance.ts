import { readFileSync, statSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { basename, join } from 'node:path';
import { getInstance } from '../../../src/proof/instances.ts';
import { loadKeys } from '../../../src/proof/keys/load-keys.ts';
import { parseManifest } from '../../../src/proof/keys/manifest.ts';
import { openSnarkjsBackend } from '../../../src/proof/node/snarkjs-backend.ts';
import type { ProveStage } from '../../../src/proof/prover/backend.ts';
import { openGroth16Verifier } from '../../../src/proof/prover/verify-groth16.ts';
import { quantile } from '../report.ts';
import { sampleInputs } from './sample.ts';

/** How the prover is run: as it is delivered, in one thread, or over ffjavascript's own curve module. */
export const VARIANTS = ['delivered', 'one-thread', 'plain-curve'] as const;
export type Variant = (typeof VARIANTS)[number];

const PROJECT = join(import.meta.dirname, '../../..');
const WARM_UP = 2;
const MB = 1e6;

/** One proof's time by stage, ms. */
interface Run {
  readonly witness: number;
  readonly prove: number;
  readonly cpu: number;
}

/** Measures a circuit in this process: started for it alone, so that the peak of memory is its own. Prints one JSON object of figures. */
async function measure(id: string, variant: Variant, runs: number): Promise<Readonly<Record<string, number>>> {
  const { id: instance } = getInstance(id);
  const file = (name: string): string => join(PROJECT, '.cache/circuits', instance, name);
  const manifest = parseManifest(JSON.parse(readFileSync(join(PROJECT, 'circuits/artifacts/manifest.json'), 'utf8')));
  const bytes = { wasm: readFileSync(file('circuit.wasm')), zkey: readFileSync(file('circuit.zkey')), vkey: readFileSync(file('vkey.json')) };
  const openedAt = performance.now();
  const keys = loadKeys({ manifest, instance, ...bytes, environment: { chainId: 31_337, production: false, allowDevelopment: true } });
  const openMs = performance.now() - openedAt;
  const backend = openSnarkjsBackend({
    threads: variant === 'one-thread' ? 1 : availableParallelism(),
    ...(variant === 'plain-curve' ? { script: new URL('./plain-curve-thread.ts', import.meta.url) } : {}),
  });
  const inputs = sampleInputs(instance);
  const measured: Run[] = [];
  const firstAt = performance.now();
  let last = await backend.prove({ keys, inputs });
  const firstMs = performance.now() - firstAt;
  for (let at = 1; at < WARM_UP + runs; at += 1) {
    const started = new Map<ProveStage, number>();
    const cpu = process.cpuUsage();
    last = await backend.prove({ keys, inputs, onProgress: ({ stage }) => started.set(stage, started.get(stage) ?? performance.now()) });
    const { user, system } = process.cpuUsage(cpu);
    const between = (from: ProveStage, to: ProveStage): number => (started.get(to) ?? Number.NaN) - (started.get(from) ?? Number.NaN);
    if (at >= WARM_UP) measured.push({ witness: between('witness', 'prove'), prove: between('prove', 'done'), cpu: (user + system) / 1_000 });
  }
  await backend.close();
  const peak = process.resourceUsage().maxRSS * 1_024;
  const verifies = openGroth16Verifier(keys.vkey);
  const verifyRuns = Array.from({ length: WARM_UP + runs }, () => {
    const at = performance.now();
    if (!verifies(last.proof, last.publicSignals)) throw new Error('The proof does not verify.');
    return performance.now() - at;
  }).slice(WARM_UP);
  const median = (values: readonly number[]): number => quantile(values, 0.5);
  return {
    constraints: keys.entry.constraints,
    witness_ms: median(measured.map(({ witness }) => witness)),
    prove_ms: median(measured.map(({ prove }) => prove)),
    prove_cpu_ms: median(measured.map(({ cpu }) => cpu)),
    first_ms: firstMs,
    verify_ms: median(verifyRuns),
    open_keys_ms: openMs,
    rss_mb: peak / MB,
    zkey_mb: statSync(file('circuit.zkey')).size / MB,
    wasm_mb: statSync(file('circuit.wasm')).size / MB,
    runs,
  };
}

if (basename(process.argv[1] ?? '') === basename(import.meta.filename)) {
  const [id = '', variant = '', runs = ''] = process.argv.slice(2);
  const found = VARIANTS.find((name) => name === variant);
  if (found === undefined) throw new Error(`No variant ${variant}.`);
  process.stdout.write(JSON.stringify(await measure(id, found, Number(runs))));
}
