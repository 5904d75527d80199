import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { PlimsollError } from '../../core/errors.ts';
import type { Groth16Proof, ProveJob, ProverBackend } from '../prover/backend.ts';
import { readGroth16Proof } from '../prover/groth16-json.ts';
import { openWitnessCalculator } from '../prover/witness-calculator.ts';
import { withPrivateFolder } from './private-folder.ts';

/** Of all the work, how much the witness is: rapidsnark proves two to five times as fast as snarkjs. */
const WITNESS_SHARE = 0.3;

/**
 * A native prover as a program of its own: rapidsnark, or any other that takes `<zkey> <wtns> <proof.json> <public.json>` and writes the last two. The witness is
 * written to a folder that only this user can read and that is deleted after each job; a process killed in the middle of one leaves it behind.
 *
 * @param binary path of the program (RAPIDSNARK_BIN)
 */
export function openRapidsnarkBackend(binary: string): ProverBackend {
  const closing = new AbortController();
  let queue: Promise<unknown> = Promise.resolve();
  return {
    name: 'rapidsnark',
    prove: (job) => {
      const proved = queue.then(() => prove(binary, job, closing.signal));
      queue = proved.catch(() => undefined);
      return proved;
    },
    close: async () => {
      closing.abort();
      await queue;
    },
  };
}

async function prove(binary: string, { keys, inputs, onProgress, signal }: ProveJob, closing: AbortSignal): Promise<Groth16Proof> {
  signal?.throwIfAborted();
  if (closing.aborted) throw stopped('it was closed');
  onProgress?.({ stage: 'load', share: 0 });
  const calculate = await openWitnessCalculator(keys.wasm);
  onProgress?.({ stage: 'witness', share: 0 });
  const witness = await calculate(inputs);
  onProgress?.({ stage: 'prove', share: WITNESS_SHARE });
  const proof = await withPrivateFolder(async (folder) => {
    const [zkey, wtns, proofFile, publicFile] = ['circuit.zkey', 'witness.wtns', 'proof.json', 'public.json'].map((name) => join(folder, name));
    if (zkey === undefined || wtns === undefined || proofFile === undefined || publicFile === undefined) throw stopped('it has no files');
    await Promise.all([writeFile(zkey, keys.zkey), writeFile(wtns, witness)]);
    await run(binary, [zkey, wtns, proofFile, publicFile], signal === undefined ? closing : AbortSignal.any([signal, closing]));
    signal?.throwIfAborted();
    return readGroth16Proof(await readJson(proofFile), await readJson(publicFile));
  });
  onProgress?.({ stage: 'done', share: 1 });
  return proof;
}

/** What the program prints is not shown: it may print values. */
async function run(binary: string, files: readonly string[], signal: AbortSignal): Promise<void> {
  const child = spawn(binary, files, { stdio: 'ignore', env: {}, signal, killSignal: 'SIGKILL' });
  try {
    const [code] = await once(child, 'exit');
    if (code === 0 || signal.aborted) return;
  } catch (error) {
    if (signal.aborted) return;
    if (error instanceof Error && 'code' in error && (error.code === 'ENOENT' || error.code === 'EACCES')) {
      throw new PlimsollError('INVALID_CONFIGURATION', 'The program that RAPIDSNARK_BIN names cannot be started. Give the path of an executable file, or unset it to prove with snarkjs.', {
        variable: 'RAPIDSNARK_BIN',
      });
    }
  }
  throw stopped('it ended with an error');
}

async function readJson(file: string): Promise<unknown> {
  try {
    return JSON.parse(await readFile(file, 'utf8'));
  } catch {
    throw stopped('it wrote no proof');
  }
}

function stopped(why: string): PlimsollError {
  return new PlimsollError('PROVER_FAILED', `The program that RAPIDSNARK_BIN names stopped before it had a proof: ${why}. Try again, or unset it to prove with snarkjs.`);
}
