import { Interface } from 'ethers';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Submission } from '../../src/proof/calldata.ts';
import { packClaim, UNBOUNDED } from '../../src/proof/claim.ts';
import { FIELD_MODULUS } from '../../src/proof/field.ts';
import { circuitId } from '../../src/proof/instances.ts';
import { type PublicSignals, SIGNAL_NAMES } from '../../src/proof/public-signals.ts';
import { REGISTRY_ABI } from '../../src/proof/registry-abi.ts';
import { marketId } from '../../src/proof/scope.ts';
import type { Contract } from '../chain/contract.ts';
import { addressOf } from './executor-chain.ts';
import { DELAY, MODES, PURPOSES, put, refusalOf, signAttestation } from './solvency-chain.ts';
import { addMock, CONSUMER, mockSubmission, OWNER, openWorld, RECIPIENT, SIGNERS, type SolvencyWorld, STRANGER } from './solvency-world.ts';

const ATTESTOR = 777n;
const COVERAGE = 888n;
const MARKET = marketId({ chain: 'eip155:1', protocol: 'aave-v3', market: 'core' });
const OTHER_MARKET = marketId({ chain: 'eip155:1', protocol: 'aave-v3', market: 'prime' });
const SOLVENT = packClaim({ lowerPpm: 1_100_000, upperPpm: null, minDeficitCents: 0n });
const MAX_AGE = 1_800n;
const HALF_UINT = 2n ** 255n;

let world: SolvencyWorld;
let registry: Contract;
let now: bigint;
let base: Omit<PublicSignals, 'domain' | 'binding'>;

beforeAll(async () => {
  world = await openWorld([ATTESTOR]);
  ({ registry } = world);
  await addMock(world, 'M-attested');
  await addMock(world, 'S-committed');
  await allow('breach', [COVERAGE], [0n, MARKET], { bound: 900_000, minDeficit: 500n });
  await allow('solvent', [COVERAGE], [0n, MARKET], { bound: 1_050_000 });
  now = await world.chain.time();
  base = {
    attestor: ATTESTOR,
    coverage: COVERAGE,
    snapshot: now - 100n,
    claim: packClaim({ lowerPpm: 0, upperPpm: 900_000, minDeficitCents: 500n }),
    scope: 0n,
    nullifier: 1_000n,
    accountRef: 2_000n,
  };
}, 120_000);

afterAll(() => world.chain.stop());

interface Terms {
  readonly attestors?: string;
  readonly bound: number;
  readonly minDeficit?: bigint;
  readonly maxAge?: number;
}

function termsOf({ attestors = registry.address, bound, minDeficit = 0n, maxAge = 0 }: Terms): readonly unknown[] {
  return [attestors, bound, minDeficit, maxAge];
}

async function allow(purpose: keyof typeof PURPOSES, coverages: readonly bigint[], scopes: readonly bigint[], terms: Terms): Promise<void> {
  await registry.write(CONSUMER, 'setTerms', PURPOSES[purpose], coverages, scopes, termsOf(terms));
}

const make = (changes: Partial<PublicSignals> = {}, instance: 'M-attested' | 'S-committed' = 'M-attested') => mockSubmission({ instance, deadline: now + 3_600n, signals: base, changes });
const breach = (submission: Submission, from: string = CONSUMER) => refusalOf(registry, from, 'submitBreach', submission);
const solvent = (submission: Submission) => refusalOf(registry, CONSUMER, 'submitSolvent', submission);
const withSolvency = (claim = SOLVENT) => make({ claim });

