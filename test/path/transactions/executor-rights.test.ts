import { describe, expect, test } from 'vitest';
import type { ExecutorRight } from '../../../src/core/call.ts';
import type { Address } from '../../../src/core/ids.ts';
import { encodeRights } from '../../../src/path/transactions/executor-rights.ts';

const EXECUTOR: Address = `0x${'e'.repeat(40)}`;
const TOKEN: Address = `0x${'1'.repeat(40)}`;
const DEBT: Address = `0x${'2'.repeat(40)}`;
const MORPHO: Address = `0x${'3'.repeat(40)}`;
const COMET: Address = `0x${'4'.repeat(40)}`;
const USDT: Address = '0xdac17f958d2ee523a2206206994597c13d831ec7';
const right = (kind: ExecutorRight['kind'], contract: Address, amount: bigint | null, purpose = 'do it'): ExecutorRight => ({ kind, contract, amount, purpose });
const encode = (rights: readonly ExecutorRight[]) => encodeRights(rights, { chain: 'eip155:1', executor: EXECUTOR });
/** Selector and last argument. */
const brief = (calls: ReturnType<typeof encode>['grants']) => calls.map(({ to, data }) => [to, data.slice(0, 10), BigInt(`0x${data.slice(-64)}`)]);

describe(encodeRights, () => {
  test('default: exact rights are granted, rights without an amount granted and taken back', () => {
    const { grants, revokes } = encode([right('allowance', TOKEN, 5n), right('delegation', DEBT, 6n), right('authorization', MORPHO, null), right('manager', COMET, null)]);
    expect(brief(grants)).toEqual([
      [TOKEN, '0x095ea7b3', 5n],
      [DEBT, '0xc04a8a10', 6n],
      [MORPHO, '0xeecea000', 1n],
      [COMET, '0x110496e5', 1n],
    ]);
    expect(brief(revokes)).toEqual([
      [MORPHO, '0xeecea000', 0n],
      [COMET, '0x110496e5', 0n],
    ]);
    for (const { data } of [...grants, ...revokes]) expect(data).toContain(EXECUTOR.slice(2));
  });

  test('behavior: each right once: amounts at one contract add up, purposes stand side by side', () => {
    const { grants, revokes } = encode([right('allowance', TOKEN, 5n, 'take 5'), right('allowance', TOKEN, 7n, 'take 7'), right('authorization', MORPHO, null), right('authorization', MORPHO, null)]);
    expect(brief(grants)).toEqual([
      [TOKEN, '0x095ea7b3', 12n],
      [MORPHO, '0xeecea000', 1n],
    ]);
    expect(grants[0]?.description).toBe('Let your executor take 5, take 7.');
    expect(revokes).toHaveLength(1);
  });

  test('behavior: USDT is granted from 0, and both calls say so', () => {
    const { grants } = encode([right('allowance', USDT, 5n, 'take 5 USDT from your wallet')]);
    expect(brief(grants).map(([, , amount]) => amount)).toEqual([0n, 5n]);
    expect(grants.map((call) => call.description)).toEqual(['Set what your executor may take to 0 first, as this token wants it.', 'Let your executor take 5 USDT from your wallet.']);
  });
});
