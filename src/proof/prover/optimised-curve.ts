import { decodeBase64 } from 'ethers';
import { OPTIMISED_GZIPPED } from './curve-module.ts';

/** The bytes of the optimised curve module; a test holds them to their hash. */
export async function readOptimisedCurve(): Promise<Uint8Array<ArrayBuffer>> {
  const gzipped = new Blob([new Uint8Array(decodeBase64(OPTIMISED_GZIPPED))]);
  return new Uint8Array(await new Response(gzipped.stream().pipeThrough(new DecompressionStream('gzip'))).arrayBuffer());
}
