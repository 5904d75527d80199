import { parentPort } from 'node:worker_threads';
import { InternalError } from '../../core/errors.ts';
import { openInThreadSolver, type PathSolver, type SolverSession } from './solve.ts';
import type { SolverReply, SolverRequest } from './solve-messages.ts';

/** The solver's own thread: answers requests in their order, one at a time. */
const port = parentPort;
if (port === null) throw new InternalError('The solver worker is started by the solver, not by itself.');

const sessions = new Map<number, SolverSession>();
const solver = openInThreadSolver();
let queue = Promise.resolve();
port.on('message', (request: SolverRequest) => {
  queue = queue.then(async () => {
    port.postMessage(await answer(await solver, request));
  });
});

async function answer(opened: PathSolver, request: SolverRequest): Promise<SolverReply> {
  try {
    return await handle(opened, request);
  } catch (error) {
    return { kind: 'failed', message: error instanceof Error ? error.message : 'unknown' };
  }
}

async function handle(opened: PathSolver, request: SolverRequest): Promise<SolverReply> {
  switch (request.kind) {
    case 'open':
      sessions.set(request.session, await opened.open(request.model));
      return { kind: 'done' };
    case 'add-rows':
      await sessionOf(request).addRows(request.rows);
      return { kind: 'done' };
    case 'lp':
      return { kind: 'lp', result: await sessionOf(request).solveLp(request.changes) };
    case 'mip':
      return { kind: 'mip', result: await sessionOf(request).solveMip(request.options) };
    case 'close':
      await sessionOf(request).close();
      sessions.delete(request.session);
      return { kind: 'done' };
  }
}

function sessionOf({ session }: SolverRequest): SolverSession {
  const open = sessions.get(session);
  if (open === undefined) throw new InternalError(`no model ${session} is open`);
  return open;
}
