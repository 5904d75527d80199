import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { ensurePage, type PagePlaces } from '../../src/cli/ensure-page.ts';

let root = '';
let builds = 0;
const lines: string[] = [];
const page = (): string => join(root, 'dist', 'web', 'index.html');
const places = (changed: Partial<PagePlaces> = {}): PagePlaces => ({
  root,
  patienceMs: 5_000,
  build: async (folder) => {
    builds += 1;
    await new Promise((resolve) => setTimeout(resolve, 300));
    mkdirSync(folder, { recursive: true });
    writeFileSync(join(folder, 'index.html'), `build ${builds}`);
    return true;
  },
  ...changed,
});
const ensure = (changed: Partial<PagePlaces> = {}): Promise<boolean> => ensurePage((line) => void lines.push(line), places(changed));

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'plimsoll-page-'));
  builds = 0;
  lines.length = 0;
  for (const room of ['web', 'core', 'engine', 'proof', 'protocols', 'api/contract']) mkdirSync(join(root, 'src', room), { recursive: true });
  writeFileSync(join(root, 'src/web/index.html'), '');
  writeFileSync(join(root, 'src/core/money.ts'), '');
});
afterEach(() => rmSync(root, { recursive: true, force: true }));

describe(ensurePage, () => {
  test('default: a page that is missing is built once, and said so in one line', async () => {
    expect([await ensure(), await ensure()]).toEqual([true, true]);
    expect([builds, readFileSync(page(), 'utf8')]).toEqual([1, 'build 1']);
    expect(lines).toEqual([expect.stringMatching(/not built yet.*dist\/web/)]);
  });

  test('behavior: a source that is newer than the build has it built again, and the old one gone', async () => {
    await ensure();
    writeFileSync(join(root, 'dist/web/old.js'), '');
    utimesSync(join(root, 'src/core/money.ts'), Date.now() / 1000 + 60, Date.now() / 1000 + 60);
    expect(await ensure()).toBe(true);
    expect([builds, readFileSync(page(), 'utf8'), existsSync(join(root, 'dist/web/old.js'))]).toEqual([2, 'build 2', false]);
    expect(lines[1]).toMatch(/newer than its build/);
  });

  test('behavior: of several that start at the same time one builds', async () => {
    expect(await Promise.all([ensure(), ensure(), ensure()])).toEqual([true, true, true]);
    expect(builds).toBe(1);
  });

  test('behavior: a build of another process that takes too long is not waited for', async () => {
    mkdirSync(join(root, 'dist/.web-draft'), { recursive: true });
    expect([await ensure({ patienceMs: 300 }), builds]).toEqual([false, 0]);
  });

  test('behavior: an installed package has no sources, and its page is taken as it is', async () => {
    rmSync(join(root, 'src'), { recursive: true });
    expect(await ensure()).toBe(false);
    mkdirSync(join(root, 'dist/web'), { recursive: true });
    writeFileSync(page(), 'packed');
    expect([await ensure(), builds, lines]).toEqual([true, 0, []]);
  });

  test('behavior: a draft that a killed process left does not stop the next one', async () => {
    mkdirSync(join(root, 'dist/.web-draft'), { recursive: true });
    utimesSync(join(root, 'dist/.web-draft'), 1_700_000_000, 1_700_000_000);
    expect(await ensure()).toBe(true);
    expect(existsSync(join(root, 'dist/.web-draft'))).toBe(false);
  });

  test('error: a build that fails is told, and keeps what was there', async () => {
    expect(await ensure({ build: async () => false })).toBe(false);
    expect(lines[1]).toMatch(/could not be built.*npm run build:web/);
    await ensure();
    utimesSync(join(root, 'src/core/money.ts'), Date.now() / 1000 + 60, Date.now() / 1000 + 60);
    expect(await ensure({ build: async () => false })).toBe(true);
    expect(readFileSync(page(), 'utf8')).toBe('build 1');
  });
});
