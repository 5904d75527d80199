/** What snarkjs is asked to do in a ceremony. Paths are files; `out` is written. */
export type SnarkjsStep =
  | { readonly kind: 'new'; readonly r1cs: string; readonly ptau: string; readonly out: string }
  | { readonly kind: 'contribute'; readonly from: string; readonly out: string; readonly name: string; readonly entropy: string }
  | { readonly kind: 'beacon'; readonly from: string; readonly out: string; readonly name: string; readonly hash: string; readonly iterations: number }
  | { readonly kind: 'verify'; readonly r1cs: string; readonly ptau: string; readonly zkey: string }
  | { readonly kind: 'export'; readonly zkey: string };

/** What it answers: bytes of a hash, whether a key is sound, or an exported key. */
export type SnarkjsAnswer = { readonly kind: 'hash'; readonly hash: Uint8Array } | { readonly kind: 'verdict'; readonly isSound: boolean } | { readonly kind: 'vkey'; readonly text: string };

/** What the thread tells. */
export type SnarkjsReport = { readonly kind: 'log'; readonly text: string } | { readonly kind: 'failed'; readonly message: string } | SnarkjsAnswer;
