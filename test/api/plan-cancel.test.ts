import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { parsePortfolio } from '../../src/core/portfolio.ts';
import { planPortfolio } from '../../src/service/plan/plan-wallet.ts';
import { DEFAULT_PLAN } from '../../src/service/plan/request.ts';
import { ask, DEMO, startTestService, type TestService } from './serving.ts';
import { countThreads, readGauge, type ThreadCount, until } from './threads.ts';

const PLAN = `/v1/wallets/${DEMO}/plan`;
/** Long searches: five seconds for the plan, and again for each of what it is compared with. */
const LONG = { target: '1.5', budgetMs: 5_000 };
const PATIENCE_MS = 60_000;

let running: TestService;
/** Solvers of this process. */
let threads: ThreadCount;

/** Goes away as soon as the search is under way. */
async function askAndLeave(): Promise<void> {
  const before = threads.started();
  // A busy machine may break it off before its search has begun.
  while (!(await isLeftUnderWay(before)));
}

async function isLeftUnderWay(before: number): Promise<boolean> {
  const gone = new AbortController();
  let isAnswered = false;
  const asked = ask(running.origin, PLAN, { body: LONG, signal: gone.signal })
    .catch(() => null)
    .finally(() => {
      isAnswered = true;
    });
  await until(() => isAnswered || threads.started() > before);
  gone.abort();
  return (await asked) === null && threads.started() > before;
}

/** It is let in while the one before would still be searching: there is room for one, and nobody waits for as long as that takes. */
async function expectRoom(): Promise<void> {
  const next = await ask(running.origin, PLAN, { body: { target: '1.5', budgetMs: 50 } });
  expect(next.json['code']).not.toBe('OVERLOADED');
  await until(async () => threads.alive() === 0 && (await readGauge(running.origin, 'plimsoll_plans_running')) === 0);
}

beforeAll(async () => {
  running = await startTestService({ limits: { deadlineMs: 100, planning: 1, patienceMs: 1_500 } });
  // The wallet is read, so that what follows is planning alone.
  await ask(running.origin, `/v1/wallets/${DEMO}`);
  threads = countThreads();
});
afterAll(async () => {
  threads.stop();
  await running.close();
});

describe('a plan that nobody waits for', () => {
  test('behavior: at its deadline it is broken off, its thread ends, and the next one is let in', { timeout: 2 * PATIENCE_MS }, async () => {
    const late = await ask(running.origin, PLAN, { body: LONG });
    expect([late.status, late.json['code'], late.json['retryable']]).toEqual([504, 'DEADLINE_EXCEEDED', true]);
    await expectRoom();
  });

  test('behavior: so it is when its client goes away', { timeout: 2 * PATIENCE_MS }, async () => {
    await askAndLeave();
    await expectRoom();
  });

  test('behavior: many of them leave no thread behind, and are no defect', { timeout: 3 * PATIENCE_MS }, async () => {
    for (let round = 0; round < 6; round += 1) await askAndLeave();
    await expectRoom();
    expect(running.log()).not.toContain('defect');
  });

  test('error: DEADLINE_EXCEEDED from the planner itself, whatever it has found', async () => {
    const portfolio = parsePortfolio((await ask(running.origin, `/v1/wallets/${DEMO}/portfolio`)).json);
    const over = new AbortController();
    process.once('worker', () => over.abort());
    const request = { ...DEFAULT_PLAN, subject: '', target: 1.5, budgetMs: 5_000 };
    await expect(planPortfolio(portfolio, request, { config: running.config, trust: 'as-read', signal: over.signal })).rejects.toMatchObject({ code: 'DEADLINE_EXCEEDED' });
    await expect(planPortfolio(portfolio, request, { config: running.config, trust: 'as-read', signal: AbortSignal.abort() })).rejects.toMatchObject({ code: 'DEADLINE_EXCEEDED' });
    await until(() => threads.alive() === 0);
  });
});
