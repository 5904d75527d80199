import { describe, expect, test } from 'vitest';
import { readConfig } from '../../src/config.ts';
import { type ChainId, chainNumber } from '../../src/core/ids.ts';
import type { Deployment } from '../../src/protocols/protocol.ts';
import { listDeployments, PROTOCOLS } from '../../src/protocols/registry.ts';
import { openRuntime } from '../../src/service/portfolio/open-runtime.ts';
import { readPortfolio } from '../../src/service/portfolio/read-portfolio.ts';
import { RECORDED_ROOT } from '../../src/service/portfolio/recorded-data.ts';
import type { Fetch } from '../../src/sources/clock.ts';
import { createDocuments } from '../../src/sources/documents.ts';
import { createChainEndpoint } from '../../src/sources/recorded/chain-endpoint.ts';
import { readDataset } from '../../src/sources/recorded/dataset.ts';
import { type AnswerRequest, createGraphEndpoint } from '../../src/sources/recorded/graph-endpoint.ts';
import { FIXTURES } from '../contract/fixtures.ts';
import { datasetOf, MOMENT } from '../contract/protocol-fixture.ts';
import { createFakeClock } from '../fakes/fake-clock.ts';
import { createFakeNetwork } from '../fakes/fake-network.ts';
import { WALLET } from './constructed-wallet.ts';

/** What every answer takes on the fake clock, so that its reading counts the answers that had to be waited for one after another. */
const LATENCY_MS = 100;
/** Heads, rows, values. */
const ROUNDS = 3;

/** A network in which each answer takes the same time, under a clock that moves only while nothing is computed. */
function slowNetwork(upstream: Fetch, startMs: number) {
  let computing = 0;
  const clock = createFakeClock({ startMs, auto: { isBusy: () => computing > 0 } });
  const network = createFakeNetwork({
    fetch: async (input, init) => {
      computing += 1;
      const response = await upstream(input, init).finally(() => {
        computing -= 1;
      });
      await clock.sleep(LATENCY_MS);
      return response;
    },
  });
  return { clock, network, surroundings: { clock, random: () => 0.5, fetch: network.fetch } };
}

/** Live sources for every deployment of every protocol: subgraphs that know no such wallet, chains that answer every call with a revert. */
async function serveEverything(): Promise<Fetch> {
  const documents = createDocuments();
  const fixtureOf = new Map(FIXTURES.map((fixture) => [fixture.protocol, fixture]));
  const block = { number: '23638500', hash: `0x${'ab'.repeat(32)}`, timestamp: MOMENT };
  const subgraphs = new Map<string, AnswerRequest>();
  const chains = new Map<ChainId, AnswerRequest>();
  for (const deployment of listDeployments()) {
    chains.set(deployment.chain, createChainEndpoint({ file: 'none', about: '', chain: deployment.chain, blocks: [block], calls: [] }));
    const fixture = fixtureOf.get(deployment.protocol);
    if (deployment.subgraph === null || fixture === undefined) continue;
    const {
      subgraphs: [recorded],
    } = datasetOf(fixture, fixture.generate(3), { chain: deployment.chain, dialect: deployment.subgraph.dialect });
    if (recorded !== undefined) subgraphs.set(graphUrl(deployment), createGraphEndpoint(recorded, documents.schema(fixture.schema)));
  }
  return async (input, init) => {
    const url = String(input instanceof Request ? input.url : input);
    const chain = /^http:\/\/rpc\.example\/([0-9]+)$/.exec(url)?.[1];
    const answer = chain === undefined ? subgraphs.get(url) : chains.get(`eip155:${Number(chain)}`);
    if (url.startsWith('http://prices.example/')) return Response.json({ coins: {} });
    if (answer === undefined) return new Response('not found', { status: 404 });
    return Response.json(await answer(JSON.parse(String(init?.body))));
  };
}

function graphUrl({ subgraph }: Deployment): string {
  if (subgraph === null) return '';
  return 'url' in subgraph ? subgraph.url : `https://gateway.thegraph.com/api/subgraphs/id/${subgraph.id}`;
}

describe(readPortfolio, () => {
  test('default: the constructed wallet, four protocols on two chains, takes three rounds', async () => {
    const { clockSeconds } = await readDataset(`${RECORDED_ROOT}constructed-wallet`);
    const { clock, network, surroundings } = slowNetwork(async (input, init) => {
      const response = await globalThis.fetch(input, init);
      return new Response(await response.text(), { status: response.status, headers: response.headers });
    }, clockSeconds * 1_000);
    const runtime = await openRuntime(readConfig({}), { owners: [WALLET], recorded: 'constructed-wallet' }, surroundings);
    const portfolio = await readPortfolio([WALLET], runtime.reader);
    await runtime.close();
    expect(portfolio.gaps).toEqual([]);
    expect(portfolio.accounts).toHaveLength(4);
    expect(network.rounds()).toBe(ROUNDS);
    expect(clock.elapsed()).toBe(ROUNDS * LATENCY_MS);
  });

  test('behavior: every deployment of every protocol on every chain, prices too, takes no more', async () => {
    const { clock, network, surroundings } = slowNetwork(await serveEverything(), MOMENT * 1_000);
    const numbers = [...new Set(listDeployments().map((deployment) => chainNumber(deployment.chain)))];
    const rpc = Object.fromEntries(numbers.map((number) => [`RPC_URL_${number}`, `http://rpc.example/${number}`]));
    const config = readConfig({ GRAPH_API_KEY: 'a-key-of-no-use', PRICE_API_URL: 'http://prices.example', ...rpc });
    const runtime = await openRuntime(config, { owners: [WALLET] }, surroundings);
    const portfolio = await readPortfolio([WALLET], runtime.reader);
    await runtime.close();
    expect(portfolio.coverage).toHaveLength(listDeployments().length);
    expect(new Set(portfolio.coverage.map((entry) => entry.protocol)).size).toBe(PROTOCOLS.filter((protocol) => protocol.deployments.length > 0).length);
    expect(network.requests.length).toBeGreaterThan(3 * listDeployments().length);
    expect(network.rounds()).toBeLessThanOrEqual(ROUNDS);
    expect(clock.elapsed()).toBeLessThanOrEqual(ROUNDS * LATENCY_MS);
  });
});
