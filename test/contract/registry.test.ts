import { describe, expect, test } from 'vitest';
import { ASSET_PATTERN } from '../../src/core/ids.ts';
import { findRule, listDeployments, PROTOCOLS } from '../../src/protocols/registry.ts';
import { FIXTURES } from './fixtures.ts';
import { getFixture, WITHOUT_FIXTURE } from './protocol-fixture.ts';

const ADDRESS = /^0x[0-9a-f]{40}$/;
const NOBODY = `0x${'0'.repeat(40)}`;

describe('fixtures', () => {
  test.each(PROTOCOLS.map((protocol) => protocol.id))('default: %s has one, or is named as one that needs none', (id) => {
    if (WITHOUT_FIXTURE.has(id)) expect(PROTOCOLS.find((protocol) => protocol.id === id)?.deployments).toEqual([]);
    else expect(getFixture({ id }, FIXTURES).protocol).toBe(id);
  });

  test('error: INTERNAL that says what to write, for a protocol without one', () => {
    expect(() => getFixture({ id: 'new-protocol' }, FIXTURES)).toThrow(/new-protocol.*Write test\/contract\/fixtures\/new-protocol\.ts.*FIXTURES/s);
  });

  test('behavior: no fixture is left over', () => {
    expect(FIXTURES.filter((fixture) => !PROTOCOLS.some((protocol) => protocol.id === fixture.protocol))).toEqual([]);
  });
});

describe.each(PROTOCOLS.map((protocol) => [protocol.id, protocol] as const))('%s in the registry', (_id, protocol) => {
  test("default: every rule is found by its id, and is the protocol's own", () => {
    expect(protocol.rules.length).toBeGreaterThan(0);
    for (const rule of protocol.rules) {
      expect(rule.id).toMatch(new RegExp(`^${protocol.id}@[0-9][0-9a-z.]*$`));
      expect(findRule(rule.id)).toBe(rule);
    }
  });

  test.each(protocol.deployments.map((deployment) => [deployment.id, deployment] as const))('behavior: the row %s is complete', (_deployment, row) => {
    expect(row.protocol).toBe(protocol.id);
    expect(row.chain).toMatch(/^eip155:[1-9][0-9]*$/);
    expect(row.id).toMatch(new RegExp(`^${protocol.id}/${row.chain.slice('eip155:'.length)}(?:/[a-z0-9.-]+)?$`));
    expect(row.label.trim().length).toBeGreaterThan(3);
    expect(row.market === '' || ADDRESS.test(row.market), `market ${row.market}`).toBe(true);
    expect(Object.keys(row.contracts)).not.toEqual([]);
    for (const [name, address] of Object.entries(row.contracts)) {
      expect(address, name).toMatch(ADDRESS);
      expect(address, name).not.toBe(NOBODY);
    }
    if (row.market !== '') expect(Object.values(row.contracts)).toContain(row.market);
    if (row.subgraph !== null && 'id' in row.subgraph) expect(row.subgraph.id).toMatch(/^[1-9A-HJ-NP-Za-km-z]{40,50}$/);
    if (row.subgraph !== null && 'url' in row.subgraph) expect(row.subgraph.url).toMatch(/^https:\/\//);
    expect(protocol.rules.map((rule) => rule.id)).toContain(row.assumedRule);
    expect(row.source).toMatch(/[\w-]+\/[\w.-]+@[0-9a-f]{7}/);
  });
});

describe(listDeployments, () => {
  const rows = listDeployments();

  test('default: ids, labels and markets of a chain stand there once', () => {
    const repeated = (keys: readonly string[]) => keys.filter((key, at) => keys.indexOf(key) !== at);
    expect(repeated(rows.map((row) => row.id))).toEqual([]);
    expect(repeated(rows.map((row) => row.label))).toEqual([]);
    expect(repeated(rows.map((row) => `${row.chain} ${row.protocol} ${row.market}`))).toEqual([]);
    expect(repeated(PROTOCOLS.map((protocol) => protocol.id))).toEqual([]);
    expect(repeated(PROTOCOLS.flatMap((protocol) => protocol.rules.map((rule) => rule.id)))).toEqual([]);
  });

  test("behavior: the variable that sets a row's own endpoint is another one for every row", () => {
    const variables = rows.map((row) => row.id.toUpperCase().replaceAll(/[^A-Z0-9]/g, '_'));
    expect(new Set(variables).size).toBe(rows.length);
  });

  test('behavior: every market address makes an asset id of its chain', () => {
    for (const row of rows) if (row.market !== '') expect(`${row.chain}/erc20:${row.market}`).toMatch(ASSET_PATTERN);
  });
});
