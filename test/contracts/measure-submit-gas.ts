import { buildCircuit } from '../../circuits/build-circuit.ts';
import type { InstanceId } from '../../src/proof/instances.ts';
import { ATTESTOR, HOLDER_COVERAGE, openHolder } from './holder.ts';
import { enrolment, openPool } from './pool-world.ts';
import { addressOfSigner, DELAY, gasOf, PURPOSES, put } from './solvency-chain.ts';
import { addCircuit, CONSUMER, OWNER, openWorld, SIGNERS, STRANGER } from './solvency-world.ts';

/** Gas of whole transactions, calldata and the 21,000 included, with real proofs of a breach of all accounts; two signers where the circuit is a committed one. */
export interface SubmitGas {
  /** `submitBreach` by an account. */
  readonly direct: number;
  /** The same, by terms that name another attestor registry. */
  readonly otherAttestors: number;
  /** `marginCall` of the example pool: its own book-keeping and the reward's transfer included. */
  readonly marginCall: number;
  /** What an estimate on the bare verifier says, which is far too little. */
  readonly verifierEstimate: number;
}

/** Measures what a proof of a circuit costs on chain. Builds the circuit's development keys where they are not there: about a minute, once. */
export async function measureSubmitGas(instance: InstanceId): Promise<SubmitGas> {
  await buildCircuit(instance, { keys: true });
  const world = await openWorld([ATTESTOR]);
  const holder = openHolder();
  try {
    const { chain, registry } = world;
    const verifier = await addCircuit(world, instance);
    const { pool } = await openPool(world, [HOLDER_COVERAGE], [0n]);
    const other = await put(chain, OWNER, 'AttestorRegistry', [OWNER, DELAY, 2, [ATTESTOR], SIGNERS.map(addressOfSigner)]);
    const terms = (attestors: string) => [PURPOSES.breach, [HOLDER_COVERAGE], [0n], [attestors, 1_000_000, 0, 0]];
    await registry.write(CONSUMER, 'setTerms', ...terms(registry.address));
    await registry.write(STRANGER, 'setTerms', ...terms(other.address));
    const prove = async (consumer: `0x${string}`) => {
      const now = await chain.time();
      return holder.prove({ instance, consumer, snapshot: now, deadline: now + 3_600n });
    };

    const own = await prove(CONSUMER);
    const [a, b, c, signals] = [own.a, own.b, own.c, own.signals];
    const verifierEstimate = Number(await chain.request('eth_estimateGas', [{ to: verifier.address, data: verifier.abi.encodeFunctionData('verifyProof', [a, b, c, signals]) }]));
    const direct = Number(await gasOf(registry, CONSUMER, 'submitBreach', own));
    const otherAttestors = Number(await gasOf(registry, STRANGER, 'submitBreach', await prove(STRANGER)));

    const accountRef = (await prove(pool.address)).signals[8] ?? 0n;
    await pool.write(OWNER, 'enrol', STRANGER, accountRef, enrolment(pool, STRANGER, accountRef));
    await pool.write(STRANGER, 'open', accountRef, 205n, 1_000n);
    await chain.wait(1);
    const marginCall = Number(await gasOf(pool, CONSUMER, 'marginCall', await prove(pool.address)));
    return { direct, otherAttestors, marginCall, verifierEstimate };
  } finally {
    await holder.close();
    world.chain.stop();
  }
}
