import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import axe from 'axe-core';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Answer } from '../../src/api/contract/operations.ts';
import { createApiKey } from '../../src/api/http/api-keys.ts';
import { fileKeyStore } from '../../src/api/http/key-store.ts';
import { addEvent } from '../../src/store/events.ts';
import { healthText, instant, percent, short, usd, usdShort } from '../../src/web/data/format.ts';
import { moveWords } from '../../src/web/market/watch-list.tsx';
import { startTestService, type TestService } from '../api/serving.ts';
import { attestDemo } from './attested-files.ts';
import { keepPicture, launch, openPage, SKIPPED, type WatchedPage } from './browser.ts';
import { copyWithFailingSubgraph } from './failing-dataset.ts';
import { buildPage, listScripts, openedBy } from './page-build.ts';

const DEMO = '0xc0ffee00000000000000000000000000c0ffee01';
const DEPEG = '0x1597e4b7cf6d2877a1d690b6088668afdb045763';
const PHONE = { viewport: { width: 390, height: 844 }, hasTouch: true, isMobile: true } as const;
/** How long a phone's page of the demo wallet may be, CSS pixels: four accounts. */
const PHONE_LENGTH = 5_000;
const NOBODY = '0x00000000000000000000000000000000deadbeef';
/** A generous limit: the machine may be busy with every other suite. */
const PATIENCE = 50_000;
/** A browser beside other suites on two cores: what fails twice is a failure, and a second try is shown. */
const RETRIES = 1;
const KILOBYTE = 1_000;

/** What of a report is compared with what is shown. */
type ShownReport = Answer<'getWallet'>;
type ShownPlan = Answer<'planWallet'> & { readonly self: NonNullable<Answer<'planWallet'>['self']> };

beforeAll(buildPage, 120_000);

describe('the built page', () => {
  const scripts = () => listScripts();
  const sizeOf = (...names: readonly string[]): number => openedBy(...names).reduce((sum, { gzipped }) => sum + gzipped, 0);

  test('behavior: a wallet’s page, its curves and its line to the service with it, loads less than 100 kB of script, gzipped', () => {
    const opening = openedBy('index', 'wallet-page', 'curve', 'live-stream').map(({ name }) => name.replace(/-[\w-]{8}\.js$/, ''));
    expect(opening).toEqual(expect.arrayContaining(['index', 'wallet-page', 'curve', 'live-stream']));
    expect(opening.length).toBeGreaterThan(5);
    expect(sizeOf('index', 'wallet-page', 'curve', 'live-stream')).toBeLessThan(100 * KILOBYTE);
    expect(sizeOf('index')).toBeLessThan(22 * KILOBYTE);
  });

  test('behavior: snarkjs and its curve are in the worker alone', () => {
    const withProver = scripts().filter(({ text }) => /groth16|curve_bn128/.test(text));
    expect(withProver.map(({ name }) => name.replace(/-[\w-]{8}\.js$/, ''))).toEqual(['prover-worker']);
  });
});