describe('submitBreach', () => {
  test('default: it is counted, once, with all that the proof says in the event', async () => {
    await world.chain.undone(async () => {
      const receipt = await registry.write(CONSUMER, 'submitBreach', make());
      const [event] = registry.events(receipt, 'Breach');
      expect(event?.toObject()).toEqual({
        consumer: expect.stringMatching(new RegExp(CONSUMER, 'i')),
        accountRef: 2_000n,
        nullifier: 1_000n,
        snapshot: now - 100n,
        scope: 0n,
        claim: base.claim,
        coverage: COVERAGE,
        recipient: expect.stringMatching(new RegExp(RECIPIENT, 'i')),
      });
      expect(await registry.read('usedAt', CONSUMER, 1_000n)).toBe(now);
      expect(await breach(make())).toBe('NullifierUsed(1000)');
      expect(await breach(make({ accountRef: 3n, claim: packClaim({ lowerPpm: 0, upperPpm: 800_000, minDeficitCents: 600n }) }))).toBe('NullifierUsed(1000)');
      expect(await solvent(withSolvency())).toBe('NullifierUsed(1000)');
      expect(await breach(make({ nullifier: 1_001n }))).toBeNull();
    });
  });

  test('behavior: another consumer counts for itself, on its own terms', async () => {
    const submission = mockSubmission({ consumer: STRANGER, deadline: now + 60n, signals: base });
    expect(await breach(submission, STRANGER)).toBe(`NotInTerms(0, ${COVERAGE}, 0)`);
    await world.chain.undone(async () => {
      await registry.write(CONSUMER, 'submitBreach', make());
      await registry.write(STRANGER, 'setTerms', PURPOSES.breach, [COVERAGE], [0n], termsOf({ bound: 1_000_000 }));
      expect(await breach(submission, STRANGER)).toBeNull();
      expect(await breach(submission, CONSUMER)).toBe('WrongDomain()');
    });
  });

  test('error: DeadlinePassed a second after the deadline, not at it', async () => {
    const at = (deadline: bigint) => breach(mockSubmission({ deadline, signals: base }));
    expect(await at(now)).toBeNull();
    expect(await at(now - 1n)).toBe(`DeadlinePassed(${now - 1n})`);
  });

  test('error: WrongBinding for another recipient or deadline', async () => {
    expect(await breach({ ...make(), recipient: STRANGER })).toBe('WrongBinding()');
    expect(await breach({ ...make(), deadline: now + 3_601n })).toBe('WrongBinding()');
  });

  test('error: WrongDomain on another chain and for another circuit', async () => {
    await world.chain.undone(async () => {
      await world.chain.request('anvil_setChainId', [1_337]);
      expect(await breach(make())).toBe('WrongDomain()');
      await world.chain.request('anvil_setChainId', [31_337]);
      expect(await breach(make())).toBeNull();
    });
    expect(await breach({ ...make(), circuitId: circuitId('S-committed') })).toBe('WrongDomain()');
  });

  test('error: ProofRefused where the verifier says no', async () => {
    expect(await breach({ ...make(), a: [2n, 1n] })).toBe('ProofRefused()');
  });

  test('error: SnapshotRefused above the greatest age, and ahead of the clock by more than a minute', async () => {
    const at = (snapshot: bigint) => breach(make({ snapshot }));
    expect(await at(now - MAX_AGE)).toBeNull();
    expect(await at(now - MAX_AGE - 1n)).toBe(`SnapshotRefused(${now - MAX_AGE - 1n})`);
    expect(await at(now + 60n)).toBeNull();
    expect(await at(now + 61n)).toBe(`SnapshotRefused(${now + 61n})`);
    for (const snapshot of [0n, 2n ** 64n + now, FIELD_MODULUS - 1n, 2n ** 256n - 1n]) expect(await at(snapshot)).toBe(`SnapshotRefused(${snapshot})`);
  });

  test('behavior: the greatest age is the consumer’s', async () => {
    await world.chain.undone(async () => {
      await allow('breach', [COVERAGE], [0n], { bound: 900_000, maxAge: 99 });
      expect(await breach(make())).toBe(`SnapshotRefused(${now - 100n})`);
      await allow('breach', [COVERAGE], [0n], { bound: 900_000, maxAge: 100 });
      expect(await breach(make())).toBeNull();
    });
  });

  test.each([
    ['the band of the terms', { lowerPpm: 0, upperPpm: 900_000, minDeficitCents: 500n }, true],
    ['a narrower one, and more deficit', { lowerPpm: 0, upperPpm: 1, minDeficitCents: 2n ** 64n - 1n }, true],
    ['a wider one', { lowerPpm: 0, upperPpm: 900_001, minDeficitCents: 500n }, false],
    ['the whole breach', { lowerPpm: 0, upperPpm: 1_000_000, minDeficitCents: 500n }, false],
    ['a band that reaches into solvency', { lowerPpm: 0, upperPpm: 1_000_001, minDeficitCents: 500n }, false],
    ['no upper end', { lowerPpm: 0, upperPpm: null, minDeficitCents: 500n }, false],
    ['an upper end of 0', { lowerPpm: 0, upperPpm: 0, minDeficitCents: 500n }, false],
    ['a lower end', { lowerPpm: 1, upperPpm: 900_000, minDeficitCents: 500n }, false],
    ['too little deficit', { lowerPpm: 0, upperPpm: 900_000, minDeficitCents: 499n }, false],
    ['no deficit', { lowerPpm: 0, upperPpm: 900_000, minDeficitCents: 0n }, false],
    ['solvency', { lowerPpm: 1_100_000, upperPpm: null, minDeficitCents: 0n }, false],
  ])('behavior: of claims, %s', async (_, parts, isTaken) => {
    const claim = packClaim(parts);
    expect(await breach(make({ claim }))).toBe(isTaken ? null : `ClaimRefused(${claim})`);
  });

  test('error: ClaimRefused for more than 112 bits', async () => {
    for (const bit of [112n, 200n, 253n]) {
      const claim = base.claim + (1n << bit);
      expect(await breach(make({ claim }))).toBe(`ClaimRefused(${claim})`);
    }
  });

  test('error: NotInTerms for another market, another coverage, and a scope that does not say where', async () => {
    expect(await breach(make({ scope: MARKET }))).toBeNull();
    expect(await breach(make({ scope: OTHER_MARKET }))).toBe(`NotInTerms(0, ${COVERAGE}, ${OTHER_MARKET})`);
    expect(await breach(make({ coverage: COVERAGE + 1n }))).toBe(`NotInTerms(0, ${COVERAGE + 1n}, 0)`);
    expect(await breach(make({ scope: 1n }))).toBe(`NotInTerms(0, ${COVERAGE}, 1)`);
  });

  test('error: every signal with the field’s order added, which is the same to a verifier', async () => {
    for (const name of SIGNAL_NAMES) {
      const submission = make();
      const at = SIGNAL_NAMES.indexOf(name);
      const signals = submission.signals.map((signal, index) => (index === at ? signal + FIELD_MODULUS : signal));
      const answer = await breach({ ...submission, signals });
      const expected = { coverage: /^NotInTerms/, domain: /^WrongDomain/, binding: /^WrongBinding/, snapshot: /^SnapshotRefused/, claim: /^ClaimRefused/, scope: /^NotInTerms/ };
      expect(answer, name).toMatch(expected[name as keyof typeof expected] ?? new RegExp(`^SignalOutOfField\\(${at}\\)$`));
    }
    expect(await breach(make({ nullifier: FIELD_MODULUS - 1n }))).toBeNull();
    expect(await breach(make({ accountRef: HALF_UINT }))).toBe('SignalOutOfField(8)');
  });

  test('error: AttestorNotActive for one that is not registered, not yet, or revoked', async () => {
    expect(await breach(make({ attestor: 778n }))).toBe('AttestorNotActive(778)');
    await world.chain.undone(async () => {
      await registry.write(OWNER, 'addAttestor', 778n);
      expect(await breach(make({ attestor: 778n }))).toBe('AttestorNotActive(778)');
      await registry.write(OWNER, 'revokeAttestor', ATTESTOR);
      expect(await breach(make())).toBe(`AttestorNotActive(${ATTESTOR})`);
    });
  });

  test('behavior: terms may name another registry of attestors, which then alone is asked', async () => {
    await world.chain.undone(async () => {
      const other = await put(world.chain, OWNER, 'AttestorRegistry', [STRANGER, DELAY, 3, [999n], []]);
      await allow('breach', [COVERAGE], [0n], { attestors: other.address, bound: 900_000 });
      expect(await breach(make({ attestor: 999n }))).toBeNull();
      expect(await breach(make())).toBe(`AttestorNotActive(${ATTESTOR})`);
      expect(await breach(make({ attestor: 5n }, 'S-committed'))).toBe('TooFewSignatures(2, 3)');
    });
  });
});

