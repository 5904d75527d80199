import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { describe, expect, test } from 'vitest';
import * as z from 'zod';

const run = promisify(execFile);
const SCRIPT = fileURLToPath(new URL('../run.ts', import.meta.url));
const bench = (...args: readonly string[]): Promise<{ stdout: string; stderr: string }> => run(process.execPath, [SCRIPT, 'api', ...args]);
const reportSchema = z.object({ bench: z.literal('api'), cases: z.array(z.object({ name: z.string(), metrics: z.record(z.string(), z.number()) })), notes: z.array(z.string()) });

describe('npm run bench -- api', () => {
  test('default: the document has the case and keys that others rely on, and no request failed', async () => {
    const { stdout } = await bench('--json', '--seconds', '1', '--connections', '4');
    const { cases } = reportSchema.parse(JSON.parse(stdout));
    expect(cases.map(({ name }) => name)).toEqual(['wallet-report', 'wallet-report-304']);
    expect(Object.keys(cases[0]?.metrics ?? {})).toEqual(expect.arrayContaining(['rps', 'p99_ms']));
    expect(cases.map(({ metrics }) => metrics['failed'])).toEqual([0, 0]);
  });

  test.each([
    ['no number of seconds', ['--seconds', 'many']],
    ['no connections', ['--connections', '0']],
  ])('bad input: %s ends with status 2 and the usage', async (_, args) => {
    await expect(bench(...args)).rejects.toMatchObject({ code: 2, stderr: expect.stringContaining('Usage: ') });
  });
});
