import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { describe, expect, test } from 'vitest';
import * as z from 'zod';

const run = promisify(execFile);
const SCRIPT = fileURLToPath(new URL('../run.ts', import.meta.url));
const bench = (...args: readonly string[]): Promise<{ stdout: string; stderr: string }> => run(process.execPath, [SCRIPT, 'page', ...args]);
const reportSchema = z.object({ bench: z.literal('page'), cases: z.array(z.object({ name: z.string(), metrics: z.record(z.string(), z.number()) })), notes: z.array(z.string()) });
const hasBrowser = existsSync('/usr/bin/chromium');

describe('npm run bench -- page', () => {
  test.skipIf(!hasBrowser)(
    `default: every figure is a number, and the scripts are the ones of the page${hasBrowser ? '' : ' (skipped: no /usr/bin/chromium)'}`,
    async () => {
      const { stdout } = await bench('--json', '--runs', '1');
      const { cases } = reportSchema.parse(JSON.parse(stdout));
      expect(cases.map(({ name, metrics }) => [name, Object.keys(metrics)])).toEqual([
        ['script', ['kb_gzip', 'files']],
        ['home', ['first_paint_ms']],
        ['wallet', ['first_paint_ms', 'load_line_ms']],
        ['proof', ['first_ms', 'first_max_ms', 'warm_ms']],
      ]);
      expect(cases.flatMap(({ metrics }) => Object.values(metrics)).filter((value) => !(value > 0))).toEqual([]);
      expect(cases[0]?.metrics['kb_gzip']).toBeGreaterThan(50);
    },
    240_000,
  );

  test('bad input: no number of runs ends with status 2 and the usage', async () => {
    await expect(bench('--runs', '0')).rejects.toMatchObject({ code: 2, stderr: expect.stringContaining('Usage: ') });
  });
});
