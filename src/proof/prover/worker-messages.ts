import type { CircuitInputs, Groth16Proof, ProveProgress } from './backend.ts';

/** What a prover's worker is asked. Keys are sent once and known by `keys` afterwards. */
export type ProverRequest =
  | { readonly kind: 'load'; readonly keys: string; readonly wasm: Uint8Array; readonly zkey: Uint8Array }
  | { readonly kind: 'prove'; readonly keys: string; readonly inputs: CircuitInputs };

/** What it answers: any number of `progress`, then one of the others. */
export type ProverReply =
  | { readonly kind: 'progress'; readonly progress: ProveProgress }
  | { readonly kind: 'loaded' }
  | { readonly kind: 'proof'; readonly proof: Groth16Proof }
  /** `message` is one of Plimsoll's own; other failures are told as `stopped`, without their text: it may hold values. */
  | { readonly kind: 'failed'; readonly code: 'STATEMENT_FALSE' | 'INTERNAL'; readonly message: string }
  | { readonly kind: 'stopped' };
