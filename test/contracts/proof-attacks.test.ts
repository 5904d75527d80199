import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Submission } from '../../src/proof/calldata.ts';
import { FIELD_MODULUS } from '../../src/proof/field.ts';
import { circuitId } from '../../src/proof/instances.ts';
import { computeBinding, computeDomain, SIGNAL_NAMES, type SignalName } from '../../src/proof/public-signals.ts';
import type { Contract } from '../chain/contract.ts';
import { deploy } from '../chain/contract.ts';
import { ATTESTOR, CLAIMS, HEALTHY_MARKET, HOLDER_COVERAGE, type Holder, openHolder, type Proving, TROUBLED_MARKET } from './holder.ts';
import { compileVerifier, DELAY, PURPOSES, refusalOf } from './solvency-chain.ts';
import { addCircuit, CONSUMER, DEVELOPMENT_CHAIN, OWNER, openWorld, type SolvencyWorld, STRANGER } from './solvency-world.ts';

/** The order of the field that points have their coordinates in. @source EIP-196 */
const BASE_FIELD = 21_888_242_871_839_275_222_246_405_745_257_275_088_696_311_157_297_823_662_689_037_894_645_226_208_583n;
const INSTANCE = 'M-attested';

let world: SolvencyWorld;
let registry: Contract;
let verifier: Contract;
let holder: Holder;
let now: bigint;
/** One good proof of a breach, and the same statement proved again with a later deadline. */
let good: Submission;
let again: Submission;

beforeAll(async () => {
  world = await openWorld([ATTESTOR]);
  ({ registry } = world);
  verifier = await addCircuit(world, INSTANCE);
  for (const consumer of [CONSUMER, STRANGER]) await setTerms(consumer, [0n, TROUBLED_MARKET]);
  now = await world.chain.time();
  holder = openHolder();
  good = await prove();
  again = await prove({ deadline: now + 7_200n });
}, 300_000);

afterAll(async () => {
  await holder.close();
  world.chain.stop();
});

async function setTerms(consumer: string, scopes: readonly bigint[], coverage = HOLDER_COVERAGE): Promise<void> {
  await registry.write(consumer, 'setTerms', PURPOSES.breach, [coverage], scopes, [registry.address, 1_000_000, 0, 0]);
  await registry.write(consumer, 'setTerms', PURPOSES.solvent, [coverage], scopes, [registry.address, 1_000_000, 0, 0]);
}

const prove = (changes: Partial<Proving> = {}) => holder.prove({ instance: INSTANCE, consumer: CONSUMER, snapshot: now - 100n, deadline: now + 3_600n, ...changes });
const breach = (submission: Submission, from: string = CONSUMER, at = registry) => refusalOf(at, from, 'submitBreach', submission);
const verifies = ({ a, b, c, signals }: Submission) => verifier.read('verifyProof', a, b, c, signals);
const withSignal = (submission: Submission, name: SignalName, change: (signal: bigint) => bigint): Submission => ({
  ...submission,
  signals: submission.signals.map((signal, at) => (SIGNAL_NAMES[at] === name ? change(signal) : signal)),
});

/** (−A, −B, C): another proof of the same, that anybody can write. */
function malleate(submission: Submission): Submission {
  const negate = (coordinate: bigint | undefined) => BASE_FIELD - (coordinate ?? 0n);
  const [bx, by] = submission.b;
  if (bx === undefined || by === undefined) throw new TypeError('no point');
  return { ...submission, a: [submission.a[0] ?? 0n, negate(submission.a[1])], b: [bx, by.map(negate)] };
}

