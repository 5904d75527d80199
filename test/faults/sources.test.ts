import { describe, expect, test } from 'vitest';
import { openPortfolio } from '../../src/engine/open-portfolio.ts';
import { computeReport } from '../../src/engine/report.ts';
import { findRule } from '../../src/protocols/registry.ts';
import { readPortfolio } from '../../src/service/portfolio/read-portfolio.ts';
import { createLlamaPrices } from '../../src/sources/prices.ts';
import type { Script, SeenRequest } from '../fakes/fake-network.ts';
import { withValue } from '../fakes/fake-network.ts';
import { AAVE, ARBITRUM, COMET, DEPLOYMENTS, ETHEREUM, expectGap, FILES, GMX, MORPHO, openScene, type Scene, shownIn, tell, WALLET } from './constructed-wallet.ts';
import { editRows } from './recorded-copy.ts';

const isHead = (request: SeenRequest): boolean => request.name === 'Head';
const isPage = (request: SeenRequest): boolean => request.name !== 'Head';
const GRAPH_NODE = [AAVE, COMET, MORPHO] as const;

describe('without a fault', () => {
  test('default: every protocol is shown, nothing is missing, and a small difference is a discrepancy', async () => {
    const told = await tell(await openScene());
    expect(shownIn(told)).toEqual([...DEPLOYMENTS]);
    expect(told.report).toMatchObject({ status: 'critical', gaps: [] });
    expect(told.report.discrepancies).toHaveLength(1);
    expect(told.report.coverage.map((entry) => entry.status)).toEqual(['read', 'read', 'read', 'read']);
  });
});

describe.each(DEPLOYMENTS)('the subgraph of %s', (deployment) => {
  const withFault = async (script: Script): Promise<Scene> => {
    const scene = await openScene();
    scene.failSubgraph(deployment, script);
    return scene;
  };

  test('error: SOURCE_UNREACHABLE while it is down, from the start', async () => {
    const scene = await withFault({ fault: { kind: 'down' } });
    const gap = expectGap(await tell(scene), { code: 'SOURCE_UNREACHABLE', deployment, says: /cannot be reached \(ECONNREFUSED\)\. Check the network and the address\./ }, [deployment]);
    expect(gap.retryable).toBe(true);
    expect(scene.clock.elapsed()).toBeGreaterThan(20_000);
  });

  test('error: SOURCE_UNREACHABLE while it goes down after its head', async () => {
    const scene = await withFault({ match: isPage, fault: { kind: 'down' } });
    expectGap(await tell(scene), { code: 'SOURCE_UNREACHABLE', deployment, says: /Check the network and the address\./ }, [deployment]);
  });

  test('behavior: one outage is ridden out', async () => {
    const scene = await withFault({ times: 2, fault: { kind: 'status', status: 503 } });
    expect((await tell(scene)).report).toMatchObject({ status: 'critical', gaps: [] });
  });

  test('error: SOURCE_TIMEOUT while it hangs, at the deadline', async () => {
    const scene = await withFault({ match: isPage, fault: { kind: 'hang' } });
    expectGap(await tell(scene), { code: 'SOURCE_TIMEOUT', deployment, says: /did not answer in time\. Try again/ }, [deployment]);
    expect(scene.clock.elapsed()).toBe(30_000);
  });

  test('behavior: Retry-After is honoured, then the read succeeds', async () => {
    const scene = await withFault({ times: 1, fault: { kind: 'rate-limited', retryAfter: '7' } });
    expect((await tell(scene)).report).toMatchObject({ status: 'critical', gaps: [] });
    expect(scene.clock.elapsed()).toBe(7_000);
  });

  test('error: SOURCE_RATE_LIMITED where 429 lasts until the deadline', async () => {
    const scene = await withFault({ match: isPage, fault: { kind: 'rate-limited', retryAfter: '4' } });
    expectGap(await tell(scene), { code: 'SOURCE_RATE_LIMITED', deployment, says: /429.*Lower its rate limit or use a key/ }, [deployment]);
    expect(scene.clock.elapsed()).toBeGreaterThanOrEqual(24_000);
    expect(scene.clock.elapsed()).toBeLessThanOrEqual(30_000);
  });

  test('error: SOURCE_REJECTED where it refuses the key, without asking again', async () => {
    const scene = await withFault({ fault: { kind: 'status', status: 401 } });
    expectGap(await tell(scene), { code: 'SOURCE_REJECTED', deployment, says: /HTTP 401\. Check its address and key\./ }, [deployment]);
    expect(scene.clock.elapsed()).toBe(0);
  });

  test('error: MALFORMED_RESPONSE where the answer breaks off', async () => {
    const scene = await withFault({ match: isPage, fault: { kind: 'truncated' } });
    expectGap(await tell(scene), { code: 'MALFORMED_RESPONSE', deployment, says: /not a GraphQL result\. Check the address\./ }, [deployment]);
  });

  test('error: STALE_BLOCK where its head is too old', async () => {
    const old = (json: unknown) => {
      const back = (value: unknown): number => Number(value) - 601;
      return withValue(withValue(json, ['data', '_meta', 'block', 'timestamp'], back), ['data', 'processorStatuses', 0, 'lastParsedBlockTimestamp'], back);
    };
    const scene = await withFault({ match: isHead, fault: { kind: 'rewrite', change: old } });
    expectGap(await tell(scene), { code: 'STALE_BLOCK', deployment, says: /is 601 s old \(limit 600 s\)\. Wait for it, or raise PLIMSOLL_MAX_BLOCK_AGE\./ }, [deployment]);
  });

  test('behavior: a wallet without accounts is safe, and not so while this one cannot be asked', async () => {
    const nobody = '0x00000000000000000000000000000000000000aa' as const;
    const statusOf = async ({ reader }: Scene) => {
      const deployments = reader.deployments.filter((entry) => entry.id === deployment);
      return computeReport(openPortfolio(await readPortfolio([nobody], { ...reader, deployments, chains: new Map(), recordedOwners: new Set([nobody]) }), findRule)).status;
    };
    expect(await statusOf(await openScene())).toBe('safe');
    expect(await statusOf(await withFault({ fault: { kind: 'status', status: 403 } }))).toBe('incomplete');
  });
});

