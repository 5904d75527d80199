import { parentPort, workerData } from 'node:worker_threads';
import { zKey } from 'snarkjs';
import { InternalError } from '../../../core/errors.ts';
import { openCurve } from '../../prover/curve.ts';
import { startCurveThreads } from '../worker-threads.ts';
import type { SnarkjsAnswer, SnarkjsReport, SnarkjsStep } from './snarkjs-steps.ts';

/** One step of a ceremony with snarkjs, in a thread of its own: snarkjs prints to stdout, and its curve lives in a global variable. */
const port = parentPort;
if (port === null) throw new InternalError('The ceremony thread is started by its steps, not by itself.');

const tell = (report: SnarkjsReport): void => port.postMessage(report);
const log = (text: string): void => tell({ kind: 'log', text });
const logger = { debug: log, info: log, warn: log, error: log };

async function take(step: SnarkjsStep): Promise<SnarkjsAnswer> {
  switch (step.kind) {
    case 'new':
      return hashAnswer(await zKey.newZKey(step.r1cs, step.ptau, step.out, logger));
    case 'contribute':
      return hashAnswer(await zKey.contribute(step.from, step.out, step.name, step.entropy, logger));
    case 'beacon':
      return hashAnswer(await zKey.beacon(step.from, step.out, step.name, step.hash, step.iterations, logger));
    case 'verify':
      return { kind: 'verdict', isSound: (await zKey.verifyFromR1cs(step.r1cs, step.ptau, step.zkey, logger)) === true };
    case 'export':
      return { kind: 'vkey', text: `${JSON.stringify(await zKey.exportVerificationKey(step.zkey, logger), null, 2)}\n` };
  }
}

/** snarkjs answers false or -1 where it refuses. */
function hashAnswer(hash: unknown): SnarkjsAnswer {
  if (!(hash instanceof Uint8Array)) throw new InternalError('snarkjs refused the files');
  return { kind: 'hash', hash };
}

const { step, threads } = workerData as { readonly step: SnarkjsStep; readonly threads: number };
try {
  const curve = await openCurve({ singleThread: true });
  if (threads > 1) await startCurveThreads(curve, threads);
  tell(await take(step));
} catch (error) {
  tell({ kind: 'failed', message: error instanceof Error ? error.message : 'unknown' });
}