describe('a real proof', () => {
  test('default: it is counted, and its signals are those that the library computes', async () => {
    expect(await verifies(good)).toBe(true);
    expect(await breach(good)).toBeNull();
    expect(good.signals[2]).toBe(computeDomain({ chainId: DEVELOPMENT_CHAIN, consumer: CONSUMER, instance: INSTANCE }));
    expect(good.signals[3]).toBe(computeBinding(good.recipient as `0x${string}`, good.deadline));
    expect(good.signals[0]).toBe(ATTESTOR);
  });

  test.each(SIGNAL_NAMES)('error: with another %s the equation does not hold, nor with the field’s order added', async (name) => {
    expect(await verifies(withSignal(good, name, (signal) => signal + 1n))).toBe(false);
    expect(await verifies(withSignal(good, name, (signal) => signal + FIELD_MODULUS))).toBe(false);
    expect(await breach(withSignal(good, name, (signal) => signal + FIELD_MODULUS))).not.toBeNull();
    expect(await breach(withSignal(good, name, (signal) => signal + 1n))).not.toBeNull();
  });

  test.each(['nullifier', 'accountRef', 'snapshot'] as const)('error: ProofRefused where only the equation tells that the %s was changed', async (name) => {
    expect(await breach(withSignal(good, name, (signal) => signal + 1n))).toBe('ProofRefused()');
  });

  test('error: ProofRefused for every coordinate changed, and points that are none', async () => {
    expect(await breach({ ...good, a: [good.a[0] ?? 0n, (good.a[1] ?? 0n) + 1n] })).toBe('ProofRefused()');
    expect(await breach({ ...good, c: [0n, 0n] })).toBe('ProofRefused()');
    expect(await breach({ ...good, c: [...good.c].reverse() })).toBe('ProofRefused()');
    expect(await breach({ ...good, b: good.b.map((pair) => [...pair].reverse()) })).toBe('ProofRefused()');
    expect(await breach({ ...good, a: good.c, c: good.a })).toBe('ProofRefused()');
  });
});

describe('replay', () => {
  test('error: on another chain, whose registry stands at the same address', async () => {
    const other = await openWorld([ATTESTOR], 1_337);
    try {
      await addCircuit(other, INSTANCE);
      expect(other.registry.address).toBe(registry.address);
      await other.registry.write(CONSUMER, 'setTerms', PURPOSES.breach, [HOLDER_COVERAGE], [0n], [registry.address, 1_000_000, 0, 0]);
      expect(await breach(good, CONSUMER, other.registry)).toBe('WrongDomain()');
      const there = computeDomain({ chainId: 1_337, consumer: CONSUMER, instance: INSTANCE });
      expect(
        await breach(
          withSignal(good, 'domain', () => there),
          CONSUMER,
          other.registry,
        ),
      ).toBe('ProofRefused()');
      expect(await breach(await prove({ chainId: 1_337 }), CONSUMER, other.registry)).toBeNull();
    } finally {
      other.chain.stop();
    }
  });

  test('error: at another consumer', async () => {
    expect(await breach(good, STRANGER)).toBe('WrongDomain()');
    const theirs = computeDomain({ chainId: DEVELOPMENT_CHAIN, consumer: STRANGER, instance: INSTANCE });
    expect(
      await breach(
        withSignal(good, 'domain', () => theirs),
        STRANGER,
      ),
    ).toBe('ProofRefused()');
  });

  test('error: for another recipient or deadline, also with a binding of their own', async () => {
    expect(await breach({ ...good, recipient: STRANGER })).toBe('WrongBinding()');
    expect(await breach({ ...good, deadline: good.deadline + 1n })).toBe('WrongBinding()');
    const stolen = { ...withSignal(good, 'binding', () => computeBinding(STRANGER, good.deadline)), recipient: STRANGER };
    expect(await breach(stolen)).toBe('ProofRefused()');
  });

  test('error: after the deadline', async () => {
    await world.chain.undone(async () => {
      const short = await prove({ deadline: now + 10n });
      await world.chain.wait(10);
      expect(await breach(short)).toBeNull();
      await world.chain.wait(1);
      expect(await breach(short)).toBe(`DeadlinePassed(${now + 10n})`);
    });
  });

  test('error: twice, and proved again at the same snapshot with a new deadline', async () => {
    expect(again.signals[7]).toBe(good.signals[7]);
    expect(again.signals[3]).not.toBe(good.signals[3]);
    expect(await breach(again)).toBeNull();
    await world.chain.undone(async () => {
      await registry.write(CONSUMER, 'submitBreach', good);
      const refusal = `NullifierUsed(${good.signals[7]})`;
      expect(await breach(good)).toBe(refusal);
      expect(await breach(again)).toBe(refusal);
    });
  });

  test('behavior: (−A, −B, C) verifies, and counts once: after the original it is refused, before it the original is', async () => {
    const twin = malleate(good);
    expect(twin.a).not.toEqual(good.a);
    expect(await verifies(twin)).toBe(true);
    for (const [first, second] of [
      [good, twin],
      [twin, good],
    ] as const) {
      await world.chain.undone(async () => {
        expect(registry.events(await registry.write(CONSUMER, 'submitBreach', first), 'Breach')).toHaveLength(1);
        expect(await breach(second)).toBe(`NullifierUsed(${good.signals[7]})`);
      });
    }
  });
});

