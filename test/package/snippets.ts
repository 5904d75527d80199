import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { listBlocks, README } from '../readme/read-readme.ts';

/** A TypeScript block of the README, with the name that its first line gives it. */
export interface Snippet {
  readonly file: string;
  readonly text: string;
}

/** Every TypeScript block of the README. @throws {TypeError} for one without a name: it would not be run */
export function listSnippets(): readonly Snippet[] {
  return listBlocks(README)
    .filter(({ language }) => language === 'ts')
    .map(({ text, line }) => {
      const [, file] = /^\/\/ ([a-z-]+\.ts)\b/.exec(text) ?? [];
      if (file === undefined) throw new TypeError(`The block in line ${line} of the README begins with no "// name.ts".`);
      return { file, text };
    });
}

/** Writes them into a project, each as it stands. */
export function writeSnippets(project: string): void {
  for (const { file, text } of listSnippets()) writeFileSync(join(project, file), `${text}\n`);
}
