import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { InstanceId } from '../src/proof/instances.ts';
import { compileCircuit, hashSources, PROJECT, versionOf } from './compile.ts';
import { makeDevelopmentKeys } from './development-keys.ts';
import { withLock } from './lock.ts';

/** Paths of what was built. */
export interface BuiltCircuit {
  readonly r1cs: string;
  /** Label, wire, component and name of every signal, one a line. */
  readonly sym: string;
  /** The witness module. */
  readonly wasm: string;
}

/** Paths of a circuit's files with its DEVELOPMENT keys. */
export interface KeyedCircuit extends BuiltCircuit {
  readonly zkey: string;
  readonly vkey: string;
}

const CACHE = join(PROJECT, '.cache', 'circuits');

/**
 * Builds a circuit where it was not built from the same sources before: compiled in about 15 seconds, with keys in about a minute more.
 *
 * @param options keys: also make its development keys
 * @returns paths below .cache/circuits
 */
export function buildCircuit(instance: InstanceId, options: { readonly keys: true }): Promise<KeyedCircuit>;
export function buildCircuit(instance: InstanceId, options: { readonly keys: boolean }): Promise<BuiltCircuit>;
export async function buildCircuit(instance: InstanceId, options: { readonly keys: boolean }): Promise<BuiltCircuit | KeyedCircuit> {
  const folder = join(CACHE, instance);
  const file = (name: string): string => join(folder, name);
  const circuit = { r1cs: file('circuit.r1cs'), sym: file('circuit.sym'), wasm: file('circuit.wasm') };
  const keyed = { ...circuit, zkey: file('circuit.zkey'), vkey: file('vkey.json') };
  const sources = hashSources(instance);
  await withLock(`${folder}.lock`, async () => {
    await buildStep(folder, 'compiled', sources, (to) => compileCircuit(instance, to));
    if (options.keys) await buildStep(folder, 'keys', hashSetup(sources), (to) => makeDevelopmentKeys({ r1cs: circuit.r1cs, zkey: join(to, 'circuit.zkey'), vkey: join(to, 'vkey.json') }));
  });
  return options.keys ? keyed : circuit;
}

/** Does a step unless its stamp in the folder says that it was done from the same sources. The files come into the folder all together. */
async function buildStep(folder: string, step: string, sources: string, work: (folder: string) => Promise<void>): Promise<void> {
  const stamp = join(folder, `${step}.stamp`);
  if (existsSync(stamp) && readFileSync(stamp, 'utf8') === sources) return;
  const building = join(folder, 'building');
  rmSync(building, { recursive: true, force: true });
  mkdirSync(building, { recursive: true });
  await work(building);
  rmSync(stamp, { force: true });
  for (const name of readdirSync(building)) renameSync(join(building, name), join(folder, name));
  rmSync(building, { recursive: true });
  writeFileSync(stamp, sources);
}

/** A hash of what the development keys depend on beside the circuit. */
function hashSetup(sources: string): string {
  const setup = join(PROJECT, 'circuits', 'setup');
  const hash = createHash('sha256').update(`${sources} snarkjs ${versionOf('snarkjs')}`);
  for (const name of readdirSync(setup).toSorted()) hash.update(readFileSync(join(setup, name)));
  return hash.digest('hex');
}