describe('who attested', () => {
  test('error: an attestor that is revoked, unknown, or not yet active', async () => {
    await world.chain.undone(async () => {
      await registry.write(OWNER, 'revokeAttestor', ATTESTOR);
      expect(await breach(good)).toBe(`AttestorNotActive(${ATTESTOR})`);
    });
    const other = await openWorld([1n]);
    try {
      await addCircuit(other, INSTANCE);
      await other.registry.write(CONSUMER, 'setTerms', PURPOSES.breach, [HOLDER_COVERAGE], [0n], [other.registry.address, 1_000_000, 0, 0]);
      expect(await breach(good, CONSUMER, other.registry)).toBe(`AttestorNotActive(${ATTESTOR})`);
      await other.registry.write(OWNER, 'addAttestor', ATTESTOR);
      await other.chain.wait(DELAY - 1);
      const [late, later] = [await proveAt(await other.chain.time()), await proveAt((await other.chain.time()) + 1n)];
      expect(await breach(late, CONSUMER, other.registry)).toBe(`AttestorNotActive(${ATTESTOR})`);
      await other.chain.wait(1);
      expect(await breach(later, CONSUMER, other.registry)).toBeNull();
      expect(
        await breach(
          withSignal(later, 'attestor', () => 1n),
          CONSUMER,
          other.registry,
        ),
      ).toBe('ProofRefused()');
    } finally {
      other.chain.stop();
    }
  });
});

const proveAt = (time: bigint) => prove({ snapshot: time, deadline: time + 600n });

