import { execFile } from 'node:child_process';
import { parseArgs, promisify } from 'node:util';
import * as z from 'zod';
import { buildCircuit } from '../../../circuits/build-circuit.ts';
import { INSTANCES, type InstanceId } from '../../../src/proof/instances.ts';
import { type BenchCase, type BenchReport, describeMachine, figure, formatTable, write, writeProgress } from '../report.ts';
import { VARIANTS, type Variant } from './measure-instance.ts';

/** Warm proofs of a full run, of which the median is told. */
const RUNS = 9;
const USAGE = `npm run -s bench -- proof [--json] [--instance M-attested]… [--runs ${RUNS}] [--variant delivered]… [--no-gas]`;
const SCRIPT = new URL('./measure-instance.ts', import.meta.url).pathname;
const figures = z.record(z.string(), z.number());
const execute = promisify(execFile);

/** Measures each circuit in a process of its own: constraints, witness, proof, verification, memory, key size, gas. */
export async function runProofBench(args: readonly string[]): Promise<void> {
  const { values } = parseArgs({
    args: [...args],
    allowNegative: true,
    options: {
      json: { type: 'boolean', default: false },
      instance: { type: 'string', multiple: true },
      runs: { type: 'string' },
      variant: { type: 'string', multiple: true },
      gas: { type: 'boolean', default: true },
      help: { type: 'boolean' },
    },
  });
  const runs = Number(values.runs ?? RUNS);
  const instances = INSTANCES.map(({ id }) => id).filter((id) => values.instance?.includes(id) ?? true);
  const variants = VARIANTS.filter((variant) => values.variant?.includes(variant) ?? true);
  const isKnown = instances.length === (values.instance?.length ?? INSTANCES.length) && variants.length === (values.variant?.length ?? VARIANTS.length);
  if (values.help === true || !isKnown || !(Number.isInteger(runs) && runs > 0)) {
    writeProgress(`Usage: ${USAGE}; instances ${INSTANCES.map(({ id }) => id).join(' ')}; variants ${VARIANTS.join(' ')}`);
    process.exitCode = values.help === true ? 0 : 2;
    return;
  }
  const cases: BenchCase[] = [];
  for (const instance of instances) {
    writeProgress(`${instance}: keys`);
    await buildCircuit(instance, { keys: true });
    for (const variant of variants) cases.push(await measureCase(instance, variant, { runs, withGas: values.gas }));
  }
  const report: BenchReport = { bench: 'proof', machine: describeMachine(), cases, notes: notesOf({ runs, instances, variants, withGas: values.gas }) };
  if (values.json) write(JSON.stringify(report, null, 2));
  else print(report);
}

async function measureCase(instance: InstanceId, variant: Variant, options: { readonly runs: number; readonly withGas: boolean }): Promise<BenchCase> {
  writeProgress(`${instance}: ${variant}`);
  const { stdout } = await execute(process.execPath, [SCRIPT, instance, variant, String(options.runs)]);
  const metrics = figures.parse(JSON.parse(stdout));
  if (variant !== 'delivered') return { name: `${instance} ${variant}`, metrics };
  return { name: instance, metrics: options.withGas ? { ...metrics, ...(await measureGas(instance)) } : metrics };
}

async function measureGas(instance: InstanceId): Promise<Readonly<Record<string, number>>> {
  writeProgress(`${instance}: gas`);
  // Loaded for gas alone: it brings the contracts' compiler along.
  const { measureSubmitGas } = await import('../../contracts/measure-submit-gas.ts');
  const { direct, otherAttestors, marginCall } = await measureSubmitGas(instance);
  return { submit_gas: direct, submit_other_attestors_gas: otherAttestors, margin_call_gas: marginCall };
}

interface Scope {
  readonly runs: number;
  readonly instances: readonly InstanceId[];
  readonly variants: readonly Variant[];
  readonly withGas: boolean;
}

function notesOf({ runs, instances, variants, withGas }: Scope): string[] {
  const isReduced = runs < RUNS || instances.length < INSTANCES.length || variants.length < VARIANTS.length || !withGas;
  const parts = `${runs} proofs a case (full: ${RUNS}), ${instances.length} of ${INSTANCES.length} circuits, ${variants.length} of ${VARIANTS.length} variants${withGas ? '' : ', no gas'}`;
  return [
    ...(isReduced ? [`REDUCED RUN: ${parts}.`] : []),
    'Each case in a process of its own: the prover in a thread, keys in memory, every row of the circuit in use. Medians of warm proofs (two before are not counted); first_ms: the first one, threads and keys included.',
    'one-thread: all in the prover’s thread. plain-curve: the curve module as ffjavascript builds it. prove_cpu_ms: user and system time of the process during witness and proof.',
    'rss_mb: peak of the whole process until the last proof. submit_gas: submitBreach as a transaction, calldata included; two signers where the circuit is a committed one.',
  ];
}

function print({ machine, cases, notes }: BenchReport): void {
  write(`${machine.cpu}, ${machine.cores} cores, load ${machine.load}, Node ${machine.node}\n${notes.map((note) => `- ${note}`).join('\n')}\n`);
  const keys = ['constraints', 'witness_ms', 'prove_ms', 'prove_cpu_ms', 'first_ms', 'verify_ms', 'rss_mb', 'zkey_mb', 'submit_gas'];
  write(
    formatTable(
      ['circuit', ...keys],
      cases.map(({ name, metrics }) => [name, ...keys.map((key) => figure(metrics[key] ?? Number.NaN))]),
    ),
  );
}
