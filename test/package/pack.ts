import { execFile } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import * as z from 'zod';

/** The package as npm publishes it, and a project that has it. */
export interface PackedPackage {
  readonly tarball: string;
  /** Paths in the tarball, without `package/`. */
  readonly files: readonly string[];
  readonly unpackedBytes: number;
  readonly manifest: Manifest;
  /** An empty project with the unpacked tarball and what it depends on, and nothing else. */
  readonly project: string;
  close(): void;
}

/** What a finished process left. */
export interface Ran {
  readonly code: number;
  readonly output: string;
}

const manifestSchema = z.object({ dependencies: z.record(z.string(), z.string()), exports: z.record(z.string(), z.unknown()), bin: z.record(z.string(), z.string()) });
type Manifest = z.infer<typeof manifestSchema>;
const packedSchema = z.tuple([z.object({ filename: z.string(), unpackedSize: z.int(), files: z.array(z.object({ path: z.string() })) })]);

export const ROOT = fileURLToPath(new URL('../../', import.meta.url));
/** What a checkout has that the package is made of. */
export const SOURCES = ['LICENSE', 'README.md', 'package.json', 'tsconfig.json', 'tsconfig.build.json', 'src', 'contracts', 'subgraphs', 'circuits/artifacts', 'test/fixtures/write-schema.ts'];
const LEFT_OUT = ['node_modules', 'build', 'generated'];

/** Packs a clean copy of the sources, `prepack` included, so that nobody else's build is touched; minutes at most. */
export async function packPackage(): Promise<PackedPackage> {
  const root = mkdtempSync(join(tmpdir(), 'plimsoll-package-'));
  const close = (): void => rmSync(root, { recursive: true, force: true });
  try {
    const checkout = join(root, 'checkout');
    for (const name of SOURCES) {
      cpSync(join(ROOT, name), join(checkout, name), { recursive: true, filter: (source) => !LEFT_OUT.includes(basename(source)) });
    }
    symlinkSync(join(ROOT, 'node_modules'), join(checkout, 'node_modules'));
    const { code, output } = await run('npm', ['pack', '--json', '--silent'], checkout);
    if (code !== 0) throw new TypeError(`npm pack ended with ${code}: ${output}`);
    const [packed] = packedSchema.parse(JSON.parse(output.slice(output.indexOf('['))));
    const tarball = join(checkout, packed.filename);
    const project = join(root, 'project');
    const manifest = await install(tarball, project);
    return { tarball, files: packed.files.map(({ path }) => path), unpackedBytes: packed.unpackedSize, manifest, project, close };
  } catch (error) {
    close();
    throw error;
  }
}

/** What npm would do with the tarball, without a registry: only what the manifest names can be found. */
async function install(tarball: string, project: string): Promise<Manifest> {
  const home = join(project, 'node_modules', 'plimsoll');
  mkdirSync(home, { recursive: true });
  writeFileSync(join(project, 'package.json'), '{ "private": true, "type": "module" }\n');
  await promisify(execFile)('tar', ['xzf', tarball, '-C', home, '--strip-components', '1']);
  const manifest = manifestSchema.parse(JSON.parse(readFileSync(join(home, 'package.json'), 'utf8')));
  for (const name of [...Object.keys(manifest.dependencies), '@types/node']) {
    const place = join(project, 'node_modules', name);
    mkdirSync(dirname(place), { recursive: true });
    if (existsSync(join(ROOT, 'node_modules', name))) symlinkSync(join(ROOT, 'node_modules', name), place);
  }
  return manifest;
}

/** Runs a program where it is; a failure is an answer. */
export async function run(program: string, args: readonly string[], folder: string, environment: Readonly<Record<string, string>> = {}): Promise<Ran> {
  const options = { cwd: folder, env: { PATH: process.env.PATH ?? '', HOME: folder, NO_COLOR: '1', npm_config_update_notifier: 'false', ...environment }, maxBuffer: 2 ** 26 };
  return new Promise((resolve) => {
    execFile(program, [...args], options, (error, stdout, stderr) => resolve({ code: error === null ? 0 : Number(error.code ?? -1), output: `${stdout}${error === null ? '' : stderr}` }));
  });
}
