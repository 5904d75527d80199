import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));
const SRC = join(ROOT, 'src');

/** What each room may import besides itself. `config.ts` and `index.ts` are rooms of one file. */
const ALLOWED: Readonly<Record<string, readonly string[]>> = {
  core: [],
  engine: ['core'],
  path: ['engine', 'core'],
  proof: ['engine', 'core'],
  protocols: ['engine', 'core'],
  sources: ['core'],
  store: ['core'],
  config: ['core'],
  service: ['protocols', 'path', 'proof', 'store', 'sources', 'engine', 'core', 'config'],
  api: ['service', 'protocols', 'path', 'proof', 'store', 'sources', 'engine', 'core', 'config'],
  cli: ['api', 'service', 'protocols', 'path', 'proof', 'store', 'sources', 'engine', 'core', 'config'],
  web: ['core', 'engine', 'proof', 'protocols', 'api'],
  index: ['service', 'protocols', 'path', 'proof', 'engine', 'core'],
};
/** Rooms that are pure: no input or output, no clock, no environment, no randomness. */
const PURE = ['core', 'engine', 'path', 'protocols'];
/** The planner's solver runs in a thread of its own: these two start it and are it. What they are asked, and what they answer, is as pure as the rest. */
const THREADS = ['solve-thread.ts', 'solve-worker.ts'];
const TOP_LEVEL = [
  '.ci',
  '.dockerignore',
  '.git',
  '.gitignore',
  'Dockerfile',
  'LICENSE',
  'README.md',
  'biome.json',
  'circuits',
  'compose.yaml',
  'contracts',
  'knip.json',
  'package-lock.json',
  'package.json',
  'src',
  'subgraphs',
  'test',
  'tsconfig.build.json',
  'tsconfig.json',
  'vitest.config.ts',
];
/** Written by tools, ignored by git. */
const IGNORED = ['node_modules', 'dist', '.cache', 'coverage'];

interface SourceFile {
  readonly path: string;
  readonly room: string;
  readonly text: string;
  readonly imports: readonly string[];
}

const files = listFiles(SRC).map((file) => readSource(file));

function listFiles(folder: string): string[] {
  return readdirSync(folder, { withFileTypes: true, recursive: true })
    .filter((entry) => entry.isFile() && /\.tsx?$/.test(entry.name) && !entry.name.endsWith('.test.ts'))
    .map((entry) => join(entry.parentPath, entry.name));
}

