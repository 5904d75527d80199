import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createWorkGate } from '../../src/api/http/work-gate.ts';
import { keyOf, openWalletSource } from '../../src/api/routes/wallet-source.ts';
import { readConfig } from '../../src/config.ts';
import { ask, DEMO, startTestService, type TestService } from './serving.ts';

const never = new AbortController().signal;
const config = readConfig({});

describe(keyOf, () => {
  test('default: requests that mean the same have one key', () => {
    const same = (...wallets: readonly string[]): number => new Set(wallets.map((wallet) => keyOf(wallet, {}, config))).size;
    expect(same(DEMO, DEMO.toUpperCase().replace('0X', '0x'))).toBe(1);
    expect(same('Vitalik.ETH', 'vitalik.eth', 'ｖitalik.eth')).toBe(1);
    expect(same(DEMO, `eip155:1:${DEMO}`, `eip155:10:${DEMO}`)).toBe(3);
    expect(keyOf(DEMO, { chain: '10,eip155:1,10' }, config)).toBe(keyOf(DEMO, { chain: '1,10' }, config));
    expect(keyOf(DEMO, { chain: '1' }, config)).not.toBe(keyOf(DEMO, {}, config));
  });

  test('error: INVALID_WALLET for a name that ENS does not accept', () => {
    expect(() => keyOf('ab--c.eth', {}, config)).toThrow(expect.objectContaining({ code: 'INVALID_WALLET' }));
  });
});

describe(openWalletSource, () => {
  test('behavior: a report that is incomplete is asked for again soon, a recorded one is kept', async () => {
    let time = 0;
    const gate = createWorkGate({ concurrent: 2, waiting: 2, patienceMs: 60_000 });
    // Nobody listens there.
    const live = readConfig({ RPC_URL_1: 'http://127.0.0.1:9', PLIMSOLL_DEADLINE: '1' });
    const wallets = openWalletSource({ config: live, gate, now: () => time, liveMs: 60_000, most: 10 });
    const [broken, recorded] = [keyOf(DEMO, { chain: '1' }, live), keyOf(DEMO, { recorded: 'constructed-wallet' }, live)];
    expect((await wallets.get(broken, never)).portfolio.gaps.length).toBeGreaterThan(0);
    expect((await wallets.get(recorded, never)).portfolio.gaps).toEqual([]);
    time = 1_999;
    expect([wallets.find(broken) === null, wallets.find(recorded) === null]).toEqual([false, false]);
    time = 2_000;
    expect([wallets.find(broken) === null, wallets.find(recorded) === null]).toEqual([true, false]);
    time = 3_599_999;
    expect(wallets.find(recorded)).not.toBeNull();
  });
});

describe('GET /v1/wallets/{wallet}', () => {
  let running: TestService;
  beforeAll(async () => {
    running = await startTestService();
  });
  afterAll(() => running.close());
  const chainsOf = async (wallet: string, query = ''): Promise<readonly string[]> => {
    const { json } = await ask(running.origin, `/v1/wallets/${wallet}/portfolio${query}`);
    return [...new Set((json['coverage'] as { chain: string }[]).map(({ chain }) => chain))].toSorted();
  };

  test('behavior: a CAIP-10 account is read on its own chain', async () => {
    const all = await chainsOf(DEMO);
    expect(all.length).toBeGreaterThan(1);
    for (const chain of all) {
      expect(await chainsOf(`${chain}:${DEMO}`)).toEqual([chain]);
      expect(await chainsOf(`${chain}:${DEMO}`)).toEqual(await chainsOf(DEMO, `?chain=${chain}`));
    }
  });

  test.each([
    [`eip155:999:${DEMO}`, ''],
    [`eip155:999:${DEMO},${DEMO}`, ''],
    [`eip155:1:${DEMO}`, '?chain=10'],
  ])('error: INVALID_CHAIN for %s%s, where nothing could be found', async (wallet, query) => {
    for (const path of ['', '/portfolio']) {
      const { status, json } = await ask(running.origin, `/v1/wallets/${wallet}${path}${query}`);
      expect([status, json['code']]).toEqual([400, 'INVALID_CHAIN']);
    }
    expect((await ask(running.origin, `/v1/wallets/${wallet}/plan`, { body: query === '' ? {} : { chain: '10' } })).json['code']).toBe('INVALID_CHAIN');
  });

  test.each(['Vitalik.ETH', 'name.xyz', 'münchen.eth', '🦊.eth'])('behavior: the name %s is one', async (name) => {
    const { status, json } = await ask(running.origin, `/v1/wallets/${encodeURIComponent(name)}`);
    expect([status, json['code'], json['detail']]).toEqual([400, 'INVALID_ARGUMENT', 'ENS names can only be looked up on Ethereum. Set RPC_URL_1, or write the address.']);
  });

  test.each(['ab--c.eth', 'аpple.eth'])('error: INVALID_WALLET for the name %s, which ENS does not accept', async (name) => {
    const { status, json, text } = await ask(running.origin, `/v1/wallets/${encodeURIComponent(name)}`);
    expect([status, json['code'], text.includes(name)]).toEqual([400, 'INVALID_WALLET', false]);
  });
});