describe.skipIf(SKIPPED !== null)(`the page in a browser${SKIPPED === null ? '' : ` (${SKIPPED})`}`, { timeout: 3 * PATIENCE, retry: RETRIES }, () => {
  let browser: Browser;
  let service: TestService;
  const opened: WatchedPage[] = [];

  beforeAll(async () => {
    [browser, service] = await Promise.all([launch(), startTestService()]);
  }, 120_000);

  afterAll(async () => {
    await browser?.close();
    await service?.close();
  });

  async function open(hash: string, options: Parameters<typeof openPage>[1] = {}, origin = service.origin): Promise<WatchedPage> {
    const watched = await openPage(browser, options);
    watched.page.setDefaultTimeout(PATIENCE);
    opened.push(watched);
    await watched.page.goto(`${origin}/${hash}`);
    return watched;
  }

  async function seriousViolations(page: Page): Promise<string[]> {
    await page.evaluate(axe.source);
    const found = await page.evaluate(async () => {
      const runner = globalThis as unknown as { axe: { run: (target: Document) => Promise<{ violations: { id: string; impact: string; nodes: { html: string }[] }[] }> } };
      return (await runner.axe.run(document)).violations;
    });
    return found.filter(({ impact }) => impact === 'serious' || impact === 'critical').map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html.slice(0, 120)).join(' | ')}`);
  }

  /** What wears the colour of safety, or its ground in the heat map. */
  async function greens(page: Page): Promise<string[]> {
    return page.evaluate(() => {
      const probe = document.body.appendChild(document.createElement('i'));
      const colours = ['var(--safe)', 'light-dark(#cfe6da, #1c4637)'].map((colour) => {
        probe.style.color = colour;
        return getComputedStyle(probe).color;
      });
      probe.remove();
      const worn = (element: Element): string[] => {
        const { color, backgroundColor, borderTopColor, fill, stroke } = getComputedStyle(element);
        return [color, backgroundColor, borderTopColor, fill, stroke];
      };
      return [...document.querySelectorAll('body *')].filter((element) => worn(element).some((colour) => colours.includes(colour))).map((element) => element.outerHTML.slice(0, 100));
    });
  }

  /** A service behind a key that may read and plan. */
  async function startLocked(): Promise<{ readonly key: string; readonly folder: string; readonly locked: TestService }> {
    const folder = mkdtempSync(join(tmpdir(), 'plimsoll-keyed-'));
    const file = join(folder, 'keys.json');
    const key = await createApiKey(fileKeyStore(file), { name: 'tester', scopes: ['read', 'plan'], now: 1 });
    return { key, folder, locked: await startTestService({ environment: { PLIMSOLL_API_KEYS: file } }) };
  }

  /** Unfolds whatever is folded away, so that it is looked at too. */
  const openAll = (page: Page): Promise<void> =>
    page.evaluate(() => {
      for (const folded of document.querySelectorAll('details')) folded.open = true;
    });
  const settled = (page: Page): Promise<void> => page.locator('.hero-words h1').waitFor();
  const wide = (page: Page): Promise<boolean> => page.evaluate(() => document.documentElement.scrollWidth > document.documentElement.clientWidth);

  test('default: search a wallet, read the load line, go back', async () => {
    const { page, context, faults } = await open('#/');
    expect(await page.getByRole('heading', { level: 1 }).innerText()).toMatch(/how close/i);
    expect(await seriousViolations(page)).toEqual([]);
    await keepPicture(page, 'home-light', 'page');
    await page.getByLabel('Wallet', { exact: true }).fill('0x12');
    await page.getByRole('button', { name: 'Read', exact: true }).click();
    expect(await page.getByRole('alert').innerText()).toMatch(/is not a wallet/);
    await page.getByLabel('Wallet', { exact: true }).fill(DEMO);
    await page.getByRole('button', { name: 'Read', exact: true }).click();
    await settled(page);
    expect(page.url()).toContain(`#/wallet/${DEMO}`);
    expect(await page.getByRole('heading', { level: 1 }).innerText()).toBe('Critical');
    await page.waitForFunction(() => document.title === 'Critical · 0xc0ff…ee01 · Plimsoll');
    expect(await page.locator('.hero-picture').getAttribute('aria-label')).toMatch(/^Load line: Critical\. The weakest account, GMX v2 .* is at 1\.08\d\d, above the line/);
    expect(await page.locator('.figures').innerText()).toMatch(/1\.0812[\s\S]*1\.2230/);
    expect(await page.locator('#accounts article').count()).toBe(4);
    await keepPicture(page, 'wallet-light');
    await page.goBack();
    await page.getByRole('heading', { name: 'Looked at before' }).waitFor();
    expect(faults).toEqual([]);
    await context.close();
  });

  test('behavior: the slider moves the ship, and nothing is asked from anybody', async () => {
    const { page, context, faults, requests } = await open(`#/wallet/${DEMO}`);
    await settled(page);
    const asked = requests.length;
    const slider = page.getByLabel('moves by');
    await slider.focus();
    for (let presses = 0; presses < 12; presses += 1) await page.keyboard.press('ArrowLeft');
    expect(await slider.inputValue()).toBe('-12');
    expect(await page.getByRole('heading', { level: 1 }).innerText()).toMatch(/^(Liquidatable|Insolvent)/);
    expect(await page.locator('.change').innerText()).toMatch(/GMX v2/);
    expect(await page.locator('.ship').getAttribute('class')).toMatch(/ship-under/);
    await keepPicture(page, 'wallet-moved');
    const outlookHeight = (): Promise<number> => page.locator('#outlook').evaluate((element) => element.clientHeight);
    const reserved = await outlookHeight();
    await page.locator('#outlook').scrollIntoViewIfNeeded();
    await page.locator('.curve canvas').waitFor();
    await page.waitForFunction(() => document.querySelectorAll('.heat td:not(.heat-empty)').length === 81);
    expect(Math.abs((await outlookHeight()) - reserved), 'what is drawn later moves nothing beneath it').toBeLessThan(20);
    expect(await page.locator('.heat-today').innerText()).toMatch(/1\.08/);
    await keepPicture(page, 'what-if');
    expect(requests.slice(asked).filter(({ url }) => url.includes('/v1/'))).toEqual([]);
    await page.getByRole('button', { name: 'Today' }).click();
    expect(await page.getByRole('heading', { level: 1 }).innerText()).toBe('Critical');
    expect(faults).toEqual([]);
    await context.close();
  });

  test('behavior: the figures that are shown are those of the API', async () => {
    const { page, context, faults } = await open(`#/wallet/${DEMO}`);
    await settled(page);
    const report = (await (await fetch(`${service.origin}/v1/wallets/${DEMO}`)).json()) as ShownReport;
    const cut = (health: string | null): string => healthText(health);
    const figures = await page.locator('.figures').innerText();
    expect(figures).toContain(`${cut(report.wallet.weakest?.health ?? null)}\n${report.accounts.find(({ id }) => id === report.wallet.weakest?.account)?.label}`);
    expect(figures).toContain(`Unified health\n${cut(report.wallet.health)}\n${usdShort(report.wallet.adjustedCollateral)} held against ${usdShort(report.wallet.adjustedDebt)}`);
    expect(figures).toContain(`Shortfall\n${usdShort(report.wallet.shortfall)}`);
    const cards = await page.locator('#accounts article').allInnerTexts();
    for (const { label, health, native, adjustedCollateral, adjustedDebt, collateral, debt } of report.accounts) {
      const card = cards.find((text) => text.startsWith(label)) ?? '';
      expect(card).toContain(`Health\n${cut(health)}\nNative health\n${cut(native.healthFactor)}`);
      expect(card).toContain(`Adjusted\n${usdShort(adjustedCollateral, 1e4)} / ${usdShort(adjustedDebt, 1e4)}`);
      expect(card).toContain(`Held / owed\n${usdShort(collateral, 1e4)} / ${usdShort(debt, 1e4)}`);
    }
    expect(cards.length).toBe(report.accounts.length);
    const rows = await page.locator('#prices tbody tr').allInnerTexts();
    const labelOf = (id: string): string => report.accounts.find((account) => account.id === id)?.label ?? '';
    const grouped = new Set(report.liquidationPrices.filter(({ kind }) => kind === 'group').flatMap(({ assets }) => assets));
    const told = report.liquidationPrices.filter(({ kind, assets, first }) => (first.down ?? first.up) !== null && !(kind === 'asset' && assets.some((asset) => grouped.has(asset))));
    expect(rows.length).toBe(told.length);
    for (const { name, first } of told) {
      const points = [first.down, first.up].flatMap((point) => (point === null ? [] : [`(${percent(Number(point.move))})\t${labelOf(point.account)}`]));
      expect(rows.filter((row) => row.startsWith(name) && points.every((point) => row.includes(point)))).not.toEqual([]);
    }
    expect(faults).toEqual([]);
    await context.close();
  });

  test('behavior: a plan beside what happens if nothing is done', async () => {
    const { page, context, faults, requests } = await open(`#/wallet/${DEMO}`);
    await settled(page);
    // The solver ends at its budget: another plan may have another lower bound.
    const answered = page.waitForResponse((response) => response.url().endsWith('/plan'));
    await page.getByRole('button', { name: 'Plan', exact: true }).click();
    const plan = (await (await answered).json()) as ShownPlan;
    await page.locator('.versus').waitFor();
    expect(requests.filter(({ url }) => url.endsWith('/plan')).map(({ url, body }) => [url.replace(service.origin, ''), JSON.parse(body)])).toEqual([
      [`/v1/wallets/${DEMO}/plan`, { target: '1.5', order: 'sequence', calldata: false }],
    ]);
    const acting = (await page.getByRole('region', { name: 'If you act' }).innerText()).replaceAll(/\s+/g, ' ');
    expect(acting).toContain(`${usd(plan.self.cost.totalUsd)} in all; no plan of the model costs less than ${usd(plan.self.lowerBoundUsd)}`);
    expect(acting).toContain(`→ ${healthText(plan.self.after.unifiedHealthFactor)}`);
    expect(await page.getByRole('region', { name: 'If nothing is done' }).innerText()).toContain(
      `Acting now saves ${usd(Number(plan.forced.rational.costUsd) - Number(plan.self.cost.totalUsd))} of that.`,
    );
    expect(await page.getByRole('region', { name: 'If you act' }).innerText()).toMatch(/\$[\d.]+[\s\S]*no plan of the model costs less than/);
    expect(await page.locator('.stage li').count()).toBeGreaterThan(2);
    expect(await page.getByRole('region', { name: 'If nothing is done' }).innerText()).toMatch(/lost to liquidation/);
    expect(await seriousViolations(page)).toEqual([]);
    await page.locator('#plan').scrollIntoViewIfNeeded();
    await keepPicture(page, 'plan', 'page');
    await page.getByLabel('that still stands after').fill('ETH=-20%');
    await page.getByText(/^Outdated/).waitFor();
    await page.getByLabel('with unsigned calls').check();
    await page.getByLabel(/executor’s address/).waitFor();
    expect(await seriousViolations(page)).toEqual([]);
    await keepPicture(page, 'plan-outdated', 'page');
    await page.getByRole('button', { name: 'Plan', exact: true }).click();
    await page.getByText('For a health of 1.5 of every account that still stands after ETH=-20%, by my own calls, with unsigned calls').waitFor();
    expect(await page.getByText(/^Outdated/).count()).toBe(0);
    await page.route('**/plan', () => undefined);
    await page.getByRole('button', { name: 'Plan', exact: true }).click();
    await page.locator('#plan').getByRole('button', { name: 'Cancel' }).click();
    expect(await page.locator('#plan .notice-failed, #plan .made').count()).toBe(0);
    expect(faults).toEqual([]);
    await context.close();
  });

  test('behavior: a proof is made, downloaded and verified here, and no position is sent', async () => {
    const { page, context, faults, requests } = await open(`#/wallet/${DEPEG}`);
    await settled(page);
    expect(await page.getByRole('heading', { level: 1 }).innerText()).toBe('Insolvent');
    await keepPicture(page, 'wallet-insolvent');
    const read = requests.length;
    await page.locator('#proof').getByRole('button', { name: 'Prove', exact: true }).click();
    await page.locator('.proved').waitFor();
    expect(await page.getByRole('heading', { name: 'Accepted: all 12 checks hold.' }).count()).toBe(1);
    expect(await page.locator('.checks li').count()).toBe(12);
    await page.locator('#proof').scrollIntoViewIfNeeded();
    await keepPicture(page, 'proof');
    const [download] = await Promise.all([page.waitForEvent('download'), page.getByRole('button', { name: 'Download proof' }).click()]);
    const path = await download.path();
    const proof = readFileSync(path, 'utf8');
    expect(JSON.parse(proof)).toMatchObject({ schema: 'plimsoll/proof@1', class: 'dev' });
    expect(proof).not.toContain(DEPEG.slice(2));
    const asked = requests.slice(read).map(({ url }) => url.replace(service.origin, ''));
    expect(asked.filter((path) => path.startsWith('/proving-keys/')).length).toBeGreaterThan(3);
    expect(asked.filter((path) => !path.startsWith('blob:') && !/^\/(?:assets\/[\w.-]+|proving-keys\/[\w/.-]+(?:\?v=[0-9a-f]{64})?)$/.test(path))).toEqual([]);

    await page.getByRole('link', { name: 'Proofs', exact: true }).click();
    const verify = page.getByRole('region', { name: 'Verify a proof' });
    await verify.getByLabel('Proof (proof.json)').setInputFiles(path);
    await verify.getByLabel(/What you accept/).waitFor();
    await verify.getByLabel('Judged at').fill('2026-03-24T00:05:00Z');
    await verify.getByRole('button', { name: 'Verify' }).click();
    await verify.getByText('Accepted: all 12 checks hold.').waitFor();
    const policy = await verify.getByLabel(/What you accept/).inputValue();
    await verify.getByLabel(/What you accept/).fill(policy.replace(/"ids": \[\s*"\d+"/, '"ids": ["1"'));
    await verify.getByRole('button', { name: 'Verify' }).click();
    await verify.getByText('Refused: 1 of 12 checks does not hold.').waitFor();
    expect(await verify.locator('.check-fails').innerText()).toMatch(/attestors/);
    expect(await seriousViolations(page)).toEqual([]);
    await keepPicture(page, 'proof-refused', 'page');
    expect(requests.filter(({ body }) => body !== '')).toEqual([]);
    expect(faults).toEqual([]);
    await context.close();
  });

  test('behavior: a proof is made from the files of an attestation, which stay here', async () => {
    const { attestation, secret } = await attestDemo(DEPEG, 'morpho-depeg');
    const { page, context, faults, requests } = await open('#/proofs');
    const panel = page.getByRole('region', { name: 'Prove from an attestation' });
    const file = (name: string, text: string) => ({ name, mimeType: 'application/json', buffer: Buffer.from(text) });
    await panel.getByLabel(/^Attestation/).setInputFiles(file('attestation.json', attestation));
    await panel.getByLabel(/^Secret/).setInputFiles(file('secret.json', attestation));
    await panel.getByLabel('by at least USD').fill('1000000');
    await panel.getByRole('button', { name: 'Prove', exact: true }).click();
    expect(await panel.getByRole('alert').innerText()).toMatch(/not a secret file[\s\S]*INVALID_FILE/);
    await panel.getByLabel(/^Secret/).setInputFiles(file('secret.json', secret));
    await panel.getByRole('button', { name: 'Prove', exact: true }).click();
    await panel.getByText('Accepted: all 12 checks hold.').waitFor();
    expect(await panel.locator('.verdict').innerText()).toMatch(/below 1[\s\S]*1,?000,?000/);
    const asked = requests.map(({ url }) => url.replace(service.origin, ''));
    expect(asked.filter((path) => !/^\/(?:$|mark\.svg$|v1\/recorded$|assets\/|proving-keys\/)/.test(path))).toEqual([]);
    expect(requests.filter(({ body }) => body !== '')).toEqual([]);
    expect(faults).toEqual([]);
    await context.close();
  });

  test('behavior: a proof can be cancelled, and made again', async () => {
    const { page, context, faults } = await open(`#/wallet/${DEPEG}`);
    await settled(page);
    const panel = page.locator('#proof');
    await panel.getByRole('button', { name: 'Prove', exact: true }).click();
    await panel.getByRole('button', { name: 'Cancel' }).click();
    expect(await panel.getByRole('alert').innerText()).toMatch(/Cancelled/);
    await panel.getByRole('button', { name: 'Prove', exact: true }).click();
    await panel.locator('.proved').waitFor();
    expect(faults).toEqual([]);
    await context.close();
  });

  test('error: a statement that does not hold is refused before anything is proved', async () => {
    const { page, context } = await open(`#/wallet/${DEPEG}`);
    await settled(page);
    const panel = page.locator('#proof');
    await panel.getByLabel('Prove that it is').selectOption('solvent');
    await panel.getByRole('button', { name: 'Prove', exact: true }).click();
    expect(await panel.getByRole('alert').innerText()).toMatch(/STATEMENT_FALSE/);
    await context.close();
  });

  test('error: a source that fails makes the report incomplete, never safe', async () => {
    const folder = copyWithFailingSubgraph('compound-v3-1-usdc.json');
    const failing = await startTestService({ environment: { PLIMSOLL_RECORDED: folder } });
    try {
      const { page, context, faults } = await open(`#/wallet/${DEMO}`, {}, failing.origin);
      await settled(page);
      expect(await page.getByRole('heading', { level: 1 }).innerText()).toBe('Incomplete');
      const gaps = page.getByRole('region', { name: 'What could not be seen' });
      expect(await gaps.innerText()).toMatch(/not a statement of safety[\s\S]*INDEXING_ERRORS/);
      expect(await page.locator('.fog').count()).toBe(1);
      expect(await greens(page)).toEqual([]);
      expect(await seriousViolations(page)).toEqual([]);
      await keepPicture(page, 'wallet-incomplete');
      await page.getByLabel('moves by').fill('80');
      expect(await page.getByRole('heading', { level: 1 }).innerText()).toMatch(/^Incomplete/);
      await page.getByText('Above its line').first().waitFor();
      await page.locator('#outlook').scrollIntoViewIfNeeded();
      await page.waitForFunction(() => document.querySelectorAll('.heat td:not(.heat-empty)').length === 81);
      expect(await greens(page), 'nothing is green while there is a gap').toEqual([]);
      await keepPicture(page, 'wallet-incomplete-risen', 'page');
      expect(faults).toEqual([]);
      await context.close();
      const phone = await open(`#/wallet/${DEMO}`, PHONE, failing.origin);
      await settled(phone.page);
      expect(await phone.page.getByRole('heading', { level: 1 }).innerText()).toBe('Incomplete');
      expect(await phone.page.getByRole('region', { name: 'What could not be seen' }).innerText()).toMatch(/INDEXING_ERRORS/);
      expect(await greens(phone.page)).toEqual([]);
      expect(await seriousViolations(phone.page)).toEqual([]);
      await keepPicture(phone.page, 'phone-incomplete', 'page');
      await phone.context.close();
    } finally {
      await failing.close();
      rmSync(folder, { recursive: true, force: true });
    }
  });

  test('error: an unknown wallet and a service that is gone are said in words', async () => {
    const { page, context, faults } = await open(`#/wallet/${NOBODY}`);
    await settled(page);
    expect(await page.getByRole('heading', { level: 1 }).innerText()).toBe('Incomplete');
    expect(await page.getByText(/know nothing of 0x/).count()).toBe(1);
    await keepPicture(page, 'wallet-unknown');
    await context.setOffline(true);
    await page.getByLabel('Wallet', { exact: true }).fill(DEMO);
    await page.getByRole('button', { name: 'Read', exact: true }).click();
    await page.getByRole('heading', { name: 'The service does not answer' }).waitFor();
    expect(await page.getByRole('alert').innerText()).toMatch(/not the same as safe/);
    await keepPicture(page, 'service-gone');
    await context.setOffline(false);
    await page.getByRole('button', { name: 'Try again' }).click();
    await settled(page);
    expect(faults).toEqual([]);
    await context.close();
  });

  test('behavior: a document from a file is opened here and sent to nobody', async () => {
    const answer = await fetch(`${service.origin}/v1/wallets/${DEMO}/portfolio`);
    const { page, context, faults, requests } = await open('#/');
    await page.getByLabel('Portfolio document').setInputFiles({ name: 'portfolio.json', mimeType: 'application/json', buffer: Buffer.from(await answer.text()) });
    await settled(page);
    expect(await page.getByRole('heading', { level: 1 }).innerText()).toBe('Critical');
    expect(requests.filter(({ url, body }) => url.includes('/v1/wallets') || body !== '')).toEqual([]);
    await page.getByLabel('Portfolio document').setInputFiles({ name: 'other.json', mimeType: 'application/json', buffer: Buffer.from('{}') });
    await page.getByRole('alert').waitFor();
    expect(await page.getByRole('alert').innerText()).toMatch(/INVALID_PORTFOLIO/);
    expect(faults).toEqual([]);
    await context.close();
  });

  test('behavior: behind API keys the page asks for one, keeps it in this tab alone, and forgets it', async () => {
    const { key, folder, locked } = await startLocked();
    try {
      const { page, context, faults, requests } = await open('#/', {}, locked.origin);
      const field = page.getByLabel(/^(?:API key|Another API key)/);
      await page.getByText('This service asks for an API key.').waitFor();
      await field.waitFor();
      expect(await seriousViolations(page)).toEqual([]);
      await keepPicture(page, 'api-key');
      await field.fill(`plk_${'x'.repeat(43)}`);
      await page.getByRole('button', { name: 'Use it' }).click();
      await page.getByText('The service does not know this API key').waitFor();
      await page.goto(`${locked.origin}/#/wallet/${DEMO}`);
      await field.fill(key);
      await page.getByRole('button', { name: 'Use it' }).click();
      await settled(page);
      expect(await page.getByRole('heading', { level: 1 }).innerText()).toBe('Critical');
      await page.getByRole('button', { name: 'Plan', exact: true }).click();
      await page.locator('.versus').waitFor();
      await page.goto(`${locked.origin}/#/opportunities`);
      await page.locator('.ranking tbody tr').first().waitFor();
      await expect.poll(() => requests.some(({ url }) => url.endsWith('/v1/stream')), { timeout: PATIENCE }).toBe(true);
      const kept = await page.evaluate(() => [JSON.stringify(Object.entries(localStorage)), JSON.stringify(Object.entries(sessionStorage)), document.cookie, location.href]);
      expect(kept.map((text) => text.includes(key))).toEqual([false, true, false, false]);
      expect(requests.filter(({ url, body }) => url.includes('plk_') || body.includes('plk_'))).toEqual([]);
      expect(locked.log()).not.toContain(key);
      await page.getByRole('button', { name: 'Forget it now' }).click();
      await field.waitFor();
      expect(await page.evaluate(() => sessionStorage.length)).toBe(0);
      expect(faults).toEqual([]);
      await context.close();
    } finally {
      await locked.close();
      rmSync(folder, { recursive: true, force: true });
    }
  });

  test('behavior: live data grow old in sight, and then nothing is green', async () => {
    const recorded = (await (await fetch(`${service.origin}/v1/wallets/${DEMO}/portfolio`)).json()) as { readonly asOf: readonly { readonly timestamp: number }[] };
    const now = Math.max(...recorded.asOf.map(({ timestamp }) => timestamp));
    const { page, context, faults } = await openPage(browser, { colorScheme: 'light' });
    await page.clock.install({ time: now * 1000 });
    await page.route('**/portfolio', (route) => route.fulfill({ json: { ...recorded, recorded: null, createdAt: now } }));
    await page.goto(`${service.origin}/#/wallet/${DEMO}`);
    await settled(page);
    await page.getByText(/, \d+ s old/).waitFor();
    await page.clock.fastForward(5 * 60_000);
    await page.getByText(/, 5 min( \d+ s)? old/).waitFor();
    expect(await page.getByRole('heading', { level: 1 }).innerText()).toBe('Critical');
    await page.getByLabel('moves by').fill('80');
    await page.clock.fastForward(6 * 60_000);
    await page.getByRole('heading', { level: 1, name: /^Stale since \d\d:\d\d UTC/ }).waitFor();
    await page.locator('#outlook').scrollIntoViewIfNeeded();
    await page.clock.runFor(2_000);
    await page.waitForFunction(() => document.querySelectorAll('.heat td:not(.heat-empty)').length === 81);
    expect(await greens(page), 'nothing is green that is old').toEqual([]);
    await page.evaluate(() => scrollTo(0, 0));
    await keepPicture(page, 'wallet-stale');
    await page.getByRole('button', { name: 'Read again' }).click();
    await page.getByText(/, \d+ s old/).waitFor();
    expect(await page.getByRole('heading', { level: 1 }).innerText()).not.toMatch(/Stale/);
    expect(faults).toEqual([]);
    await context.close();
  });

  test('behavior: the pages fit 320 px', async () => {
    const { page, context, faults } = await open('#/proofs', { viewport: { width: 320, height: 640 }, hasTouch: true, isMobile: true });
    await page.locator('h1').first().waitFor();
    expect(await wide(page)).toBe(false);
    await page.locator('summary').first().click();
    expect(await wide(page)).toBe(false);
    await keepPicture(page, 'phone-proofs', 'page');
    for (const hash of ['#/', '#/opportunities', `#/wallet/${DEMO}`]) {
      await page.goto(`${service.origin}/${hash}`);
      await page.locator('h1').first().waitFor();
      if (hash.startsWith('#/wallet')) await settled(page);
      expect(await wide(page), hash).toBe(false);
    }
    expect(faults).toEqual([]);
    await context.close();
  });

  test('behavior: opportunities are live, sorted, and stale when the line is lost', async () => {
    const { page, context, faults } = await open('#/opportunities');
    await page.locator('.ranking tbody tr').first().waitFor();
    await page.getByText('Recorded', { exact: true }).waitFor();
    expect(await greens(page), 'what is recorded is not called live').toEqual([]);
    const profits = (): Promise<string[]> => page.locator('.ranking tbody td:nth-child(3)').allInnerTexts();
    const before = await profits();
    await page.getByRole('button', { name: /^Profit/ }).click();
    expect(await page.locator('th[aria-sort="ascending"]').innerText()).toMatch(/Profit/);
    expect(await profits()).toEqual(before.toReversed());
    expect(await seriousViolations(page)).toEqual([]);
    await keepPicture(page, 'opportunities', 'page');
    const ranking = (await (await fetch(`${service.origin}/v1/opportunities?limit=50`)).json()) as Answer<'listOpportunities'>;
    await page.getByRole('button', { name: `Show all ${ranking.watched.length}` }).click();
    const near = await page
      .getByRole('table', { name: /^The nearest first/ })
      .locator('tbody tr')
      .evaluateAll((rows) => rows.map((row) => [...row.children].map((cell) => cell.textContent?.trim())));
    expect(near.length).toBeGreaterThan(10);
    expect(near).toEqual(
      ranking.watched.map(({ owner, label, move, health, debtUsd, collateralUsd, seenAt, precision }) => [
        `${short(owner)} Copy`,
        label,
        moveWords(move),
        healthText(health),
        usdShort(debtUsd, 1e3),
        usdShort(collateralUsd, 1e3),
        instant(seenAt),
        precision,
      ]),
    );
    await page.getByRole('button', { name: 'Show the nearest 10' }).click();
    expect(await page.locator('.watched tbody tr').count()).toBe(10);
    const [gone, ...left] = ranking.opportunities;
    const happened = (kind: string) =>
      service.database.transaction((queries) => addEvent(queries, { key: `${kind} of a test`, kind, subject: gone?.owner ?? '', body: { id: gone?.id, owner: gone?.owner }, at: 1_700_000_000n }));
    expect(await page.locator('.together').count()).toBe(0);
    const shared = left.map((entry, at) => (at === 0 ? { ...entry, jointProfitUsd: '1.250000' } : entry));
    const watched = { ...ranking, source: 'store', book: null, recorded: null, status: 'complete', gaps: [] };
    await page.route('**/v1/opportunities?*', (route) => route.fulfill({ json: { ...watched, opportunities: shared } }));
    await happened('opportunity.closed');
    await page.waitForFunction((rows) => document.querySelectorAll('.ranking tbody tr').length === rows, left.length);
    await page.locator('.together').waitFor();
    expect(await page.locator('.together').allInnerTexts()).toEqual(['after those that pay better: $1.25']);
    await page.getByText('Live', { exact: true }).waitFor();
    await page.unroute('**/v1/opportunities?*');
    const gap = { code: 'STALE_BLOCK', message: 'Nobody has looked at the book for 3 min.', retryable: true, chain: null, deployment: null, account: null };
    await page.route('**/v1/opportunities?*', (route) => route.fulfill({ json: { ...watched, status: 'incomplete', gaps: [gap], opportunities: [] } }));
    await happened('opportunity.changed');
    await page.getByText('Nothing was found in what could be seen.').waitFor();
    expect(await page.getByRole('region', { name: 'What could not be seen' }).innerText()).toMatch(/Nobody has looked at the book for 3 min/);
    expect(await page.locator('.stream').innerText()).toBe('Incomplete: 1 gap');
    expect(await greens(page), 'nothing is green while nobody watches').toEqual([]);
    await keepPicture(page, 'opportunities-incomplete');
    await page.unroute('**/v1/opportunities?*');
    await page.route('**/v1/opportunities?*', (route) => route.fulfill({ json: { ...watched, opportunities: ranking.opportunities } }));
    await happened('opportunity.opened');
    await page.waitForFunction((rows) => document.querySelectorAll('.ranking tbody tr').length === rows, ranking.opportunities.length);
    await context.setOffline(true);
    await service.service.stop();
    await page.getByText(/Reconnecting; stale since/).waitFor();
    await keepPicture(page, 'opportunities-stale');
    service = await startTestService();
    expect(faults).toEqual([]);
    await context.close();
  });

  test('behavior: by keyboard alone', async () => {
    const { page, context, faults } = await open('#/');
    await page.keyboard.press('Tab');
    expect(await page.evaluate(() => document.activeElement?.textContent?.trim())).toBe('Skip to the content');
    await page.keyboard.press('Enter');
    expect(await page.evaluate(() => document.activeElement?.id)).toBe('main');
    await page.keyboard.press('Tab');
    expect(await page.evaluate(() => (document.activeElement instanceof HTMLInputElement ? document.activeElement.name : ''))).toBe('wallet');
    await page.keyboard.type(DEMO);
    await page.keyboard.press('Enter');
    await settled(page);
    const reached = new Set<string>();
    for (let presses = 0; presses < 70; presses += 1) {
      await page.keyboard.press('Tab');
      const focus = await page.evaluate(() => {
        const element = document.activeElement;
        if (element === null) return { name: '', isVisible: false };
        const { outlineStyle, outlineWidth } = getComputedStyle(element);
        return { name: `${element.tagName} ${element.getAttribute('type') ?? ''} ${element.textContent?.trim().slice(0, 20) ?? ''}`, isVisible: outlineStyle !== 'none' && outlineWidth !== '0px' };
      });
      if (focus.name.startsWith('BODY')) break;
      expect(focus, 'focus must be seen').toMatchObject({ isVisible: true });
      reached.add(focus.name);
    }
    expect([...reached].filter((name) => /INPUT range|BUTTON submit (Plan|Prove)/.test(name)).toSorted()).toEqual(['BUTTON submit Plan', 'BUTTON submit Prove', 'INPUT range ']);
    expect(faults).toEqual([]);
    await context.close();
  });

  test.each([DEMO, DEPEG])('behavior: %s on a phone, 360 px wide, without scrolling sideways', async (wallet) => {
    const { page, context, faults } = await open(`#/wallet/${wallet}`, { viewport: { width: 360, height: 740 }, hasTouch: true, isMobile: true });
    await settled(page);
    expect(await wide(page)).toBe(false);
    await keepPicture(page, `phone-${wallet === DEMO ? 'critical' : 'insolvent'}`);
    await keepPicture(page, `phone-${wallet === DEMO ? 'critical' : 'insolvent'}-whole`, 'page');
    await openAll(page);
    await page.locator('#outlook').scrollIntoViewIfNeeded();
    await page.locator('.curve canvas').waitFor();
    expect(await wide(page)).toBe(false);
    expect(await seriousViolations(page)).toEqual([]);
    for (const hash of ['#/', '#/opportunities', '#/proofs']) {
      await page.goto(`${service.origin}/${hash}`);
      await page.locator('h1').first().waitFor();
      expect(await wide(page), hash).toBe(false);
    }
    expect(faults).toEqual([]);
    await context.close();
  });

  test('behavior: a wallet’s page on a phone is short, tells of every account how it stands, and unfolds by keyboard', async () => {
    const { page, context, faults } = await open(`#/wallet/${DEMO}`, PHONE);
    await settled(page);
    const length = await page.evaluate(() => document.documentElement.scrollHeight);
    expect(length).toBeLessThan(PHONE_LENGTH);
    const cards = page.locator('#accounts article');
    expect((await cards.locator('.badge').allInnerTexts()).map((text) => text.trim())).toEqual(['Critical', 'Critical', 'Warning', 'Warning']);
    expect(await cards.getByText('Liquidated at').evaluateAll((all) => all.map((element) => element.checkVisibility()))).toEqual([true, false, false, false]);
    expect(await page.locator('.change').isVisible(), 'what the figures say already').toBe(false);
    await page.getByLabel('moves by').press('ArrowLeft');
    expect(await page.locator('.change').innerText()).toMatch(/Weakest\s+1\.0812 → 1\.07/);
    await page.getByRole('button', { name: 'Today' }).click();
    await cards.nth(1).getByText('More of this account').focus();
    await page.keyboard.press('Enter');
    await cards.nth(1).getByText('Liquidated at').waitFor();
    await page.locator('#outlook').scrollIntoViewIfNeeded();
    expect(await page.locator('.curve, .heat').count(), 'what is folded away is not computed').toBe(0);
    await page.getByRole('navigation', { name: 'Parts of this report' }).getByRole('link', { name: 'What if' }).press('Enter');
    await page.locator('.curve canvas').waitFor();
    await page.locator('.heat').scrollIntoViewIfNeeded();
    await page.waitForFunction(() => document.querySelectorAll('.heat td:not(.heat-empty)').length === 81);
    await page.locator('#proof').getByText('Make a proof').press('Enter');
    await page.locator('#proof').getByRole('button', { name: 'Prove', exact: true }).waitFor();
    expect(await wide(page)).toBe(false);
    await keepPicture(page, 'phone-unfolded', 'page');
    expect(faults).toEqual([]);
    await context.close();
  });

  test.each(['light', 'dark'] as const)('behavior: axe finds nothing serious on a phone’s pages, %s', async (colorScheme) => {
    const { page, context, faults } = await open('#/opportunities', { ...PHONE, colorScheme });
    await page.locator('.watched tbody tr').first().waitFor();
    await page.getByRole('button', { name: /^Show all/ }).click();
    await openAll(page);
    expect(await seriousViolations(page)).toEqual([]);
    expect(await wide(page)).toBe(false);
    await keepPicture(page, `phone-opportunities-${colorScheme}`, 'page');
    await page.goto(`${service.origin}/#/proofs`);
    await page.getByRole('region', { name: 'Verify a proof' }).waitFor();
    await openAll(page);
    expect(await seriousViolations(page)).toEqual([]);
    await keepPicture(page, `phone-proofs-${colorScheme}`, 'page');
    await page.goto(`${service.origin}/#/wallet/${DEMO}`);
    await settled(page);
    await openAll(page);
    await page.locator('#outlook').scrollIntoViewIfNeeded();
    await page.locator('.curve canvas').waitFor();
    expect(await seriousViolations(page)).toEqual([]);
    await page.goto(`${service.origin}/#/`);
    await page.getByRole('heading', { name: 'Looked at before' }).waitFor();
    expect(await seriousViolations(page)).toEqual([]);
    expect(faults).toEqual([]);
    await context.close();
  });

  test('behavior: dark by the system, and by the switch that stays', async () => {
    const { page, context, faults } = await open(`#/wallet/${DEMO}`, { colorScheme: 'dark' });
    await settled(page);
    const ground = (): Promise<string> => page.evaluate(() => getComputedStyle(document.body).backgroundColor);
    expect(await ground()).toBe('rgb(10, 21, 29)');
    await page.locator('#outlook').scrollIntoViewIfNeeded();
    await page.locator('.curve canvas').waitFor();
    await page.waitForFunction(() => document.querySelectorAll('.heat td:not(.heat-empty)').length === 81);
    expect(await seriousViolations(page)).toEqual([]);
    await keepPicture(page, 'what-if-dark');
    await page.evaluate(() => scrollTo(0, 0));
    await keepPicture(page, 'wallet-dark');
    await page.getByRole('button', { name: /^Theme: Auto/ }).click();
    await page.getByRole('button', { name: /^Theme: Dark/ }).click();
    expect(await ground()).toBe('rgb(245, 242, 234)');
    await page.reload();
    await settled(page);
    expect(await ground()).toBe('rgb(245, 242, 234)');
    expect(faults).toEqual([]);
    await context.close();
  });
});
