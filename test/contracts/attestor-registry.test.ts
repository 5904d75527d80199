import { SigningKey } from 'ethers';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { attestationDigest } from '../../src/proof/attestor-key.ts';
import { FIELD_MODULUS } from '../../src/proof/field.ts';
import { Anvil } from '../chain/anvil.ts';
import type { Contract } from '../chain/contract.ts';
import { addressOf } from './executor-chain.ts';
import { addressOfSigner, DELAY, put, refusalOf, signAttestation, signersInOrder, withHighS, wordsOf } from './solvency-chain.ts';

const OWNER = addressOf(0xa11ce);
const STRANGER = addressOf(0xe7e);
const FIRST = 111n;
const FOREVER = 2n ** 64n - 1n;
const [a, b, c, d] = signersInOrder(4);
if (a === undefined || b === undefined || c === undefined || d === undefined) throw new TypeError('no signers');
const facts = { commitment: 5n, coverage: 6n, snapshot: 1_760_000_000n };

let chain: Anvil;
let registry: Contract;

beforeAll(async () => {
  chain = await Anvil.start('prague');
  for (const account of [OWNER, STRANGER]) await chain.fund(account);
  registry = await put(chain, STRANGER, 'AttestorRegistry', [OWNER, DELAY, 2, [FIRST], [a, b, c].map(addressOfSigner)]);
}, 60_000);

afterAll(() => chain.stop());

const owner = (method: string, ...args: readonly unknown[]) => registry.write(OWNER, method, ...args);
const refusal = (method: string, ...args: readonly unknown[]) => refusalOf(registry, OWNER, method, ...args);
const standing = async (method: string, key: unknown) => {
  const [announced, activeFrom, activeUntil, revoked] = (await registry.read(method, key)) as readonly unknown[];
  return { announced, activeFrom, activeUntil, revoked };
};
const attested = (signatures: string, { commitment, coverage, snapshot } = facts) => refusal('requireAttested', commitment, coverage, snapshot, signatures);

