import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { readConfig } from '../../../src/config.ts';
import { parseWallet } from '../../../src/core/ids.ts';
import { openRuntime } from '../../../src/service/portfolio/open-runtime.ts';
import { chooseDataset, cutDataset, listDatasets, RECORDED_ROOT } from '../../../src/service/portfolio/recorded-data.ts';
import { readDataset } from '../../../src/sources/recorded/dataset.ts';

const CONSTRUCTED = parseWallet('0xc0ffee00000000000000000000000000c0ffee01');
const NOBODY = parseWallet(`0x${'12'.repeat(20)}`);
const folder = mkdtempSync(join(tmpdir(), 'plimsoll-empty-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe(listDatasets, () => {
  test('default: every shipped set says what it is, and knows its wallets', async () => {
    const summaries = await listDatasets();
    expect(summaries.map((summary) => summary.name)).toEqual(summaries.map((summary) => summary.name).toSorted());
    expect(summaries.map((summary) => summary.name)).toEqual(expect.arrayContaining(['aave-v2-09f1', 'constructed-wallet', 'morpho-depeg']));
    for (const summary of summaries) {
      expect(summary.folder).toBe(join(RECORDED_ROOT, summary.name));
      expect(summary.about.length, summary.name).toBeGreaterThan(80);
      expect(summary.wallets.length, summary.name).toBeGreaterThan(0);
      for (const wallet of summary.wallets) expect(parseWallet(wallet.address)).toBe(wallet.address);
    }
  });

  test('behavior: what is constructed says so where a reader sees it', async () => {
    const constructed = (await listDatasets()).find((summary) => summary.name === 'constructed-wallet');
    expect(constructed?.title).toContain('CONSTRUCTED');
    expect(constructed?.about).toMatch(/The wallet is nobody's/);
  });
});

describe(chooseDataset, () => {
  test.each([
    ['by its name', 'morpho-depeg', [CONSTRUCTED], 'morpho-depeg'],
    ['by a wallet that it knows', null, [NOBODY, CONSTRUCTED], 'constructed-wallet'],
    ['the first of all for a wallet that none knows', null, [NOBODY], 'aave-v2-09f1'],
    ['by its folder', join(RECORDED_ROOT, 'constructed-wallet'), [NOBODY], 'constructed-wallet'],
  ] as const)('behavior: %s', async (_how, named, owners, name) => {
    const { dataset, folder: found } = await chooseDataset(named, owners);
    expect(dataset.name).toBe(name);
    expect(existsSync(join(found, 'dataset.json'))).toBe(true);
  });

  test('error: INVALID_ARGUMENT that lists the names there are', async () => {
    await expect(chooseDataset('constructed', [])).rejects.toMatchObject({
      code: 'INVALID_ARGUMENT',
      message: expect.stringMatching(/no recorded data set "constructed"\. Known: .*constructed-wallet/),
    });
  });

  test('error: INVALID_FILE for a folder without a data set, or with one that is none', async () => {
    await expect(chooseDataset(folder, [])).rejects.toMatchObject({ code: 'INVALID_FILE', message: expect.stringContaining('dataset.json cannot be read') });
    writeFileSync(join(folder, 'dataset.json'), '{"name": 7}');
    await expect(chooseDataset(folder, [])).rejects.toMatchObject({ code: 'INVALID_FILE', message: expect.stringMatching(/dataset\.json, at name/) });
    writeFileSync(join(folder, 'dataset.json'), '{');
    await expect(chooseDataset(folder, [])).rejects.toMatchObject({ code: 'INVALID_FILE', message: 'dataset.json is not JSON.' });
  });
});

describe(cutDataset, () => {
  test('default: what was recorded by then, with the clock at the newest of it', async () => {
    const dataset = await readDataset(join(RECORDED_ROOT, 'aave-v2-09f1'));
    const times = dataset.subgraphs.flatMap((subgraph) => subgraph.snapshots.map((snapshot) => snapshot.block.timestamp)).toSorted((a, b) => a - b);
    const [first = 0, second = 0, third = 0] = times;
    const cut = cutDataset(dataset, third - 1);
    expect(cut.subgraphs.flatMap((subgraph) => subgraph.snapshots.map((snapshot) => snapshot.block.timestamp))).toEqual([first, second]);
    expect(cut.clockSeconds).toBe(second);
    expect(cutDataset(dataset, first).clockSeconds).toBe(first);
    expect(cutDataset(dataset, dataset.clockSeconds + 1_000_000)).toEqual(dataset);
  });

  test('error: INVALID_ARGUMENT that names the first moment', async () => {
    const dataset = await readDataset(join(RECORDED_ROOT, 'aave-v2-09f1'));
    expect(() => cutDataset(dataset, 1_000_000_000)).toThrow(/Nothing was recorded by then; the first moment of "aave-v2-09f1" is 2021-01-24T/);
  });
});

describe(openRuntime, () => {
  test('behavior: recorded data offer what was recorded, on the chains that are asked for, at the recorded time', async () => {
    const runtime = await openRuntime(readConfig({}), { owners: [CONSTRUCTED], chains: ['eip155:42161'] });
    expect(runtime.reader.deployments.map((deployment) => deployment.id)).toEqual(['gmx-v2/42161']);
    expect([...runtime.reader.chains.keys()]).toEqual(['eip155:42161']);
    expect([runtime.reader.now(), runtime.reader.recorded]).toEqual([1_761_221_354, runtime.dataset?.title]);
    await runtime.close();
  });

  test("behavior: the gateway gets the key, an endpoint of one's own and a public one do not", async () => {
    const config = readConfig({ GRAPH_API_KEY: 'a-key', GRAPH_URL_AAVE_V2_1_CORE: 'http://own.example/aave', RPC_URL_1: 'http://rpc.example' });
    const { reader } = await openRuntime(config, { owners: [] });
    const endpointOf = (id: string) => {
      const deployment = reader.deployments.find((entry) => entry.id === id);
      return deployment === undefined ? undefined : reader.endpointOf(deployment);
    };
    expect(endpointOf('aave-v3/1/core')).toMatchObject({ headers: { authorization: 'Bearer a-key' }, label: expect.stringMatching(/^The Graph /) });
    expect(endpointOf('aave-v3/1/core')?.url).not.toContain('a-key');
    expect(endpointOf('aave-v2/1/core')).toEqual({ chain: 'eip155:1', dialect: 'graph-node', url: 'http://own.example/aave', label: 'GRAPH_URL_AAVE_V2_1_CORE' });
    expect(endpointOf('gmx-v2/42161')).not.toHaveProperty('headers');
    expect(reader.recorded).toBeNull();
  });

  test('behavior: a subgraph without a key is not configured, and a recorded set is read whatever is configured', async () => {
    const config = readConfig({ RPC_URL_1: 'http://rpc.example' });
    const live = await openRuntime(config, { owners: [] });
    expect(live.reader.deployments.filter((deployment) => live.reader.endpointOf(deployment) !== null).map((deployment) => deployment.protocol)).toEqual(['gmx-v2', 'gmx-v2']);
    const recorded = await openRuntime(config, { owners: [], recorded: 'morpho-depeg' });
    expect(recorded.dataset?.name).toBe('morpho-depeg');
    await recorded.close();
  });
});
