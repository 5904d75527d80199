import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdirSync, readdirSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { InternalError } from '../src/core/errors.ts';
import type { InstanceId } from '../src/proof/instances.ts';
import { optimiseWasm } from './wasm-opt.ts';

/** The project's folder. The compiler is started there: it is a WASI program and finds only what lies below. */
export const PROJECT = fileURLToPath(new URL('..', import.meta.url));

const CIRCUITS = join(PROJECT, 'circuits');
const FLAGS = ['--r1cs', '--wasm', '--sym', '--O2', '-l', 'node_modules'] as const;
const WITNESS_LEVEL = '-Oz';
const COMPILER_OUTPUT_BYTES = 1 << 26;

/** The installed versions that a compiled circuit depends on. */
export const TOOLS = { circom2: versionOf('circom2'), circomlib: versionOf('circomlib'), binaryen: versionOf('binaryen') } as const;

/** A hash of everything that a compiled circuit depends on. */
export function hashSources(instance: InstanceId): string {
  const hash = createHash('sha256').update(JSON.stringify([TOOLS, FLAGS, WITNESS_LEVEL]));
  const library = readdirSync(join(CIRCUITS, 'lib')).toSorted();
  for (const file of [...library.map((name) => join('lib', name)), join('main', `${instance}.circom`)]) hash.update(`\0${file}\0`).update(readFileSync(join(CIRCUITS, file)));
  return hash.digest('hex');
}

/**
 * Compiles a circuit into `folder`: circuit.r1cs, circuit.sym and circuit.wasm, the witness module after `wasm-opt -Oz`, which makes it a third of the size and twice
 * as fast.
 *
 * @throws {InternalError} with the compiler's words.
 */
export async function compileCircuit(instance: InstanceId, folder: string): Promise<void> {
  const raw = join(folder, 'compiled');
  mkdirSync(raw, { recursive: true });
  await runCompiler([`circuits/main/${instance}.circom`, ...FLAGS, '-o', raw]);
  renameSync(join(raw, `${instance}.r1cs`), join(folder, 'circuit.r1cs'));
  renameSync(join(raw, `${instance}.sym`), join(folder, 'circuit.sym'));
  await optimiseWasm(join(raw, `${instance}_js`, `${instance}.wasm`), join(folder, 'circuit.wasm'), WITNESS_LEVEL);
  rmSync(raw, { recursive: true });
}

/**
 * What `circom2 --inspect` warns of in a circuit: outputs that nobody reads, constraints that say nothing.
 *
 * @returns one line per warning, as the compiler writes them
 */
export async function inspectCircuit(instance: InstanceId): Promise<readonly string[]> {
  const output = await runCompiler([`circuits/main/${instance}.circom`, '--inspect', '--O2', '-l', 'node_modules']);
  return output.split('\n').filter((line) => line.includes('warning'));
}

async function runCompiler(parameters: readonly string[]): Promise<string> {
  try {
    const { stdout, stderr } = await promisify(execFile)(process.execPath, [join('node_modules', 'circom2', 'cli.js'), ...parameters], { cwd: PROJECT, maxBuffer: COMPILER_OUTPUT_BYTES });
    return stdout + stderr;
  } catch (error) {
    throw new InternalError(`circom2 refused ${parameters[0]}: ${outputOf(error)}`);
  }
}

function outputOf(error: unknown): string {
  const { stdout, message } = error as { readonly stdout?: string; readonly message?: string };
  return stdout ?? message ?? String(error);
}

/** The installed version of a package. */
export function versionOf(name: string): string {
  const { version } = JSON.parse(readFileSync(join(PROJECT, 'node_modules', name, 'package.json'), 'utf8')) as { readonly version: string };
  return version;
}