describe('attestors and signers', () => {
  test('default: those of the constructor count at once, nobody else does', async () => {
    expect(await refusal('requireAttestor', FIRST)).toBeNull();
    expect(await refusal('requireAttestor', 112n)).toBe('AttestorNotActive(112)');
    expect(await registry.read('threshold')).toBe(2n);
  });

  test.each([
    ['Attestor', 222n],
    ['Signer', addressOfSigner(d)],
  ])('behavior: an %s counts from the second of its delay on, and until that of its removal', async (kind, key) => {
    await chain.undone(async () => {
      const counts = async () => (await (kind === 'Attestor' ? refusal('requireAttestor', key) : attested(signAttestation([c, d].toSorted(byAddress), facts)))) === null;
      const announced = await chain.time();
      await owner(`add${kind}`, key);
      const from = announced + BigInt(DELAY);
      expect(await standing(`${kind.toLowerCase()}Standing`, key)).toEqual({ announced, activeFrom: from, activeUntil: FOREVER, revoked: false });
      expect(await refusal(`add${kind}`, key)).toBe('AlreadyAdded()');
      await chain.wait(DELAY - 1);
      expect(await counts()).toBe(false);
      await chain.wait(1);
      expect(await counts()).toBe(true);

      await owner(`remove${kind}`, key);
      expect(await standing(`${kind.toLowerCase()}Standing`, key)).toEqual({ announced: from, activeFrom: from, activeUntil: from + BigInt(DELAY), revoked: false });
      expect(await refusal(`remove${kind}`, key)).toBe('NotAdded()');
      await chain.wait(DELAY - 1);
      expect(await counts()).toBe(true);
      await chain.wait(1);
      expect(await counts()).toBe(false);
      expect(await refusal(`add${kind}`, key)).toBeNull();
    });
  });

  test.each([
    ['Attestor', FIRST],
    ['Signer', addressOfSigner(a)],
  ])('behavior: a revoked %s ends in the same block and never comes back', async (kind, key) => {
    await chain.undone(async () => {
      const signatures = signAttestation([a, b], facts);
      const check = () => (kind === 'Attestor' ? refusal('requireAttestor', key) : attested(signatures));
      expect(await check()).toBeNull();
      const receipt = await owner(`revoke${kind}`, key);
      expect(registry.events(receipt, `${kind}Revoked`)).toHaveLength(1);
      expect(await check()).toMatch(/NotActive/);
      expect(await refusal(`add${kind}`, key)).toBe('KeyRevoked()');
      expect(await refusal(`revoke${kind}`, key)).toBe('KeyRevoked()');
      await chain.wait(2 * DELAY);
      expect(await check()).toMatch(/NotActive/);
    });
  });

  test('behavior: revoking ends what is only announced, and what was never known', async () => {
    await chain.undone(async () => {
      await owner('addAttestor', 333n);
      await owner('revokeAttestor', 333n);
      await owner('revokeAttestor', 444n);
      await chain.wait(2 * DELAY);
      for (const key of [333n, 444n]) {
        expect(await refusal('requireAttestor', key)).toBe(`AttestorNotActive(${key})`);
        expect(await refusal('addAttestor', key)).toBe('KeyRevoked()');
      }
    });
  });

  test('behavior: events tell when a change takes effect', async () => {
    await chain.undone(async () => {
      const effect = (await chain.time()) + BigInt(DELAY);
      const [added] = registry.events(await owner('addAttestor', 333n), 'AttestorAdded');
      expect([added?.['attestor'], added?.['activeFrom']]).toEqual([333n, effect]);
      const [removed] = registry.events(await owner('removeSigner', addressOfSigner(a)), 'SignerRemoved');
      expect(removed?.['activeUntil']).toBe(effect);
    });
  });

  test('bad input: keys that are none', async () => {
    for (const key of [0n, FIELD_MODULUS, 2n ** 256n - 1n]) expect(await refusal('addAttestor', key)).toBe('InvalidKey()');
    expect(await refusal('addAttestor', FIELD_MODULUS - 1n)).toBeNull();
    expect(await refusal('addSigner', addressOf(0))).toBe('InvalidKey()');
    expect(await refusal('removeAttestor', 999n)).toBe('NotAdded()');
  });

  test('error: NotOwner for everybody else', async () => {
    const calls: readonly [string, ...unknown[]][] = [
      ['addAttestor', 1n],
      ['removeAttestor', FIRST],
      ['revokeAttestor', FIRST],
      ['addSigner', STRANGER],
      ['removeSigner', addressOfSigner(a)],
      ['revokeSigner', addressOfSigner(a)],
      ['setThreshold', 1],
      ['offerOwnership', STRANGER],
    ];
    for (const [method, ...args] of calls) expect(await refusalOf(registry, STRANGER, method, ...args), method).toBe(`NotOwner(${STRANGER})`);
  });
});

describe('threshold', () => {
  test('behavior: more signers are needed at once, fewer after the delay', async () => {
    await chain.undone(async () => {
      await owner('setThreshold', 3);
      expect(await registry.read('threshold')).toBe(3n);
      expect(await attested(signAttestation([a, b], facts))).toBe('TooFewSignatures(2, 3)');
      await owner('setThreshold', 1);
      const from = (await chain.time()) + BigInt(DELAY);
      expect(await registry.read('pendingThreshold')).toEqual([1n, from]);
      await chain.wait(DELAY - 1);
      expect(await registry.read('threshold')).toBe(3n);
      await chain.wait(1);
      expect(await registry.read('threshold')).toBe(1n);
      expect(await registry.read('pendingThreshold')).toEqual([0n, 0n]);
      expect(await attested(signAttestation([b], facts))).toBeNull();
    });
  });

  test('behavior: a pending lower threshold is dropped by the next announcement', async () => {
    await chain.undone(async () => {
      await owner('setThreshold', 1);
      await owner('setThreshold', 2);
      await chain.wait(2 * DELAY);
      expect(await registry.read('threshold')).toBe(2n);
    });
  });

  test('error: ZeroThreshold, DelayOutOfRange, ZeroOwner', async () => {
    expect(await refusal('setThreshold', 0)).toBe('ZeroThreshold()');
    const made = (...args: readonly unknown[]) =>
      put(chain, STRANGER, 'AttestorRegistry', args).then(
        () => null,
        (error: { data: string }) => wordsOf(error.data),
      );
    expect(await made(OWNER, DELAY, 0, [], [])).toBe('ZeroThreshold()');
    expect(await made(OWNER, 3_599, 1, [], [])).toBe('DelayOutOfRange(3599)');
    expect(await made(OWNER, 90 * 86_400 + 1, 1, [], [])).toBe(`DelayOutOfRange(${90 * 86_400 + 1})`);
    expect(await made(addressOf(0), DELAY, 1, [], [])).toBe('ZeroOwner()');
    expect(await made(OWNER, DELAY, 1, [5n, 5n], [])).toBe('AlreadyAdded()');
  });
});

