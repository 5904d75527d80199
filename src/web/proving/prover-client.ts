import type { Judged, WorkerReply, WorkerRequest } from './messages.ts';

/** What is told while a proof is made. */
export type OnProgress = (progress: Extract<WorkerReply, { kind: 'progress' }>) => void;
type Final = Exclude<WorkerReply, { kind: 'progress' }>;

const STOPPED: Final = { kind: 'failed', code: 'PROVER_FAILED', message: 'The prover stopped before it had a proof. It needs about 500 MB of memory; close other tabs and try again.' };
const CANCELLED: Final = { kind: 'failed', code: 'CANCELLED', message: 'Cancelled. Nothing was proved, and nothing was kept.' };

let running: { readonly worker: Worker; pending: { readonly settle: (reply: Final) => void; readonly onProgress: OnProgress } | null } | null = null;
let queue: Promise<unknown> = Promise.resolve();
/** How often was cancelled: whoever waits for its turn since before is cancelled too. */
let cancelled = 0;

/** Asks the page's worker, which is started when it is first needed and keeps its keys. */
export function askProver(request: WorkerRequest, onProgress: OnProgress = () => undefined): Promise<Final> {
  const askedAt = cancelled;
  const asked = queue.then(() => (askedAt === cancelled ? ask(request, onProgress) : CANCELLED));
  queue = asked;
  return asked;
}

/** Ends the worker with whatever it does. Whoever waits is told `CANCELLED`. */
export function cancelProver(): void {
  const ending = running;
  running = null;
  cancelled += 1;
  ending?.worker.terminate();
  ending?.pending?.settle(CANCELLED);
}

function ask(request: WorkerRequest, onProgress: OnProgress): Promise<Final> {
  const current = (running ??= { worker: startWorker(), pending: null });
  const { promise, resolve } = Promise.withResolvers<Final>();
  current.pending = { settle: resolve, onProgress };
  current.worker.postMessage(request);
  return promise;
}

function startWorker(): Worker {
  const worker = new Worker(new URL('./prover-worker.ts', import.meta.url), { type: 'module', name: 'prover' });
  worker.addEventListener('message', ({ data }: MessageEvent<WorkerReply>) => {
    const pending = running?.pending ?? null;
    if (data.kind === 'progress') return pending?.onProgress(data);
    if (running !== null) running.pending = null;
    pending?.settle(data);
  });
  worker.addEventListener('error', () => {
    running?.pending?.settle(STOPPED);
    worker.terminate();
    running = null;
  });
  return worker;
}

/** Tells a judged proof in one sentence. */
export function verdictText({ accepted, checks }: Judged): string {
  const failed = checks.filter(({ holds }) => !holds).length;
  return accepted ? `Accepted: all ${checks.length} checks hold.` : `Refused: ${failed} of ${checks.length} checks ${failed === 1 ? 'does' : 'do'} not hold.`;
}
