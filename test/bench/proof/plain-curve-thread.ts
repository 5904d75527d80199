import { parentPort, workerData } from 'node:worker_threads';
import { getCurveFromName } from 'ffjavascript';
import { startCurveThreads } from '../../../src/proof/node/worker-threads.ts';
import type { Curve } from '../../../src/proof/prover/curve.ts';
import { createProverBody } from '../../../src/proof/prover/worker-body.ts';

/** The prover's thread over the curve module as ffjavascript builds it, for comparison. */
const { threads } = workerData as { readonly threads: number };
const answer = createProverBody(openPlainCurve(), (reply) => parentPort?.postMessage(reply));
parentPort?.on('message', answer);

async function openPlainCurve(): Promise<Curve> {
  const curve = await getCurveFromName('bn128', true);
  globalThis.curve_bn128 = curve;
  if (threads > 1) await startCurveThreads(curve, threads);
  return curve;
}
