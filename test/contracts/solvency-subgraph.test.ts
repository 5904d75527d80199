import { execFile } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execPath } from 'node:process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { describe, expect, test } from 'vitest';
import { createDocuments } from '../../src/sources/documents.ts';
import { parseEntityModel } from '../../src/sources/recorded/entity-model.ts';

const FOLDER = fileURLToPath(new URL('../../subgraphs/solvency-registry/', import.meta.url));
const GRAPH = join(FOLDER, 'node_modules/@graphprotocol/graph-cli/bin/run.js');
const isInstalled = existsSync(GRAPH);
const INSTALL = 'npm install --prefix subgraphs/solvency-registry';
const manifest = readFileSync(join(FOLDER, 'subgraph.yaml'), 'utf8');

const run = promisify(execFile);

interface EventAbi {
  readonly name: string;
  readonly inputs: readonly { readonly type: string; readonly indexed: boolean }[];
}

describe('subgraphs/solvency-registry', () => {
  test.skipIf(!isInstalled)(`default: codegen and build go through, from the installed packages alone${isInstalled ? '' : ` (skipped: ${INSTALL})`}`, { timeout: 300_000 }, async () => {
    const output = await mkdtemp(join(tmpdir(), 'solvency-subgraph-'));
    try {
      await run(execPath, [GRAPH, 'codegen'], { cwd: FOLDER });
      await run(execPath, [GRAPH, 'build', '--output-dir', output], { cwd: FOLDER });
      expect((await readdir(output, { recursive: true })).filter((name) => name.endsWith('.wasm')).toSorted()).toEqual([
        'AttestorRegistry/AttestorRegistry.wasm',
        'SolvencyRegistry/SolvencyRegistry.wasm',
      ]);
    } finally {
      await rm(output, { recursive: true });
    }
  });

  test('behavior: every event of the registries is handled', () => {
    const handled = new Set([...manifest.matchAll(/- event: (.+)/g)].map(([, event = '']) => event));
    const abi = JSON.parse(readFileSync(join(FOLDER, 'abis/SolvencyRegistry.json'), 'utf8')) as readonly EventAbi[];
    const signatures = abi.map(({ name, inputs }) => `${name}(${inputs.map(({ type, indexed }) => `${indexed ? 'indexed ' : ''}${type}`).join(',')})`);
    expect([...handled].toSorted()).toEqual(signatures.toSorted());
  });

  test('behavior: every entity of the schema is written by a data source, and the reader’s excerpt is the schema itself', () => {
    const { entities } = parseEntityModel(createDocuments().schema('solvency-registry'));
    const written = [...manifest.matchAll(/^ {8}- ([A-Z]\w+)$/gm)].map(([, name = '']) => name);
    expect(written.toSorted()).toEqual([...entities.keys()].toSorted());
  });

  test('behavior: the lockfile names no place to download from', () => {
    expect(readFileSync(join(FOLDER, 'package-lock.json'), 'utf8')).not.toContain('"resolved"');
  });
});
