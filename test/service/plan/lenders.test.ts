import { beforeAll, describe, expect, test } from 'vitest';
import { PlimsollError } from '../../../src/core/errors.ts';
import type { ChainId } from '../../../src/core/ids.ts';
import type { CallResult, ChainSource, ContractCall } from '../../../src/core/source.ts';
import type { OpenedPortfolio } from '../../../src/engine/open-portfolio.ts';
import { chooseLenders } from '../../../src/service/plan/lenders.ts';
import { openDemo } from '../../path/plan/random-wallets.ts';

let demo: OpenedPortfolio;
beforeAll(async () => {
  demo = await openDemo();
});

const HEAD = { chain: 'eip155:1', number: 1n, hash: `0x${'1'.repeat(64)}`, timestamp: 1n } as const;

/** An Ethereum on which Morpho holds this much of every token. */
function chainWhereMorphoHolds(balance: bigint | null): ReadonlyMap<ChainId, ChainSource> {
  const answer = (call: ContractCall): [string, CallResult] => [call.key, balance === null ? { ok: false, reason: 'reverted' } : { ok: true, values: [balance] }];
  const source: ChainSource = {
    chain: 'eip155:1',
    label: 'test',
    fetchHead: () => Promise.resolve(HEAD),
    fetchBlock: () => Promise.resolve(HEAD),
    fetchCalls: (calls) => Promise.resolve(new Map(calls.map(answer))),
  };
  return new Map([['eip155:1', source]]);
}

const onEthereum = async (chains: ReadonlyMap<ChainId, ChainSource>) => (await chooseLenders(demo, chains)).find(({ chain }) => chain === 'eip155:1')?.kind;

describe(chooseLenders, () => {
  test('default: one lender a chain, the free one first', async () => {
    const lenders = await chooseLenders(demo, new Map());
    expect(lenders.map(({ chain, kind, feeBps }) => [chain, kind, feeBps])).toEqual([
      ['eip155:1', 'morpho', 0],
      ['eip155:42161', 'morpho', 0],
    ]);
  });

  test('behavior: a lender that holds less than the wallet owes is passed over', async () => {
    const owed = demo.accounts.flatMap(({ marketEntry, legs }) => (marketEntry.chain === 'eip155:1' ? legs.filter(({ side }) => side === 'debt') : [])).reduce((sum, { amount }) => sum + amount, 0n);
    expect(await onEthereum(chainWhereMorphoHolds(owed))).toBe('morpho');
    expect(await onEthereum(chainWhereMorphoHolds(owed - 1n))).toBe('aave');
  });

  test('behavior: a chain that does not answer says nothing against it', async () => {
    expect(await onEthereum(chainWhereMorphoHolds(null))).toBe('morpho');
    const [[chain, source] = []] = chainWhereMorphoHolds(0n);
    if (chain === undefined || source === undefined) throw new TypeError('fixture');
    const dead = { ...source, fetchHead: () => Promise.reject(new PlimsollError('SOURCE_UNREACHABLE', 'not here')) };
    expect(await onEthereum(new Map([[chain, dead]]))).toBe('morpho');
  });
});
