/**
 * The development keys of every circuit: sha256 of each .zkey and vkey.json. Their secrets can be computed by anyone, so they are refused outside
 * development chains whatever a manifest says. Written by test/proof/keys/write-development-hashes.ts.
 */
export const DEVELOPMENT_HASHES: ReadonlySet<string> = new Set<string>([]);

/** alpha (first coordinate) of every key that was set up from the known tau: a key made from it stays insecure after any number of contributions. */
export const DEVELOPMENT_ALPHAS: ReadonlySet<bigint> = new Set<bigint>([]);