describe('submitBreach of a committed circuit', () => {
  const committed = (changes: Partial<PublicSignals> = {}) => make({ attestor: 4_444n, ...changes }, 'S-committed');
  const signed = (count: number, commitment = 4_444n) => signAttestation(SIGNERS.slice(0, count), { commitment, coverage: COVERAGE, snapshot: base.snapshot });

  test('default: any commitment, where enough signers signed it with its coverage and snapshot', async () => {
    expect(await breach(committed())).toBeNull();
    expect(await breach({ ...committed(), signatures: signed(3) })).toBeNull();
    expect(await breach({ ...committed(), signatures: signed(1) })).toBe('TooFewSignatures(1, 2)');
    expect(await breach({ ...committed(), signatures: '0x' })).toBe('TooFewSignatures(0, 2)');
  });

  test('error: signatures of another commitment or snapshot', async () => {
    expect(await breach({ ...committed(), signatures: signed(2, 4_445n) })).toMatch(/^Sign/);
    expect(await breach({ ...committed({ snapshot: base.snapshot + 1n }), signatures: signed(2) })).toMatch(/^Sign/);
    expect(await breach({ ...committed({ attestor: 4_444n + FIELD_MODULUS }) })).toBe('SignalOutOfField(0)');
  });

  test('error: an attestor’s name does not stand in for signatures', async () => {
    expect(await breach({ ...committed({ attestor: ATTESTOR }), signatures: '0x' })).toBe('TooFewSignatures(0, 2)');
  });
});

