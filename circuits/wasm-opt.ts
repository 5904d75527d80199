import { execFile } from 'node:child_process';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';

const BINARYEN = dirname(createRequire(import.meta.url).resolve('binaryen/package.json'));

/**
 * Runs binaryen's wasm-opt over a file. It is itself a WebAssembly program, so the result is the same on every machine.
 *
 * @param level `-O3` for speed, `-Oz` for size; only features of WebAssembly's first version are used, since `-all` makes modules that Node refuses
 */
export async function optimiseWasm(from: string, to: string, level: '-O3' | '-Oz'): Promise<void> {
  await promisify(execFile)(process.execPath, [join(BINARYEN, 'bin', 'wasm-opt'), level, '--mvp-features', from, '-o', to]);
}
