import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { buildCircuit } from '../../circuits/build-circuit.ts';
import type { Submission } from '../../src/proof/calldata.ts';
import { computeReferences } from '../../src/proof/commitment.ts';
import { computeDomain } from '../../src/proof/public-signals.ts';
import { ATTESTOR, CLAIMS, HOLDER_COVERAGE, type Holder, openHolder, type Proving, SECRET, TROUBLED_MARKET } from './holder.ts';
import { balances, enrolment, FUNDS, openPool, POOL, type PoolWorld } from './pool-world.ts';
import { addressOfSigner, PURPOSES, refusalOf, signAttestation, signersInOrder, withHighS } from './solvency-chain.ts';
import { addCircuit, CONSUMER, DEVELOPMENT_CHAIN, OWNER, openWorld, RECIPIENT, SIGNERS, STRANGER } from './solvency-world.ts';

const BORROWER = STRANGER;
const MARGIN = 205n;
const LOAN = 1_000n;

let holder: Holder;

beforeAll(async () => {
  await buildCircuit('S-committed', { keys: true });
  holder = openHolder();
}, 600_000);

afterAll(() => holder.close());

describe.each(['M-attested', 'S-committed'] as const)('a loan watched by proofs of %s', (instance) => {
  let world: PoolWorld;
  let accountRef: bigint;

  beforeAll(async () => {
    const opened = await openWorld([ATTESTOR]);
    await addCircuit(opened, instance);
    world = await openPool(opened, [HOLDER_COVERAGE], [0n, TROUBLED_MARKET]);
    const domain = computeDomain({ chainId: DEVELOPMENT_CHAIN, consumer: world.pool.address, instance });
    ({ accountRef } = computeReferences({ account: 0xb0bn, secret: SECRET, domain, snapshot: 0n, scope: 0n }));
    await world.pool.write(OWNER, 'enrol', BORROWER, accountRef, enrolment(world.pool, BORROWER, accountRef));
    await world.pool.write(BORROWER, 'open', accountRef, MARGIN, LOAN);
    await world.chain.wait(600);
  }, 300_000);

  afterAll(() => world.chain.stop());

  const prove = async (changes: Partial<Proving> = {}) => {
    const now = await world.chain.time();
    return holder.prove({ instance, consumer: world.pool.address, snapshot: now, deadline: now + 600n, ...changes });
  };
  const refusal = (from: string, method: string, ...args: readonly unknown[]) => refusalOf(world.pool, from, method, ...args);

  test('default: enrolled, opened, called by a breach, cured by solvency, called again, closed', async () => {
    const breach = await prove();
    expect(breach.signals[8]).toBe(accountRef);
    await world.chain.wait(30);
    // Whoever finds the proof may hand it in: the reward is the recipient's all the same.
    await world.pool.write(CONSUMER, 'marginCall', breach);
    expect(await balances(world, RECIPIENT, CONSUMER)).toEqual([FUNDS - LOAN, FUNDS - LOAN + MARGIN - POOL.reward, POOL.reward, 0n]);
    expect(await refusal(CONSUMER, 'marginCall', breach)).toMatch(/^NullifierUsed/);

    const cure = await prove({ state: 'solvent', claim: CLAIMS.solvent });
    const old = await prove({ state: 'solvent', claim: CLAIMS.solvent, snapshot: breach.signals[4] ?? 0n });
    expect(await refusal(BORROWER, 'cure', old)).toMatch(/^NullifierUsed/);
    const elsewhere = await prove({ state: 'solvent', claim: CLAIMS.solvent, scope: { kind: 'market', marketId: TROUBLED_MARKET } });
    expect(await refusal(BORROWER, 'cure', elsewhere)).toBe(`OtherScope(${TROUBLED_MARKET}, 0)`);
    expect(await refusal(BORROWER, 'cure', await prove())).toMatch(/^ClaimRefused/);
    await world.pool.write(BORROWER, 'cure', cure);
    expect(await refusal(OWNER, 'close', accountRef)).toBe('WrongState(1)');

    await world.chain.wait(60);
    await world.pool.write(CONSUMER, 'marginCall', await prove({ scope: { kind: 'market', marketId: TROUBLED_MARKET } }));
    await world.chain.wait(POOL.curePeriod + 1);
    await world.pool.write(OWNER, 'close', accountRef);
    expect(await balances(world, RECIPIENT)).toEqual([FUNDS - LOAN + MARGIN - POOL.reward, FUNDS - LOAN + MARGIN - POOL.reward, 2n * POOL.reward]);
  });
});

