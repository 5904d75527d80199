import { parentPort, workerData } from 'node:worker_threads';
import { InternalError } from '../../core/errors.ts';
import { type CurveTask, openCurveTaskRunner } from '../prover/curve-task.ts';

/** A thread of the curve: does tasks in their order. */
const port = parentPort;
if (port === null) throw new InternalError('A curve thread is started by the prover, not by itself.');

const runner = openCurveTaskRunner(workerData as Uint8Array);
port.on('message', (task: CurveTask) => {
  void runner.then((run) => {
    const out = run(task);
    port.postMessage(
      out,
      out.map((bytes) => bytes.buffer as ArrayBuffer),
    );
  });
});
