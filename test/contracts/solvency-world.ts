import type { Submission } from '../../src/proof/calldata.ts';
import { circuitId, type InstanceId } from '../../src/proof/instances.ts';
import { computeBinding, computeDomain, listSignals, type PublicSignals } from '../../src/proof/public-signals.ts';
import { Anvil } from '../chain/anvil.ts';
import { type Contract, deploy } from '../chain/contract.ts';
import { addressOf } from './executor-chain.ts';
import { addressOfSigner, compileVerifier, DELAY, MODES, put, signAttestation, signersInOrder } from './solvency-chain.ts';

/** Who takes part. The consumer is an account here: the registry asks no code of it. */
export const [OWNER, STRANGER, CONSUMER, RECIPIENT] = [0xa11ce, 0xe7e, 0xc0115, 0x4ec1].map((number) => addressOf(number)) as [`0x${string}`, `0x${string}`, `0x${string}`, `0x${string}`];
export const DEVELOPMENT_CHAIN = 31_337;
/** Of three signers two are needed. */
export const SIGNERS = signersInOrder(3);

/** A registry with its circuits. */
export interface SolvencyWorld {
  readonly chain: Anvil;
  /** Also its own attestor registry. */
  readonly registry: Contract;
}

/** Starts a chain with a registry that knows `attestors` and {@link SIGNERS}, and no circuit yet. */
export async function openWorld(attestors: readonly bigint[], chainId = DEVELOPMENT_CHAIN): Promise<SolvencyWorld> {
  const chain = await Anvil.start('prague');
  await chain.request('anvil_setChainId', [chainId]);
  for (const account of [OWNER, STRANGER, CONSUMER, RECIPIENT]) await chain.fund(account);
  const registry = await put(chain, OWNER, 'SolvencyRegistry', [OWNER, DELAY, 2, attestors, SIGNERS.map(addressOfSigner)]);
  return { chain, registry };
}

/** Registers a circuit with its generated verifier. */
export async function addCircuit({ chain, registry }: SolvencyWorld, instance: InstanceId): Promise<Contract> {
  const verifier = await deploy(chain, OWNER, compileVerifier(instance));
  await registry.write(OWNER, 'registerCircuit', circuitId(instance), verifier.address, instance.endsWith('attested') ? MODES.attested : MODES.committed);
  return verifier;
}

/** Registers a circuit with a verifier that takes every proof with A = (1, 2). */
export async function addMock({ chain, registry }: SolvencyWorld, instance: InstanceId): Promise<Contract> {
  const verifier = await put(chain, OWNER, 'MockVerifier', [circuitId(instance)]);
  await registry.write(OWNER, 'registerCircuit', circuitId(instance), verifier.address, instance.endsWith('attested') ? MODES.attested : MODES.committed);
  return verifier;
}

/** What a submission for the mock verifier is made of; `changes` replace signals after domain and binding were computed. */
export interface MockParts {
  readonly instance?: InstanceId;
  readonly consumer?: `0x${string}`;
  readonly deadline: bigint;
  readonly signals: Omit<PublicSignals, 'domain' | 'binding'>;
  readonly changes?: Partial<PublicSignals>;
}

/** A submission that the mock verifier takes, with two signatures where its circuit is a committed one. */
export function mockSubmission(parts: MockParts): Submission {
  const { instance = 'M-attested', consumer = CONSUMER, deadline } = parts;
  const domain = computeDomain({ chainId: DEVELOPMENT_CHAIN, consumer, instance });
  const signals = { ...parts.signals, domain, binding: computeBinding(RECIPIENT, deadline), ...parts.changes };
  const signatures = instance.endsWith('committed') ? signAttestation(SIGNERS.slice(0, 2), { commitment: signals.attestor, coverage: signals.coverage, snapshot: signals.snapshot % 2n ** 64n }) : '0x';
  const proof = {
    a: [1n, 2n],
    b: [
      [0n, 0n],
      [0n, 0n],
    ],
    c: [0n, 0n],
  };
  return { circuitId: circuitId(instance), ...proof, signals: listSignals(signals), recipient: RECIPIENT, deadline, signatures };
}
