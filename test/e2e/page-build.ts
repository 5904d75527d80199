import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';
import { ensurePage } from '../../src/cli/ensure-page.ts';

/** The built page: where the service serves it from. */
export const PAGE_FOLDER = fileURLToPath(new URL('../../dist/web/', import.meta.url));

/** Builds the page as `npm start` does: where it is missing, or older than its sources. */
export async function buildPage(): Promise<void> {
  await ensurePage(() => undefined);
}

/** A script of the build. */
export interface BuiltScript {
  readonly name: string;
  readonly gzipped: number;
  readonly text: string;
}

/** The scripts of some names, and every one that these load at once: what a browser fetches to show them. */
export function openedBy(...names: readonly string[]): readonly BuiltScript[] {
  const all = listScripts();
  const opened = new Set(all.filter(({ name }) => names.includes(name.replace(/-[\w-]{8}\.js$/, ''))));
  for (const { text } of opened) for (const script of all) if (new RegExp(`(?:from|import)\\s*"\\./${script.name.replaceAll('.', '\\.')}"`).test(text)) opened.add(script);
  return [...opened];
}

/** Every script of the build, with its size as a service sends it. */
export function listScripts(): readonly BuiltScript[] {
  const folder = join(PAGE_FOLDER, 'assets');
  return readdirSync(folder)
    .filter((name) => name.endsWith('.js'))
    .map((name) => {
      const bytes = readFileSync(join(folder, name));
      return { name, gzipped: gzipSync(bytes).length, text: bytes.toString('utf8') };
    });
}
