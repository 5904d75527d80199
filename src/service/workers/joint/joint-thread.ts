import { parentPort } from 'node:worker_threads';
import { InternalError, isPlimsollError } from '../../../core/errors.ts';
import { openScanChains } from '../../scan/choose.ts';
import type { JointOutcome, JointTask } from './joint-task.ts';
import { planJointly } from './plan-jointly.ts';

/** The thread that plans together: it takes seconds for hundreds of accounts, for which screening and leases must not wait. */
const port = parentPort;
if (port === null) throw new InternalError('The thread of joint plans is started by the watch, not by itself.');
port.on('message', (task: JointTask) => {
  void outcomeOf(task).then((outcome) => port.postMessage(outcome));
});

async function outcomeOf(task: JointTask): Promise<JointOutcome> {
  try {
    const chains = await openScanChains(task.config, false);
    try {
      return { kind: 'answer', answer: await planJointly(task, chains.chains) };
    } finally {
      await chains.close();
    }
  } catch (error) {
    if (isPlimsollError(error)) return { kind: 'refused', code: error.code, message: error.message };
    return { kind: 'defect', name: error instanceof Error ? error.name : typeof error };
  }
}
