import { h } from 'preact';
import { afterEach, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest';
import { readConfig } from '../../src/config.ts';
import { formatPortfolio, type Portfolio } from '../../src/core/portfolio.ts';
import { readSubject } from '../../src/service/portfolio/wallet-report.ts';
import type { Route } from '../../src/web/data/route.ts';
import { startTelling } from '../../src/web/data/start-telling.ts';
import { openWallet, viewMoved, viewToday, type WalletModel } from '../../src/web/data/wallet-model.ts';
import { titleOf } from '../../src/web/shell/title.ts';
import { ageOf, asStale, dataTime, type Reading, staleTime, staleWord } from '../../src/web/wallet/freshness.ts';
import { afterAnswer, whileReading } from '../../src/web/wallet/load-wallet.ts';
import { WalletPage } from '../../src/web/wallet/wallet-page.tsx';
import { comeBack, type Shown, settle, show } from './tiny-dom.ts';

const WALLET = '0xc0ffee00000000000000000000000000c0ffee01';
const ROUTE: Route = { view: 'wallet', wallet: WALLET, recorded: null, at: null };
const FAILURE = { code: 'SOURCE_TIMEOUT', message: 'It took too long.', retryable: true } as const;
const MINUTE = 60_000;

let live: Portfolio;
let model: WalletModel;

function opened(document: Portfolio): WalletModel {
  const answer = openWallet(formatPortfolio(document));
  if (!answer.ok) throw new Error(answer.failure.message);
  return answer.value;
}

beforeAll(async () => {
  const portfolio = await readSubject({ subject: WALLET, recorded: 'constructed-wallet' }, readConfig({}));
  live = { ...portfolio, recorded: null, createdAt: Math.min(...portfolio.asOf.map(({ timestamp }) => timestamp)) + 20 };
  model = opened(live);
});

describe(startTelling, () => {
  test('default: tells what came of it', async () => {
    const told: string[] = [];
    startTelling(
      async () => 'done',
      (result) => void told.push(result),
    );
    await settle();
    expect(told).toEqual(['done']);
  });

  test('behavior: what was ended tells nothing, whatever comes of it', async () => {
    const told: string[] = [];
    const { promise, resolve } = Promise.withResolvers<string>();
    let signal: AbortSignal | undefined;
    const end = startTelling(
      (given) => {
        signal = given;
        return promise;
      },
      (result) => void told.push(result),
    );
    end();
    resolve('late');
    await settle();
    expect([told, signal?.aborted]).toEqual([[], true]);
  });
});

describe('how old data are', () => {
  const readAt = 1_000_000_000_000;
  const reading = (change: Partial<Reading> = {}): Reading => ({ model, readAt, isFile: false, ...change });

  test('default: their age when they were read, and the time since', () => {
    expect(dataTime(model.report)).toBe(live.createdAt - 20);
    expect([ageOf(reading(), readAt), ageOf(reading(), readAt + 5 * MINUTE)]).toEqual([20, 320]);
    expect(staleTime(reading(), 600)).toBe(readAt + 580_000);
  });

  test('behavior: a clock that is wrong here makes no fresh data old, and one that goes back none negative', () => {
    expect(ageOf(reading({ readAt: 5 }), 5)).toBe(20);
    expect(ageOf(reading(), readAt - MINUTE)).toBe(20);
  });

  test('behavior: a file is as old as it says; recorded data never grow stale', () => {
    const isFile = true;
    const at = (live.createdAt + 3_600) * 1000;
    expect(ageOf(reading({ isFile, readAt: at }), at)).toBe(3_620);
    expect(staleTime(reading({ isFile, readAt: at }), 600)).toBeLessThan(at);
    expect(staleTime(reading({ model: opened({ ...live, recorded: 'of a test' }) }), 600)).toBeNull();
  });

  test('default: since when, with the day where it is another one', () => {
    const at = Date.parse('2025-10-23T12:19:40Z');
    expect([staleWord(at, at + MINUTE), staleWord(at, at + 24 * 60 * MINUTE)]).toEqual(['Stale since 12:19 UTC', 'Stale since 2025-10-23 12:19 UTC']);
  });

  test('behavior: what is stale is called safe at no price', () => {
    const stale = asStale(model);
    const [driver] = stale.drivers;
    if (driver === undefined) throw new Error('no driver');
    expect([viewToday(stale).status, viewMoved(stale, [{ driver, move: 0.8 }]).status]).toEqual(['incomplete', 'incomplete']);
    expect(viewMoved(model, [{ driver, move: 0.8 }]).status).not.toBe('incomplete');
  });
});

describe('what is shown while a wallet is read again', () => {
  const ready = afterAnswer({ phase: 'loading' }, { ok: true, value: model }, { at: 7, isFile: false });

  test('behavior: what was read before, until it is there; a failure takes nothing away', () => {
    expect(whileReading(ready, false)).toMatchObject({ phase: 'ready', isReading: true });
    expect(whileReading(ready, true)).toEqual({ phase: 'loading' });
    expect(afterAnswer(whileReading(ready, false), { ok: false, failure: FAILURE }, { at: 9, isFile: false })).toMatchObject({
      phase: 'ready',
      isReading: false,
      failure: FAILURE,
      reading: { readAt: 7 },
    });
    expect(afterAnswer({ phase: 'loading' }, { ok: false, failure: FAILURE }, { at: 9, isFile: false })).toEqual({ phase: 'failed', failure: FAILURE });
  });
});

describe(titleOf, () => {
  test('default: a wallet by its status and address', () => {
    expect([titleOf(ROUTE, 'Critical'), titleOf(ROUTE), titleOf({ view: 'proofs' })]).toEqual(['Critical · 0xc0ff…ee01 · Plimsoll', '0xc0ff…ee01 · Plimsoll', 'Proofs · Plimsoll']);
  });
});

describe(WalletPage, () => {
  let shown: Shown | null = null;
  let asked: string[] = [];
  let say: (text: string) => void = () => undefined;
  let portfolioAnswer: () => Response = () => Response.json({});

  beforeEach(() => {
    vi.useFakeTimers({ toFake: ['Date', 'setInterval', 'clearInterval'] });
    vi.setSystemTime(live.createdAt * 1000);
    asked = [];
    portfolioAnswer = () => new Response(formatPortfolio(live));
    vi.stubGlobal('window', globalThis);
    vi.stubGlobal(
      'IntersectionObserver',
      class {
        observe(): void {}
        disconnect(): void {}
      },
    );
    vi.stubGlobal('fetch', async (path: string) => {
      asked.push(path);
      if (path === '/v1/recorded') return Response.json({ mode: 'live', maxBlockAgeSeconds: 120, bands: { warning: '1.3', critical: '1.09' }, wallets: [] });
      if (!path.startsWith('/v1/stream')) return portfolioAnswer();
      return new Response(new ReadableStream({ start: (pipe) => void (say = (text) => pipe.enqueue(new TextEncoder().encode(text))) }));
    });
  });

  afterEach(async () => {
    shown?.close();
    await settle();
    vi.useRealTimers();
    vi.unstubAllGlobals();
  });

  const readings = (): number => asked.filter((path) => path.endsWith('/portfolio')).length;

  async function open(route: Route = ROUTE): Promise<Shown> {
    shown = show(h(WalletPage, { route }));
    const page = shown;
    await vi.waitFor(() => expect(page.all('h1')).toEqual(['Critical']), { timeout: 20_000 });
    return page;
  }

  test('behavior: live data say how old they are, go stale after the service’s own limit, and are read again', async () => {
    const page = await open();
    await settle();
    expect(page.all('.status-safe').length, 'judged by the service’s own bands').toBe(1);
    expect(page.text()).toMatch(/As of 2025-10-23 12:\d\d UTC, 20 s old/);
    vi.advanceTimersByTime(90_000);
    await settle();
    expect(page.text()).toMatch(/1 min 50 s old/);
    expect(page.all('h1')).toEqual(['Critical']);
    vi.advanceTimersByTime(15_000);
    await settle();
    expect(page.all('h1')).toEqual([expect.stringMatching(/^Stale since 12:\d\d UTC$/)]);
    expect(page.text()).toMatch(/What is shown is 2 min \d s old\. Prices and positions have moved since, so this is no statement of safety/);
    expect([page.all('.hero-incomplete').length, page.attribute('figure', 'aria-label')]).toEqual([1, expect.stringMatching(/^Load line: Stale since/)]);
    page.fire('button', 'click', {}, 'Read again');
    await vi.waitFor(() => expect(page.all('h1')).toEqual(['Critical']), { timeout: 20_000 });
    expect(readings()).toBe(2);
  });

  test('behavior: a change that is told has it read again, and what is shown stays meanwhile', async () => {
    const page = await open();
    await vi.waitFor(() => expect(asked).toContain(`/v1/stream?wallet=${WALLET}&kind=health.changed`), { timeout: 20_000 });
    await settle();
    portfolioAnswer = () => Response.json({ code: 'SOURCE_TIMEOUT', detail: 'It took too long.' }, { status: 504 });
    say('id: 1\nevent: health.changed\ndata: {}\n\n');
    await vi.waitFor(() => expect(readings()).toBe(2), { timeout: 20_000 });
    await settle();
    expect(page.all('h1')).toEqual(['Critical']);
    expect(page.text()).toMatch(/It could not be read again: It took too long\. What is shown is what was read before\. SOURCE_TIMEOUT/);
  });

  test('behavior: who comes back after a minute sees it read again', async () => {
    await open();
    comeBack();
    await settle();
    expect(readings()).toBe(1);
    vi.setSystemTime(Date.now() + MINUTE + 1);
    comeBack();
    await vi.waitFor(() => expect(readings()).toBe(2), { timeout: 20_000 });
  });

  test('behavior: recorded data have no age, and nobody is asked about them again', async () => {
    portfolioAnswer = () => new Response(formatPortfolio({ ...live, recorded: 'of a test' }));
    const page = await open();
    vi.advanceTimersByTime(90 * MINUTE);
    await settle();
    expect(page.text()).not.toMatch(/\d (?:s|min) old|Stale/);
    expect([page.all('h1'), readings(), asked.filter((path) => path.startsWith('/v1/stream'))]).toEqual([['Critical'], 1, []]);
  });

  test('error: what cannot be read at all is said, and is not the same as safe', async () => {
    portfolioAnswer = () => Response.json({ code: 'SOURCE_TIMEOUT', detail: 'It took too long.' }, { status: 504 });
    shown = show(h(WalletPage, { route: ROUTE }));
    await settle();
    expect(shown.text()).toMatch(/^0xc0ff…ee01 could not be read It took too long\. SOURCE_TIMEOUT Nothing is known about this wallet now: that is not the same as safe/);
  });
});
