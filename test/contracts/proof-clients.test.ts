import { Interface, type InterfaceAbi } from 'ethers';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Address } from '../../src/core/ids.ts';
import type { ProofBundle } from '../../src/proof/bundle.ts';
import { REGISTRY_ABI } from '../../src/proof/registry-abi.ts';
import { signEnrolment } from '../../src/service/proof/attestor.ts';
import { askRegistry, type RegistryVerdict } from '../../src/service/proof/verify-proof.ts';
import { ATTESTOR, CLAIMS, HOLDER_COVERAGE, type Holder, holderAttestation, openHolder, type Proving, SECRET, TROUBLED_MARKET } from './holder.ts';
import { openPool, type PoolWorld } from './pool-world.ts';
import { compileSolvency } from './solvency-chain.ts';
import { addCircuit, DEVELOPMENT_CHAIN, OWNER, openWorld, SIGNERS, STRANGER } from './solvency-world.ts';

let holder: Holder;
let world: PoolWorld;

beforeAll(async () => {
  holder = openHolder();
  const opened = await openWorld([ATTESTOR]);
  await addCircuit(opened, 'M-attested');
  world = await openPool(opened, [HOLDER_COVERAGE], [0n, TROUBLED_MARKET]);
}, 300_000);
afterAll(async () => {
  await holder.close();
  await world.chain.stop();
});

async function proveBundle(changes: Partial<Proving> = {}): Promise<ProofBundle> {
  const now = await world.chain.time();
  return holder.proveBundle({ instance: 'M-attested', consumer: world.pool.address, snapshot: now, deadline: now + 600n, ...changes });
}

describe('askRegistry', () => {
  const ask = (bundle: ProofBundle, registry: Address = world.registry.address): Promise<RegistryVerdict> => askRegistry({ bundle, rpcUrl: world.chain.url, registry, purpose: 'breach' });

  test("default: the registry's own word, for its consumer, without sending anything", async () => {
    const bundle = await proveBundle();
    expect(await ask(bundle)).toEqual({ accepted: true });
    expect(await ask(bundle)).toEqual({ accepted: true });
  });

  test('error: refused with the name of the rule', async () => {
    const bundle = await proveBundle();
    const { signals } = bundle;
    expect(await ask({ ...bundle, recipient: STRANGER })).toEqual({ accepted: false, reason: 'WrongBinding' });
    expect(await ask({ ...bundle, consumer: STRANGER })).toEqual({ accepted: false, reason: 'NotInTerms' });
    expect(await ask({ ...bundle, signals: { ...signals, nullifier: signals.nullifier + 1n } })).toEqual({ accepted: false, reason: 'ProofRefused' });
    expect(await ask(await proveBundle({ state: 'solvent', claim: CLAIMS.solvent }))).toEqual({ accepted: false, reason: 'ClaimRefused' });
    expect(await ask(await proveBundle({ snapshot: (await world.chain.time()) - 1_900n }))).toEqual({ accepted: false, reason: 'SnapshotRefused' });
  });

  test('error: no registry there is no verdict', async () => {
    await expect(ask(await proveBundle(), STRANGER)).rejects.toThrow(/no SolvencyRegistry at the address/);
    await expect(ask({ ...(await proveBundle()), chainId: 1 })).rejects.toThrow();
  });
});

describe('signEnrolment', () => {
  test('default: the pool takes the enrolment that an attestor signs, for the reference that the proofs show', async () => {
    const attestation = holderAttestation('M-attested', 'breached', await world.chain.time());
    const parts = { attestation, secret: SECRET, chainId: DEVELOPMENT_CHAIN, consumer: world.pool.address, borrower: STRANGER };
    const enrolments = SIGNERS.slice(0, 2).map((key) => signEnrolment({ ...parts, key }));
    const [first] = enrolments;
    expect(first?.accountRef).toBe((await proveBundle()).signals.accountRef);
    const signatures = `0x${enrolments.map((entry) => entry.signature.slice(2)).join('')}`;
    await world.pool.write(OWNER, 'enrol', STRANGER, first?.accountRef, signatures);
    expect(String(await world.pool.read('borrowerOf', first?.accountRef)).toLowerCase()).toBe(STRANGER);
  });
});

describe('REGISTRY_ABI', () => {
  test("default: what it names is the compiled contract's", () => {
    const compiled = Interface.from(compileSolvency()['SolvencyRegistry']?.abi as InterfaceAbi);
    const ours = new Interface(REGISTRY_ABI);
    ours.forEachFunction((entry) => expect(compiled.getFunction(entry.name)?.format('sighash')).toBe(entry.format('sighash')));
    ours.forEachError((entry) => expect([entry.name, compiled.getError(entry.name)?.format('sighash')]).toEqual([entry.name, entry.format('sighash')]));
  });
});
