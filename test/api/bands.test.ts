import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { readConfig } from '../../src/config.ts';
import { reportWallet } from '../../src/service/portfolio/wallet-report.ts';
import { ask, DEMO, startTestService, type TestService } from './serving.ts';

/** So far down that the demo wallet is above. */
const environment = { PLIMSOLL_BANDS: '1,1' };

let running: TestService;
beforeAll(async () => {
  running = await startTestService({ environment });
}, 120_000);
afterAll(() => running.close());

describe('configured bands', () => {
  const statusOf = async (path: string, body?: unknown): Promise<unknown> => (await ask(running.origin, path, body === undefined ? {} : { body })).json['statusWithoutGaps'];

  test('default: a report, one with moved prices and one of a document from elsewhere go by them', async () => {
    const document = (await ask(running.origin, `/v1/wallets/${DEMO}/portfolio`)).json;
    expect([await statusOf(`/v1/wallets/${DEMO}`), await statusOf(`/v1/wallets/${DEMO}?shock=ETH%3D%2B1%25`), await statusOf('/v1/health', document)]).toEqual(['safe', 'safe', 'safe']);
  });

  test('behavior: the same on the command line; without them the bands are the usual ones', async () => {
    const statuses = await Promise.all([environment, {}].map(async (set) => (await reportWallet({ subject: DEMO }, readConfig(set))).report.statusWithoutGaps));
    expect(statuses).toEqual(['safe', 'critical']);
  });
});
