import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { readConfig } from '../../../src/config.ts';
import { type Address, parseWallet } from '../../../src/core/ids.ts';
import { type Portfolio, parsePortfolio } from '../../../src/core/portfolio.ts';
import type { Protocol } from '../../../src/protocols/protocol.ts';
import { findRule, PROTOCOLS } from '../../../src/protocols/registry.ts';
import { openRuntime, type Runtime } from '../../../src/service/portfolio/open-runtime.ts';
import { readPortfolio } from '../../../src/service/portfolio/read-portfolio.ts';
import { requireReadable } from '../../../src/service/portfolio/require-readable.ts';

const WALLET = parseWallet('0xc0ffee00000000000000000000000000c0ffee01');
const NOBODY = parseWallet(`0x${'12'.repeat(20)}`);
let runtime: Runtime;
let portfolio: Portfolio;
beforeAll(async () => {
  runtime = await openRuntime(readConfig({}), { owners: [WALLET] });
  portfolio = await readPortfolio([WALLET], runtime.reader);
});
afterAll(() => runtime.close());

describe(readPortfolio, () => {
  test('default: the parts of every deployment, at one block per chain, with what they were read from', () => {
    expect(portfolio).toMatchObject({ schema: 'plimsoll/portfolio@1', owners: [WALLET], createdAt: 1_761_221_354, recorded: runtime.dataset?.title, gaps: [] });
    expect(portfolio.asOf.map((block) => [block.chain, block.number])).toEqual([
      ['eip155:1', '23638500'],
      ['eip155:42161', '392100000'],
    ]);
    expect(portfolio.markets.map((market) => market.rule)).toEqual(['aave-v3@3.5', 'compound-v3@1', 'morpho-blue@1', 'gmx-v2@2']);
    const blocks = new Map(portfolio.asOf.map((block) => [block.chain, block]));
    for (const account of portfolio.accounts) {
      const market = portfolio.markets.find((entry) => entry.id === account.market);
      const block = blocks.get(market?.chain ?? '');
      expect(account.at).toBe(block?.timestamp);
      expect(account.evidence.at(-1)).toMatchObject({ source: 'chain', block: block?.number, timestamp: block?.timestamp });
      const isSquid = market?.protocol === 'gmx-v2';
      expect(account.evidence.map((entry) => entry.source)).toEqual(isSquid ? ['indexer', 'indexer', 'chain'] : ['subgraph', 'chain']);
      if (isSquid) expect(account.evidence.map((entry) => entry.label)).toEqual(['recorded gmx-v2/42161, head before', 'recorded gmx-v2/42161, head after', 'recorded chain 42161']);
    }
  });

  test('behavior: coverage says what was looked at, found or not, in order of name', async () => {
    expect(portfolio.coverage.map((entry) => [entry.deployment, entry.rule, entry.status])).toEqual([
      ['aave-v3/1/core', 'aave-v3@3.5', 'read'],
      ['compound-v3/1/usdc', 'compound-v3@1', 'read'],
      ['gmx-v2/42161', 'gmx-v2@2', 'read'],
      ['morpho-blue/1', 'morpho-blue@1', 'read'],
    ]);
    const { recordedOwners, ...reader } = runtime.reader;
    const empty = await readPortfolio([NOBODY], { ...reader, chains: new Map() });
    expect(empty).toMatchObject({ accounts: [], markets: [], prices: [], gaps: [] });
    expect(empty.coverage.map((entry) => [entry.rule, entry.status])).toEqual([null, null, null, null].map((rule) => [rule, 'read']));
    const unknown = await readPortfolio([NOBODY], { ...reader, chains: new Map(), recordedOwners: recordedOwners ?? new Set() });
    expect(unknown.gaps).toEqual([expect.objectContaining({ code: 'NOT_CONFIGURED', deployment: null, message: expect.stringContaining(`know nothing of ${NOBODY}`) })]);
  });

  test('behavior: each asset has one market price, and only what is held has one', () => {
    const held = new Set(portfolio.accounts.flatMap((account) => account.legs.map((leg) => leg.asset)));
    expect(new Set(portfolio.prices.map((price) => price.asset)).size).toBe(portfolio.prices.length);
    expect(portfolio.prices.length).toBeGreaterThan(3);
    for (const price of portfolio.prices) expect(held).toContain(price.asset);
  });

  test('behavior: what is not configured is a gap with what to set, and the rest goes on', async () => {
    const onlyAave = await readPortfolio([WALLET], { ...runtime.reader, endpointOf: (deployment) => (deployment.id === 'aave-v3/1/core' ? runtime.reader.endpointOf(deployment) : null) });
    expect(onlyAave.accounts.map((account) => account.market)).toEqual(['aave-v3/1/core']);
    expect(onlyAave.gaps.map((gap) => [gap.code, gap.deployment])).toEqual(['compound-v3/1/usdc', 'morpho-blue/1', 'gmx-v2/42161'].map((id) => ['NOT_CONFIGURED', id]));
    for (const gap of onlyAave.gaps) expect(gap.message).toMatch(/Set GRAPH_API_KEY, or an endpoint of your own for this deployment\./);
    expect(onlyAave.coverage.map((entry) => entry.status)).toEqual(['read', 'gap', 'gap', 'gap']);
  });

  test('behavior: a rule that this release lacks is a gap', async () => {
    const found = await readPortfolio([WALLET], { ...runtime.reader, findRule: (id) => (id === 'compound-v3@1' ? undefined : findRule(id)) });
    expect(found.gaps).toMatchObject([{ code: 'UNKNOWN_RULE', deployment: 'compound-v3/1/usdc', account: `compound-v3/1/usdc/${WALLET}` }]);
    expect(found.accounts).toHaveLength(3);
  });

  test('behavior: what an adapter makes of an odd answer costs that account, by the path of the fault and never its value', async () => {
    const odd = (protocol: Protocol): Protocol => ({
      ...protocol,
      normalize: (input) => {
        const normalized = protocol.normalize(input);
        return { ...normalized, accounts: normalized.accounts.map((account) => ({ ...account, position: { ...(account.position as object), supplyShares: -1n } })) };
      },
    });
    const found = await readPortfolio([WALLET], { ...runtime.reader, protocols: PROTOCOLS.map((protocol) => (protocol.id === 'morpho-blue' ? odd(protocol) : protocol)) });
    expect(found.gaps).toMatchObject([
      {
        code: 'MALFORMED_RESPONSE',
        deployment: 'morpho-blue/1',
        message: expect.stringMatching(/^Morpho Blue Ethereum: .*\(accounts\[0\]\.position\.supplyShares\)\. It is left out; check the source\.$/),
      },
    ]);
    expect(found.accounts).toHaveLength(3);
    expect(parsePortfolio(JSON.parse(JSON.stringify(found)))).toEqual(found);
  });

  test('behavior: a defect is not dressed as a gap', async () => {
    const broken = PROTOCOLS.map((protocol): Protocol => ({ ...protocol, normalize: () => expect.fail('a defect') }));
    await expect(readPortfolio([WALLET], { ...runtime.reader, protocols: broken })).rejects.toThrow('a defect');
  });
});

describe(requireReadable, () => {
  const price = { asset: 'eip155:1/erc20:0xc02aaa39b223fe8d0a0e5c4f27ead9083c756cc2', symbol: 'WETH', usd: '3853.21', source: 'x', observedAt: 1 };

  test('default', () => {
    expect(() => requireReadable('prices', { prices: [price] }, findRule)).not.toThrow();
    const owners: readonly Address[] = [WALLET];
    expect(() => requireReadable('all of it', { owners: [...owners], markets: portfolio.markets, accounts: portfolio.accounts }, findRule)).not.toThrow();
  });

  test.each([
    ['usd', '1e-7'],
    ['symbol', ''],
    ['symbol', 'x'.repeat(65)],
    ['observedAt', -1],
  ])('error: MALFORMED_RESPONSE where %s is %j', (field, value) => {
    expect(() => requireReadable('The market prices', { prices: [{ ...price, [field]: value }] }, findRule)).toThrow(
      expect.objectContaining({ code: 'MALFORMED_RESPONSE', fields: { path: `prices[0].${field}` } }),
    );
  });
});
