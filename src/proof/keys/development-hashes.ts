/**
 * The development keys of every circuit: sha256 of each .zkey and vkey.json. Their secrets can be computed by anyone, so they are refused outside
 * development chains whatever a manifest says. Written by test/proof/keys/write-development-hashes.ts.
 */
export const DEVELOPMENT_HASHES: ReadonlySet<string> = new Set([
  // M-attested: circuit.zkey, vkey.json
  'dfed97c883616da289528e51a4e51625950cb89938881bfef1d202f00c164163',
  '74fb7ac9772c8c59bc3954b9ba2ab663ebafa3e89812d0425a7e4a6b76ae5a42',
  // L-attested: circuit.zkey, vkey.json
  'f61464de3dd9b230bc8319ea060ed0611abc927081e5864caaa23c78f12c3562',
  'e350f9b305f22a9a728b7fadace456ab464b5139ee9283031c4f808d2f7a8026',
  // S-committed: circuit.zkey, vkey.json
  '94112909e2596116f969d23ff2e125d44dd550085625587496f16841daef161a',
  '664846b128d8690da430f0481a20f3273de5de9786a6e6a6481b551941bbae2a',
  // M-committed: circuit.zkey, vkey.json
  '550f8d50c72330ad14c6b86b49830b7713bff522e0ae17139c56a16b127ec34c',
  'd42c8e288aab893712cd8fc28f6067fc8b8be717d1ceef67a3c74cc4aa97b11c',
]);

/** alpha (first coordinate) of every key that was set up from the known tau: a key made from it stays insecure after any number of contributions. */
export const DEVELOPMENT_ALPHAS: ReadonlySet<bigint> = new Set([1864875107951612902765634273856579545540166377521444590148509714093402731688n]);
