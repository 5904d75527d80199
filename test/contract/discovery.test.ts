import { afterAll, describe, expect, test } from 'vitest';
import * as z from 'zod';
import type { NormalizeInput, Protocol } from '../../src/protocols/protocol.ts';
import { findRule, PROTOCOLS } from '../../src/protocols/registry.ts';
import { readPortfolio } from '../../src/service/portfolio/read-portfolio.ts';
import { createGraphSource, GRAPH_NODE_PAGE, SUBSQUID_PAGE } from '../../src/sources/graph.ts';
import { type Recorded, startRecorded } from '../../src/sources/recorded/start.ts';
import { createFakeClock } from '../fakes/fake-clock.ts';
import { createFakeNetwork } from '../fakes/fake-network.ts';
import { FIXTURES } from './fixtures.ts';
import { datasetOf, getFixture, MOMENT, WITHOUT_FIXTURE } from './protocol-fixture.ts';
import { getDeployment } from './samples.ts';

const ROWS = 2_500;
const withId = z.object({ id: z.string() });
const opened: Recorded[] = [];
afterAll(() => Promise.all(opened.map((recorded) => recorded.close())));

/** Reads the generated rows as the service does, and keeps what normalizing was handed. */
async function discover(protocol: Protocol) {
  const fixture = getFixture(protocol, FIXTURES);
  const deployment = getDeployment(protocol, fixture.deployment);
  const dialect = deployment.subgraph?.dialect ?? 'graph-node';
  const rows = fixture.generate(ROWS);
  const recorded = await startRecorded(datasetOf(fixture, rows, { chain: deployment.chain, dialect }));
  opened.push(recorded);
  const url = recorded.graphUrl(deployment.id) ?? '';
  const network = createFakeNetwork({ fetch: globalThis.fetch });
  const clock = createFakeClock({ auto: { isBusy: network.isBusy } });
  const inputs: NormalizeInput[] = [];
  const keeping: Protocol = {
    ...protocol,
    normalize: (input) => {
      inputs.push(input);
      return { markets: [], accounts: [], gaps: [], discrepancies: [] };
    },
  };
  const portfolio = await readPortfolio(rows.owners, {
    protocols: [keeping],
    deployments: [deployment],
    findRule,
    graph: createGraphSource({ clock, random: () => 0.5, fetch: network.fetch }),
    endpointOf: () => ({ chain: deployment.chain, dialect, url, label: deployment.id }),
    chains: new Map(),
    prices: null,
    now: () => MOMENT,
    maxBlockAgeSeconds: 600,
    recorded: null,
  });
  return { portfolio, network, dialect, rows, input: inputs.at(-1) };
}

describe.each(PROTOCOLS.filter((protocol) => !WITHOUT_FIXTURE.has(protocol.id)).map((protocol) => [protocol.id, protocol] as const))('discovery of %s', (_id, protocol) => {
  test(`default: ${ROWS} rows of one person are all found, each once, and nobody else's`, async () => {
    const { portfolio, rows, input, network, dialect } = await discover(protocol);
    expect(portfolio.gaps).toEqual([]);
    expect(rows.ids.length).toBeGreaterThanOrEqual(ROWS);
    const found = (input?.rows[rows.query] ?? []).map((row) => withId.parse(row).id);
    expect(found.toSorted()).toEqual([...rows.ids].toSorted());

    const operation = protocol.discover(getDeployment(protocol, getFixture(protocol, FIXTURES).deployment), rows.owners).find((query) => query.name === rows.query)?.operation;
    const pages = network.requests.filter((request) => request.name === operation);
    expect(pages).toHaveLength(Math.floor(rows.ids.length / (dialect === 'graph-node' ? GRAPH_NODE_PAGE : SUBSQUID_PAGE)) + 1);
  });

  test('behavior: every page is read at the one block that the head named, or between two heads where the dialect cannot pin', async () => {
    const { network, dialect, portfolio } = await discover(protocol);
    const heads = network.requests.filter((request) => request.name === 'Head');
    const pages = network.requests.filter((request) => request.name !== 'Head');
    expect(network.requests[0]?.name).toBe('Head');
    expect(String(heads[0]?.body['query'])).not.toContain('block:');
    if (dialect === 'graph-node') {
      expect(heads).toHaveLength(1);
      expect(new Set(pages.map((page) => JSON.stringify(page.variables['block'])))).toEqual(new Set([JSON.stringify({ hash: portfolio.asOf[0]?.hash })]));
      expect(portfolio.asOf[0]?.hash).toBe(`0x${'ab'.repeat(32)}`);
    } else {
      expect(heads).toHaveLength(2);
      expect(network.requests.at(-1)).toBe(heads[1]);
      expect(pages.every((page) => page.round > (heads[0]?.round ?? 0))).toBe(true);
      expect(pages.map((page) => page.variables['block']).filter((block) => block !== undefined)).toEqual([]);
    }
  });
});
