import { InvalidFile, PlimsollError } from '../../../core/errors.ts';

/** A step of a ceremony cannot be taken with these files or numbers. The message says what to do. */
export function refuseStep(problem: string): PlimsollError {
  return new PlimsollError('KEY_REFUSED', problem);
}

/** A file of a ceremony that cannot be read or written. */
export function unusable(path: string, problem: string, cause?: unknown): InvalidFile {
  return new InvalidFile(`${path} ${problem}`, { file: path }, { cause });
}
