import { execFile } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { Decimal } from 'decimal.js';
import { afterAll, describe, expect, test } from 'vitest';
import { CONTEXTS } from './example-contexts.ts';
import { countExamples, countShown, type Example, listExamples, ROOT, toModule, toRunnable } from './examples.ts';

type Tell = (expression: string, value: unknown, shown: unknown) => void;

// Within the project, so that its packages are found.
mkdirSync(join(ROOT, '.cache'), { recursive: true });
const folder = mkdtempSync(join(ROOT, '.cache', 'examples-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const examples = listExamples();
const nameOf = ({ file, place }: Example, ending: string): string => `${file.replaceAll('/', '-').replace(/\.ts$/, '')}-${place}.${ending}`;
const runnable = examples.filter((example) => countShown(example) > 0 && !(CONTEXTS[example.file] ?? '').startsWith('declare'));

describe('@example', () => {
  test('behavior: all are found, and what is taken as given belongs to one', () => {
    expect([examples.length, examples.length > 45]).toEqual([countExamples(), true]);
    expect(Object.keys(CONTEXTS).filter((file) => !examples.some((example) => example.file === file))).toEqual([]);
    expect(runnable.length).toBeGreaterThan(15);
  });

  test('default: all of them compile against what they are about', async () => {
    for (const example of examples) writeFileSync(join(folder, nameOf(example, 'ts')), toModule(example, CONTEXTS[example.file] ?? ''));
    const compilerOptions = { noUnusedLocals: false, noUnusedParameters: false, noUncheckedIndexedAccess: false, verbatimModuleSyntax: false, rewriteRelativeImportExtensions: false, noEmit: true };
    writeFileSync(
      join(folder, 'tsconfig.json'),
      JSON.stringify({ extends: join(ROOT, 'tsconfig.json'), compilerOptions, include: ['*.ts', join(ROOT, 'src/**/*.d.ts')], exclude: [join(ROOT, 'src/web')] }),
    );
    const output = await new Promise<string>((resolve) => execFile(process.execPath, [join(ROOT, 'node_modules/typescript/bin/tsc'), '-p', folder], { cwd: folder }, (_, stdout) => resolve(stdout)));
    // What is wrong in src itself is for the type check of src to say.
    expect(output.split('\n').filter((line) => line !== '' && !line.startsWith('../'))).toEqual([]);
  });

  test.each(runnable.map((example) => [`${example.file}, ${example.place}`, example] as const))('default: the values of %s are those that it shows', async (_, example) => {
    const file = join(folder, nameOf(example, 'js'));
    writeFileSync(file, toRunnable(example, CONTEXTS[example.file] ?? ''));
    const { run } = (await import(/* @vite-ignore */ pathToFileURL(file).href)) as { readonly run: (tell: Tell) => Promise<void> };
    const told: unknown[] = [];
    await run((expression, value, shown) => {
      told.push(expression);
      expect([expression, plain(value)]).toEqual([expression, shown]);
    });
    expect(told).toHaveLength(countShown(example));
  });
});

/** As an example writes it: decimals as numbers. */
function plain(value: unknown): unknown {
  if (Decimal.isDecimal(value)) return Number(value.toString());
  if (Array.isArray(value)) return value.map(plain);
  if (value === null || typeof value !== 'object') return value;
  return Object.fromEntries(Object.entries(value).map(([name, entry]) => [name, plain(entry)]));
}