describe('requireAttested', () => {
  const key = (part: typeof a) => addressOfSigner(part);

  test('default: two of three signers, in the order of their addresses; more are good too', async () => {
    for (const keys of [
      [a, b],
      [b, c],
      [a, c],
      [a, b, c],
    ])
      expect(await attested(signAttestation(keys, facts))).toBeNull();
  });

  test('behavior: the contract hashes what the library signs', async () => {
    const digest = attestationDigest({ ...facts, schema: 'plimsoll/attestation@1' });
    expect(await refusal('requireSigned', digest, signAttestation([a, b], facts))).toBeNull();
  });

  test('error: every other commitment, coverage and snapshot', async () => {
    const signatures = signAttestation([a, b], facts);
    for (const other of [{ commitment: 7n }, { coverage: 7n }, { snapshot: facts.snapshot + 1n }])
      expect(await attested(signatures, { ...facts, ...other })).toMatch(/^(SignerNotActive|SignersNotAscending)/);
  });

  test('error: k − 1 signers, none, a broken length', async () => {
    expect(await attested(signAttestation([a], facts))).toBe('TooFewSignatures(1, 2)');
    expect(await attested('0x')).toBe('TooFewSignatures(0, 2)');
    expect(await attested(signAttestation([a, b], facts).slice(0, -2))).toBe('SignatureLength(129)');
    expect(await attested(`${signAttestation([a, b], facts)}00`)).toBe('SignatureLength(131)');
  });

  test('error: one signer twice, also as the other signature of the same digest; signers out of order', async () => {
    expect(await attested(signAttestation([a, a], facts))).toBe('SignersNotAscending(1)');
    const one = signAttestation([a], facts);
    expect(await attested(`${one}${withHighS(one).slice(2)}`)).toBe('InvalidSignature(1)');
    expect(await attested(signAttestation([b, a], facts))).toBe('SignersNotAscending(1)');
  });

  test('error: a stranger among them, before, between or behind', async () => {
    for (const keys of [
      [a, d],
      [b, d],
      [c, d],
      [a, b, d],
    ])
      expect(await attested(signAttestation(keys.toSorted(byAddress), facts))).toBe(`SignerNotActive(${key(d)})`);
  });

  test('error: the upper s, a wrong recovery byte, a signature that nobody made', async () => {
    const [one, two] = [signAttestation([a], facts), signAttestation([b], facts).slice(2)];
    expect(await attested(`${one}${two}`)).toBeNull();
    expect(await attested(`${withHighS(one)}${two}`)).toBe('InvalidSignature(0)');
    for (const v of ['00', '01', '1a', '1d', 'ff']) expect(await attested(`${one.slice(0, -2)}${v}${two}`)).toBe('InvalidSignature(0)');
    expect(await attested(`0x${'00'.repeat(64)}1b${two}`)).toBe('InvalidSignature(0)');
    expect(withHighS(withHighS(one))).toBe(one);
    expect(SigningKey.recoverPublicKey(attestationDigest({ ...facts, schema: 'plimsoll/attestation@1' }), one)).toBeDefined();
  });
});

describe('ownership', () => {
  test('behavior: it goes over when the next owner accepts, and an offer can be taken back', async () => {
    await chain.undone(async () => {
      await owner('offerOwnership', STRANGER);
      expect(await refusal('setThreshold', 3)).toBeNull();
      await owner('offerOwnership', addressOf(0));
      expect(await refusalOf(registry, STRANGER, 'acceptOwnership')).toBe(`NotPendingOwner(${STRANGER})`);
      await owner('offerOwnership', STRANGER);
      expect(await refusal('acceptOwnership')).toBe(`NotPendingOwner(${OWNER})`);
      await registry.write(STRANGER, 'acceptOwnership');
      expect(await refusal('setThreshold', 3)).toBe(`NotOwner(${OWNER})`);
      expect(await refusalOf(registry, STRANGER, 'acceptOwnership')).toBe(`NotPendingOwner(${STRANGER})`);
    });
  });
});

function byAddress(left: typeof a, right: typeof a): number {
  if (left === undefined || right === undefined) return 0;
  return addressOfSigner(left) < addressOfSigner(right) ? -1 : 1;
}
