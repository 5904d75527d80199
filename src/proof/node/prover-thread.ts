import { parentPort, workerData } from 'node:worker_threads';
import * as z from 'zod';
import { InternalError } from '../../core/errors.ts';
import { openCurve } from '../prover/curve.ts';
import { createProverBody } from '../prover/worker-body.ts';
import type { ProverRequest } from '../prover/worker-messages.ts';
import { startCurveThreads } from './worker-threads.ts';

/** The prover's thread. */
const port = parentPort;
if (port === null) throw new InternalError('The prover thread is started by its backend, not by itself.');

const { threads } = z.object({ threads: z.int().min(1) }).parse(workerData);
const opened = openCurve({ singleThread: true }).then((curve) => (threads === 1 ? undefined : startCurveThreads(curve, threads)));
const answer = createProverBody((reply) => port.postMessage(reply));
port.on('message', (request: ProverRequest) => {
  void opened.then(() => answer(request));
});