describe('submitSolvent', () => {
  test('default', async () => {
    await world.chain.undone(async () => {
      const receipt = await registry.write(CONSUMER, 'submitSolvent', withSolvency());
      expect(registry.events(receipt, 'Solvent')[0]?.['accountRef']).toBe(2_000n);
      expect(registry.events(receipt, 'Breach')).toEqual([]);
      expect(await solvent(withSolvency())).toBe('NullifierUsed(1000)');
    });
  });

  test.each([
    ['the least lower end', { lowerPpm: 1_050_000, upperPpm: null, minDeficitCents: 0n }, true],
    ['one part per million less', { lowerPpm: 1_049_999, upperPpm: null, minDeficitCents: 0n }, false],
    ['an upper end', { lowerPpm: 1_050_000, upperPpm: UNBOUNDED - 1, minDeficitCents: 0n }, false],
    ['a deficit', { lowerPpm: 1_050_000, upperPpm: null, minDeficitCents: 1n }, false],
    ['a breach', { lowerPpm: 0, upperPpm: 900_000, minDeficitCents: 500n }, false],
    ['nothing', { lowerPpm: 0, upperPpm: null, minDeficitCents: 0n }, false],
  ])('behavior: of claims, %s', async (_, parts, isTaken) => {
    const claim = packClaim(parts);
    expect(await solvent(make({ claim }))).toBe(isTaken ? null : `ClaimRefused(${claim})`);
  });

  test('behavior: every other check is the same', async () => {
    const good = withSolvency();
    expect(await solvent(good)).toBeNull();
    expect(await solvent({ ...good, a: [0n, 0n] })).toBe('ProofRefused()');
    expect(await solvent({ ...good, recipient: STRANGER })).toBe('WrongBinding()');
    expect(await solvent(make({ claim: SOLVENT, scope: OTHER_MARKET }))).toBe(`NotInTerms(1, ${COVERAGE}, ${OTHER_MARKET})`);
    expect(await solvent(make({ claim: SOLVENT, attestor: 1n }))).toBe('AttestorNotActive(1)');
    expect(await refusalOf(registry, STRANGER, 'submitSolvent', good)).toBe(`NotInTerms(1, ${COVERAGE}, 0)`);
  });
});

describe('terms', () => {
  const set = (purpose: keyof typeof PURPOSES, terms: Terms, scopes = [5n], coverages = [6n]) => refusalOf(registry, CONSUMER, 'setTerms', PURPOSES[purpose], coverages, scopes, termsOf(terms));

  test('default: they are set for every pair, with the default age, and removed one by one', async () => {
    await world.chain.undone(async () => {
      const receipt = await registry.write(CONSUMER, 'setTerms', PURPOSES.breach, [5n, 6n], [7n, 8n], termsOf({ bound: 10 }));
      expect(registry.events(receipt, 'TermsSet').map((event) => [event['coverage'], event['scope'], event['maxAge']])).toEqual([
        [5n, 7n, MAX_AGE],
        [5n, 8n, MAX_AGE],
        [6n, 7n, MAX_AGE],
        [6n, 8n, MAX_AGE],
      ]);
      expect(await registry.read('termsOf', CONSUMER, PURPOSES.breach, 6n, 8n)).toEqual([expect.stringMatching(new RegExp(registry.address, 'i')), 10n, 0n, MAX_AGE]);
      await registry.write(CONSUMER, 'removeTerms', PURPOSES.breach, 6n, 8n);
      expect(await refusalOf(registry, CONSUMER, 'removeTerms', PURPOSES.breach, 6n, 8n)).toBe('NotInTerms(0, 6, 8)');
      expect(await refusalOf(registry, CONSUMER, 'removeTerms', PURPOSES.breach, 6n, 7n)).toBeNull();
      expect(await refusalOf(registry, STRANGER, 'removeTerms', PURPOSES.breach, 6n, 7n)).toBe('NotInTerms(0, 6, 7)');
    });
  });

  test('behavior: the scope that does not say where is allowed on purpose only', async () => {
    expect(await set('breach', { bound: 10 }, [0n, 1n])).toBe('HiddenScope()');
    await world.chain.undone(async () => {
      await registry.write(CONSUMER, 'setHiddenTerms', PURPOSES.breach, [COVERAGE], termsOf({ bound: 900_000 }));
      expect(await breach(make({ scope: 1n }))).toBeNull();
      expect(await breach(make({ scope: OTHER_MARKET }))).toMatch(/^NotInTerms/);
      await registry.write(CONSUMER, 'removeTerms', PURPOSES.breach, COVERAGE, 1n);
      expect(await breach(make({ scope: 1n }))).toMatch(/^NotInTerms/);
    });
  });

  test('behavior: terms for a breach are none for solvency', async () => {
    await world.chain.undone(async () => {
      await registry.write(CONSUMER, 'removeTerms', PURPOSES.solvent, COVERAGE, 0n);
      expect(await solvent(withSolvency())).toBe(`NotInTerms(1, ${COVERAGE}, 0)`);
      expect(await breach(make())).toBeNull();
    });
  });

  test('bad input: bounds that are none of their purpose', async () => {
    for (const bound of [0, 1_000_001, UNBOUNDED]) expect(await set('breach', { bound })).toBe('InvalidTerms()');
    for (const bound of [1, 1_000_000]) expect(await set('breach', { bound })).toBeNull();
    for (const bound of [0, 999_999]) expect(await set('solvent', { bound })).toBe('InvalidTerms()');
    expect(await set('solvent', { bound: 1_000_000 })).toBeNull();
    expect(await set('solvent', { bound: 1_000_000, minDeficit: 1n })).toBe('InvalidTerms()');
    expect(await set('breach', { bound: 10, attestors: STRANGER })).toBe('InvalidTerms()');
    expect(await set('breach', { bound: 10 }, [FIELD_MODULUS])).toBe('InvalidTerms()');
    expect(await set('breach', { bound: 10 }, [5n], [FIELD_MODULUS])).toBe('InvalidTerms()');
  });
});