describe('signers of a commitment', () => {
  const instance = 'S-committed';
  let world: Awaited<ReturnType<typeof openWorld>>;
  let good: Submission;

  beforeAll(async () => {
    world = await openWorld([ATTESTOR]);
    await addCircuit(world, instance);
    await world.registry.write(CONSUMER, 'setTerms', PURPOSES.breach, [HOLDER_COVERAGE], [0n], [world.registry.address, 1_000_000, 0, 0]);
    const now = await world.chain.time();
    good = await holder.prove({ instance, consumer: CONSUMER, snapshot: now - 100n, deadline: now + 600n });
  }, 300_000);

  afterAll(() => world.chain.stop());

  const breach = (submission: Submission) => refusalOf(world.registry, CONSUMER, 'submitBreach', submission);
  const signed = (keys: typeof SIGNERS) => {
    const [commitment = 0n, coverage = 0n, , , snapshot = 0n] = good.signals;
    return { ...good, signatures: signAttestation(keys, { commitment, coverage, snapshot }) };
  };

  test('default: two of three, or all three', async () => {
    expect(await breach(good)).toBeNull();
    expect(await breach(signed(SIGNERS))).toBeNull();
    expect(signed(SIGNERS.slice(0, 2)).signatures).toBe(good.signatures);
  });

  test('error: k − 1 signers, one twice, out of order, a stranger, the upper s', async () => {
    const [a, b, c] = SIGNERS;
    const stranger = signersInOrder(4).find((key) => !SIGNERS.some((signer) => addressOfSigner(signer) === addressOfSigner(key)));
    if (a === undefined || b === undefined || c === undefined || stranger === undefined) throw new TypeError('no signers');
    const named = addressOfSigner(stranger);
    expect(await breach(signed([a]))).toBe('TooFewSignatures(1, 2)');
    expect(await breach(signed([a, a]))).toBe('SignersNotAscending(1)');
    expect(await breach(signed([c, b]))).toBe('SignersNotAscending(1)');
    expect(await breach(signed([a, stranger].toSorted((x, y) => (addressOfSigner(x) < addressOfSigner(y) ? -1 : 1))))).toBe(`SignerNotActive(${named})`);
    expect(await breach({ ...good, signatures: `${withHighS(signed([a]).signatures)}${signed([b]).signatures.slice(2)}` })).toBe('InvalidSignature(0)');
  });

  test('error: a signer that is revoked; signatures of another commitment; a commitment nobody signed', async () => {
    await world.chain.undone(async () => {
      const [first] = SIGNERS;
      if (first === undefined) throw new TypeError('no signer');
      await world.registry.write(OWNER, 'revokeSigner', addressOfSigner(first));
      expect(await breach(good)).toBe(`SignerNotActive(${addressOfSigner(first)})`);
      expect(await breach(signed(SIGNERS.slice(1)))).toBeNull();
    });
    const now = await world.chain.time();
    const other = await holder.prove({ instance, consumer: CONSUMER, snapshot: now - 99n, deadline: now + 600n });
    expect(await breach({ ...good, signatures: other.signatures })).toMatch(/^Sign/);
    expect(await breach({ ...good, signals: good.signals.map((signal, at) => (at === 0 ? (other.signals[0] ?? 0n) : signal)), signatures: other.signatures })).toMatch(/^Sign/);
    const swapped = good.signals.map((signal, at) => (at === 0 || at === 4 ? (other.signals[at] ?? 0n) : signal));
    expect(await breach({ ...good, signals: swapped, signatures: other.signatures })).toBe('ProofRefused()');
  });
});
