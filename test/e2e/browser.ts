import { existsSync, mkdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { type Browser, type BrowserContext, type BrowserContextOptions, chromium, type Page } from 'playwright-core';

/** Debian's browser: the one that these tests are held to. */
export const CHROMIUM = '/usr/bin/chromium';
/** Why the tests are skipped; null where they are not. */
export const SKIPPED = existsSync(CHROMIUM) ? null : 'skipped: no /usr/bin/chromium (apt-get install chromium)';
const SCREENSHOTS = fileURLToPath(new URL('../../.cache/screenshots/', import.meta.url));
const FLAGS = ['--headless', '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking', '--disable-component-update', '--disable-sync'];
const DESKTOP = { width: 1280, height: 900 } as const;

/** A page of a context of its own, with what went wrong in it. */
export interface WatchedPage {
  readonly page: Page;
  readonly context: BrowserContext;
  /** Violations of the content security policy, uncaught errors and console errors that were not expected. */
  readonly faults: readonly string[];
  /** Every request that was sent, with its body. */
  readonly requests: readonly { readonly url: string; readonly body: string }[];
}

/** Starts the browser; Playwright gives each start a profile folder of its own. */
export function launch(): Promise<Browser> {
  mkdirSync(SCREENSHOTS, { recursive: true });
  return chromium.launch({ executablePath: CHROMIUM, args: FLAGS });
}

/** Opens a page that notes whatever goes wrong. */
export async function openPage(browser: Browser, options: BrowserContextOptions = {}): Promise<WatchedPage> {
  const context = await browser.newContext({ viewport: DESKTOP, acceptDownloads: true, reducedMotion: 'reduce', ...options });
  const page = await context.newPage();
  const faults: string[] = [];
  const requests: { url: string; body: string }[] = [];
  await context.addInitScript(() => addEventListener('securitypolicyviolation', (event) => reportError(new TypeError(`CSP: ${event.violatedDirective} ${event.blockedURI} ${event.sourceFile}`))));
  page.on('pageerror', (error) => faults.push(`uncaught: ${error.message}`));
  page.on('console', (message) => {
    // What a browser says of an answer that a test has asked for is no fault of the page.
    if (message.type() === 'error' && !message.text().startsWith('Failed to load resource')) faults.push(message.text());
  });
  page.on('request', (request) => requests.push({ url: request.url(), body: request.postData() ?? '' }));
  return { page, context, faults, requests };
}

/** Keeps a picture of the page for who looks at it later. */
export async function keepPicture(page: Page, name: string, area: 'page' | 'view' = 'view'): Promise<void> {
  await page.screenshot({ path: `${SCREENSHOTS}${name}.png`, fullPage: area === 'page' });
}
