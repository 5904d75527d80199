import { namehash } from 'ethers';
import { describe, expect, test } from 'vitest';
import type { ChainId } from '../../../src/core/ids.ts';
import type { CallResult, ChainSource, ContractCall } from '../../../src/core/source.ts';
import { isName, normalizeName, resolveOwners } from '../../../src/service/portfolio/resolve-owners.ts';

const OWNER = `0x${'ab'.repeat(20)}`;
const RESOLVER = `0x${'cd'.repeat(20)}`;
const NO_ONE = `0x${'0'.repeat(40)}`;

/** A chain with one name in it. */
function ens(resolver: CallResult, address: CallResult): ReadonlyMap<ChainId, ChainSource> {
  const answer = ({ to, args }: ContractCall): CallResult => {
    if (args[0] !== namehash('plimsoll.eth')) return { ok: true, values: [NO_ONE] };
    return to === RESOLVER ? address : resolver;
  };
  const head = { chain: 'eip155:1', number: 1n, hash: `0x${'11'.repeat(32)}`, timestamp: 1n } as const;
  const source: ChainSource = {
    chain: 'eip155:1',
    label: 'fake',
    fetchHead: () => Promise.resolve(head),
    fetchBlock: () => Promise.resolve(head),
    fetchCalls: (calls) => Promise.resolve(new Map(calls.map((call) => [call.key, answer(call)]))),
  };
  return new Map([['eip155:1', source]]);
}

const value = (address: string): CallResult => ({ ok: true, values: [address] });

describe('resolveOwners', () => {
  test('default: names and addresses, each owner once', async () => {
    expect(await resolveOwners(['Plimsoll.eth', OWNER.toUpperCase().replace('0X', '0x'), `eip155:1:${RESOLVER}`], ens(value(RESOLVER), value(OWNER)))).toEqual([OWNER, RESOLVER]);
    expect([isName('a.b.eth'), isName(OWNER), isName('eth'), isName('a b.eth')]).toEqual([true, false, false, false]);
  });

  test('behavior: a name is looked up as ENS writes it, whatever its case and script', async () => {
    const found = ens(value(RESOLVER), value(OWNER));
    expect(await resolveOwners(['PLIMSOLL.eth', 'Ｐlimsoll.eth', 'plimsoll。eth'.replace('。', '.')], found)).toEqual([OWNER]);
    expect([normalizeName('Name.XYZ'), normalizeName('MÜNCHEN.eth'), normalizeName('🦊️.eth')]).toEqual(['name.xyz', 'münchen.eth', '🦊.eth']);
  });

  test.each(['a..eth', 'a b.eth', 'аpple.eth', 'ab--c.eth', 'a\u0000.eth'])('error: INVALID_WALLET for "%s", which is no name of ENS', async (name) => {
    // The third begins with a letter of another script.
    await expect(resolveOwners([name.replace(' ', '\u00a0')], ens(value(RESOLVER), value(OWNER)))).rejects.toMatchObject({ code: 'INVALID_WALLET' });
    expect(() => normalizeName(name)).toThrow(expect.objectContaining({ code: 'INVALID_WALLET' }));
  });

  test.each([
    ['no resolver', ens(value(NO_ONE), value(OWNER))],
    ['no address', ens(value(RESOLVER), value(NO_ONE))],
    ['a resolver that reverts', ens(value(RESOLVER), { ok: false, reason: 'reverted' })],
  ])('error: INVALID_WALLET for a name with %s', async (_, chains) => {
    await expect(resolveOwners(['plimsoll.eth'], chains)).rejects.toThrow(/No address is set for the name plimsoll.eth/);
  });

  test('error: INVALID_ARGUMENT where Ethereum has no endpoint, INVALID_WALLET for what is neither', async () => {
    await expect(resolveOwners(['plimsoll.eth'], new Map())).rejects.toThrow(/Set RPC_URL_1/);
    await expect(resolveOwners(['0x12'], new Map())).rejects.toThrow(/is not a wallet/);
  });
});