describe('circuits', () => {
  const id = circuitId('L-attested');
  const inL = () => mockSubmission({ instance: 'L-attested', deadline: now + 2n * BigInt(DELAY), signals: { ...base, snapshot: now + BigInt(DELAY) } });

  test('default: they count at once until registration is frozen, then after the delay', async () => {
    await world.chain.undone(async () => {
      await addMock(world, 'M-committed');
      await registry.write(OWNER, 'freeze');
      expect(await refusalOf(registry, OWNER, 'freeze')).toBe('AlreadyFrozen()');
      await addMock(world, 'L-attested');
      await world.chain.wait(DELAY - 1);
      expect(await breach(inL())).toBe(`CircuitNotActive(${id})`);
      await world.chain.wait(1);
      expect(await breach(inL())).toBeNull();
    });
  });

  test('behavior: a stopped circuit ends at once, and its id is never used again', async () => {
    await world.chain.undone(async () => {
      await registry.write(OWNER, 'stopCircuit', circuitId('M-attested'));
      expect(await breach(make())).toBe(`CircuitNotActive(${circuitId('M-attested')})`);
      await world.chain.wait(1_000);
      expect(await breach(make())).toBe(`CircuitNotActive(${circuitId('M-attested')})`);
      await expect(addMock(world, 'M-attested')).rejects.toThrow();
      expect(await refusalOf(registry, OWNER, 'stopCircuit', circuitId('M-attested'))).toMatch(/^CircuitNotActive/);
    });
  });

  test('error: an unknown circuit, one that is there, a verifier of another one or none', async () => {
    expect(await breach(inL())).toBe(`CircuitNotActive(${id})`);
    const mock = await put(world.chain, OWNER, 'MockVerifier', [id]);
    const register = (circuit: string, verifier: string, from: string = OWNER) => refusalOf(registry, from, 'registerCircuit', circuit, verifier, MODES.attested);
    expect(await register(id, mock.address)).toBeNull();
    expect(await register(circuitId('M-attested'), mock.address)).toBe(`CircuitKnown(${circuitId('M-attested')})`);
    expect(await register(circuitId('M-committed'), mock.address)).toBe(`WrongVerifier(${mock.address})`);
    expect(await register(id, addressOf(0xdead))).toBe(`WrongVerifier(${addressOf(0xdead)})`);
    expect(await register(id, mock.address, STRANGER)).toBe(`NotOwner(${STRANGER})`);
    for (const [method, ...args] of [['stopCircuit', id], ['freeze']] as const) expect(await refusalOf(registry, STRANGER, method, ...args)).toBe(`NotOwner(${STRANGER})`);
  });
});

describe('REGISTRY_ABI', () => {
  test('default: what the library calls and understands is what the contract has', () => {
    const own = new Set(registry.abi.fragments.filter((entry) => entry.type !== 'constructor').map((entry) => entry.format('sighash')));
    expect(new Interface([...REGISTRY_ABI]).fragments.map((entry) => entry.format('sighash')).filter((text) => !own.has(text))).toEqual([]);
  });
});
