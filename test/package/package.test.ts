import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { checkPackage, createPackageFromTarballData } from '@arethetypeswrong/core';
import { publint } from 'publint';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { describeSnippets } from './describe-snippets.ts';
import { type PackedPackage, packPackage, run } from './pack.ts';
import { startProgram } from './start-program.ts';
import { typecheck } from './typecheck.ts';

const DEMO = '0xc0ffee00000000000000000000000000c0ffee01';
const CLEAN = { code: 0, output: '' };

let packed: PackedPackage;
beforeAll(async () => {
  packed = await packPackage();
}, 300_000);
afterAll(() => packed?.close());

const program = (...args: readonly string[]) => run(process.execPath, [join(packed.project, 'node_modules/plimsoll', packed.manifest.bin['plimsoll'] ?? ''), ...args], packed.project);

describe('the tarball', () => {
  test('behavior: holds what runs, what it reads and what it promises, and nothing that makes it', () => {
    const { files } = packed;
    expect(files.filter((file) => !/^(?:dist|contracts|subgraphs|circuits\/artifacts)\/|^(?:README\.md|LICENSE|package\.json)$/.test(file))).toEqual([]);
    expect(files.filter((file) => (/\.tsx?$/.test(file) && !file.endsWith('.d.ts')) || /(?:^|\/)(?:test|node_modules|\.[^/]+)(?:\/|$)|\.test\.|\.map$|tsconfig/.test(file))).toEqual([]);
    for (const needed of [
      'dist/web/index.html',
      'contracts/SolvencyRegistry.sol',
      'circuits/artifacts/M-attested/circuit.zkey.br',
      'subgraphs/recorded/constructed-wallet/dataset.json',
      'dist/proof.schema.json',
    ]) {
      expect(files).toContain(needed);
    }
    expect(packed.unpackedBytes).toBeLessThan(20_000_000);
  });

  test('behavior: publint finds nothing to say', async () => {
    const { messages } = await publint({ pkgDir: join(packed.project, 'node_modules/plimsoll'), strict: true, pack: false });
    expect(messages).toEqual([]);
  });

  test('behavior: its types are those of what is imported, for whoever imports ES modules', async () => {
    const analysis = await checkPackage(createPackageFromTarballData(new Uint8Array(readFileSync(packed.tarball))));
    const problems = 'problems' in analysis ? analysis.problems : expect.fail('no types');
    // An ES module cannot be required, and who resolves as Node 10 did finds no entries.
    const expected = problems.filter(({ kind, ...rest }) => kind === 'CJSResolvesToESM' || (kind === 'NoResolution' && 'resolutionKind' in rest && rest.resolutionKind === 'node10'));
    expect(problems.filter((problem) => !expected.includes(problem))).toEqual([]);
  });
});