describe.each(GRAPH_NODE)('the indexer of %s', (deployment) => {
  test('error: INDEXING_ERRORS, and none of its rows are used', async () => {
    const scene = await openScene();
    scene.failSubgraph(deployment, { match: isHead, fault: { kind: 'indexing-errors' } });
    expectGap(await tell(scene), { code: 'INDEXING_ERRORS', deployment, says: /reports indexing errors\. Its rows are not used until it is mended\./ }, [deployment]);
    expect(scene.network.requests.filter((request) => isPage(request) && request.url === subgraphUrl(scene, deployment))).toEqual([]);
  });

  test('behavior: errors that appear between head and rows are the same', async () => {
    const scene = await openScene();
    scene.failSubgraph(deployment, { match: isPage, fault: { kind: 'answer', json: { errors: [{ message: 'indexing_error' }] } } });
    expectGap(await tell(scene), { code: 'INDEXING_ERRORS', deployment, says: /reports indexing errors/ }, [deployment]);
  });
});

describe('a block that vanishes', () => {
  const files = {
    [FILES[MORPHO]]: editRows('Position', (rows) => [
      ...rows,
      ...Array.from({ length: 1_200 }, (_, at) => ({ ...rows[1], id: `${String(rows[1]?.['id'])}-${String(at).padStart(5, '0')}`, shares: '0', balance: '0' })),
    ]),
  };
  const isSecondPage = (request: SeenRequest): boolean => isPage(request) && request.variables['last'] !== '';

  test('behavior: between two pages, once: everything of that chain is read again at a new head', async () => {
    const scene = await openScene(files);
    scene.failSubgraph(MORPHO, { match: isSecondPage, times: 1, fault: { kind: 'block-gone' } });
    const told = await tell(scene);
    expect(told.report).toMatchObject({ status: 'critical', gaps: [] });
    expect(shownIn(told)).toEqual([...DEPLOYMENTS]);
    const heads = scene.network.requests.filter((request) => isHead(request) && request.url === subgraphUrl(scene, MORPHO));
    expect(heads).toHaveLength(2);
    expect(scene.network.requests.filter((request) => isHead(request) && request.url === subgraphUrl(scene, AAVE))).toHaveLength(2);
  });

  test('error: BLOCK_GONE where it is gone again', async () => {
    const scene = await openScene(files);
    scene.failSubgraph(MORPHO, { match: isSecondPage, fault: { kind: 'block-gone' } });
    expectGap(await tell(scene), { code: 'BLOCK_GONE', deployment: MORPHO, says: /does not have the pinned block\. Read the head again and start over\./ }, [MORPHO]);
    expect(scene.network.requests.filter((request) => isHead(request) && request.url === subgraphUrl(scene, MORPHO))).toHaveLength(2);
  });

  test.each([
    [ETHEREUM, [AAVE, COMET, MORPHO]],
    [ARBITRUM, [GMX]],
  ] as const)('behavior: on %s under the calls, once: read again', async (chain, _lost) => {
    const scene = await openScene();
    scene.failChain(chain, { match: (request) => request.name === 'eth_call', times: 1, fault: { kind: 'block-gone' } });
    expect((await tell(scene)).report).toMatchObject({ status: 'critical', gaps: [] });
  });

  test.each([
    [ETHEREUM, [AAVE, COMET, MORPHO]],
    [ARBITRUM, [GMX]],
  ] as const)('error: BLOCK_GONE on %s under the calls, again', async (chain, lost) => {
    const scene = await openScene();
    scene.failChain(chain, { match: (request) => request.name === 'eth_call', fault: { kind: 'block-gone' } });
    const told = await tell(scene);
    for (const deployment of lost) expectGap(told, { code: 'BLOCK_GONE', deployment, says: /Read the head again/ }, lost);
  });

  test('error: BLOCK_GONE where the squid goes back while it is read, again', async () => {
    const back = (json: unknown) => withValue(json, ['data', 'processorStatuses', 0, 'lastParsedBlockNumber'], (value) => Number(value) - 3);
    const afterRows = (request: SeenRequest): boolean => isHead(request) && request.round > 1;
    const once = await openScene();
    once.failSubgraph(GMX, { match: afterRows, times: 1, fault: { kind: 'rewrite', change: back } });
    expect((await tell(once)).report).toMatchObject({ status: 'critical', gaps: [] });
    const scene = await openScene();
    const heads: unknown[] = [];
    scene.failSubgraph(GMX, { match: isHead, fault: { kind: 'rewrite', change: (json) => (heads.push(json) % 2 === 0 ? back(json) : json) } });
    expectGap(await tell(scene), { code: 'BLOCK_GONE', deployment: GMX, says: /went back from block 392100000 to 392099997 while it was read/ }, [GMX]);
  });
});

