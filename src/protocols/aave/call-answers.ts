import { PlimsollError } from '../../core/errors.ts';
import type { Address } from '../../core/ids.ts';
import type { CallResult } from '../../core/source.ts';

/** Reads the chain's answers by key, with the error that a missing or odd one deserves. */
export class CallAnswers {
  readonly #calls: ReadonlyMap<string, CallResult>;
  readonly #where: string;

  constructor(calls: ReadonlyMap<string, CallResult>, where: string) {
    this.#calls = calls;
    this.#where = where;
  }

  /** The integer that a call returned. @throws {PlimsollError} CALL_FAILED */
  integer(key: string): bigint {
    const value = this.#first(key);
    if (typeof value === 'bigint') return value;
    throw this.#odd(key);
  }

  /** As {@link integer}, null where the call reverted or was not made: the contract may not have that function. */
  findInteger(key: string): bigint | null {
    return this.#calls.get(key)?.ok === true ? this.integer(key) : null;
  }

  /** The struct that a call returned, as an array of its fields. @throws {PlimsollError} CALL_FAILED */
  struct(key: string): readonly unknown[] {
    const value = this.#first(key);
    if (Array.isArray(value)) return value;
    throw this.#odd(key);
  }

  /** As {@link struct}, null where the call reverted or was not made. */
  findStruct(key: string): readonly unknown[] | null {
    return this.#calls.get(key)?.ok === true ? this.struct(key) : null;
  }

  /** All values that a call returned; null where it reverted or was not made. */
  findTuple(key: string): readonly unknown[] | null {
    const result = this.#calls.get(key);
    return result?.ok === true ? result.values : null;
  }

  /** The boolean that a call returned; null where it reverted or was not made. */
  findBoolean(key: string): boolean | null {
    const result = this.#calls.get(key);
    if (result?.ok !== true) return null;
    const [value] = result.values;
    if (typeof value === 'boolean') return value;
    throw this.#odd(key);
  }

  /** The address list that a call returned. @throws {PlimsollError} CALL_FAILED */
  addresses(key: string): readonly Address[] {
    return this.struct(key).map((entry) => {
      if (typeof entry !== 'string') throw this.#odd(key);
      return entry.toLowerCase() as Address;
    });
  }

  #first(key: string): unknown {
    const result = this.#calls.get(key);
    if (result?.ok === true) return result.values[0];
    const reason = result === undefined ? 'it was not asked' : result.reason;
    throw new PlimsollError('CALL_FAILED', `${this.#where}: the read "${key}" failed (${reason}). Check the endpoint; the account is left out until it answers.`, {
      call: key,
    });
  }

  #odd(key: string): PlimsollError {
    return new PlimsollError('MALFORMED_RESPONSE', `${this.#where}: the read "${key}" answered in an unexpected form.`, { call: key });
  }
}
