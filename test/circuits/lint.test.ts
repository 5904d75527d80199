import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { inspectCircuit, PROJECT } from '../../circuits/compile.ts';
import { INSTANCES } from '../../src/proof/instances.ts';
import { usersOf } from '../chain/counts.ts';

const CIRCUITS = join(PROJECT, 'circuits');
const SOURCES = ['lib', 'main'].flatMap((folder) => readdirSync(join(CIRCUITS, folder)).map((name) => join(folder, name)));

/**
 * What circom2 --inspect may say: outputs that are left unread in circomlib's own templates, each harmless.
 * - CompConstant reads one bit of a sum of 135; the others are there to bound the sum.
 * - EscalarMulAny and EscalarMulFix give every segment's doubled point to the next one, and the last segment has no next.
 */
const ALLOWED = [
  /"CompConstant\(\d+\)": Array of subcomponent input\/output signals num2bits\.out contains a total of 134 signals/,
  /"EscalarMulAny\(254\)": Array of subcomponent input\/output signals segments\[1\]\.dbl contains a total of 2 signals/,
  /"EscalarMulFix\(253,\[[\d,]+\]\)": Array of subcomponent input\/output signals segments\[1\]\.dbl contains a total of 2 signals/,
];

/** Signals that are assigned without a constraint. Comments do not count. */
function findUnconstrained(source: string): readonly string[] {
  const code = source.replace(/\/\*[\s\S]*?\*\//g, '').replace(/\/\/.*$/gm, '');
  return [...code.matchAll(/[^\n]*(?:<--|-->)[^\n]*/g)].map(([line]) => line.trim());
}

describe('lint of circuits/', () => {
  test.each(SOURCES)('behavior: %s assigns no signal without a constraint', (file) => {
    expect(findUnconstrained(readFileSync(join(CIRCUITS, file), 'utf8'))).toEqual([]);
  });

  test('bad input: an assignment without a constraint is found, in either direction', () => {
    expect(findUnconstrained('signal x;\nx <-- 3;\n4 --> x; // fine <--\n/* <-- */ x <== 5;')).toEqual(['x <-- 3;', '4 --> x;']);
  });

  test('default: each instance is a main of its own and nothing else, with nine public signals', () => {
    for (const { id } of INSTANCES) {
      const source = readFileSync(join(CIRCUITS, 'main', `${id}.circom`), 'utf8');
      expect(source.match(/component main \{public \[([\w, ]+)\]\}/)?.[1]?.split(', ')).toHaveLength(9);
      expect(source).not.toContain('template');
    }
    expect(SOURCES.filter((file) => file.startsWith('main'))).toHaveLength(INSTANCES.length);
  });

  test('default: circuits.json is what the library knows', () => {
    const listed = JSON.parse(readFileSync(join(CIRCUITS, 'circuits.json'), 'utf8'));
    expect(listed).toEqual(Object.fromEntries(INSTANCES.map(({ id, mode, rows }) => [id, { mode, rows }])));
  });

  test('behavior: the templates have no main', () => {
    for (const file of SOURCES.filter((name) => name.startsWith('lib'))) expect(readFileSync(join(CIRCUITS, file), 'utf8')).not.toContain('component main');
  });
});

describe('circom2 --inspect', () => {
  const ids = usersOf(0, 1) === 1 ? INSTANCES.map(({ id }) => id) : (['M-attested'] as const);

  test.each(ids)('behavior: every output of %s is read, but those that are explained', { timeout: 600_000 }, async (id) => {
    const warnings = await inspectCircuit(id);
    expect(warnings.filter((warning) => !ALLOWED.some((allowed) => allowed.test(warning)))).toEqual([]);
    // The inspection is on, and its words are the ones that are looked for.
    if (id === 'M-attested') expect(warnings).toHaveLength(4);
  });
});
