import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { describe, expect, test } from 'vitest';
import * as z from 'zod';

const run = promisify(execFile);
const SCRIPT = fileURLToPath(new URL('../run.ts', import.meta.url));
const bench = (...args: readonly string[]): Promise<{ stdout: string; stderr: string }> => run(process.execPath, [SCRIPT, 'proof', ...args]);
/** Where the circuit's keys were never built. */
const BUILD_MS = 300_000;
const reportSchema = z.object({ bench: z.literal('proof'), cases: z.array(z.object({ name: z.string(), metrics: z.record(z.string(), z.number()) })), notes: z.array(z.string()) });

describe('npm run bench -- proof', () => {
  test(
    'default: the document has the cases and keys that others rely on, and says that it was reduced',
    async () => {
      const { stdout } = await bench('--json', '--instance', 'S-committed', '--variant', 'delivered', '--runs', '1', '--no-gas');
      const report = reportSchema.parse(JSON.parse(stdout));
      expect(report.cases.map(({ name }) => name)).toEqual(['S-committed']);
      const metrics = report.cases[0]?.metrics ?? {};
      expect(Object.keys(metrics)).toEqual(expect.arrayContaining(['constraints', 'witness_ms', 'prove_ms', 'verify_ms', 'rss_mb', 'zkey_mb']));
      expect(Object.values(metrics).every((value) => value > 0)).toBe(true);
      expect(report.notes[0]).toMatch(/^REDUCED RUN: 1 proofs a case/);
    },
    BUILD_MS,
  );

  test.each([
    ['a circuit that is none', ['--instance', 'XL']],
    ['a variant that is none', ['--variant', 'fast']],
    ['no number of runs', ['--runs', 'many']],
  ])('bad input: %s ends with status 2 and the usage', async (_, args) => {
    await expect(bench(...args)).rejects.toMatchObject({ code: 2, stderr: expect.stringContaining('Usage: ') });
  });
});
