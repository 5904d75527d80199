import { fileURLToPath } from 'node:url';
import { getBytes, Interface, type InterfaceAbi, id, TypedDataEncoder } from 'ethers';
import { InternalError } from '../../src/core/errors.ts';
import { type Address, toAddress } from '../../src/core/ids.ts';
import { type AttestationMessage, type AttestorKey, attestationDigest, signDigest, signerAddress } from '../../src/proof/attestor-key.ts';
import type { InstanceId } from '../../src/proof/instances.ts';
import { verifierName } from '../../src/proof/node/ceremony/render-verifier.ts';
import { type Anvil, Reverted } from '../chain/anvil.ts';
import { type Artifact, compileSolidity } from '../chain/compile-solidity.ts';
import { type Contract, deploy } from '../chain/contract.ts';

/** As the executor one bytecode for every chain of the deployments; tuned for many calls, as each proof is one. */
const SETTINGS = { evmVersion: 'paris', viaIR: true, optimizer: { enabled: true, runs: 1_000_000 }, metadata: { bytecodeHash: 'none' } };
/** Enough for a proof; a starved verifier answers false. */
const GAS = '0xe4e1c0';

/** Seconds between the announcement of a change and the change, in these tests. */
export const DELAY = 86_400;
export const MODES = { attested: 0, committed: 1 } as const;
export const PURPOSES = { breach: 0, solvent: 1 } as const;

const CONTRACTS = ['contracts/AttestorRegistry.sol', 'contracts/SolvencyRegistry.sol', 'contracts/ExampleMarginPool.sol', 'test/TestVerifiers.sol'];

/** The registries, the pool and what the tests set beside them, by contract name. */
export function compileSolvency(): Readonly<Record<string, Artifact>> {
  return compile(CONTRACTS);
}

/** The generated verifier of a circuit, with its development keys. */
export function compileVerifier(instance: InstanceId): Artifact {
  const file = verifierName({ instance, keys: 'production' });
  const artifact = compile([`contracts/verifiers/${file}.sol`])[verifierName({ instance, keys: 'development' })];
  if (artifact === undefined) throw new InternalError(`no verifier of ${instance}`);
  return artifact;
}

function compile(entries: readonly string[]): Readonly<Record<string, Artifact>> {
  const roots = { 'contracts/': fileURLToPath(new URL('../../contracts/', import.meta.url)), 'test/': fileURLToPath(new URL('./solidity/', import.meta.url)) };
  return compileSolidity({ compiler: 'solc-0.8.27', roots, entries, settings: SETTINGS });
}

/** Deploys one of the contracts of {@link compileSolvency}. */
export async function put(chain: Anvil, from: string, name: string, args: readonly unknown[] = []): Promise<Contract> {
  const artifact = compileSolvency()[name];
  if (artifact === undefined) throw new InternalError(`no artifact ${name}`);
  return deploy(chain, from, artifact, args);
}

/** Who may sign, from a small number; addresses ascend in the order of the list that {@link signersInOrder} gives. */
function signerOf(number: number): AttestorKey {
  return { class: 'dev', kind: 'secp256k1', privateKey: getBytes(id(`test signer ${number}`)) };
}

/** `count` signers by ascending address. */
export function signersInOrder(count: number): readonly AttestorKey[] {
  return Array.from({ length: count }, (_, at) => signerOf(at)).toSorted((a, b) => (signerAddress(a) < signerAddress(b) ? -1 : 1));
}

/** Their signatures of an attestation, one after the other. */
export function signAttestation(keys: readonly AttestorKey[], message: Omit<AttestationMessage, 'schema'>): string {
  return joinSignatures(keys, attestationDigest({ ...message, schema: 'plimsoll/attestation@1' }));
}

/** Their signatures of an enrolment at a consumer on a chain. */
export function signEnrolment(keys: readonly AttestorKey[], chainId: number, message: { readonly consumer: Address; readonly borrower: Address; readonly accountRef: bigint }): string {
  const fields = { consumer: 'address', borrower: 'address', accountRef: 'uint256' };
  const types = { Enrolment: Object.entries(fields).map(([name, type]) => ({ name, type })) };
  return joinSignatures(keys, TypedDataEncoder.hash({ name: 'Plimsoll enrolment', version: '1', chainId }, types, message));
}

function joinSignatures(keys: readonly AttestorKey[], digest: string): string {
  return `0x${keys.map((key) => signDigest(key, digest).slice(2)).join('')}`;
}

const ORDER = 0xffff_ffff_ffff_ffff_ffff_ffff_ffff_fffe_baae_dce6_af48_a03b_bfd2_5e8c_d036_4141n;

/** The other signature that the same key and digest have: s above half the order, the other recovery byte. */
export function withHighS(signature: string): string {
  const [r, s, v] = [signature.slice(0, 66), BigInt(`0x${signature.slice(66, 130)}`), signature.slice(130)];
  return `${r}${(ORDER - s).toString(16).padStart(64, '0')}${v === '1b' ? '1c' : '1b'}`;
}

/** A refusal in words: the error with its arguments, `SnapshotRefused(1759999999)`; null where the call passes. */
export async function refusalOf(contract: Contract, from: string, method: string, ...args: readonly unknown[]): Promise<string | null> {
  try {
    await contract.chain.request('eth_call', [{ gas: GAS, from, to: contract.address, data: contract.abi.encodeFunctionData(method, args) }, 'latest']);
    return null;
  } catch (error) {
    if (error instanceof Reverted) return wordsOf(error.data);
    throw error;
  }
}

/** Revert data in words, by the errors of all these contracts. */
export function wordsOf(data: string): string {
  const parsed = data.length < 10 ? null : allErrors().parseError(data);
  return parsed === null ? data : `${parsed.name}(${parsed.args.map((value) => String(value).toLowerCase()).join(', ')})`;
}

let errors: Interface | null = null;

function allErrors(): Interface {
  errors ??= new Interface([
    'error Error(string)',
    'error Panic(uint256)',
    ...uniqueErrors(
      Object.values(compileSolvency()).flatMap((artifact) => Interface.from(artifact.abi as InterfaceAbi).fragments.flatMap((entry) => (entry.type === 'error' ? [entry.format('full')] : []))),
    ),
  ]);
  return errors;
}

function uniqueErrors(fragments: readonly string[]): readonly string[] {
  return [...new Set(fragments)];
}

/** Gas that a transaction used. */
export async function gasOf(contract: Contract, from: string, method: string, ...args: readonly unknown[]): Promise<bigint> {
  const receipt = await contract.write(from, method, ...args);
  return 'gasUsed' in receipt ? BigInt(String(receipt.gasUsed)) : 0n;
}

/** The address of a test's signer. */
export function addressOfSigner(key: AttestorKey): Address {
  return toAddress(signerAddress(key));
}
