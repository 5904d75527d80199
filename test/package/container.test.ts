import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import * as z from 'zod';
import { readConfig, VARIABLES } from '../../src/config.ts';
import { runCli } from '../cli/run-cli.ts';
import { ROOT, SOURCES } from './pack.ts';

const DOCKERFILE = readFileSync(join(ROOT, 'Dockerfile'), 'utf8');
const COMPOSE = readFileSync(join(ROOT, 'compose.yaml'), 'utf8');
const manifest = z
  .object({ bin: z.record(z.string(), z.string()), exports: z.record(z.string(), z.union([z.string(), z.object({ default: z.string() })])), engines: z.object({ node: z.string() }) })
  .parse(JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')));
const service = z.looseObject({
  image: z.string(),
  command: z.array(z.string()).default([]),
  environment: z.record(z.string(), z.string()),
  ports: z.array(z.string()).default([]),
  depends_on: z.record(z.string(), z.object({ condition: z.enum(['service_healthy', 'service_started']) })).default({}),
  healthcheck: z.object({ test: z.array(z.string()) }).optional(),
  volumes: z.array(z.string()).default([]),
});
const compose = z.strictObject({ services: z.record(z.string(), service), volumes: z.record(z.string(), z.null()) }).parse(parse(COMPOSE));
const instructions = DOCKERFILE.split('\n').filter((line) => line !== '' && !line.startsWith('#'));

describe('Dockerfile', () => {
  test('behavior: what it copies is there, and is what the package is made of', () => {
    const copied = instructions.filter((line) => line.startsWith('COPY ') && !line.includes('--from')).flatMap((line) => line.split(' ').slice(1, -1));
    expect(copied.filter((path) => !existsSync(join(ROOT, path)))).toEqual([]);
    // The package test packs exactly these, in a folder that has nothing else.
    expect(copied.toSorted()).toEqual([...SOURCES, 'package-lock.json'].toSorted());
    const ignored = readFileSync(join(ROOT, '.dockerignore'), 'utf8').split('\n');
    expect(copied.filter((path) => ignored.includes(path.split('/')[0] ?? ''))).toEqual([]);
  });

  test('behavior: stages that are copied from exist; it ends as another user than root, with the program as its entry', () => {
    const stages = instructions.flatMap((line) => /^FROM \S+ AS (\S+)/.exec(line)?.[1] ?? []);
    expect([...DOCKERFILE.matchAll(/--from=(\S+)/g)].map(([, stage]) => stage).filter((stage) => !stages.includes(stage ?? ''))).toEqual([]);
    expect(instructions.filter((line) => line.startsWith('FROM ')).every((line) => line.startsWith('FROM node:24-slim'))).toBe(true);
    expect(instructions.filter((line) => line.startsWith('USER '))).toEqual(['USER node']);
    const [, entry = ''] = /^ENTRYPOINT \["\/app\/node_modules\/\.bin\/([a-z]+)"\]$/m.exec(DOCKERFILE) ?? [];
    expect(Object.keys(manifest.bin)).toContain(entry);
    expect(DOCKERFILE).toMatch(/nobody has run it/);
  });

  test('behavior: its health check is a program that says no where nobody answers', async () => {
    const command = z.tuple([z.literal('node'), z.literal('-e'), z.string()]).parse(JSON.parse(/^HEALTHCHECK .* CMD (\[.*\])$/m.exec(DOCKERFILE)?.[1] ?? ''));
    const { execFile } = await import('node:child_process');
    const script = command[2].replace('127.0.0.1:8080', '127.0.0.1:9');
    expect(await new Promise((resolve) => execFile(process.execPath, ['-e', script], (error) => resolve(error?.code ?? 0)))).toBe(1);
  });
});

describe('compose.yaml', () => {
  test('behavior: commands and flags are those of the program', async () => {
    for (const [name, { command, image }] of Object.entries(compose.services)) {
      if (image !== 'plimsoll') continue;
      const [verb = '', ...rest] = command;
      const { code, stdout } = await runCli([verb, '--help']);
      expect([name, code]).toEqual([name, 0]);
      for (const flag of rest.filter((word) => word.startsWith('--'))) expect(stdout).toContain(`${flag} `);
    }
  });

  test('behavior: variables are those that the program reads, and what must be set is asked for', () => {
    const families = VARIABLES.map(([name]) => new RegExp(`^${name.replace('<CHAIN>', '[0-9]+').replace('<DEPLOYMENT>', '[A-Z0-9_]+')}$`));
    for (const { environment, image } of Object.values(compose.services)) {
      if (image === 'plimsoll') expect(Object.keys(environment).filter((name) => !families.some((family) => family.test(name)))).toEqual([]);
    }
    for (const name of ['PLIMSOLL_SEAL_KEY', 'POSTGRES_PASSWORD']) {
      expect(COMPOSE).toContain(`\${${name}:?`);
      expect(COMPOSE).not.toContain(`\${${name}:-`);
    }
  });

  test('behavior: what an operator sets goes on to the program, as it reads it where nothing is set', () => {
    const { environment = {} } = compose.services['service'] ?? {};
    const passed = ['PLIMSOLL_ANONYMOUS', 'PLIMSOLL_CORS', 'PLIMSOLL_PROOFS', 'PLIMSOLL_PROXIES'];
    expect(passed.filter((name) => !(environment[name] ?? '').startsWith(`\${${name}:-`))).toEqual([]);
    const unset = Object.fromEntries(passed.map((name) => [name, /:-(.*)\}$/.exec(environment[name] ?? '')?.[1] ?? 'not passed on']));
    expect(readConfig(unset).service).toEqual(readConfig({}).service);
    expect(COMPOSE).toMatch(/add RPC_URL_<chain>/);
  });

  test('behavior: only the service is reached, from this host alone; nobody starts before a database that answers', () => {
    expect(Object.values(compose.services).flatMap(({ ports }) => ports)).toEqual(['127.0.0.1:8080:8080']);
    expect(compose.services['database']?.healthcheck?.test.slice(0, 2)).toEqual(['CMD', 'pg_isready']);
    for (const name of ['service', 'worker']) expect(compose.services[name]?.depends_on['database']).toEqual({ condition: 'service_healthy' });
    const named = Object.values(compose.services).flatMap(({ volumes, depends_on }) => [...volumes.map((volume) => volume.split(':')[0] ?? ''), ...Object.keys(depends_on)]);
    expect(named.filter((name) => !(name in compose.volumes) && !(name in compose.services))).toEqual([]);
    expect(COMPOSE).toMatch(/nobody has run it/);
  });
});

describe('npm run docs', () => {
  test('behavior: documents every entry of the package', () => {
    const { typedocOptions } = z.object({ typedocOptions: z.object({ entryPoints: z.array(z.string()) }) }).parse(JSON.parse(readFileSync(join(ROOT, 'tsconfig.build.json'), 'utf8')));
    const modules = Object.values(manifest.exports).flatMap((entry) => (typeof entry === 'string' ? [] : [entry.default.replace('./dist/', 'src/').replace(/\.js$/, '.ts')]));
    expect(typedocOptions.entryPoints.toSorted()).toEqual(modules.toSorted());
  });
});
