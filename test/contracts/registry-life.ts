import { type Claim, packClaim } from '../../src/proof/claim.ts';
import { FIELD_MODULUS } from '../../src/proof/field.ts';
import { circuitId } from '../../src/proof/instances.ts';
import type { Anvil } from '../chain/anvil.ts';
import type { ChainLog } from './mapping-host.ts';
import { addressOfSigner, PURPOSES } from './solvency-chain.ts';
import { addMock, CONSUMER, mockSubmission, OWNER, openWorld, RECIPIENT, SIGNERS, STRANGER } from './solvency-world.ts';

export const COVERAGE = 888n;
export const [FIRST, SECOND, THIRD] = [777n, 778n, 779n];
/** As large as a field element can be, hence larger than any number of JSON. */
export const REF = FIELD_MODULUS - 1n;
export const BREACH = { lowerPpm: 0, upperPpm: 900_000, minDeficitCents: 2n ** 64n - 1n };
export const SOLVENT = { lowerPpm: 1_100_000, upperPpm: null, minDeficitCents: 0n };

/** A registry's life, and when it began. */
export interface Life {
  readonly registry: string;
  readonly start: bigint;
  readonly logs: readonly ChainLog[];
}

/** Everything that a registry can tell, on a chain: two breaches, one of them of an older snapshot, and a cure. */
export async function liveRegistry(): Promise<Life> {
  const world = await openWorld([FIRST]);
  const { chain, registry } = world;
  try {
    const start = await chain.time();
    await addMock(world, 'M-attested');
    await addMock(world, 'S-committed');
    const own = (bound: number, minDeficit: bigint) => [registry.address, bound, minDeficit, 900];
    await registry.write(CONSUMER, 'setTerms', PURPOSES.breach, [COVERAGE], [0n, 5n], own(900_000, 500n));
    await registry.write(CONSUMER, 'setTerms', PURPOSES.solvent, [COVERAGE], [0n], own(1_050_000, 0n));
    await registry.write(CONSUMER, 'removeTerms', PURPOSES.breach, COVERAGE, 5n);
    const submit = (method: string, nullifier: bigint, snapshot: bigint, claim: Claim) => {
      const signals = { attestor: FIRST, coverage: COVERAGE, snapshot, claim: packClaim(claim), scope: 0n, nullifier, accountRef: REF };
      return registry.write(CONSUMER, method, mockSubmission({ deadline: start + 600n, signals }));
    };
    await submit('submitBreach', 1n, start - 10n, BREACH);
    await chain.wait(60);
    await submit('submitBreach', 2n, start - 20n, BREACH);
    await submit('submitSolvent', 3n, start + 5n, SOLVENT);
    for (const [method, ...args] of ownerCalls()) await registry.write(OWNER, method, ...args);
    await registry.write(STRANGER, 'acceptOwnership');
    return { registry: registry.address, start, logs: await logsOf(chain, registry.address) };
  } finally {
    chain.stop();
  }
}

function ownerCalls(): readonly (readonly [string, ...unknown[]])[] {
  const [signer] = SIGNERS.map(addressOfSigner);
  return [
    ['stopCircuit', circuitId('S-committed')],
    ['freeze'],
    ['addAttestor', SECOND],
    ['removeAttestor', FIRST],
    ['revokeAttestor', THIRD],
    ['addSigner', RECIPIENT],
    ['removeSigner', RECIPIENT],
    ['revokeSigner', signer],
    ['setThreshold', 1],
    ['offerOwnership', STRANGER],
  ];
}

async function logsOf(chain: Anvil, address: string): Promise<readonly ChainLog[]> {
  const logs = (await chain.request('eth_getLogs', [{ address, fromBlock: '0x0', toBlock: 'latest' }])) as readonly Omit<ChainLog, 'timestamp'>[];
  const timeOf = async (block: string) => BigInt(((await chain.request('eth_getBlockByNumber', [block, false])) as { readonly timestamp: string }).timestamp);
  return Promise.all(logs.map(async (log) => ({ ...log, timestamp: await timeOf(log.blockNumber) })));
}
