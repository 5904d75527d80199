import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import type { AssetId } from '../../src/core/ids.ts';
import { createLlamaPrices, readRecordedPrices } from '../../src/sources/prices.ts';
import { createFakeClock } from '../fakes/fake-clock.ts';

const WETH: AssetId = 'eip155:1/erc20:0xc02aaa39b223fe8d0a0e5c4f27ead9083c756cc2';
const OTHER: AssetId = 'eip155:99999/erc20:0xc02aaa39b223fe8d0a0e5c4f27ead9083c756cc2';
const COIN = 'ethereum:0xc02aaa39b223fe8d0a0e5c4f27ead9083c756cc2';

/** An API that gives these answers, one after another, the last one for ever. */
function api(...answers: readonly (() => Response | Promise<Response>)[]) {
  const seen: string[] = [];
  const fetch = (input: string | URL | Request): Promise<Response> => {
    const next = answers[Math.min(seen.length, answers.length - 1)];
    seen.push(String(input));
    return Promise.resolve(next?.() ?? new Response(null, { status: 500 }));
  };
  const clock = createFakeClock({ auto: { isBusy: () => false } });
  return { seen, prices: createLlamaPrices('https://prices.example/', { fetch, clock, random: () => 0.5, policy: { deadlineMs: 5_000, attemptMs: 1_000 } }) };
}

const good = () => Response.json({ coins: { [COIN]: { symbol: 'WETH', price: 0.000000123, timestamp: 5 }, 'base:0x12': { symbol: 'X', price: 1, timestamp: 5 } } });

describe('createLlamaPrices', () => {
  test('default: known assets only, without exponents', async () => {
    const { prices, seen } = api(good);
    expect(await prices.fetchPrices([WETH, OTHER, 'iso4217:usd'], 1_700_000_000n)).toEqual([{ asset: WETH, symbol: 'WETH', usd: '0.000000123', source: 'market price API', observedAt: 5 }]);
    expect(seen).toEqual([`https://prices.example/prices/historical/1700000000/${COIN}`]);
    expect(await prices.fetchPrices([OTHER], 1n)).toEqual([]);
  });

  test('behavior: a failure that may pass is repeated', async () => {
    const { prices, seen } = api(
      () => new Response(null, { status: 503 }),
      () => Promise.reject(new TypeError('fetch failed')),
      good,
    );
    expect(await prices.fetchPrices([WETH], 1n)).toHaveLength(1);
    expect(seen).toHaveLength(3);
  });

  test.each([
    ['SOURCE_UNREACHABLE', () => new Response(null, { status: 500 })],
    ['SOURCE_REJECTED', () => new Response(null, { status: 404 })],
    ['MALFORMED_RESPONSE', () => new Response('nonsense')],
    ['MALFORMED_RESPONSE', () => Response.json({ coins: { [COIN]: { symbol: 'WETH', price: -1, timestamp: 5 } } })],
  ])('error: %s', async (code, answer) => {
    await expect(api(answer).prices.fetchPrices([WETH], 1n)).rejects.toMatchObject({ code });
  });

  test('error: SOURCE_TIMEOUT for an API that hangs', async () => {
    const { prices } = api(() => new Promise<Response>(() => {}));
    await expect(prices.fetchPrices([WETH], 1n)).rejects.toMatchObject({ code: 'SOURCE_TIMEOUT' });
  });
});

describe('readRecordedPrices', () => {
  test('default: the newest price that was known by then; none without a file; INVALID_FILE for another form', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'plimsoll-prices-'));
    const row = (usd: string, observedAt: number) => ({ asset: WETH, symbol: 'WETH', usd, source: 's', observedAt });
    expect(await (await readRecordedPrices(folder)).fetchPrices([WETH], 100n)).toEqual([]);
    writeFileSync(join(folder, 'prices.json'), JSON.stringify([row('1', 10), row('3', 30), row('2', 20)]));
    expect(await (await readRecordedPrices(folder)).fetchPrices([WETH, OTHER], 25n)).toEqual([row('2', 20)]);
    writeFileSync(join(folder, 'prices.json'), '[{}]');
    await expect(readRecordedPrices(folder)).rejects.toMatchObject({ code: 'INVALID_FILE' });
    rmSync(folder, { recursive: true });
  });
});
