import { availableParallelism } from 'node:os';
import { Worker } from 'node:worker_threads';
import type { ProverBackend } from '../prover/backend.ts';
import { openWorkerBackend, type ProverThread, type ProverThreadEvents } from '../prover/worker-backend.ts';
import type { ProverReply } from '../prover/worker-messages.ts';
import { SNARKJS_WORKER_DATA } from './worker-threads.ts';

const IS_SOURCE = import.meta.url.endsWith('.ts');
/** The prover's code: TypeScript in the repository, JavaScript in the package. */
const PROVER_THREAD = IS_SOURCE ? new URL('./prover-thread.ts', import.meta.url) : new URL('./prover-thread.js', import.meta.url);

/** As for the curve's threads; this one holds whole transforms. */
const PROVER_THREAD_LIMITS = { maxYoungGenerationSizeMb: 8 } as const;

/** How the prover runs. */
export interface SnarkjsBackendOptions {
  /** Threads that compute; by default one for each processor. */
  readonly threads?: number;
  /** The thread's code; tests put another in. */
  readonly script?: URL;
}

/**
 * Keys and curve of snarkjs in a thread of Node: a proof never blocks the caller, and what it held is gone after `close`. An open backend without a job does not keep the process alive.
 *
 * @example
 * ```ts
 * const backend = openSnarkjsBackend();
 * const { proof, publicSignals } = await backend.prove({ keys, inputs, onProgress: ({ stage }) => console.log(stage) });
 * await backend.close();
 * ```
 */
export function openSnarkjsBackend(options: SnarkjsBackendOptions = {}): ProverBackend {
  const threads = options.threads ?? availableParallelism();
  const script = options.script ?? PROVER_THREAD;
  return openWorkerBackend('snarkjs', (events) => startThread(script, threads, events));
}

function startThread(script: URL, threads: number, events: ProverThreadEvents): ProverThread {
  // What the thread prints is not shown (libraries print values when they fail), nor read: reading would keep the process alive.
  const worker = new Worker(script, { workerData: { ...SNARKJS_WORKER_DATA, threads }, stdout: true, stderr: true, resourceLimits: PROVER_THREAD_LIMITS });
  worker
    .on('message', (reply: ProverReply) => {
      if (reply.kind !== 'progress') worker.unref();
      events.reply(reply);
    })
    .on('error', () => events.died())
    .on('exit', () => events.died());
  return {
    post: (request) => {
      worker.ref();
      worker.postMessage(request.kind === 'load' ? { ...request, zkey: shareBytes(request.zkey) } : request);
    },
    end: async () => {
      await worker.terminate();
    },
  };
}

/** One copy of the key for the thread and those that it starts. */
function shareBytes(bytes: Uint8Array): Uint8Array {
  const shared = new Uint8Array(new SharedArrayBuffer(bytes.length));
  shared.set(bytes);
  return shared;
}
