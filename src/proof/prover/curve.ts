import { type Bn128, getCurveFromName } from 'ffjavascript';
import { OPTIMISED_FROM } from './curve-module.ts';
import { readOptimisedCurve } from './optimised-curve.ts';

/** BN254 as snarkjs computes with it. */
export type Curve = Bn128;

declare global {
  /** Where snarkjs looks for a curve before it builds one; ffjavascript writes null there when it is loaded. */
  var curve_bn128: Bn128 | null | undefined;
}

/**
 * Builds the curve that snarkjs proves and verifies with, and leaves it where snarkjs looks for one. A curve that is there already is returned as it is, so call this
 * before anything of snarkjs, and once per thread.
 *
 * Its WebAssembly is ffjavascript's own module after `wasm-opt -O3`, against releases of V8 that compile the original badly. It is no slower on any of Node 20 to 26, and on
 * the machine where that was measured no faster either. Where another release of ffjavascript builds another module than the one that was optimised, that one is used.
 *
 * @param options singleThread: compute in this thread, without workers of its own (a browser under a strict content security policy needs that)
 * @example
 * ```ts
 * const curve = await openCurve({ singleThread: false });
 * const { proof } = await groth16.prove(zkey, witness);
 * await curve.terminate(); // its threads would keep the process alive
 * ```
 */
export async function openCurve(options: { readonly singleThread: boolean }): Promise<Curve> {
  const open = globalThis.curve_bn128;
  if (open !== null && open !== undefined) return open;
  const curve = (await openOptimised(options.singleThread)) ?? (await getCurveFromName('bn128', options.singleThread));
  globalThis.curve_bn128 = curve;
  return curve;
}

/** Null where the module that was optimised is not the one that ffjavascript builds, or no hash can be computed to tell (a page without https). */
async function openOptimised(singleThread: boolean): Promise<Curve | null> {
  const optimised = await readOptimisedCurve();
  let original: Uint8Array<ArrayBuffer> = new Uint8Array();
  const curve = await getCurveFromName('bn128', singleThread, (builder) => {
    original = builder.build();
    builder.build = () => optimised;
  });
  if ((await hashOrNull(original)) === OPTIMISED_FROM) return curve;
  await curve.terminate();
  return null;
}

async function hashOrNull(bytes: Uint8Array<ArrayBuffer>): Promise<string | null> {
  const subtle = globalThis.crypto.subtle as typeof globalThis.crypto.subtle | undefined;
  if (subtle === undefined) return null;
  const hash = new Uint8Array(await subtle.digest('SHA-256', bytes));
  return `0x${Array.from(hash, (byte) => byte.toString(16).padStart(2, '0')).join('')}`;
}