describe('a chain endpoint', () => {
  test.each([
    [ETHEREUM, [AAVE, COMET], [MORPHO]],
    [ARBITRUM, [GMX], []],
  ] as const)('error: SOURCE_UNREACHABLE where that of %s is down: what the subgraph can value is an estimate', async (chain, estimated, lost) => {
    const scene = await openScene();
    scene.failChain(chain, { fault: { kind: 'down' } });
    const told = await tell(scene);
    expectGap(told, { code: 'SOURCE_UNREACHABLE', deployment: null, says: /cannot be reached.*Check the network/ }, lost);
    const precisions = told.report.accounts.filter(({ account }) => estimated.some((id) => id === account.marketEntry.deployment)).map(({ account }) => account.entry.precision);
    expect(precisions).toEqual(estimated.map(() => 'estimate'));
  });

  test('error: SOURCE_TIMEOUT where it hangs over the calls', async () => {
    const scene = await openScene();
    scene.failChain(ETHEREUM, { match: (request) => request.name === 'eth_call', fault: { kind: 'hang' } });
    expectGap(await tell(scene), { code: 'SOURCE_TIMEOUT', deployment: AAVE, says: /did not answer in time\. Try again/ }, [MORPHO]);
  });

  test('behavior: Retry-After is honoured, then the calls succeed', async () => {
    const scene = await openScene();
    scene.failChain(ETHEREUM, { match: (request) => request.name === 'eth_call', times: 1, fault: { kind: 'rate-limited', retryAfter: '5' } });
    expect((await tell(scene)).report).toMatchObject({ status: 'critical', gaps: [] });
    expect(scene.clock.elapsed()).toBe(5_000);
  });

  test('error: SOURCE_RATE_LIMITED where 429 lasts until the deadline', async () => {
    const scene = await openScene();
    scene.failChain(ARBITRUM, { match: (request) => request.name === 'eth_call', fault: { kind: 'rate-limited' } });
    expectGap(await tell(scene), { code: 'SOURCE_RATE_LIMITED', deployment: GMX, says: /Lower its rate limit or use a key/ }, []);
  });

  test('error: STALE_BLOCK where its newest block is too old', async () => {
    const scene = await openScene();
    const change = (json: unknown) => withValue(json, ['result', 'timestamp'], (value) => `0x${(BigInt(String(value)) - 900n).toString(16)}`);
    scene.failChain(ETHEREUM, { match: (request) => request.name === 'eth_getBlockByNumber', fault: { kind: 'rewrite', change } });
    expectGap(await tell(scene), { code: 'STALE_BLOCK', deployment: null, says: /newest block is 900 s old \(limit 600 s\)/ }, []);
  });

  test('error: SOURCE_REJECTED where it serves another chain', async () => {
    const scene = await openScene();
    scene.failChain(ETHEREUM, { match: (request) => request.name === 'eth_chainId', fault: { kind: 'rewrite', change: (json) => withValue(json, ['result'], () => '0x64') } });
    expectGap(await tell(scene), { code: 'SOURCE_REJECTED', deployment: null, says: /serves chain eip155:100, not eip155:1\. Check the configured address\./ }, [MORPHO]);
  });
});

