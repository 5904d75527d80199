import { InternalError } from '../../core/errors.ts';
import type { Curve } from './curve.ts';
import type { CurveTask } from './curve-task.ts';

/** A thread that does one task at a time. */
export interface CurveThread {
  run(task: CurveTask): Promise<Uint8Array[]>;
}

/** The engine's task manager, as far as it is replaced here. @source iden3/ffjavascript src/threadman.js */
interface TaskManager {
  /** The module's bytes; only a curve opened for a single thread keeps them. */
  readonly code?: Uint8Array;
  concurrency: number;
  queueAction(task: CurveTask): Promise<Uint8Array[]>;
}

/**
 * Spreads a curve's work over threads that the caller starts. ffjavascript would start threads of its own from a data address: these cannot be started inside
 * a worker of Node, hang under a strict content security policy, and leave their work for ever unanswered when they die.
 *
 * @param curve opened with `singleThread: true`
 * @param startThread starts a thread over the module's bytes
 */
export async function spreadCurveWork(curve: Curve, startThread: (code: Uint8Array) => Promise<CurveThread>, threads: number): Promise<void> {
  const manager = curve.tm as Curve['tm'] & TaskManager;
  const { code } = manager;
  if (code === undefined) throw new InternalError('Only a curve that was opened for a single thread can be spread over others.');
  const idle = await Promise.all(Array.from({ length: threads }, () => startThread(code)));
  const waiting: (() => void)[] = [];
  const take = async (): Promise<CurveThread> => {
    const free = idle.pop();
    if (free !== undefined) return free;
    const { promise, resolve } = Promise.withResolvers<void>();
    waiting.push(resolve);
    await promise;
    return take();
  };
  manager.concurrency = threads;
  manager.queueAction = async (task) => {
    const thread = await take();
    try {
      return await thread.run(task);
    } finally {
      idle.push(thread);
      waiting.shift()?.();
    }
  };
}
