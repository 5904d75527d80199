import { h } from 'preact';
import { afterEach, beforeAll, describe, expect, test, vi } from 'vitest';
import { readConfig } from '../../src/config.ts';
import { formatPortfolio, type Portfolio } from '../../src/core/portfolio.ts';
import { planToJson } from '../../src/service/plan/json.ts';
import { planPortfolio } from '../../src/service/plan/plan-wallet.ts';
import { DEFAULT_PLAN } from '../../src/service/plan/request.ts';
import { readSubject } from '../../src/service/portfolio/wallet-report.ts';
import { usd } from '../../src/web/data/format.ts';
import { openWallet, type WalletModel } from '../../src/web/data/wallet-model.ts';
import { PlanPanel } from '../../src/web/planning/plan-panel.tsx';
import { FIRST_WISH, planCall, wishWords } from '../../src/web/planning/plan-request.ts';
import { PlanResult } from '../../src/web/planning/plan-result.tsx';
import { type PlanDocument, planNames, savingUsd, stepSentence } from '../../src/web/planning/plan-words.ts';
import { settle, show } from './tiny-dom.ts';

const WALLET = '0xc0ffee00000000000000000000000000c0ffee01';
const ROUTE = { view: 'wallet', wallet: WALLET, recorded: null, at: null } as const;
const REQUEST = { ...DEFAULT_PLAN, subject: '', target: 1.5, order: 'sequence' } as const;

let portfolio: Portfolio;
let model: WalletModel;
let plan: PlanDocument;

beforeAll(async () => {
  portfolio = await readSubject({ subject: WALLET, recorded: 'constructed-wallet' }, readConfig({}));
  const answer = openWallet(formatPortfolio(portfolio));
  if (!answer.ok) throw new Error(answer.failure.message);
  model = answer.value;
  plan = JSON.parse(JSON.stringify(planToJson(await planPortfolio(portfolio, REQUEST, { config: readConfig({}), trust: 'as-read' })))) as PlanDocument;
});

afterEach(() => vi.unstubAllGlobals());

function resultText(document: PlanDocument): string {
  const shown = show(h(PlanResult, { plan: document, names: planNames(portfolio) }));
  const text = shown.text();
  shown.close();
  return text;
}

describe(PlanResult, () => {
  test('default: the cost beside what is lost by waiting, and what acting saves of it', () => {
    const text = resultText(plan);
    const [cost, lost] = [Number(plan.self?.cost.totalUsd), Number(plan.forced.rational.costUsd)];
    expect(lost).toBeGreaterThan(cost);
    expect(savingUsd(plan)).toBeCloseTo(lost - cost, 9);
    expect(text).toContain(`If you act ${usd(cost)} in all`);
    expect(text).toContain(`${usd(lost)} lost to liquidation`);
    expect(text).toContain(`Acting now saves ${usd(lost - cost)} of that.`);
    expect(text).not.toContain('gap');
  });

  test('behavior: what costs more than it spares is no saving', () => {
    const { self } = plan;
    if (self === null) throw new Error('no plan');
    const dear = { ...plan, self: { ...self, cost: { ...self.cost, totalUsd: '1000000.000000' } } };
    expect(savingUsd(dear)).toBeNull();
    expect(savingUsd({ ...plan, self: null })).toBeNull();
    expect(resultText(dear)).not.toMatch(/saves/);
  });

  test('behavior: a gap is said above everything', () => {
    const gap = { code: 'SOURCE_TIMEOUT', message: 'A source did not answer.', retryable: true, chain: null, deployment: null, account: null } as const;
    expect(resultText({ ...plan, gaps: [gap] })).toMatch(/^1 gap: the plan does not cover what could not be seen\. If you act/);
  });

  test('error: a refusal, and calls that are not made, without the flags of another program', () => {
    const { self } = plan;
    const refused = { code: 'INVALID_ARGUMENT', message: 'The time budget ended before a plan was found or excluded. Raise --budget-ms.', fields: {} };
    expect(resultText({ ...plan, self: null, refused })).toContain('No plan. The time budget ended before a plan was found or excluded. Ask again');
    if (self === null) throw new Error('no plan');
    const transactions = { status: 'incomplete', reasons: ['No calldata. Mend the gaps, or add --accept-gaps to sign in spite of them.'] } as const;
    expect(resultText({ ...plan, self: { ...self, transactions: { ...transactions, reasons: [...transactions.reasons] } } })).toContain(
      'Mend the gaps, or tick “in spite of gaps” to sign nevertheless.',
    );
  });
});

describe(stepSentence, () => {
  test('behavior: what is expected of a swap and what it gives at least are not mixed up', () => {
    const asset = 'eip155:1/erc20:0xa0b86991c6218b36c1d19d4a2e9eb0ce3606eb48';
    const token = (amount: string) => ({ raw: '0', decimals: 6, amount });
    const names = { account: (id: string) => id, symbol: () => 'TKN' };
    const sentence = stepSentence({ kind: 'swap', route: 'r', from: asset, to: asset, amountIn: token('3'), expectedOut: token('200'), minimumOut: token('199') }, names);
    expect(sentence).toBe('Swap 3 TKN for about 200 TKN, at least 199');
  });
});

