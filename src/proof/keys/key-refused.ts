import { PlimsollError } from '../../core/errors.ts';

/** Why a key was refused, for programs. */
export type KeyRefusal = 'manifest' | 'unknown-instance' | 'hash' | 'development' | 'form' | 'public-signals' | 'point' | 'no-contribution' | 'mismatch' | 'ceremony';

/** A proving or verification key is not the one that the manifest names, or is not fit for use here. */
export class KeyRefused extends PlimsollError {
  readonly refusal: KeyRefusal;

  constructor(refusal: KeyRefusal, message: string, fields: Readonly<Record<string, string | number>> = {}) {
    super('KEY_REFUSED', message, { refusal, ...fields });
    this.refusal = refusal;
  }
}
