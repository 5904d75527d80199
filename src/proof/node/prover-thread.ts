import { parentPort, workerData } from 'node:worker_threads';
import { InternalError } from '../../core/errors.ts';
import { type Curve, openCurve } from '../prover/curve.ts';
import { createProverBody } from '../prover/worker-body.ts';
import { startCurveThreads } from './worker-threads.ts';

/** The prover's thread. */
const port = parentPort;
if (port === null) throw new InternalError('The prover thread is started by its backend, not by itself.');

const { threads } = workerData as { readonly threads: number };
const answer = createProverBody(openThreadedCurve(), (reply) => port.postMessage(reply));
port.on('message', answer);

async function openThreadedCurve(): Promise<Curve> {
  const curve = await openCurve({ singleThread: true });
  if (threads > 1) await startCurveThreads(curve, threads);
  return curve;
}