describe('market prices', () => {
  const BASE = 'http://prices.example';
  const open = async (script: Script) => {
    const scene = await openScene();
    scene.network.fail({ match: (request) => request.url.startsWith(BASE), ...script });
    return { ...scene, reader: { ...scene.reader, prices: createLlamaPrices(BASE, { clock: scene.clock, random: () => 0.5, fetch: scene.network.fetch }) } };
  };

  test('default', async () => {
    const coins = { 'ethereum:0xc02aaa39b223fe8d0a0e5c4f27ead9083c756cc2': { symbol: 'WETH', price: 3_853.21, timestamp: 1_761_221_300 } };
    const { portfolio, report } = await tell(await open({ fault: { kind: 'answer', json: { coins } } }));
    expect(report.gaps).toEqual([]);
    expect(portfolio.prices).toMatchObject([{ symbol: 'WETH', usd: '3853.21' }]);
  });

  test.each([
    ['down', { kind: 'down' }, 'SOURCE_UNREACHABLE', /cannot be reached/],
    ['out of order', { kind: 'status', status: 500 }, 'SOURCE_UNREACHABLE', /answers HTTP 500\. Try again later/],
    ['hanging', { kind: 'hang' }, 'SOURCE_TIMEOUT', /market price API/],
    ['malformed', { kind: 'answer', json: { coins: { 'ethereum:0x1': { symbol: 'X', price: 'high', timestamp: 1 } } } }, 'MALFORMED_RESPONSE', /unexpected form/],
    ['zero', { kind: 'answer', json: { coins: { 'ethereum:0x1': { symbol: 'X', price: 0, timestamp: 1 } } } }, 'MALFORMED_RESPONSE', /unexpected form/],
  ] as const)('error: a gap of the chain where they are %s; all accounts are there', async (_name, fault, code, says) => {
    const told = await tell(await open({ fault }));
    expectGap(told, { code, deployment: null, says }, []);
    expect(told.portfolio.prices).toEqual([]);
  });
});

describe('everything at once', () => {
  test('behavior: nothing can be read: no account, and nowhere "safe"', async () => {
    const scene = await openScene();
    scene.network.fail({ fault: { kind: 'down' } });
    const { portfolio, report } = await tell(scene);
    expect(report.status).toBe('incomplete');
    expect(portfolio.accounts).toEqual([]);
    expect(portfolio.owners).toEqual([WALLET]);
    expect(report.coverage.map((entry) => entry.status)).toEqual(['gap', 'gap', 'gap', 'gap']);
    expect(report.gaps.every((gap) => gap.code === 'SOURCE_UNREACHABLE')).toBe(true);
  });
});

function subgraphUrl({ reader }: Scene, id: string): string {
  const deployment = reader.deployments.find((entry) => entry.id === id);
  return (deployment === undefined ? undefined : reader.endpointOf(deployment)?.url) ?? expect.fail(id);
}
