import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { SCOPES } from '../../src/api/contract/operations.ts';
import { VARIABLES } from '../../src/config.ts';
import { README } from './read-readme.ts';

const source = (path: string): string => fileURLToPath(new URL(`../../src/${path}`, import.meta.url));
const CONFIG = readFileSync(source('config.ts'), 'utf8');
const COMMANDS = readdirSync(source('cli/commands'))
  .map((file) => readFileSync(join(source('cli/commands'), file), 'utf8'))
  .join('\n');
/** The first cell of each row of the README's tables, without its backticks. */
const firstCells = [...README.matchAll(/^\| (`.*?) \| /gm)].map(([, cell = '']) => cell);
/** npm's own, and those of scripts that are no command of the program. */
const OTHER_FLAGS = ['--no-package-lock', '--print'];

/** How the README writes a family of variables, by an example. */
function patternOf(name: string): RegExp {
  return new RegExp(`^${name.replace('<CHAIN>', '[0-9]+').replace('<DEPLOYMENT>', '[A-Z0-9_]+')}$`);
}

describe('variables', () => {
  const shown = firstCells.flatMap((cell) => [...cell.matchAll(/`([A-Z][A-Z0-9_]{5,})`/g)].map(([, name = '']) => name)).filter((name) => !README.includes(`\n| \`${name}\` | ${meaningOf(name)} |`));

  test('behavior: the README has every variable that is described, and no other', () => {
    expect(VARIABLES.map(([name]) => name).filter((name) => !shown.some((entry) => patternOf(name).test(entry)))).toEqual([]);
    expect(shown.filter((entry) => !VARIABLES.some(([name]) => patternOf(name).test(entry)))).toEqual([]);
    expect(shown.length).toBeGreaterThan(20);
  });

  test('behavior: every variable that is read is described, and every one that is described is read', () => {
    const read = [...CONFIG.matchAll(/(?:valueOf|listOf)\('([A-Z_]+)'\)/g)].map(([, name = '']) => name);
    const families = ['GRAPH_URL_<DEPLOYMENT>', 'RPC_URL_<CHAIN>', 'RPC_URL_<CHAIN>_SECOND'];
    expect([...new Set([...read, ...families])].toSorted()).toEqual(VARIABLES.map(([name]) => name).toSorted());
  });
});

describe('commands and flags', () => {
  const names = [...COMMANDS.matchAll(/program\s*\.command\('([a-z]+)/g)].map(([, name = '']) => name);

  test('behavior: the table has every command of the program, and no other', () => {
    const rows = README.slice(README.indexOf('| command | does |'), README.indexOf('`--json` prints one JSON document'));
    const shown = [...rows.matchAll(/^\| `([a-z]+)/gm)].map(([, name = '']) => name);
    expect(shown.toSorted()).toEqual(names.toSorted());
    expect(names.length).toBeGreaterThan(12);
  });

  test('behavior: every flag that the README names is one of the program', () => {
    const known = new Set([...[...COMMANDS.matchAll(/'(?:-[a-z], )?(--[a-z-]+)/g)].map(([, flag = '']) => flag), '--json', '--quiet', ...OTHER_FLAGS]);
    const named = [...README.matchAll(/`[^`\n]*`/g)].flatMap(([code]) => code.match(/(?<![\w-])--[a-z][a-z-]*/g) ?? []);
    expect([...new Set(named)].filter((flag) => !known.has(flag))).toEqual([]);
    expect(new Set(named).size).toBeGreaterThan(25);
  });

  test('behavior: the scopes of keys are all named', () => {
    expect(SCOPES.filter((scope) => !README.includes(`\`${scope}\``))).toEqual([]);
  });
});

/** Error codes look as variables do: their rows are those of another table. */
function meaningOf(name: string): string {
  const errors = README.slice(README.indexOf('<!-- errors -->'));
  return new RegExp(`^\\| \`${name}\` \\| (.*) \\|$`, 'm').exec(errors)?.[1] ?? ' ';
}
