import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { describe, expect, test } from 'vitest';
import * as z from 'zod';

const run = promisify(execFile);
const SCRIPT = fileURLToPath(new URL('../run.ts', import.meta.url));
const bench = (...args: readonly string[]): Promise<{ stdout: string; stderr: string }> => run(process.execPath, [SCRIPT, ...args]);
const reportSchema = z.object({
  bench: z.literal('workers'),
  cases: z.array(z.object({ name: z.string(), metrics: z.record(z.string(), z.number()) })),
  notes: z.array(z.string()),
});

describe('npm run bench -- workers', () => {
  test('default: the document has a case for 1, 2 and 4 workers, and says that it was reduced, or why there is none', { timeout: 300_000 }, async () => {
    const { stdout } = await bench('workers', '--json', '--accounts', '200', '--ticks', '2');
    const { cases, notes } = reportSchema.parse(JSON.parse(stdout));
    expect(notes[0]).toMatch(/^REDUCED RUN: 200 owners/);
    if (notes.some((note) => note.startsWith('Not measured'))) return;
    expect(cases.map(({ name }) => name)).toEqual(['workers-1', 'workers-2', 'workers-4']);
    for (const { metrics } of cases) {
      for (const key of ['ticks_per_s', 'lag_p50_ms', 'lag_p95_ms', 'start_ms']) expect(metrics[key], key).toBeGreaterThan(0);
    }
  });

  test('bad input: too few accounts end with status 2 and the usage', async () => {
    await expect(bench('workers', '--accounts', '7')).rejects.toMatchObject({ code: 2, stderr: expect.stringContaining('Usage: ') });
  });
});