describe(planCall, () => {
  const wish = { ...FIRST_WISH, target: ' 1.4 ', shock: ' ETH=-10% ' };

  test('default: a wallet that the service reads is planned as it reads it', () => {
    expect(planCall(portfolio, ROUTE, wish)).toEqual({ path: `/v1/wallets/${WALLET}/plan`, body: { target: '1.4', shock: 'ETH=-10%', order: 'sequence', calldata: false } });
    expect(planCall(portfolio, { ...ROUTE, recorded: 'morpho-depeg' }, FIRST_WISH).body).toMatchObject({ recorded: 'morpho-depeg' });
  });

  test('behavior: a file, and a wallet at a moment, are sent as documents', () => {
    expect(planCall(portfolio, { view: 'file' }, wish)).toMatchObject({ path: '/v1/plan', body: { portfolio, target: '1.4' } });
    expect(planCall(portfolio, { ...ROUTE, at: '2021-02-24' }, wish)).toMatchObject({ path: '/v1/plan', body: { portfolio } });
  });

  test('behavior: an executor and gaps are about calls alone', () => {
    const asked = { ...FIRST_WISH, executor: WALLET, acceptGaps: true };
    expect(Object.keys(planCall(portfolio, ROUTE, asked).body)).toEqual(['target', 'order', 'calldata']);
    expect(planCall(portfolio, ROUTE, { ...asked, calldata: true }).body).toMatchObject({ executor: WALLET, acceptGaps: true });
    expect(planCall(portfolio, ROUTE, { ...asked, calldata: true, executor: ' ' }).body).toEqual({ target: '1.5', order: 'sequence', calldata: true, acceptGaps: true });
  });
});

describe(PlanPanel, () => {
  /** A service that answers when it is told to. */
  function stubService(): { readonly path: string; readonly signal: AbortSignal; readonly answer: () => void }[] {
    const asked: { path: string; signal: AbortSignal; answer: () => void }[] = [];
    vi.stubGlobal('fetch', (path: string, { signal }: { readonly signal: AbortSignal }) => {
      const { promise, resolve, reject } = Promise.withResolvers<Response>();
      signal.addEventListener('abort', () => reject(signal.reason));
      asked.push({ path, signal, answer: () => resolve(Response.json(plan)) });
      return promise;
    });
    return asked;
  }

  test('behavior: a plan is headed by what it was asked for, and outdated once the fields say something else', async () => {
    const asked = stubService();
    const shown = show(h(PlanPanel, { model, route: ROUTE }));
    shown.fire('form', 'submit');
    await settle();
    expect(shown.text()).toMatch(/Looking for the cheapest way, then replaying it … Cancel/);
    asked[0]?.answer();
    await vi.waitFor(() => expect(shown.text()).toMatch(/If you act/), { timeout: 20_000 });
    expect(shown.all('.made-for')).toEqual([expect.stringMatching(/^For a health of 1\.5 of every account, by my own calls As of 2025-/)]);
    expect(shown.all('.made-outdated')).toEqual([]);
    shown.fire('input', 'input', { currentTarget: { value: '1.6' } });
    await settle();
    expect(shown.all('.made-outdated')).toEqual([expect.stringMatching(/health of 1\.5 .*Outdated: the fields above/)]);
    shown.close();
  });

  test('behavior: it can be cancelled, and is broken off by leaving', async () => {
    const asked = stubService();
    const shown = show(h(PlanPanel, { model, route: ROUTE }));
    shown.fire('form', 'submit');
    await settle();
    shown.fire('button', 'click', {}, 'Cancel');
    await settle();
    expect([asked[0]?.signal.aborted, shown.all('.waiting'), shown.all('.notice-failed')]).toEqual([true, [], []]);
    shown.fire('form', 'submit');
    await settle();
    shown.close();
    await settle();
    expect(asked.map(({ path, signal }) => [path, signal.aborted])).toEqual([
      [`/v1/wallets/${WALLET}/plan`, true],
      [`/v1/wallets/${WALLET}/plan`, true],
    ]);
  });

  test('behavior: what calls need is asked for with them', async () => {
    const shown = show(h(PlanPanel, { model, route: ROUTE }));
    expect(shown.text()).not.toMatch(/executor’s address|in spite of gaps/);
    shown.fire('input', 'change', { currentTarget: { checked: true } });
    await settle();
    expect(shown.text()).toMatch(/Your executor’s address, if you have one in spite of gaps/);
    shown.close();
  });

  test('default: the heading says target, shock and order', () => {
    expect(wishWords({ ...FIRST_WISH, shock: 'ETH=-20%', order: 'any', calldata: true })).toBe(
      'For a health of 1.5 of every account that still stands after ETH=-20%, by my calls, or my executor with a flash loan, with unsigned calls',
    );
  });
});
