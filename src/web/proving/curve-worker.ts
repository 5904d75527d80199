import { type CurveTask, openCurveTaskRunner } from '../../proof/prover/curve-task.ts';
import type { CurveWorkerReply, CurveWorkerRequest } from './curve-workers.ts';

/** A helper of the prover's worker: does pieces of curve arithmetic over what it is sent, and keeps none of it. */
let runner: Promise<(task: CurveTask) => Uint8Array[]> | null = null;

addEventListener('message', ({ data }: MessageEvent<CurveWorkerRequest>) => {
  if (data.kind === 'open') runner = openCurveTaskRunner(data.code);
  const send = (reply: CurveWorkerReply): void => postMessage(reply, reply.kind === 'done' ? { transfer: reply.out.map((bytes) => bytes.buffer as ArrayBuffer) } : {});
  void runner?.then((run) => send(data.kind === 'open' ? { kind: 'ready' } : { kind: 'done', out: run(data.task) }));
});
