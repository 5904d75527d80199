import { readFile } from 'node:fs/promises';
import { parseArgs } from 'node:util';
import autocannon, { type Result } from 'autocannon';
import { type ServeChild, startServe } from '../../api/serve-child.ts';
import { type BenchCase, type BenchReport, describeMachine, figure, formatTable, write, writeProgress } from '../report.ts';

const WALLET = '0xc0ffee00000000000000000000000000c0ffee01';
const PATH = `/v1/wallets/${WALLET}`;
const DEFAULT_SECONDS = 10;
const CONNECTIONS = 64;
/** Before measuring, so that the report is kept and the code is compiled. */
const WARM_SECONDS = 3;
const USAGE = `npm run -s bench -- api [--json] [--seconds ${DEFAULT_SECONDS}] [--connections ${CONNECTIONS}]`;

/** Loads a service in a process of its own with requests for one wallet's report, from this process: both share the machine. */
export async function runApiBench(args: readonly string[]): Promise<void> {
  const { values } = parseArgs({
    args: [...args],
    options: { json: { type: 'boolean', default: false }, seconds: { type: 'string' }, connections: { type: 'string' }, help: { type: 'boolean' } },
  });
  const [seconds, connections] = [Number(values.seconds ?? DEFAULT_SECONDS), Number(values.connections ?? CONNECTIONS)];
  if (values.help === true || !(Number.isInteger(seconds) && seconds > 0) || !(Number.isInteger(connections) && connections > 0)) {
    writeProgress(`Usage: ${USAGE}`);
    process.exitCode = values.help === true ? 0 : 2;
    return;
  }
  const service = await startServe({ PLIMSOLL_RATE_LIMIT: '100000000', PLIMSOLL_LOG: 'error' });
  try {
    const report = await measure(service, { seconds, connections });
    if (values.json) write(JSON.stringify(report, null, 2));
    else print(report);
  } finally {
    await service.stop();
  }
}

interface Load {
  readonly seconds: number;
  readonly connections: number;
}

async function measure(service: ServeChild, { seconds, connections }: Load): Promise<BenchReport> {
  const url = `${service.origin}${PATH}`;
  const first = performance.now();
  const answer = await fetch(url);
  const bytes = (await answer.arrayBuffer()).byteLength;
  const coldMs = performance.now() - first;
  const etag = answer.headers.get('etag') ?? '';
  writeProgress(`Loading ${PATH} (${bytes} bytes) over ${connections} connections`);
  await autocannon({ url, connections, duration: WARM_SECONDS });
  const before = await memoryMb(service);
  const full = await autocannon({ url, connections, duration: seconds });
  const known = await autocannon({ url, connections, duration: seconds, headers: { 'if-none-match': etag } });
  const after = await memoryMb(service);
  const cases: BenchCase[] = [
    { name: 'wallet-report', metrics: { ...metricsOf(full), bytes, cold_ms: coldMs, rss_mb: after, rss_grown_mb: after - before } },
    // 304 is counted as another status than 2xx: there every answer is one.
    { name: 'wallet-report-304', metrics: { ...metricsOf(known), failed: known.requests.total - known.non2xx + known.errors + known.timeouts } },
  ];
  const notes = [
    `${connections} connections, ${seconds} s after ${WARM_SECONDS} s of warming up; the load generator is a process on the same machine, and its work is part of the figures.`,
    'The report is in the cache; cold_ms is the first request, over recorded data.',
  ];
  return { bench: 'api', machine: describeMachine(), cases, notes };
}

function metricsOf({ requests, latency, non2xx, errors, timeouts }: Result): Record<string, number> {
  return { rps: requests.average, p50_ms: latency.p50, p99_ms: latency.p99, max_ms: latency.max, failed: non2xx + errors + timeouts };
}

/** Resident memory of the service; NaN where the system does not tell. */
async function memoryMb({ pid }: ServeChild): Promise<number> {
  const status = await readFile(`/proc/${pid}/status`, 'utf8').catch(() => '');
  return Math.round(Number(/VmRSS:\s+([0-9]+) kB/.exec(status)?.[1] ?? Number.NaN) / 1024);
}

function print({ machine, cases, notes }: BenchReport): void {
  const head = ['case', 'requests/s', 'p50 ms', 'p99 ms', 'max ms', 'failed'];
  const rows = cases.map(({ name, metrics }) => [name, ...['rps', 'p50_ms', 'p99_ms', 'max_ms', 'failed'].map((key) => figure(metrics[key] ?? Number.NaN))]);
  write(`${machine.cpu}, ${machine.cores} cores, Node ${machine.node}, load ${machine.load}\n\n${formatTable(head, rows)}\n\n${notes.join('\n')}`);
}