describe('in an empty project', () => {
  const entries = (): readonly string[] => Object.keys(packed.manifest.exports).map((entry) => entry.replace(/^\./, 'plimsoll'));
  const modules = (): readonly string[] => entries().filter((entry) => !entry.endsWith('.json'));

  test('default: every entry can be imported, and has what it is for', async () => {
    writeFileSync(join(packed.project, 'import.js'), `for (const name of ${JSON.stringify(modules())}) console.log(name, Object.keys(await import(name)).join(' '));`);
    const { code, output } = await run(process.execPath, ['import.js'], packed.project);
    expect([code, output]).toEqual([0, expect.any(String)]);
    for (const pattern of [
      /^plimsoll .*computeReport.*parsePortfolio/m,
      /^plimsoll\/client .*createClient/m,
      /^plimsoll\/path .*planSelf/m,
      /^plimsoll\/protocols .*PROTOCOLS/m,
      /^plimsoll\/proof .*verifyBundle/m,
      /^plimsoll\/proof\/node .*openSnarkjsBackend/m,
    ]) {
      expect(output).toMatch(pattern);
    }
    writeFileSync(
      join(packed.project, 'schemas.js'),
      `for (const name of ${JSON.stringify(entries().filter((entry) => entry.endsWith('.json')))}) console.log((await import(name, { with: { type: 'json' } })).default.title ?? name);`,
    );
    expect((await run(process.execPath, ['schemas.js'], packed.project)).output.trim().split('\n')).toHaveLength(3);
  });

  test.each(['nodenext', 'bundler'] as const)('default: every entry has types, by the strictest compiler (%s)', async (resolution) => {
    const file = `entries.${resolution}.ts`;
    writeFileSync(
      join(packed.project, file),
      modules()
        .map((name, at) => `import * as entry${at} from '${name}';\nexport const used${at}: object = entry${at};\n`)
        .join(''),
    );
    expect(await typecheck(packed.project, { resolution, node: true, files: [file] })).toEqual(CLEAN);
  });

  test.each(['nodenext', 'bundler'] as const)("behavior: the client's types need neither those of Node nor zod's in the project, and refuse what the service would (%s)", async (resolution) => {
    const file = `client.${resolution}.ts`;
    writeFileSync(
      join(packed.project, file),
      [
        "import { createClient } from 'plimsoll/client';",
        "const client = createClient({ origin: 'http://localhost:8080' });",
        `const report = await client.request('getWallet', { params: { wallet: '${DEMO}' } });`,
        "export const status: 'safe' | 'warning' | 'critical' | 'liquidatable' | 'insolvent' | 'incomplete' = report.status;",
        "await client.call('createWebhook', { body: { url: 'https://example.org/', kinds: ['alert'] }, idempotencyKey: 'order-1234' });",
        '// @ts-expect-error an operation that is none',
        "await client.request('getNothing');",
        '// @ts-expect-error a parameter that is missing its name',
        "await client.request('getWallet', { params: { owner: 'x' } });",
        '// @ts-expect-error a key for what is no job',
        "await client.call('listProtocols', { idempotencyKey: 'order-1234' });",
        '// @ts-expect-error a status that is none',
        "export const fine: 'fine' = report.status;",
      ].join('\n'),
    );
    expect(await typecheck(packed.project, { resolution, node: false, files: [file] })).toEqual(CLEAN);
  });

  test('behavior: the client brings no package along, and nothing of Node: a page can bundle it', () => {
    const home = join(packed.project, 'node_modules/plimsoll/dist');
    const seen = new Set<string>();
    const imported: string[] = [];
    const follow = (file: string): void => {
      if (seen.has(file)) return;
      seen.add(file);
      for (const [, target = ''] of readFileSync(file, 'utf8').matchAll(/from '([^']+)'/g)) {
        if (target.startsWith('.')) follow(join(file, '..', target));
        else imported.push(target);
      }
    };
    follow(join(home, 'api/client/index.js'));
    expect([imported, seen.size > 5]).toEqual([[], true]);
  });

  test('default: the program reads recorded data, plans in its thread, and proves with the shipped keys', async () => {
    const { code, output } = await program('wallet', DEMO, '--json', '--quiet');
    expect([code, JSON.parse(output).status]).toEqual([0, 'critical']);
    const plan = await program('plan', DEMO, '--target', '1.5', '--json', '--quiet');
    expect([plan.code, JSON.parse(plan.output).self?.lowerBoundUsd]).toEqual([0, expect.any(String)]);
    expect((await program('scan', '--quiet')).code).toBe(3);
    expect((await program('attestor', 'create', 'key.json', '--dev')).code).toBe(0);
    const attest = ['attest', '0x1597e4b7cf6d2877a1d690b6088668afdb045763', '--recorded', 'morpho-depeg', '--key-file', 'key.json', '--secret-file', 'secret.json', '--out', 'attestation.json'];
    expect(await program(...attest)).toMatchObject({ code: 0 });
    const where = ['--chain-id', '31337', '--consumer', `0x${'aa'.padStart(40, '0')}`, '--recipient', `0x${'bb'.padStart(40, '0')}`];
    expect(await program('prove', 'attestation.json', '--secret-file', 'secret.json', '--statement', 'breach', ...where, '--dev-keys', '--out', 'proof.json')).toMatchObject({ code: 0 });
  });

  test('default: serve answers with the page, the API and the proving keys', async () => {
    const served = startProgram([join(packed.project, 'node_modules/plimsoll/dist/cli/main.js'), 'serve', '--port', '0'], packed.project);
    try {
      const origin = await served.until(/Page\s+(http:\/\/localhost:[0-9]+)\//);
      const page = await fetch(`${origin}/`);
      expect([page.status, await page.text()]).toEqual([200, expect.stringMatching(/<script[^>]*src="\/assets\//)]);
      for (const path of ['/healthz', '/readyz', '/openapi.json', '/proving-keys/manifest.json', `/v1/wallets/${DEMO}`]) expect([path, (await fetch(`${origin}${path}`)).status]).toEqual([path, 200]);
      expect((await (await fetch(`${origin}/openapi.json`)).json()) as object).toMatchObject({ info: { version: expect.stringMatching(/^[0-9]+\./) } });
    } finally {
      expect(await served.end()).toBe(0);
    }
  });
});

describe.skipIf(process.env['PLIMSOLL_LONG'] !== '1')('npm install, from the registry (PLIMSOLL_LONG=1)', () => {
  test('default: the tarball installs into an empty project, with nothing to build, and npx finds the program', { timeout: 900_000 }, async () => {
    const project = join(packed.project, '..', 'installed');
    mkdirSync(project);
    writeFileSync(join(project, 'package.json'), '{ "private": true, "type": "module" }\n');
    expect(await run('npm', ['install', '--no-audit', '--no-fund', '--ignore-scripts', packed.tarball], project, { HOME: homedir(), ...registryAccess() })).toMatchObject({ code: 0 });
    const wallet = await run('npx', ['--no-install', 'plimsoll', 'wallet', DEMO, '--json', '--quiet'], project);
    expect([wallet.code, JSON.parse(wallet.output).status]).toEqual([0, 'critical']);
    expect(await run(process.execPath, ['-e', "import('plimsoll/client').then(({ createClient }) => process.exit(typeof createClient === 'function' ? 0 : 1))"], project)).toMatchObject({ code: 0 });
  });
});

/** How this machine reaches the registry: proxies, certificates, npm's own settings. */
function registryAccess(): Readonly<Record<string, string>> {
  const isAccess = (name: string): boolean => /^(?:https?_proxy|no_proxy|npm_config_.*|node_extra_ca_certs|ssl_cert_file)$/i.test(name);
  return Object.fromEntries(Object.entries(process.env).flatMap(([name, value]) => (value !== undefined && isAccess(name) ? [[name, value]] : [])));
}

describeSnippets(() => packed);
