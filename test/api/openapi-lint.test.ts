import { spawn } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { buildOpenApi } from '../../src/api/contract/openapi.ts';

const LINTER = fileURLToPath(import.meta.resolve('@redocly/cli/package.json')).replace(/package\.json$/, 'bin/cli.js');
/** Every rule that its makers recommend, and warnings count as errors. */
const RULES = 'recommended-strict';

let folder = '';
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'plimsoll-openapi-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

async function lint(document: unknown): Promise<{ readonly code: number | null; readonly output: string }> {
  const file = join(folder, 'openapi.json');
  await writeFile(file, JSON.stringify(document));
  const child = spawn(process.execPath, [LINTER, 'lint', file, '--extends', RULES], {
    cwd: folder,
    env: { PATH: process.env['PATH'] ?? '', HOME: folder, NO_COLOR: '1', REDOCLY_TELEMETRY: 'off', REDOCLY_SUPPRESS_UPDATE_NOTICE: 'true' },
  });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (part: Buffer) => (output += part.toString()));
  const code = await new Promise<number | null>((resolve) => child.on('close', resolve));
  return { code, output };
}

test('behavior: the document passes the linter of others, with every rule that it recommends', async () => {
  const { code, output } = await lint(buildOpenApi('1.2.3'));
  expect([code, code === 0 ? '' : output]).toEqual([0, '']);
});

test('error: the linter finds a reference that leads nowhere, and a path parameter that is not described', async () => {
  const document = buildOpenApi('1.2.3');
  const broken = JSON.parse(
    JSON.stringify(document).replace('#/components/schemas/Report"', '#/components/schemas/Nothing"').replace('"name":"wallet","in":"path"', '"name":"purse","in":"path"'),
  ) as unknown;
  const { code, output } = await lint(broken);
  expect(code).toBe(1);
  expect(output).toContain('no-unresolved-refs');
  expect(output).toContain('path-parameters-defined');
});
