import { availableParallelism } from 'node:os';
import { Worker } from 'node:worker_threads';
import { InternalError } from '../../../core/errors.ts';
import { SNARKJS_WORKER_DATA } from '../worker-threads.ts';
import { refuseStep } from './ceremony-error.ts';
import type { SnarkjsAnswer, SnarkjsReport, SnarkjsStep } from './snarkjs-steps.ts';

const IS_SOURCE = import.meta.url.endsWith('.ts');
const SCRIPT = IS_SOURCE ? new URL('./ceremony-thread.ts', import.meta.url) : new URL('./ceremony-thread.js', import.meta.url);

/**
 * Takes one step with snarkjs in a thread, which ends with it.
 *
 * @param onLog told what snarkjs says on the way
 * @throws {PlimsollError} KEY_REFUSED where snarkjs cannot use the files; INTERNAL where the thread ends without an answer
 */
export async function runSnarkjs(step: SnarkjsStep, onLog: (text: string) => void): Promise<SnarkjsAnswer> {
  const worker = new Worker(SCRIPT, { workerData: { ...SNARKJS_WORKER_DATA, step, threads: availableParallelism() }, stdout: true, stderr: true });
  const { promise, resolve, reject } = Promise.withResolvers<SnarkjsAnswer>();
  worker
    .on('message', (report: SnarkjsReport) => {
      if (report.kind === 'log') onLog(report.text);
      else if (report.kind === 'failed') reject(refuseStep(`snarkjs cannot take the step "${step.kind}" with these files: ${report.message}. Check that they belong together.`));
      else resolve(report);
    })
    .on('error', () => reject(new InternalError(`The thread of the step "${step.kind}" failed.`)))
    .on('exit', () => reject(new InternalError(`The thread of the step "${step.kind}" ended without an answer.`)));
  try {
    return await promise;
  } finally {
    await worker.terminate();
  }
}

/** As {@link runSnarkjs}, for steps that write a key: the hash of what was done, hex. */
export async function runHashStep(step: SnarkjsStep, onLog: (text: string) => void): Promise<string> {
  const answer = await runSnarkjs(step, onLog);
  if (answer.kind !== 'hash') throw new InternalError(`The step "${step.kind}" answered with no hash.`);
  return Buffer.from(answer.hash).toString('hex');
}