function readSource(file: string, without = /(?!)/g): SourceFile {
  const text = readFileSync(file, 'utf8').replaceAll(without, '');
  const imports = [...text.matchAll(/(?:from|import\()\s*'([^']+)'/g)].map((match) => match[1] ?? '');
  return { path: relative(ROOT, file), room: roomOf(file), text, imports };
}

function roomOf(file: string): string {
  const [first = ''] = relative(SRC, file).split('/');
  return first.replace(/\.ts$/, '');
}

function localTargets(file: SourceFile): string[] {
  return file.imports.filter((entry) => entry.startsWith('.')).map((entry) => join(dirname(join(ROOT, file.path)), entry));
}

describe('import law', () => {
  test.each(files.map((file) => [file.path, file] as const))('%s imports only what its room may', (_, file) => {
    const rooms = localTargets(file)
      .map(roomOf)
      .filter((room) => room !== file.room);
    expect(rooms.filter((room) => ALLOWED[file.room]?.includes(room) !== true)).toEqual([]);
  });

  test('behavior: the page takes from the API the types of its contract alone, and of protocols their rules', () => {
    const page = files.filter((file) => file.room === 'web');
    expect(page.length).toBeGreaterThan(30);
    const values = page.flatMap((file) => [...file.text.matchAll(/^import (?!type )[^;]*from '([^']*\/api\/[^']*)'/gm)].map((match) => `${file.path} → ${match[1]}`));
    const outside = page.flatMap((file) => localTargets(file).filter((target) => roomOf(target) === 'api' && !target.includes('/api/contract/')));
    const beyondRules = page.flatMap((file) => localTargets(file).filter((target) => roomOf(target) === 'protocols' && !target.endsWith('/protocols/rules.ts')));
    expect([values, outside, beyondRules]).toEqual([[], [], []]);
  });

  test('behavior: only the worker of the page loads snarkjs, which is GPL-3.0', () => {
    // What its helpers do with a curve is Plimsoll's own code.
    const prover = /\/proof\/prover\/(?!backend\.ts|curve-task\.ts|curve-threads\.ts)/;
    const valuesOf = (file: SourceFile): SourceFile => readSource(join(ROOT, file.path), /^import type .*$/gm);
    expect(files.filter((file) => file.room === 'web' && localTargets(valuesOf(file)).some((target) => prover.test(target))).map((file) => file.path)).toEqual(['src/web/proving/prover-worker.ts']);
    const starters = files.filter((file) => file.room === 'web' && file.imports.some((entry) => entry.includes('prover-worker') || entry.includes('prove-in-worker') || entry.includes('fetch-keys')));
    expect(starters.map((file) => file.path).toSorted()).toEqual(['src/web/proving/prove-in-worker.ts', 'src/web/proving/prover-worker.ts']);
  });

  test('behavior: every room of src is known', () => {
    expect([...new Set(files.map((file) => file.room))].filter((room) => ALLOWED[room] === undefined)).toEqual([]);
  });

  test('behavior: a protocol folder imports no other protocol folder', () => {
    const offenders = files
      .filter((file) => file.room === 'protocols' && file.path.split('/').length > 3)
      .flatMap((file) =>
        localTargets(file)
          .filter((target) => isOtherProtocol(file, target))
          .map((target) => `${file.path} → ${relative(ROOT, target)}`),
      );
    expect(offenders).toEqual([]);
  });

  test('behavior: pure rooms have no input, output, clock, environment or randomness', () => {
    const forbidden = /\bDate\.now\(|new Date\(\)|\bprocess\.|\bMath\.random\(|\bfetch\(|\bsetTimeout\(|from 'node:|\bJsonRpcProvider\b|\bconsole\./;
    expect(files.filter((file) => PURE.includes(file.room) && !THREADS.some((name) => file.path.endsWith(`/${name}`)) && forbidden.test(withoutComments(file.text))).map((file) => file.path)).toEqual(
      [],
    );
  });

  test('behavior: the proof part runs in browsers: nothing of Node outside its node folder', () => {
    const forbidden = /from 'node:|\bprocess\.|\bBuffer\b|\bDate\.now\(|\bMath\.random\(/;
    const browserSafe = files.filter((file) => file.room === 'proof' && !file.path.startsWith('src/proof/node/'));
    expect(browserSafe.length).toBeGreaterThan(20);
    expect(browserSafe.filter((file) => forbidden.test(withoutComments(file.text)) || file.imports.some((entry) => entry.includes('/node/'))).map((file) => file.path)).toEqual([]);
  });

  test('behavior: only config.ts reads the environment, only sources use the network', () => {
    expect(files.filter((file) => /\bprocess\.env\b/.test(withoutComments(file.text))).map((file) => file.path)).toEqual(['src/config.ts']);
    // Who listens takes createServer alone: what asks others is named here.
    const network = /\bglobalThis\.fetch\b|import (?:\*[^;]*|\w+|\{[^}]*\b(?:request|get|Agent)\b[^}]*\}) from 'node:https?'|\bGraphQLClient\b/;
    expect(["import { type Server, request } from 'node:http'", "import * as http from 'node:https'", "import http from 'node:http'"].filter((text) => !network.test(text))).toEqual([]);
    expect(
      files
        .filter((file) => network.test(file.text))
        .map((file) => file.room)
        .filter((room) => room !== 'sources'),
    ).toEqual([]);
  });

  test('behavior: no exceptions to the types, no plain errors', () => {
    const forbidden = /\bas any\b|: any\b|as unknown as|@ts-ignore|@ts-expect-error|throw new Error\(/;
    expect(files.filter((file) => forbidden.test(withoutComments(file.text))).map((file) => file.path)).toEqual([]);
  });
});

describe('layout', () => {
  test('behavior: the top level holds what the design names, and nothing else', () => {
    expect(readdirSync(ROOT).filter((entry) => !TOP_LEVEL.includes(entry) && !IGNORED.includes(entry))).toEqual([]);
  });
});

function isOtherProtocol(file: SourceFile, target: string): boolean {
  const own = file.path.split('/')[2];
  const parts = relative(SRC, target).split('/');
  return parts[0] === 'protocols' && parts.length > 2 && parts[1] !== own;
}

function withoutComments(text: string): string {
  return text.replaceAll(/\/\*[\s\S]*?\*\//g, '').replaceAll(/^\s*\/\/.*$/gm, '');
}
