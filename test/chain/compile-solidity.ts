import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join, posix, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { InternalError } from '../../src/core/errors.ts';

/** ABI and creation bytecode of one contract. Links are where library addresses go, as offsets in bytes. */
export interface Artifact {
  readonly abi: readonly unknown[];
  readonly bytecode: string;
  readonly links: Readonly<Record<string, readonly number[]>>;
}

/** What is compiled, with which npm release of the compiler. */
export interface Compilation {
  /** The npm alias, as in `solc-0.8.19`. */
  readonly compiler: string;
  /** Import path → file or folder on disk; the longest prefix wins. */
  readonly roots: Readonly<Record<string, string>>;
  /** Import paths of the files whose contracts are wanted. */
  readonly entries: readonly string[];
  /** Sources that stand in the test, by import path. */
  readonly inline?: Readonly<Record<string, string>>;
  /** solc's settings, without outputSelection. */
  readonly settings: Readonly<Record<string, unknown>>;
}

interface SolcOutput {
  readonly errors?: readonly { readonly severity: string; readonly formattedMessage: string }[];
  readonly contracts?: Readonly<Record<string, Readonly<Record<string, SolcContract>>>>;
}

interface SolcContract {
  readonly abi: readonly unknown[];
  readonly evm: { readonly bytecode: { readonly object: string; readonly linkReferences: Readonly<Record<string, Readonly<Record<string, readonly { start: number }[]>>>> } };
}

const require = createRequire(import.meta.url);
const PROJECT = resolve(dirname(fileURLToPath(import.meta.url)), '../..');
const CACHE = join(PROJECT, '.cache', 'solc');
const IMPORT = /^\s*import\s+(?:[^'";]*?from\s+)?["']([^"']+)["']/gm;

/** The folder of an installed npm package. */
export function packageFolder(name: string): string {
  return join(PROJECT, 'node_modules', name);
}

/**
 * Compiles the entries with all that they import, and keeps the result outside git, under a hash of sources, settings and compiler.
 *
 * @returns artifacts by contract name.
 */
export function compileSolidity(compilation: Compilation): Readonly<Record<string, Artifact>> {
  const sources = collectSources(compilation);
  const version = String((require(`${compilation.compiler}/package.json`) as { version: string }).version);
  const key = createHash('sha256')
    .update(JSON.stringify([version, compilation.settings, compilation.entries, sources]))
    .digest('hex');
  const file = join(CACHE, `${key}.json`);
  if (existsSync(file)) return JSON.parse(readFileSync(file, 'utf8')) as Record<string, Artifact>;
  const artifacts = runCompiler(compilation, sources);
  mkdirSync(CACHE, { recursive: true });
  const unfinished = `${file}.${process.pid}`;
  writeFileSync(unfinished, JSON.stringify(artifacts));
  renameSync(unfinished, file);
  return artifacts;
}

function collectSources({ roots, entries, inline = {} }: Compilation): Readonly<Record<string, string>> {
  const sources: Record<string, string> = {};
  const waiting = [...entries, ...Object.keys(inline)];
  for (let path = waiting.pop(); path !== undefined; path = waiting.pop()) {
    if (path in sources) continue;
    const text = inline[path] ?? readFileSync(locate(path, roots), 'utf8');
    sources[path] = text;
    for (const [, target = ''] of text.matchAll(IMPORT)) {
      waiting.push(target.startsWith('.') ? posix.join(posix.dirname(path), target) : target);
    }
  }
  return Object.fromEntries(Object.entries(sources).sort(([a], [b]) => (a < b ? -1 : 1)));
}

function locate(path: string, roots: Readonly<Record<string, string>>): string {
  const [prefix = ''] = Object.keys(roots)
    .filter((root) => path.startsWith(root))
    .sort((a, b) => b.length - a.length);
  const folder = roots[prefix];
  if (folder === undefined) throw new InternalError(`no root for the import ${path}`);
  return join(folder, path.slice(prefix.length));
}

function runCompiler(compilation: Compilation, sources: Readonly<Record<string, string>>): Readonly<Record<string, Artifact>> {
  const solc = require(compilation.compiler) as { compile(input: string): string };
  const input = {
    language: 'Solidity',
    sources: Object.fromEntries(Object.entries(sources).map(([path, content]) => [path, { content }])),
    settings: { ...compilation.settings, outputSelection: { '*': { '*': ['abi', 'evm.bytecode.object', 'evm.bytecode.linkReferences'] } } },
  };
  const output = JSON.parse(solc.compile(JSON.stringify(input))) as SolcOutput;
  const errors = (output.errors ?? []).filter((error) => error.severity === 'error');
  if (errors.length > 0) throw new InternalError(errors.map((error) => error.formattedMessage).join('\n'));
  const wanted = new Set([...compilation.entries, ...Object.keys(compilation.inline ?? {})]);
  const artifacts: Record<string, Artifact> = {};
  // Files that were only imported come too, as libraries to link; what was asked for wins over a namesake.
  const files = Object.entries(output.contracts ?? {}).sort(([a], [b]) => Number(wanted.has(a)) - Number(wanted.has(b)));
  for (const [, contracts] of files) {
    for (const [name, contract] of Object.entries(contracts)) {
      if (contract.evm.bytecode.object !== '') artifacts[name] = toArtifact(contract);
    }
  }
  return artifacts;
}

function toArtifact({ abi, evm }: SolcContract): Artifact {
  const links: Record<string, readonly number[]> = {};
  for (const libraries of Object.values(evm.bytecode.linkReferences)) {
    for (const [name, places] of Object.entries(libraries)) links[name] = places.map((place) => place.start);
  }
  return { abi, bytecode: `0x${evm.bytecode.object}`, links };
}
