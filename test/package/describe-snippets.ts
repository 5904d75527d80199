import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { describe, expect, test } from 'vitest';
import type * as clientEntry from '../../src/api/client/index.ts';
import { writeOpportunity } from '../../src/service/workers/watch/opportunity-writer.ts';
import { claimShards } from '../../src/store/leases.ts';
import { shardOf } from '../../src/store/shard-of.ts';
import { saveShardProgress } from '../../src/store/shard-progress.ts';
import { DEMO, startTestService, type TestService } from '../api/serving.ts';
import { type PackedPackage, run } from './pack.ts';
import { listSnippets, writeSnippets } from './snippets.ts';
import { typecheck } from './typecheck.ts';

type WalletLine = { readonly walletLine: (client: clientEntry.Client, wallet: string) => Promise<string> };
interface Found {
  readonly sequence: string | null;
  readonly opportunity: { readonly owner: string; readonly profitUsd: string };
  readonly profitUsd: string;
}
type Opportunities = { readonly listUsable: (client: clientEntry.Client, choice: Readonly<Record<string, unknown>>) => AsyncGenerator<Found, void, undefined> };

/** In the recorded data it can be liquidated at the last moment. */
const LIQUIDATABLE = '0x09f1b4c0a59494f2c695924bcc4b9ce698f22233';

