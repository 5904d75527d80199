import { describe, expect, test } from 'vitest';
import type { Address } from '../../../src/core/ids.ts';
import type { CallResult } from '../../../src/core/source.ts';
import { requireOwnExecutor } from '../../../src/service/plan/check-executor.ts';

const OWNER: Address = `0x${'a'.repeat(40)}`;
const OTHER: Address = `0x${'b'.repeat(40)}`;
const EXECUTOR: Address = `0x${'e'.repeat(40)}`;

function sourceThatAnswers(answer: CallResult, hash: string | null = '0x12') {
  return {
    chain: 'eip155:1' as const,
    fetchHead: async () => ({ chain: 'eip155:1' as const, number: 1n, hash, timestamp: 1n }),
    fetchCalls: async () => new Map([['owner', answer]]),
  };
}

describe(requireOwnExecutor, () => {
  test('default: the owner’s own', async () => {
    await expect(requireOwnExecutor(sourceThatAnswers({ ok: true, values: [OWNER] }), { executor: EXECUTOR, owner: OWNER })).resolves.toBeUndefined();
  });

  test.each([
    ['somebody else’s', sourceThatAnswers({ ok: true, values: [OTHER] }), `belongs to ${OTHER}`],
    ['no contract', sourceThatAnswers({ ok: false, reason: 'empty answer' }), 'There is no PlimsollExecutor'],
    ['no block', sourceThatAnswers({ ok: true, values: [OWNER] }, null), 'names no block'],
  ])('error: INVALID_ARGUMENT for %s', async (_what, source, words) => {
    await expect(requireOwnExecutor(source, { executor: EXECUTOR, owner: OWNER })).rejects.toThrow(expect.objectContaining({ code: 'INVALID_ARGUMENT', message: expect.stringContaining(words) }));
  });
});
