import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const MAIN = fileURLToPath(new URL('../../src/cli/main.ts', import.meta.url));
const WEIGH = new URL('weigh-live.ts', import.meta.url).href;
const LONGEST_START_MS = 60_000;
const LONGEST_END_MS = 30_000;

/** The service as a process of its own. */
export interface ServeChild {
  /** As in `http://127.0.0.1:40001`. */
  readonly origin: string;
  /** Everything that it wrote so far. */
  output(): string;
  readonly pid: number;
  /** Bytes that its main thread still uses once all that nobody refers to was collected. */
  weighLive(): Promise<number>;
  /** Sends a signal and waits for the end. @returns the exit code; null where it had to be killed */
  stop(signal?: NodeJS.Signals): Promise<number | null>;
}

/**
 * Starts `plimsoll serve` from source with nothing configured but `environment`, and waits until it answers.
 *
 * @param flags further flags
 */
export async function startServe(environment: Readonly<Record<string, string>> = {}, flags: readonly string[] = []): Promise<ServeChild> {
  const port = await freePort();
  const origin = `http://127.0.0.1:${port}`;
  const folder = await mkdtemp(join(tmpdir(), 'plimsoll-serve-'));
  const child = spawn(process.execPath, ['--import', WEIGH, MAIN, 'serve', '--port', String(port), ...flags], {
    env: { PATH: process.env['PATH'] ?? '', NO_COLOR: '1', PLIMSOLL_DATA: join(folder, 'data'), ...environment },
  });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text: string) => {
      output += text;
    });
  }
  const ended = new Promise<number | null>((resolve) => child.on('close', (code) => resolve(code)));
  const over = { now: false };
  child.once('close', () => {
    over.now = true;
  });
  for (const start = performance.now(); performance.now() - start < LONGEST_START_MS && !over.now; await pause(100)) {
    const answer = await fetch(`${origin}/healthz`).catch(() => null);
    if (answer?.ok === true) return { origin, pid: child.pid ?? 0, output: () => output, weighLive: () => weighLive(child), stop: (signal) => stop(child, { ended, folder }, signal) };
  }
  await stop(child, { ended, folder }, 'SIGKILL');
  throw new Error(`The service did not start:\n${output}`);
}

interface Ending {
  readonly ended: Promise<number | null>;
  /** Where its data are, made for it alone. */
  readonly folder: string;
}

async function weighLive(child: ChildProcess): Promise<number> {
  const { stdout } = child;
  if (stdout === null) throw new Error('Nobody reads what the service writes.');
  return new Promise((resolve) => {
    let seen = '';
    const read = (text: string): void => {
      seen += text;
      const bytes = /live bytes ([0-9]+)\n/.exec(seen)?.[1];
      if (bytes === undefined) return;
      stdout.off('data', read);
      resolve(Number(bytes));
    };
    stdout.on('data', read);
    child.kill('SIGUSR2');
  });
}

async function stop(child: ChildProcess, { ended, folder }: Ending, signal: NodeJS.Signals = 'SIGTERM'): Promise<number | null> {
  child.kill(signal);
  const timer = setTimeout(() => child.kill('SIGKILL'), LONGEST_END_MS);
  const code = await ended;
  clearTimeout(timer);
  await rm(folder, { recursive: true, force: true });
  return code;
}

/** A port that was free a moment ago. */
export async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  await new Promise<void>((resolve) => server.close(() => resolve()));
  return typeof address === 'object' && address !== null ? address.port : 0;
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
