import { type ChildProcess, spawn } from 'node:child_process';
import { chmodSync, copyFileSync, mkdirSync, mkdtempSync, readdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { constants, tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** What a command left. */
export interface Outcome {
  /** Of a process that a signal ended 128 and the signal's number, as shells say it. */
  readonly code: number;
  /** Both streams, as a reader sees them. */
  readonly output: string;
}

/** A checkout of its own, where commands run with no configuration and no network but the loopback. */
export interface WorkingFolder {
  readonly folder: string;
  /** Runs a line as a shell does. */
  run(line: string): Promise<Outcome>;
  /** Runs a line that serves until Ctrl-C: waits for `ready`, hands its first group to `use`, then sends Ctrl-C. */
  serve(line: string, ready: RegExp, use: (found: string) => Promise<void>): Promise<Outcome>;
  /** Ends what still runs, and takes the folder away. */
  close(): void;
}

const ROOT = fileURLToPath(new URL('../../', import.meta.url));
/** npm runs scripts where the nearest package.json is, so that one is a copy; all else is looked through to. */
const COPIED = ['package.json', 'package-lock.json'];
const LEFT_OUT = ['.git', 'dist', 'coverage'];
/** Whatever else a command asks for is refused, in each process that it starts. */
const LOOPBACK_ONLY = `
import net from 'node:net';
const connect = net.Socket.prototype.connect;
net.Socket.prototype.connect = function (...given) {
  const [options] = Array.isArray(given[0]) ? given[0] : given;
  const host = options?.path !== undefined ? null : (options?.host ?? 'localhost');
  if (host !== null && !['localhost', '127.0.0.1', '::1'].includes(host)) throw new Error('NO NETWORK IN THIS TEST: ' + host);
  return connect.apply(this, given);
};`;

/** Makes a checkout that is gone after {@link WorkingFolder.close}. */
export function openWorkingFolder(): WorkingFolder {
  const folder = mkdtempSync(join(tmpdir(), 'plimsoll-readme-'));
  const home = join(folder, '.home');
  const bin = join(folder, '.bin');
  for (const made of [home, bin]) mkdirSync(made);
  for (const name of readdirSync(ROOT)) {
    if (COPIED.includes(name)) copyFileSync(join(ROOT, name), join(folder, name));
    else if (!LEFT_OUT.includes(name)) symlinkSync(join(ROOT, name), join(folder, name));
  }
  writeFileSync(join(bin, 'plimsoll'), `#!/bin/sh\nexec "${process.execPath}" "${join(ROOT, 'src/cli/main.ts')}" "$@"\n`);
  chmodSync(join(bin, 'plimsoll'), 0o755);
  const env = {
    PATH: `${bin}:${process.env.PATH ?? ''}`,
    HOME: home,
    NO_COLOR: '1',
    NODE_OPTIONS: `--import=data:text/javascript,${encodeURIComponent(LOOPBACK_ONLY)}`,
    npm_config_offline: 'true',
    npm_config_update_notifier: 'false',
  };
  const children = new Set<ChildProcess>();

  function start(line: string): { readonly child: ChildProcess; readonly output: () => string; readonly ended: Promise<Outcome> } {
    // A process group of its own: Ctrl-C reaches all of a terminal's foreground.
    const child = spawn('sh', ['-c', line], { cwd: folder, env, detached: true, stdio: ['ignore', 'pipe', 'pipe'] });
    children.add(child);
    let output = '';
    const take = (part: string): void => {
      output += part;
    };
    child.stdout.setEncoding('utf8').on('data', take);
    child.stderr.setEncoding('utf8').on('data', take);
    const ended = new Promise<Outcome>((resolve, reject) => {
      child.on('error', reject);
      child.on('close', (code, name) => {
        children.delete(child);
        resolve({ code: code ?? 128 + (name === null ? 0 : constants.signals[name]), output });
      });
    });
    return { child, output: () => output, ended };
  }

  return {
    folder,
    run: (line) => start(line).ended,
    async serve(line, ready, use) {
      // In the shell's place, so that the exit code is the program's own.
      const { child, output, ended } = start(`exec ${line}`);
      let found = ready.exec(output());
      for (; found === null && child.exitCode === null; found = ready.exec(output())) await new Promise((resolve) => setTimeout(resolve, 50));
      if (found !== null) await use(found[1] ?? '').finally(() => signal(child, 'SIGINT'));
      return ended;
    },
    close() {
      for (const child of children) signal(child, 'SIGKILL');
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

function signal({ pid }: ChildProcess, name: NodeJS.Signals): void {
  if (pid === undefined) return;
  try {
    process.kill(-pid, name);
  } catch {
    // It ended by itself.
  }
}
