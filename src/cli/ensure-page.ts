import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, readdir, rename, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { systemClock } from '../sources/clock.ts';

/** Where the page is built, and from what. */
export interface PagePlaces {
  /** The folder that holds `src`, `dist` and `node_modules`. */
  readonly root: string;
  /** Builds the page into a folder. @returns whether it did */
  readonly build: (folder: string) => Promise<boolean>;
  /** Milliseconds that another process is given which builds at the same time. */
  readonly patienceMs: number;
}

const ROOT = fileURLToPath(new URL('../../', import.meta.url));
/** What the page is bundled from, below `src`. */
const ROOMS = ['web', 'core', 'engine', 'proof', 'protocols', join('api', 'contract')];
const BUILDER = join('node_modules', 'vite', 'bin', 'vite.js');
const PATIENCE_MS = 60_000;
const LOOK_MS = 200;

/**
 * Builds the page where it is missing, or older than its sources, and these are there; an installed package brings its page along. Several processes that start at the same time build it once.
 *
 * @param progress told one line when something is built, or cannot be
 * @returns whether there is a page now; without one the service says so at its address
 */
export async function ensurePage(progress: (line: string) => void, places: PagePlaces = { root: ROOT, build: (folder) => runVite(ROOT, folder), patienceMs: PATIENCE_MS }): Promise<boolean> {
  const { root, build, patienceMs } = places;
  const page = join(root, 'dist', 'web');
  const isThere = (): boolean => existsSync(join(page, 'index.html'));
  const change = await newestSource(join(root, 'src'));
  if (change === null || (await writtenAt(page)) >= change) return isThere();
  const draft = join(root, 'dist', '.web-draft');
  await mkdir(join(root, 'dist'), { recursive: true });
  if (!(await claim(draft, patienceMs))) return isThere();
  try {
    // The one that was waited for has built it.
    if ((await writtenAt(page)) >= change) return true;
    progress(`${isThere() ? 'The page’s sources are newer than its build' : 'The page is not built yet'}: building it into dist/web, some seconds`);
    if (await build(join(draft, 'web'))) await replace(page, draft);
    else progress('The page could not be built; "npm run build:web" says why. The API works without it.');
    return isThere();
  } finally {
    await rm(draft, { recursive: true, force: true });
  }
}

/** Makes the folder of a draft, which only one process can. One that is older than a build takes was left by a process that is gone. */
async function claim(draft: string, patienceMs: number): Promise<boolean> {
  for (let waited = 0; waited <= patienceMs; waited += LOOK_MS) {
    const made = await mkdir(draft).then(
      () => true,
      () => false,
    );
    if (made) return true;
    const { mtimeMs } = await stat(draft).catch(() => ({ mtimeMs: Number.POSITIVE_INFINITY }));
    if (mtimeMs < systemClock.now() - patienceMs) await rm(draft, { recursive: true, force: true });
    else await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
  }
  return false;
}

/** Puts a finished build in the place of the one before: a service that reads it meanwhile finds the one or the other. */
async function replace(page: string, draft: string): Promise<void> {
  if (existsSync(page)) await rename(page, join(draft, 'before'));
  await rename(join(draft, 'web'), page);
}

/** When the build was written, in milliseconds; before everything where there is none. */
async function writtenAt(page: string): Promise<number> {
  return stat(join(page, 'index.html')).then(
    ({ mtimeMs }) => mtimeMs,
    () => Number.NEGATIVE_INFINITY,
  );
}

/** When a source of the page was last changed, in milliseconds; null where the sources are not there. */
async function newestSource(src: string): Promise<number | null> {
  if (!existsSync(join(src, 'web', 'index.html'))) return null;
  const folders = await Promise.all(ROOMS.map((room) => readdir(join(src, room), { recursive: true, withFileTypes: true })));
  const files = folders.flat().filter((entry) => entry.isFile());
  const times = await Promise.all(files.map(async (entry) => (await stat(join(entry.parentPath, entry.name))).mtimeMs));
  return times.reduce((newest, time) => Math.max(newest, time), Number.NEGATIVE_INFINITY);
}

function runVite(root: string, folder: string): Promise<boolean> {
  const args = [join(root, BUILDER), 'build', '--config', join(root, 'src', 'web', 'vite.config.ts'), '--outDir', folder, '--logLevel', 'silent'];
  return new Promise((resolve) => {
    const child = spawn(process.execPath, args, { cwd: root, stdio: 'ignore' });
    child.on('error', () => resolve(false));
    child.on('close', (code) => resolve(code === 0));
  });
}
