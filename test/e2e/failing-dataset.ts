import { cpSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const RECORDED = fileURLToPath(new URL('../../subgraphs/recorded/constructed-wallet/', import.meta.url));

/** A copy of the constructed wallet's data in which one subgraph reports indexing errors. @returns its folder, which the caller deletes */
export function copyWithFailingSubgraph(file: string): string {
  const folder = mkdtempSync(join(tmpdir(), 'plimsoll-failing-'));
  cpSync(RECORDED, folder, { recursive: true });
  const path = join(folder, file);
  writeFileSync(path, readFileSync(path, 'utf8').replaceAll('"hasIndexingErrors": false', '"hasIndexingErrors": true'));
  return folder;
}
