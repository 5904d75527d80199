import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { runCli } from './run-cli.ts';

const source = (name: string): string => fileURLToPath(new URL(`../../src/cli/${name}`, import.meta.url));

/** A process that serves, ended with the test. */
interface Child {
  readonly output: () => string;
  /** Resolves with what a pattern finds in the output. */
  until(pattern: RegExp): Promise<string>;
  /** Sends a signal and resolves with the exit code. */
  end(signal: 'SIGINT' | 'SIGTERM'): Promise<number | null>;
  /** Waits until it has ended by itself. */
  ended(): Promise<number | null>;
}

const children = new Set<ChildProcess>();
let home = '';
beforeAll(() => {
  home = mkdtempSync(join(tmpdir(), 'plimsoll-serve-'));
});
afterAll(() => {
  for (const child of children) child.kill('SIGKILL');
  rmSync(home, { recursive: true, force: true });
});

function start(script: string, args: readonly string[], environment: Readonly<Record<string, string>> = {}): Child {
  const child = spawn(process.execPath, [source(script), ...args], { env: { PATH: process.env.PATH ?? '', NO_COLOR: '1', HOME: home, ...environment } });
  children.add(child);
  let text = '';
  const take = (part: Buffer): void => {
    text += part.toString();
  };
  child.stdout.on('data', take);
  child.stderr.on('data', take);
  const ended = new Promise<number | null>((resolve) =>
    child.once('exit', (code) => {
      children.delete(child);
      resolve(code);
    }),
  );
  return {
    output: () => text,
    async until(pattern) {
      for (let found = pattern.exec(text); ; found = pattern.exec(text)) {
        if (found !== null) return found[1] ?? found[0];
        if (child.exitCode !== null) throw new Error(`ended with ${child.exitCode}: ${text}`);
        await new Promise((resolve) => setTimeout(resolve, 50));
      }
    },
    ended: () => ended,
    end(signal) {
      child.kill(signal);
      return ended;
    },
  };
}

describe('plimsoll serve', () => {
  test('default: says where everything is, serves, and ends at a signal', async () => {
    const child = start('main.ts', ['serve', '--port', '0']);
    const origin = await child.until(/Page\s+(http:\/\/localhost:[0-9]+)\//);
    expect(child.output()).toMatch(/API .*\/v1\/wallets\/[\s\S]*Docs .*\/docs/);
    expect((await fetch(`${origin}/v1/wallets/0xc0ffee00000000000000000000000000c0ffee01`)).status).toBe(200);
    expect((await fetch(`${origin}/readyz`)).status).toBe(200);
    expect(await child.end('SIGINT')).toBe(0);
    expect(child.output()).not.toContain('c0ffee01"');
    await expect(fetch(`${origin}/healthz`)).rejects.toThrow();
  });

  test('behavior: streams end with a word when it stops', async () => {
    const child = start('main.ts', ['serve', '--port', '0']);
    const origin = await child.until(/Page\s+(http:\/\/localhost:[0-9]+)\//);
    const stream = await fetch(`${origin}/v1/stream`);
    const code = child.end('SIGTERM');
    expect(await stream.text()).toMatch(/retry: [0-9]+\n: the service is stopping/);
    expect(await code).toBe(0);
  });

  test('error: another address than the loopback without any key, exit code 2', async () => {
    const { code, stderr } = await runCli(['serve', '--host', '0.0.0.0', '--port', '0'], { HOME: home, PLIMSOLL_API_KEYS: join(home, 'none.json') });
    expect([code, stderr]).toEqual([2, expect.stringContaining('serve keys create')]);
  });

  test('error: a port that is taken, and ports and roles that are none', async () => {
    const taken = createServer().listen(0, '127.0.0.1');
    await new Promise((resolve) => taken.once('listening', resolve));
    try {
      const address = taken.address();
      const port = address !== null && typeof address === 'object' ? address.port : 0;
      const { code, stderr } = await runCli(['serve', '--port', String(port)], { HOME: home });
      expect([code, stderr]).toEqual([2, expect.stringMatching(/Port [0-9]+ is taken/)]);
    } finally {
      taken.close();
    }
    expect((await runCli(['serve', '--port', '99999'], { HOME: home })).code).toBe(2);
    expect((await runCli(['serve', '--roles', 'everything'], { HOME: home })).code).toBe(2);
  });
});

describe('plimsoll serve keys', () => {
  test('default: a key is printed once, kept as a hash that only its owner may read, listed and revoked', async () => {
    const file = join(home, 'api-keys.json');
    const environment = { HOME: home, PLIMSOLL_API_KEYS: file };
    const made = await runCli(['serve', 'keys', 'create', 'dashboard', '--scopes', 'plan,read'], environment);
    const key = made.stdout.trim();
    expect([made.code, key]).toEqual([0, expect.stringMatching(/^plk_[A-Za-z0-9_-]{43}$/)]);
    expect(readFileSync(file, 'utf8')).not.toContain(key.slice(4));
    expect(statSync(file).mode & 0o777).toBe(0o600);
    expect((await runCli(['serve', 'keys', 'create', 'dashboard', '--scopes', 'read'], environment)).code).toBe(2);
    expect((await runCli(['serve', 'keys', 'create', 'other', '--scopes', 'everything'], environment)).code).toBe(2);
    expect((await runCli(['serve', 'keys', 'create', 'a b', '--scopes', 'read'], environment)).code).toBe(2);
    const listed = await runCli(['serve', 'keys', 'list', '--json'], environment);
    expect(JSON.parse(listed.stdout)).toEqual([{ name: 'dashboard', scopes: ['read', 'plan'], createdAt: expect.any(Number) }]);
    expect((await runCli(['serve', 'keys', 'revoke', 'dashboard'], environment)).code).toBe(0);
    expect((await runCli(['serve', 'keys', 'revoke', 'dashboard'], environment)).code).toBe(2);
  });
});

describe('npm start', () => {
  test('default: report, plan, verified proof, then the service; the next port where 8080 is taken', { timeout: 180_000 }, async () => {
    const taken = createServer();
    // Somebody else may have it already; that serves as well.
    await new Promise<void>((resolve) => taken.once('error', () => resolve()).listen(8_080, '127.0.0.1', () => resolve()));
    try {
      const child = start('first-run.ts', []);
      const origin = await child.until(/Page\s+(http:\/\/localhost:[0-9]+)\//);
      expect(child.output()).toMatch(/A plan for the first[\s\S]*Verified as a lender would[\s\S]*Port 8080 is taken: port 80[0-9]+ instead/);
      expect((await fetch(`${origin}/v1/recorded`)).status).toBe(200);
      expect(await child.end('SIGINT')).toBe(0);
    } finally {
      taken.close();
    }
  });

  test('bad input: what it does not take is refused, and where to ask for it instead is said', async () => {
    const child = start('first-run.ts', ['--port', '9']);
    expect(await child.ended()).toBe(2);
    expect(child.output()).toMatch(/takes no --port 9.*serve --port/);
  });

  test('behavior: ends after what is printed where that is asked for', { timeout: 180_000 }, async () => {
    const child = start('first-run.ts', ['--print']);
    await child.until(/Live data: set/);
    expect(await child.end('SIGTERM')).not.toBe(1);
    expect(child.output()).not.toContain('Page ');
  });
});
