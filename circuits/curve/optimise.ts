import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { getCurveFromName } from 'ffjavascript';
import { InternalError } from '../../src/core/errors.ts';
import { optimiseWasm } from '../wasm-opt.ts';

/** The curve module as ffjavascript builds it, before it is compiled. */
export async function buildOriginalModule(): Promise<Uint8Array> {
  const built: Uint8Array[] = [];
  await getCurveFromName('bn128', true, (builder) => {
    const original = builder.build();
    built.push(original);
    builder.build = () => original;
  });
  const [module] = built;
  if (module === undefined) throw new InternalError('ffjavascript built no curve module.');
  return module;
}

/** The module after `wasm-opt -O3`. `-O2` does not recover what Node 24 loses. */
export async function optimiseModule(original: Uint8Array): Promise<Uint8Array> {
  const folder = mkdtempSync(join(tmpdir(), 'plimsoll-curve-'));
  try {
    const [from, to] = [join(folder, 'original.wasm'), join(folder, 'optimised.wasm')];
    writeFileSync(from, original);
    await optimiseWasm(from, to, '-O3');
    return readFileSync(to);
  } finally {
    rmSync(folder, { recursive: true });
  }
}
