import { parentPort } from 'node:worker_threads';

/** A prover thread that dies in its first proof, as one does that runs out of memory. */
parentPort?.on('message', (request: { readonly kind: string; readonly inputs?: Readonly<Record<string, string>> }) => {
  if (request.kind === 'load') parentPort?.postMessage({ kind: 'loaded' });
  else throw new Error(`died over ${JSON.stringify(request.inputs)}`);
});
