import '../no-compiled-schemas.ts';
import { PlimsollError } from '../../core/errors.ts';
import type { Attestation, OpenedKeys } from '../../proof/index.ts';
import { parseBundle } from '../../proof/index.ts';
import { policyTemplate } from '../../proof/policy-file.ts';
import { type Curve, openCurve } from '../../proof/prover/curve.ts';
import { openWorkerBackend } from '../../proof/prover/worker-backend.ts';
import { createProverBody } from '../../proof/prover/worker-body.ts';
import { spreadOverWorkers } from './curve-workers.ts';
import { fetchKeys } from './fetch-keys.ts';
import type { ProofStage, WorkerReply, WorkerRequest } from './messages.ts';
import { judgeProof, proveSubject } from './prove-in-worker.ts';

/** The page's one worker: proves and verifies. What it is given never leaves it, but for the proof. */
const LOCAL_CHAIN = 31_337;
const curve = openThreadedCurve();
/** snarkjs runs in this very thread: it is a worker already. Its curve has helpers. */
const backend = openWorkerBackend('snarkjs', (events) => {
  const answer = createProverBody(curve, (message) => events.reply(message));
  return { post: (request) => void answer(request), end: async () => undefined };
});
const held = new Map<string, Promise<OpenedKeys>>();

const send = (reply: WorkerReply): void => postMessage(reply);
const tell = (stage: ProofStage, share: number): void => send({ kind: 'progress', stage, share });

function keysOf({ instance, chainId }: { readonly instance: Attestation['instance']; readonly chainId: number }, onShare: (share: number) => void): Promise<OpenedKeys> {
  const id = `${instance} ${chainId}`;
  const kept = held.get(id) ?? fetchKeys({ instance, chainId }, onShare);
  held.set(id, kept);
  kept.catch(() => held.delete(id));
  return kept;
}

async function openThreadedCurve(): Promise<Curve> {
  const opened = await openCurve({ singleThread: true });
  await spreadOverWorkers(opened, navigator.hardwareConcurrency);
  return opened;
}

async function answer(request: WorkerRequest): Promise<WorkerReply> {
  switch (request.kind) {
    case 'warm':
      await Promise.all([curve, keysOf({ instance: 'M-attested', chainId: LOCAL_CHAIN }, () => undefined)]);
      return { kind: 'warm' };
    case 'prove':
      return proveSubject(request, { keysOf, backend, tell, clock: () => performance.now(), randomBytes: (count) => crypto.getRandomValues(new Uint8Array(count)) });
    case 'policy':
      return { kind: 'policy', policy: policyTemplate(parseBundle(request.proof)) };
    default:
      return { kind: 'verified', judged: await judgeProof(request) };
  }
}

let queue: Promise<void> = Promise.resolve();
addEventListener('message', ({ data }: MessageEvent<WorkerRequest>) => {
  queue = queue.then(async () => {
    try {
      send(await answer(data));
    } catch (error) {
      // Only messages of Plimsoll's own: others may hold values.
      send(
        error instanceof PlimsollError
          ? { kind: 'failed', code: error.code, message: error.message }
          : { kind: 'failed', code: 'PROVER_FAILED', message: 'The prover stopped. Nothing was proved; try again, or load the page anew.' },
      );
    }
  });
});
