import { existsSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { type Browser, chromium, type Page } from 'playwright-core';
import { ensurePage } from '../../../src/cli/ensure-page.ts';
import { type ServeChild, startServe } from '../../api/serve-child.ts';
import { type BenchCase, type BenchReport, describeMachine, figure, formatTable, quantile, write, writeProgress } from '../report.ts';
import { FIRST_PAINT_MS, LOAD_LINE_MS, PROOF_MS, SCRIPT_BYTES } from './in-page.ts';

const CHROMIUM = '/usr/bin/chromium';
const WALLET = '#/wallet/0xc0ffee00000000000000000000000000c0ffee01';
/** A recorded wallet that is in breach, so that there is something to prove. */
const BREACHED = '#/wallet/0x1597e4b7cf6d2877a1d690b6088668afdb045763';
const DEFAULT_RUNS = 5;
const KILOBYTE = 1_000;
const USAGE = `npm run -s bench -- page [--json] [--runs ${DEFAULT_RUNS}]`;

/** Opens the page of a service in a process of its own, as a browser without any cache does, and proves in it. */
export async function runPageBench(args: readonly string[]): Promise<void> {
  const { values } = parseArgs({ args: [...args], options: { json: { type: 'boolean', default: false }, runs: { type: 'string' }, help: { type: 'boolean' } } });
  const runs = Number(values.runs ?? DEFAULT_RUNS);
  if (values.help === true || !(Number.isInteger(runs) && runs > 0)) {
    writeProgress(`Usage: ${USAGE}`);
    process.exitCode = values.help === true ? 0 : 2;
    return;
  }
  if (!existsSync(CHROMIUM)) {
    writeProgress(`There is no ${CHROMIUM} to measure in: apt-get install chromium.`);
    process.exitCode = 4;
    return;
  }
  await ensurePage(writeProgress);
  const service = await startServe({ PLIMSOLL_RATE_LIMIT: '100000000', PLIMSOLL_LOG: 'error' });
  const browser = await chromium.launch({ executablePath: CHROMIUM, args: ['--headless', '--no-sandbox', '--disable-gpu'] });
  try {
    const report = await measure({ browser, service, runs });
    if (values.json) write(JSON.stringify(report, null, 2));
    else print(report);
  } finally {
    await browser.close();
    await service.stop();
  }
}

interface Place {
  readonly browser: Browser;
  readonly service: ServeChild;
  readonly runs: number;
}

async function measure(place: Place): Promise<BenchReport> {
  const { runs } = place;
  writeProgress(`Opening the page ${runs} times, each in a browser context without any cache`);
  const home = await repeat(runs, () => openHome(place));
  const wallet = await repeat(runs, () => openWallet(place));
  writeProgress('Proving');
  const proofs = await repeat(runs, () => prove(place));
  const [script] = wallet;
  const cases: BenchCase[] = [
    { name: 'script', metrics: { kb_gzip: script?.scriptKb ?? Number.NaN, files: script?.scripts ?? Number.NaN } },
    { name: 'home', metrics: { first_paint_ms: median(home) } },
    { name: 'wallet', metrics: { first_paint_ms: median(wallet.map(({ paintMs }) => paintMs)), load_line_ms: median(wallet.map(({ lineMs }) => lineMs)) } },
    {
      name: 'proof',
      metrics: { first_ms: median(proofs.map(({ firstMs }) => firstMs)), first_max_ms: Math.max(...proofs.map(({ firstMs }) => firstMs)), warm_ms: median(proofs.flatMap(({ warmMs }) => warmMs)) },
    },
  ];
  const notes = [
    `Medians of ${runs} cold contexts on the loopback, under the content security policy that is served; browser, service and this process share the machine.`,
    'script: what a wallet’s page has loaded, its curves with it, before anything is proved; bytes of the bodies as they are sent (gzip).',
    'first_paint_ms: the first contentful paint; load_line_ms: the load line of the wallet is drawn, from the start of the navigation.',
    `first_ms: from the click on Prove to the judged proof, nothing of the prover loaded before the panel came into view; warm_ms: as many more in the same page.`,
  ];
  return { bench: 'page', machine: describeMachine(), cases, notes };
}

async function openHome(place: Place): Promise<number> {
  return inFreshPage(place, async (page) => {
    await page.goto(`${place.service.origin}/#/`);
    await page.locator('h1').first().waitFor();
    return page.evaluate<number>(FIRST_PAINT_MS);
  });
}

interface Opened {
  readonly paintMs: number;
  readonly lineMs: number;
  readonly scriptKb: number;
  readonly scripts: number;
}

async function openWallet(place: Place): Promise<Opened> {
  return inFreshPage(place, async (page) => {
    await page.goto(`${place.service.origin}/${WALLET}`);
    const lineMs = await page.evaluate<number>(LOAD_LINE_MS);
    const paintMs = await page.evaluate<number>(FIRST_PAINT_MS);
    await page.locator('#outlook').scrollIntoViewIfNeeded();
    await page.locator('.curve canvas').waitFor();
    const sizes = await page.evaluate<readonly number[]>(SCRIPT_BYTES);
    return { paintMs, lineMs, scripts: sizes.length, scriptKb: sizes.reduce((sum, size) => sum + size, 0) / KILOBYTE };
  });
}

interface Proved {
  readonly firstMs: number;
  readonly warmMs: readonly number[];
}

async function prove(place: Place): Promise<Proved> {
  return inFreshPage(place, async (page) => {
    await page.goto(`${place.service.origin}/${BREACHED}`);
    await page.locator('#proof form').waitFor();
    await page.locator('#proof').scrollIntoViewIfNeeded();
    const firstMs = await page.evaluate<number>(PROOF_MS);
    const warmMs: number[] = [];
    for (let run = 0; run < place.runs; run += 1) warmMs.push(await page.evaluate<number>(PROOF_MS));
    return { firstMs, warmMs };
  });
}

/** A context of its own has no cache, no connection and no compiled code of another. */
async function inFreshPage<Result>({ browser }: Place, work: (page: Page) => Promise<Result>): Promise<Result> {
  const context = await browser.newContext({ viewport: { width: 1280, height: 900 } });
  try {
    return await work(await context.newPage());
  } finally {
    await context.close();
  }
}

async function repeat<Result>(times: number, work: () => Promise<Result>): Promise<readonly Result[]> {
  const results: Result[] = [];
  for (let run = 0; run < times; run += 1) results.push(await work());
  return results;
}

function median(values: readonly number[]): number {
  return quantile(values, 0.5);
}

function print({ machine, cases, notes }: BenchReport): void {
  const rows = cases.flatMap(({ name, metrics }) => Object.entries(metrics).map(([key, value]) => [`${name} ${key}`, figure(value)]));
  write(`${machine.cpu}, ${machine.cores} cores, Node ${machine.node}, load ${machine.load}\n\n${formatTable(['figure', 'value'], rows)}\n\n${notes.join('\n')}`);
}
