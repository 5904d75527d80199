import type { LinearModel, RowBlock } from './linear-model.ts';
import type { LpChanges, LpResult, MipOptions, MipResult } from './solve.ts';

/** What the solver's thread is asked; `session` names an open model. */
export type SolverRequest =
  | { readonly kind: 'open'; readonly session: number; readonly model: LinearModel }
  | { readonly kind: 'add-rows'; readonly session: number; readonly rows: RowBlock }
  | { readonly kind: 'lp'; readonly session: number; readonly changes: LpChanges }
  | { readonly kind: 'mip'; readonly session: number; readonly options: MipOptions }
  | { readonly kind: 'close'; readonly session: number };

/** What it answers: the result of a solve, nothing, or a message that says what failed. */
export type SolverReply =
  | { readonly kind: 'done' }
  | { readonly kind: 'lp'; readonly result: LpResult }
  | { readonly kind: 'mip'; readonly result: MipResult }
  | { readonly kind: 'failed'; readonly message: string };