/** The README's TypeScript, from the packed package. */
export function describeSnippets(packed: () => PackedPackage): void {
  const load = async <Module>(file: string): Promise<Module> => {
    writeSnippets(packed().project);
    return (await import(/* @vite-ignore */ pathToFileURL(join(packed().project, file)).href)) as Module;
  };
  // The packed client, as the snippets have it: an error of another copy is another class.
  const loadClient = () => load<typeof clientEntry>('node_modules/plimsoll/dist/api/client/index.js');

  describe("the README's TypeScript", () => {
    test('default: all of it has types, by the strictest compiler', async () => {
      writeSnippets(packed().project);
      const files = listSnippets().map(({ file }) => file);
      expect(files).toEqual(['report.ts', 'wallet-line.ts', 'opportunities.ts']);
      expect(await typecheck(packed().project, { resolution: 'nodenext', node: true, files })).toEqual({ code: 0, output: '' });
    });

    test('default: report.ts', async () => {
      const { project } = packed();
      writeSnippets(project);
      expect((await run(process.execPath, ['node_modules/plimsoll/dist/cli/main.js', 'wallet', DEMO, '--save', 'portfolio.json', '--quiet'], project)).code).toBe(0);
      const { code, output } = await run(process.execPath, ['report.ts'], project);
      expect([code, output]).toEqual([0, expect.stringMatching(/^critical 1\.223[01] GMX v2 Arbitrum WETH\/USD \[WETH-USDC\]\n\{"status":"critical"/)]);
    });

    test('default: wallet-line.ts says where the wallet stands', async () => {
      const { walletLine } = await load<WalletLine>('wallet-line.ts');
      const { createClient } = await loadClient();
      await withService({}, async ({ origin }) => {
        expect(await walletLine(createClient({ origin }), DEMO)).toMatch(/^Close to liquidation · weakest account 1\.08 \(GMX v2 Arbitrum WETH\/USD \[WETH-USDC\]\) · as of 2025-10-23T/);
      });
    });

    test('behavior: wallet-line.ts is never "Safe" with a gap, nor where nobody answers or the service refuses', async () => {
      const { walletLine } = await load<WalletLine>('wallet-line.ts');
      const { createClient } = await loadClient();
      await withService({ environment: { RPC_URL_1: 'http://127.0.0.1:9', PLIMSOLL_DEADLINE: '1' } }, async ({ origin }) => {
        const line = await walletLine(createClient({ origin }), DEMO);
        expect(line).toMatch(/^Not everything could be read · no debt that was read · [0-9]+ missing: /);
        expect(line).not.toMatch(/safe/i);
        expect(await walletLine(createClient({ origin }), '0x12')).toMatch(/^Unknown: /);
      });
      expect(await walletLine(createClient({ origin: 'http://127.0.0.1:9' }), DEMO)).toMatch(/^Unknown: The service at http:\/\/127\.0\.0\.1:9 does not answer/);
    });

    test('default: opportunities.ts finds what holds at a second look, and resumes after it', async () => {
      const { listUsable } = await load<Opportunities>('opportunities.ts');
      const { createClient } = await loadClient();
      await withService({ isDurable: true }, async (running) => {
        const write = await openWatch(running);
        const end = new AbortController();
        const choice = { least: 25, mostAge: 600, now: () => Math.floor(Date.now() / 1000), after: '0', signal: end.signal };
        await write(LIQUIDATABLE, '40.00');
        const asked: string[] = [];
        let refusals = 0;
        // Once in a while there are too many requests, and once nobody answers.
        const client = createClient({
          origin: running.origin,
          fetch: async (input, init) => {
            const line = `${init?.method ?? 'GET'} ${new URL(new Request(input).url).pathname}`;
            asked.push(line);
            if (line.startsWith('POST') && refusals === 0) {
              refusals += 1;
              return new Response(JSON.stringify({ code: 'TOO_MANY_REQUESTS', detail: 'Later.' }), { status: 429, headers: { 'retry-after': '1' } });
            }
            return fetch(input, init);
          },
        });
        // What is open already is found without an event.
        const { after: _, ...fromNow } = choice;
        const early = (await listUsable(client, fromNow).next()).value ?? expect.fail('nothing');
        expect([early.opportunity.owner, Number(early.profitUsd) > 25, early.sequence, refusals]).toEqual([LIQUIDATABLE, true, null, 1]);
        const listing = listUsable(client, choice);
        const first = (await listing.next()).value ?? expect.fail('nothing');
        expect([first.opportunity.owner, first.sequence]).toEqual([LIQUIDATABLE, '0']);
        // Events about what is known already cost no plan; one that changes it does, and has its sequence.
        const plans = asked.filter((line) => line.startsWith('POST')).length;
        const looks = asked.filter((line) => line === 'GET /v1/opportunities').length;
        const second = listing.next();
        await expect.poll(() => asked.filter((line) => line === 'GET /v1/opportunities').length, { timeout: 30_000 }).toBeGreaterThan(looks);
        expect(asked.filter((line) => line.startsWith('POST')).length).toBe(plans);
        await write(LIQUIDATABLE, '80.00');
        const changed = (await second).value ?? expect.fail('nothing');
        expect([changed.opportunity.owner, changed.opportunity.profitUsd, BigInt(changed.sequence ?? 0) > 0n]).toEqual([LIQUIDATABLE, '80.00', true]);
        end.abort();
      });
    });

    test.each([
      // Not too old for the service, but for who asks.
      ['an old block', { mostAge: 200, least: 25, looks: 0, environment: {} }, 'update plimsoll.blocks set timestamp = timestamp - 400'],
      ['a ranking that is incomplete', { mostAge: 600, least: 25, looks: 0, environment: { RPC_URL_1: 'http://127.0.0.1:9' } }, 'delete from plimsoll.shard_progress'],
      ['what a second look finds to be worth less', { mostAge: 600, least: 1_000_000, looks: 1, environment: {} }, 'select 1'],
    ])('behavior: opportunities.ts passes over %s', async (_, { looks, environment, ...choice }, spoil) => {
      const { listUsable } = await load<Opportunities>('opportunities.ts');
      const { createClient } = await loadClient();
      await withService({ isDurable: true, environment, lookAtSources: async () => [], limits: { reportMs: 10 } }, async (running) => {
        const write = await openWatch(running);
        await write(LIQUIDATABLE, '2000000.00');
        await running.database.query(spoil);
        const asked: string[] = [];
        const client = createClient({
          origin: running.origin,
          fetch: (input, init) => {
            asked.push(`${init?.method ?? 'GET'} ${new Request(input).url}`);
            return fetch(input, init);
          },
        });
        const end = new AbortController();
        const listing = listUsable(client, { ...choice, now: () => Math.floor(Date.now() / 1000), after: '0', signal: end.signal }).next();
        await expect.poll(() => asked.some((line) => line.includes('/v1/opportunities')), { timeout: 30_000 }).toBe(true);
        await write(DEMO, '1.00');
        await expect.poll(() => asked.filter((line) => line.includes('/v1/opportunities')).length, { timeout: 30_000 }).toBe(3);
        await expect.poll(() => asked.filter((line) => line.startsWith('POST')).length, { timeout: 30_000 }).toBe(looks);
        end.abort();
        expect(await listing).toEqual({ done: true, value: undefined });
      });
    });
  });
}

async function withService(options: Parameters<typeof startTestService>[0], work: (running: TestService) => Promise<void>): Promise<void> {
  const running = await startTestService(options);
  try {
    await work(running);
  } finally {
    await running.close();
  }
}

/** Has everything looked at now. @returns what writes an opportunity, as workers do */
async function openWatch({ database }: TestService): Promise<(owner: string, netUsd: string) => Promise<void>> {
  const now = (): bigint => BigInt(Math.floor(Date.now() / 1000));
  const held = await claimShards(database, { holder: 'test', most: 64, seconds: 3_600 });
  await saveShardProgress(database, held, { screened: '1', settled: '1' });
  await database.query(`insert into plimsoll.deployments (id, protocol, chain, market, label, full_at) values ('aave-v2/1/core', 'aave-v2', 'eip155:1', 'core', 'Aave', $1)`, [now()]);
  await database.query(`insert into plimsoll.blocks (deployment, number, hash, timestamp) values ('aave-v2/1/core', 1, '0x01', $1)`, [now()]);
  return async (owner, netUsd) => {
    const lease = held.find(({ shard }) => shard === shardOf(owner)) ?? expect.fail('not leased');
    await writeOpportunity(database, lease, { owner, block: 1n, at: now(), netUsd, toldUsd: null, precision: 'exact', body: { owner } });
  };
}
