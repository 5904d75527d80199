import { afterEach, describe, expect, test, vi } from 'vitest';
import { PROTOCOLS } from '../../src/protocols/registry.ts';
import { deepFreeze } from './deep-freeze.ts';
import { FIXTURES } from './fixtures.ts';
import { getFixture, WITHOUT_FIXTURE } from './protocol-fixture.ts';
import { readSamples } from './samples.ts';

afterEach(() => void vi.restoreAllMocks());

/** From here on neither clock nor chance may be asked. */
function forbidAmbient(): void {
  vi.spyOn(Math, 'random').mockImplementation(() => expect.fail('Math.random was asked'));
  vi.spyOn(Date, 'now').mockImplementation(() => expect.fail('Date.now was asked'));
}

for (const protocol of PROTOCOLS.filter(({ id }) => !WITHOUT_FIXTURE.has(id))) {
  const samples = await readSamples(protocol, getFixture(protocol, FIXTURES));

  describe.each(samples.map((sample) => [sample.name, sample] as const))(`${protocol.id}: %s`, (_name, { input }) => {
    const { deployment, owners, rows } = input;

    test('default: normalizing gives accounts of the owners in markets that it also gives', () => {
      const normalized = protocol.normalize(input);
      expect(normalized.gaps).toEqual([]);
      expect(normalized.accounts.length).toBeGreaterThan(0);
      const markets = new Set(normalized.markets.map((market) => market.id));
      expect(markets.size).toBe(normalized.markets.length);
      expect(new Set(normalized.accounts.map((account) => account.id)).size).toBe(normalized.accounts.length);
      for (const account of normalized.accounts) {
        expect(owners).toContain(account.owner);
        expect(markets).toContain(account.market);
        expect(account.id.startsWith(`${deployment.id}/`)).toBe(true);
        // An estimate says what it leaves out; without a chain nothing is exact.
        expect(account.missing.length > 0, account.id).toBe(account.precision === 'estimate');
        if (input.calls === null) expect(account.precision).not.toBe('exact');
      }
      expect(normalized.markets.filter((market) => !protocol.rules.some((rule) => rule.id === market.rule))).toEqual([]);
    });

    test('behavior: discover, value and normalize leave their input as it was', () => {
      const before = structuredClone({ deployment, owners, rows, calls: input.calls, block: input.block });
      deepFreeze(input);
      protocol.discover(deployment, owners);
      protocol.listAssets?.(deployment, rows);
      protocol.value(deployment, owners, rows);
      protocol.normalize(input);
      expect({ deployment, owners, rows, calls: input.calls, block: input.block }).toEqual(before);
    });

    test('behavior: the same input gives the same output, with neither clock nor chance', () => {
      const run = () => ({
        discovered: protocol.discover(deployment, owners).map(({ row: _, ...query }) => query),
        assets: protocol.listAssets?.(deployment, rows),
        calls: protocol.value(deployment, owners, rows),
        normalized: protocol.normalize(input),
      });
      const first = run();
      forbidAmbient();
      expect(run()).toEqual(first);
    });

    test('behavior: the calls of one plan have keys of their own and lower-case targets', () => {
      const calls = protocol.value(deployment, owners, rows);
      expect(calls.length).toBeGreaterThan(0);
      expect(new Set(calls.map((call) => call.key)).size).toBe(calls.length);
      for (const call of calls) expect(call.to, call.key).toMatch(/^0x[0-9a-f]{40}$/);
    });

    test('behavior: without rows, and without an answer to any call, no account is made up', () => {
      const empty = Object.fromEntries(protocol.discover(deployment, owners).map((query) => [query.name, []]));
      expect(protocol.normalize({ ...input, rows: empty, calls: null }).accounts).toEqual([]);
      const failed = new Map(protocol.value(deployment, owners, rows).map((call) => [call.key, { ok: false, reason: 'reverted' } as const]));
      const normalized = protocol.normalize({ ...input, calls: failed });
      expect(normalized.accounts).toEqual([]);
      expect(normalized.gaps.length).toBeGreaterThan(0);
    });
  });
}
