import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { describe, expect, test } from 'vitest';
import * as z from 'zod';
import { figure, formatTable, quantile } from '../report.ts';

const run = promisify(execFile);
const SCRIPT = fileURLToPath(new URL('../run.ts', import.meta.url));
const bench = (...args: readonly string[]): Promise<{ stdout: string; stderr: string }> => run(process.execPath, [SCRIPT, ...args]);
const reportSchema = z.object({
  bench: z.literal('path'),
  machine: z.object({ cpu: z.string(), cores: z.int(), node: z.string(), load: z.number() }),
  cases: z.array(z.object({ name: z.string(), metrics: z.record(z.string(), z.number()) })),
  notes: z.array(z.string()),
});

describe('npm run bench -- path', () => {
  test('default: the document has the cases and keys that others rely on, and says that it was reduced', async () => {
    const { stdout } = await bench('path', '--json', '--only', 'time', '--size', '2x3', '--instances', '2');
    const report = reportSchema.parse(JSON.parse(stdout));
    expect(report.cases.map((entry) => entry.name)).toEqual(['2x3']);
    const keys = ['lp_cpu_ms_p50', 'lp_cpu_ms_p95', 'plan_extra_usd_p95', 'exact_cpu_ms_p50', 'exact_cpu_ms_p95', 'instances'];
    expect(Object.keys(report.cases[0]?.metrics ?? {})).toEqual(expect.arrayContaining(keys));
    expect(report.cases[0]?.metrics['instances']).toBe(2);
    expect(report.notes[0]).toMatch(/^REDUCED RUN: 2 instances/);
  });

  test.each([
    ['a bench that is none', ['nothing']],
    ['a size that is none', ['path', '--size', '3x3']],
    ['no number of instances', ['path', '--instances', 'many']],
  ])('bad input: %s ends with status 2 and the usage', async (_, args) => {
    await expect(bench(...args)).rejects.toMatchObject({ code: 2, stderr: expect.stringContaining('Usage: ') });
  });

  test('behavior: quantiles by nearest rank, figures as they are read', () => {
    expect([0, 0.25, 0.5, 0.95, 1].map((share) => quantile([3, 1, 2, 4], share))).toEqual([1, 1, 2, 4, 4]);
    expect(quantile([], 0.5)).toBeNaN();
    expect([0, 1e-4, 0.1234, 12.34, 1_234.5, Number.NaN].map(figure)).toEqual(['0', '0', '0.123', '12.3', '1,235', '-']);
    expect(formatTable(['a', 'bb'], [['x', '10']])).toBe('a  bb\n-  --\nx  10');
  });
});
