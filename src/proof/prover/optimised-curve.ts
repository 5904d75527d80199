import { OPTIMISED_GZIPPED } from './curve-module.ts';

/** The bytes of the optimised curve module; a test holds them to their hash. */
export async function readOptimisedCurve(): Promise<Uint8Array<ArrayBuffer>> {
  const gzipped = new Blob([Uint8Array.from(atob(OPTIMISED_GZIPPED), (character) => character.charCodeAt(0))]);
  return new Uint8Array(await new Response(gzipped.stream().pipeThrough(new DecompressionStream('gzip'))).arrayBuffer());
}
