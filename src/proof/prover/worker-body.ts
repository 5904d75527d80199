import { InternalError, isPlimsollError } from '../../core/errors.ts';
import type { CircuitInputs, Groth16Proof, ProveStage } from './backend.ts';
import type { Curve } from './curve.ts';
import { proveWithSnarkjs } from './snarkjs.ts';
import { openWitnessCalculator } from './witness-calculator.ts';
import type { ProverReply, ProverRequest } from './worker-messages.ts';

/** Keys that the worker holds. */
interface HeldKeys {
  readonly zkey: Uint8Array;
  readonly calculate: (inputs: CircuitInputs) => Promise<Uint8Array>;
}

/** Of all the work after loading, how much the witness is. */
const WITNESS_SHARE = 0.1;

/**
 * What runs inside a prover's worker, in Node or in a browser: answers one request after the other.
 *
 * @example
 * ```ts
 * // a module worker of a page
 * const answer = createProverBody(openCurve({ singleThread: true }), (reply) => postMessage(reply));
 * onmessage = ({ data }) => answer(data);
 * ```
 */
export function createProverBody(curve: Promise<Curve>, reply: (message: ProverReply) => void): (request: ProverRequest) => Promise<void> {
  const held = new Map<string, HeldKeys>();
  let queue: Promise<void> = Promise.resolve();
  const answer = async (request: ProverRequest): Promise<void> => {
    try {
      reply(request.kind === 'load' ? await load(held, request, curve) : { kind: 'proof', proof: await prove(held.get(request.keys), request.inputs, reply) });
    } catch (error) {
      reply(describeFailure(error));
    }
  };
  return (request) => {
    queue = queue.then(() => answer(request));
    return queue;
  };
}

async function load(held: Map<string, HeldKeys>, request: Extract<ProverRequest, { kind: 'load' }>, curve: Promise<Curve>): Promise<ProverReply> {
  await curve;
  held.set(request.keys, { zkey: request.zkey, calculate: await openWitnessCalculator(request.wasm) });
  return { kind: 'loaded' };
}

async function prove(keys: HeldKeys | undefined, inputs: CircuitInputs, reply: (message: ProverReply) => void): Promise<Groth16Proof> {
  if (keys === undefined) throw new InternalError('The prover was asked to prove with keys that it was never sent.');
  const tell = (stage: ProveStage, share: number): void => reply({ kind: 'progress', progress: { stage, share } });
  tell('witness', 0);
  const witness = await keys.calculate(inputs);
  tell('prove', WITNESS_SHARE);
  const proof = await proveWithSnarkjs(keys.zkey, witness, (share) => tell('prove', WITNESS_SHARE + (1 - WITNESS_SHARE) * share));
  tell('done', 1);
  return proof;
}

function describeFailure(error: unknown): ProverReply {
  if (isPlimsollError(error, 'STATEMENT_FALSE')) return { kind: 'failed', code: 'STATEMENT_FALSE', message: error.message };
  if (isPlimsollError(error, 'INTERNAL')) return { kind: 'failed', code: 'INTERNAL', message: error.message };
  return { kind: 'stopped' };
}