describe('what is claimed', () => {
  test('error: solvency and a band that reaches into it, offered as a breach; a breach offered as solvency', async () => {
    const solvent = await prove({ state: 'solvent', claim: CLAIMS.solvent });
    const wide = await prove({ state: 'solvent', claim: CLAIMS.wide });
    for (const submission of [solvent, wide]) {
      expect(await verifies(submission)).toBe(true);
      expect(await breach(submission)).toMatch(/^ClaimRefused/);
      expect(await breach(withSignal(submission, 'claim', () => good.signals[5] ?? 0n))).toBe('ProofRefused()');
    }
    expect(await refusalOf(registry, CONSUMER, 'submitSolvent', solvent)).toBeNull();
    for (const submission of [good, wide]) expect(await refusalOf(registry, CONSUMER, 'submitSolvent', submission)).toMatch(/^ClaimRefused/);
  });

  test('error: another market’s scope; a hidden one where it is not allowed', async () => {
    const inMarket = await prove({ scope: { kind: 'market', marketId: TROUBLED_MARKET } });
    const elsewhere = await prove({ state: 'solvent', claim: CLAIMS.solvent, scope: { kind: 'market', marketId: HEALTHY_MARKET } });
    const hidden = await prove({ scope: { kind: 'hidden' } });
    for (const submission of [inMarket, elsewhere, hidden]) expect(await verifies(submission)).toBe(true);
    expect(await breach(inMarket)).toBeNull();
    expect(await refusalOf(registry, CONSUMER, 'submitSolvent', elsewhere)).toBe(`NotInTerms(1, ${HOLDER_COVERAGE}, ${HEALTHY_MARKET})`);
    expect(
      await refusalOf(
        registry,
        CONSUMER,
        'submitSolvent',
        withSignal(elsewhere, 'scope', () => TROUBLED_MARKET),
      ),
    ).toBe('ProofRefused()');
    expect(await breach(hidden)).toBe(`NotInTerms(0, ${HOLDER_COVERAGE}, 1)`);
    await world.chain.undone(async () => {
      await registry.write(CONSUMER, 'setHiddenTerms', PURPOSES.breach, [HOLDER_COVERAGE], [registry.address, 1_000_000, 0, 0]);
      expect(await breach(hidden)).toBeNull();
    });
  });

  test('error: a coverage that is not allowed', async () => {
    await world.chain.undone(async () => {
      await registry.write(CONSUMER, 'removeTerms', PURPOSES.breach, HOLDER_COVERAGE, 0n);
      await setTerms(CONSUMER, [0n], HOLDER_COVERAGE + 1n);
      expect(await breach(good)).toBe(`NotInTerms(0, ${HOLDER_COVERAGE}, 0)`);
      expect(await breach(withSignal(good, 'coverage', (signal) => signal + 1n))).toBe('ProofRefused()');
    });
  });

  test('error: a snapshot that is too old or from the future', async () => {
    const future = await prove({ snapshot: now + 61n });
    expect(await breach(future)).toBe(`SnapshotRefused(${now + 61n})`);
    await world.chain.undone(async () => {
      await world.chain.wait(1_700);
      expect(await breach(good)).toBeNull();
      expect(await breach(future)).toBeNull();
      await world.chain.wait(1);
      expect(await breach(good)).toBe(`SnapshotRefused(${now - 100n})`);
    });
  });
});

describe('the verifier', () => {
  test('error: DevelopmentChainsOnly on every chain but two', async () => {
    const artifact = compileVerifier(INSTANCE);
    for (const chainId of [1, 10, 8_453, 42_161, 31_338]) {
      await world.chain.undone(async () => {
        await world.chain.request('anvil_setChainId', [chainId]);
        await expect(deploy(world.chain, OWNER, artifact)).rejects.toMatchObject({ data: verifier.abi.encodeErrorResult('DevelopmentChainsOnly', [chainId]) });
      });
    }
    await world.chain.request('anvil_setChainId', [1_337]);
    await deploy(world.chain, OWNER, artifact);
    await world.chain.request('anvil_setChainId', [DEVELOPMENT_CHAIN]);
  });

  test('behavior: gas estimated on it is far too little; on the registry it is enough', async () => {
    const estimate = async (to: Contract, method: string, ...args: readonly unknown[]) =>
      Number(await world.chain.request('eth_estimateGas', [{ from: CONSUMER, to: to.address, data: to.abi.encodeFunctionData(method, args) }]));
    expect(await estimate(verifier, 'verifyProof', good.a, good.b, good.c, good.signals)).toBeLessThan(100_000);
    const gas = await estimate(registry, 'submitBreach', good);
    expect(gas).toBeGreaterThan(300_000);
    const starved = { from: CONSUMER, to: registry.address, data: registry.abi.encodeFunctionData('submitBreach', [good]) };
    await expect(world.chain.request('eth_call', [{ ...starved, gas: '0x30d40' }, 'latest'])).rejects.toThrow();
    await expect(world.chain.request('eth_call', [{ ...starved, gas: `0x${gas.toString(16)}` }, 'latest'])).resolves.toBe('0x');
  });

  test('behavior: it names its circuit', async () => {
    expect(await verifier.read('CIRCUIT_ID')).toBe(circuitId(INSTANCE));
  });
});
