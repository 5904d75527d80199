import type { Config } from '../../config.ts';
import type { ErrorCode, ErrorFields } from '../../core/errors.ts';
import type { PlanRequest } from '../../service/plan/request.ts';

/** What is to be done with a Portfolio from elsewhere. `text` is the body of the request, checked to be strict JSON. */
export type DocumentTask =
  | { readonly kind: 'health'; readonly text: string; readonly shock: string | null; readonly bands: Config['bands'] }
  | { readonly kind: 'plan'; readonly text: string; readonly request: PlanRequest; readonly config: Config };

/** What came of it: the answer as JSON text, a refusal, or a defect. */
export type DocumentOutcome =
  | { readonly kind: 'answer'; readonly json: string }
  | { readonly kind: 'refused'; readonly code: ErrorCode; readonly message: string; readonly fields: ErrorFields }
  | { readonly kind: 'defect'; readonly name: string; readonly stack: string };
