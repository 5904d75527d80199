import { readdirSync, readFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';

/** An `@example` of a doc comment. */
export interface Example {
  /** From the root, as in `src/core/ids.ts`. */
  readonly file: string;
  /** Its place among those of the file, from 0. */
  readonly place: number;
  readonly text: string;
}

export const ROOT = fileURLToPath(new URL('../../', import.meta.url));
const EXAMPLE = /@example\n((?: *\* ?.*\n)+?) *\* ?```\s*$/gm;
const EXPORT = /^export (?:async )?(function\*?|const|class|type|interface) ([A-Za-z_$][\w$]*)/gm;
const WORD = /(?<![.\w$'"])[A-Za-z_$][\w$]*/g;
/** `expression; // value`, or `// value: in words`. */
const SHOWN = /^(?!const |let |if |await |\/\/)(.+?); \/\/ (true|false|null|-?[0-9][0-9_]*n?|'[^']*'|[[{].*[\]}])(?:: .*)?$/;

const sources: ReadonlyMap<string, string> = new Map(
  readdirSync(join(ROOT, 'src'), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && entry.name.endsWith('.ts') && !entry.name.endsWith('.d.ts') && !entry.parentPath.includes('/web'))
    .map((entry) => join(entry.parentPath, entry.name))
    .map((path) => [relative(ROOT, path), readFileSync(path, 'utf8')]),
);

/** Every example of `src`, the page's aside. */
export function listExamples(): readonly Example[] {
  return [...sources].flatMap(([file, source]) => [...source.matchAll(EXAMPLE)].map(([, lines = ''], place) => ({ file, place, text: textOf(lines) })));
}

/** How many examples there are, counted another way. */
export function countExamples(): number {
  return [...sources.values()].reduce((count, source) => count + (source.match(/\* @example/g) ?? []).length, 0);
}

function textOf(lines: string): string {
  const [fence, ...code] = lines
    .trimEnd()
    .split('\n')
    .map((line) => line.replace(/^ *\* ?/, ''));
  if (fence !== '```ts') throw new TypeError(`An example does not begin with a ts block: ${fence}`);
  return code.join('\n');
}

/** An example as a module: what it uses is imported from where it is exported, or declared by `context`. */
export function toModule({ file, text }: Example, context: string): string {
  return [...importsFor(file, `${context}\n${text}`, false), context, `export async function example(): Promise<void> {\n${text}\n}`, ''].join('\n');
}

/** An example as a module that tells each value it shows, with the one that it has. */
export function toRunnable({ file, text }: Example, imports: string): string {
  const body = text.split('\n').map((line) => line.replace(SHOWN, (_, expression: string, value: string) => `tell(${JSON.stringify(expression)}, ${expression}, ${value});`));
  return [...importsFor(file, `${imports}\n${text}`, true), imports, `export async function run(tell) {\n${body.join('\n')}\n}`, ''].join('\n');
}

/** How many values an example shows in a form that can be compared. */
export function countShown({ text }: Example): number {
  return text.split('\n').filter((line) => SHOWN.test(line) && !line.includes('…')).length;
}

function importsFor(file: string, text: string, valuesOnly: boolean): readonly string[] {
  const code = text.replaceAll(/\/\/.*$/gm, '').replaceAll(/'[^'\n]*'/g, "''");
  const given = [...code.matchAll(/^declare .*$/gm)].flatMap(([line]) => [...line.matchAll(/([\w$]+): /g)].map(([, name = '']) => name));
  const own = [...code.matchAll(/(?:const|let) \{?([\w$, ]+)/g), ...code.matchAll(/import \{([^}]+)\}/g)].flatMap(([, names = '']) => names.split(/[ ,]+/));
  const declared = new Set([...given, ...own]);
  const used = new Set(code.match(WORD) ?? []);
  return [...used].flatMap((name) => {
    const home = declared.has(name) ? undefined : homeOf(name, file, valuesOnly);
    return home === undefined ? [] : [`import { ${name} } from '${join(ROOT, home)}';`];
  });
}

/** The file that exports a name: the example's own before all others. */
function homeOf(name: string, own: string, valuesOnly: boolean): string | undefined {
  const isThere = (file: string): boolean => [...(sources.get(file) ?? '').matchAll(EXPORT)].some(([, kind = '', exported]) => exported === name && !(valuesOnly && /^(?:type|interface)$/.test(kind)));
  return isThere(own) ? own : [...sources.keys()].find(isThere);
}
