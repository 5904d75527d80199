import { createServer, type Server } from 'node:http';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { readConfig } from '../../src/config.ts';
import { diagnose } from '../../src/service/diagnose.ts';
import { listDatasets } from '../../src/service/portfolio/recorded-data.ts';

/** A server that answers a path with its JSON. */
const now = Math.floor(Date.now() / 1000);
const head = (timestamp: number, hasIndexingErrors = false) => ({ data: { _meta: { block: { number: 7, hash: `0x${'ab'.repeat(32)}`, timestamp }, hasIndexingErrors } } });
const ANSWERS: Readonly<Record<string, unknown>> = {
  '/good': head(now - 5),
  '/old': head(now - 5_000),
  '/broken': head(now, true),
  '/wrong': { data: { _meta: null } },
};
let server: Server;
let origin = '';
beforeAll(async () => {
  server = createServer((request, response) => {
    const answer = ANSWERS[request.url ?? ''];
    response.writeHead(answer === undefined ? 403 : 200, { 'content-type': 'application/json' }).end(JSON.stringify(answer ?? {}));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  origin = `http://127.0.0.1:${address !== null && typeof address === 'object' ? address.port : 0}`;
});
afterAll(() => new Promise((resolve) => server.close(resolve)));

describe(diagnose, () => {
  test('default: with nothing configured, every recorded set is asked and in order', async () => {
    const diagnosis = await diagnose(readConfig({}));
    expect(diagnosis.mode).toBe(`recorded (${(await listDatasets()).map((dataset) => dataset.name).join(', ')})`);
    expect(diagnosis.node).toBe(process.version);
    expect(new Set(diagnosis.sources.map((source) => source.status))).toEqual(new Set(['ok']));
    expect(new Set(diagnosis.sources.map((source) => source.kind))).toEqual(new Set(['subgraph', 'chain']));
  });

  test('behavior: one recorded set alone, where it is named', async () => {
    const diagnosis = await diagnose(readConfig({ PLIMSOLL_RECORDED: 'constructed-wallet' }));
    expect(diagnosis.mode).toBe('recorded (constructed-wallet)');
    expect(diagnosis.sources.map((source) => source.label)).toEqual(expect.arrayContaining(['Aave v3 Ethereum subgraph', 'GMX v2 Arbitrum subgraph', 'recorded chain 1', 'recorded chain 42161']));
  });

  test('behavior: each state of a source has its name, its age and what follows from it', async () => {
    const closed = 'http://127.0.0.1:9/secret-in-a-path';
    const diagnosis = await diagnose(
      readConfig({
        GRAPH_URL_AAVE_V3_1_CORE: `${origin}/good`,
        GRAPH_URL_AAVE_V3_1_PRIME: `${origin}/old`,
        GRAPH_URL_AAVE_V3_1_ETHERFI: `${origin}/broken`,
        GRAPH_URL_AAVE_V2_1_CORE: `${origin}/wrong`,
        GRAPH_URL_SPARK_1_CORE: `${origin}/refused`,
        GRAPH_URL_GMX_V2_42161: closed,
        GRAPH_URL_GMX_V2_43114: `${closed}/2`,
        RPC_URL_1: closed,
        PLIMSOLL_DEADLINE: '1',
      }),
    );
    const stateOf = (label: string) => diagnosis.sources.find((source) => source.label === label);
    expect(diagnosis.mode).toBe('live');
    expect(stateOf('Aave v3 Ethereum subgraph')).toMatchObject({ status: 'ok', block: '7', note: '' });
    expect(stateOf('Aave v3 Ethereum subgraph')?.ageSeconds).toBeLessThan(120);
    expect(stateOf('Aave v3 Ethereum Prime subgraph')).toMatchObject({ status: 'stale', note: 'older than 600 s: not used' });
    expect(stateOf('Aave v3 Ethereum EtherFi subgraph')).toMatchObject({ status: 'indexing-errors', note: 'its rows are not used' });
    expect(stateOf('Aave v2 Ethereum subgraph')).toMatchObject({ status: 'unreachable', block: null, note: expect.stringContaining('malformed field _meta') });
    expect(stateOf('SparkLend Ethereum subgraph')).toMatchObject({ status: 'unreachable', note: expect.stringContaining('HTTP 403. Check its address and key.') });
    expect(stateOf('GMX v2 Arbitrum subgraph')).toMatchObject({ status: 'unreachable', note: expect.stringContaining('Check the network') });
    expect(stateOf('RPC_URL_1')).toMatchObject({ kind: 'chain', status: 'unreachable' });
    expect(stateOf('Morpho Blue Ethereum subgraph')).toMatchObject({ status: 'not-configured', note: 'set GRAPH_API_KEY or an endpoint of your own' });
    expect(diagnosis.sources.filter((source) => source.note === 'no subgraph is published: read from the chain').length).toBeGreaterThan(0);
    expect(JSON.stringify(diagnosis)).not.toContain('secret-in-a-path');
  });
});
