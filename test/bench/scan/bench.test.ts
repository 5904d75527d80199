import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { describe, expect, test } from 'vitest';
import * as z from 'zod';
import { arePeersInstalled } from './peers.ts';

const run = promisify(execFile);
const SCRIPT = fileURLToPath(new URL('../run.ts', import.meta.url));
const bench = (...args: readonly string[]): Promise<{ stdout: string; stderr: string }> => run(process.execPath, [SCRIPT, ...args]);
const reportSchema = z.object({
  bench: z.literal('scan'),
  cases: z.array(z.object({ name: z.string(), metrics: z.record(z.string(), z.number()) })),
  notes: z.array(z.string()),
});

describe('npm run bench -- scan', () => {
  test('default: the document has the cases and keys that others rely on, and says that it was reduced', async () => {
    const { stdout } = await bench('scan', '--json', '--accounts', '2000', '--runs', '2');
    const { cases, notes } = reportSchema.parse(JSON.parse(stdout));
    expect(notes[0]).toMatch(/^REDUCED RUN: 2000 accounts/);
    const metricsOf = (name: string): Readonly<Record<string, number>> => cases.find((entry) => entry.name === name)?.metrics ?? expect.fail(`no case ${name}`);
    for (const name of ['screen-1m', 'screen-5m', 'exact-1m']) expect(metricsOf(name)['accounts_per_s']).toBeGreaterThan(0);
    for (const name of ['tick-1m', 'tick-index-10pct', 'tick-1m-jump']) expect(metricsOf(name)['ms']).toBeGreaterThan(0);
    expect(metricsOf('tick-index-10pct')['holders_share']).toBeCloseTo(0.1, 1);
    // A jump reads every block and finds more accounts below their threshold than are there from the start.
    expect(metricsOf('tick-1m-jump')['blocks_read']).toBeGreaterThanOrEqual(metricsOf('tick-1m-jump')['blocks'] ?? Number.NaN);
    expect(metricsOf('tick-1m-jump')['decided']).toBeGreaterThan(metricsOf('tick-index-10pct')['decided'] ?? Number.NaN);
    for (const engine of ['pglite', 'postgres']) expect(cases.some(({ name }) => name === `load-${engine}`)).toBe(!notes.some((note) => note.startsWith(`Load from ${engine}: not measured`)));
    expect(metricsOf('load-pglite')['accounts_per_s']).toBeGreaterThan(0);
    const peers = cases.filter(({ name }) => name.startsWith('peer:'));
    expect(peers.length).toBe(arePeersInstalled() ? 3 : 0);
    for (const { metrics } of peers) {
      expect(metrics['accounts_per_s']).toBeGreaterThan(0);
      // A peer that is given other accounts than ours would be off by far more.
      expect(metrics['max_rel_error']).toBeLessThan(1e-3);
    }
  });

  test('bad input: too few accounts end with status 2 and the usage', async () => {
    await expect(bench('scan', '--accounts', '7')).rejects.toMatchObject({ code: 2, stderr: expect.stringContaining('Usage: ') });
  });
});
