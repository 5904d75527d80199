import { parentPort, workerData } from 'node:worker_threads';
import { getCurveFromName } from 'ffjavascript';
import { startCurveThreads } from '../../../src/proof/node/worker-threads.ts';
import { createProverBody } from '../../../src/proof/prover/worker-body.ts';
import type { ProverRequest } from '../../../src/proof/prover/worker-messages.ts';

/** The prover's thread over the curve module as ffjavascript builds it, for comparison. */
const { threads } = workerData as { readonly threads: number };
const opened = getCurveFromName('bn128', true).then(async (curve) => {
  globalThis.curve_bn128 = curve;
  if (threads > 1) await startCurveThreads(curve, threads);
});
const answer = createProverBody((reply) => parentPort?.postMessage(reply));
parentPort?.on('message', (request: ProverRequest) => {
  void opened.then(() => answer(request));
});
