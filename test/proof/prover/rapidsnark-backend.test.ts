import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import * as z from 'zod';
import { isPlimsollError } from '../../../src/core/errors.ts';
import type { OpenedKeys } from '../../../src/proof/keys/load-keys.ts';
import { openRapidsnarkBackend } from '../../../src/proof/node/rapidsnark-backend.ts';
import { openGroth16Verifier } from '../../../src/proof/prover/verify-groth16.ts';
import { TINY_INPUTS, TINY_SIGNALS } from '../keys/tiny-circuit.ts';
import { openTinyKeys } from './open-tiny.ts';

const FAKE = new URL('./fakes/fake-rapidsnark.ts', import.meta.url).pathname;
const seenSchema = z.object({ mode: z.number(), folder: z.string(), files: z.array(z.string()), environment: z.array(z.string()) });

let keys: OpenedKeys;
let folder = '';
beforeAll(async () => {
  keys = await openTinyKeys();
  folder = mkdtempSync(join(tmpdir(), 'plimsoll-fake-'));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** A program that behaves in one way, and notes in `seen` what it was given. */
function program(behaviour: string): { readonly binary: string; readonly seen: () => z.infer<typeof seenSchema> } {
  const [binary, note] = [join(folder, behaviour), join(folder, `${behaviour}.json`)];
  writeFileSync(binary, `#!/bin/sh\nexec "${process.execPath}" "${FAKE}" "${behaviour}" "${note}" "$@"\n`);
  chmodSync(binary, 0o700);
  return { binary, seen: () => seenSchema.parse(JSON.parse(readFileSync(note, 'utf8'))) };
}

async function codeOf(work: Promise<unknown>): Promise<string> {
  const error: unknown = await work.then(
    () => null,
    (thrown: unknown) => thrown,
  );
  return isPlimsollError(error) ? error.code : String(error);
}

describe('openRapidsnarkBackend', () => {
  test('default: the program is given four files in a private folder, which is gone afterwards', async () => {
    const { binary, seen } = program('prove');
    const backend = openRapidsnarkBackend(binary);
    const stages: string[] = [];
    const { proof, publicSignals } = await backend.prove({ keys, inputs: TINY_INPUTS, onProgress: ({ stage }) => stages.push(stage) });
    expect(publicSignals).toEqual(TINY_SIGNALS);
    expect(openGroth16Verifier(keys.vkey)(proof, publicSignals)).toBe(true);
    expect(stages).toEqual(['load', 'witness', 'prove', 'done']);
    expect(seen()).toMatchObject({ mode: 0o700, files: ['circuit.zkey', 'witness.wtns', 'proof.json', 'public.json'] });
    expect(seen().environment).not.toContain('PATH');
    expect(existsSync(seen().folder)).toBe(false);
    await backend.close();
  });

  test.each([
    ['that fails', 'fail', 'PROVER_FAILED'],
    ['that writes no proof', 'nothing', 'PROVER_FAILED'],
    ['that writes something else', 'nonsense', 'INTERNAL'],
  ])('error: a program %s; its folder is gone as well', async (_, behaviour, code) => {
    const { binary, seen } = program(behaviour);
    expect(await codeOf(openRapidsnarkBackend(binary).prove({ keys, inputs: TINY_INPUTS }))).toBe(code);
    expect(existsSync(seen().folder)).toBe(false);
  });

  test('error: an aborted job ends the program and deletes its folder', async () => {
    const { binary, seen } = program('hang');
    const abort = new AbortController();
    const reason = new DOMException('not any more', 'AbortError');
    const job = openRapidsnarkBackend(binary).prove({ keys, inputs: TINY_INPUTS, signal: abort.signal });
    const ended = codeOf(job);
    while (!existsSync(`${binary}.json`)) await new Promise((resolve) => setTimeout(resolve, 20));
    abort.abort(reason);
    expect(await ended).toBe(String(reason));
    expect(existsSync(seen().folder)).toBe(false);
  });

  test('error: closing ends what runs', async () => {
    const { binary } = program('hang');
    rmSync(`${binary}.json`, { force: true });
    const backend = openRapidsnarkBackend(binary);
    const ended = codeOf(backend.prove({ keys, inputs: TINY_INPUTS }));
    while (!existsSync(`${binary}.json`)) await new Promise((resolve) => setTimeout(resolve, 20));
    await backend.close();
    expect(await ended).toBe('PROVER_FAILED');
    expect(await codeOf(backend.prove({ keys, inputs: TINY_INPUTS }))).toBe('PROVER_FAILED');
  });

  test('error: a path that is no program, a statement that does not hold', async () => {
    expect(await codeOf(openRapidsnarkBackend(join(folder, 'nowhere')).prove({ keys, inputs: TINY_INPUTS }))).toBe('INVALID_CONFIGURATION');
    expect(await codeOf(openRapidsnarkBackend(program('prove').binary).prove({ keys, inputs: { ...TINY_INPUTS, root: '8' } }))).toBe('STATEMENT_FALSE');
  });
});
