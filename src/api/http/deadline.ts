import { PlimsollError } from '../../core/errors.ts';
import type { Surroundings } from '../../sources/clock.ts';

/** Settles as the work does, or fails once the signal aborts: then nobody waits for it any longer. */
export function beforeAbort<Result>(work: Promise<Result>, signal: AbortSignal): Promise<Result> {
  if (signal.aborted) {
    work.catch(() => {});
    return Promise.reject(tooLate());
  }
  const { promise, resolve, reject } = Promise.withResolvers<Result>();
  const abort = (): void => reject(tooLate());
  signal.addEventListener('abort', abort, { once: true });
  work.then(resolve, reject).finally(() => signal.removeEventListener('abort', abort));
  return promise;
}

/** The network of a piece of work: once the signal aborts, requests end and pauses too. */
export function abortable(surroundings: Surroundings, signal: AbortSignal): Surroundings {
  const { clock, fetch } = surroundings;
  const within = (other: AbortSignal | null | undefined): AbortSignal => (other === null || other === undefined ? signal : AbortSignal.any([other, signal]));
  return {
    ...surroundings,
    fetch: (input, init) => (signal.aborted ? Promise.reject(tooLate()) : fetch(input, { ...init, signal: within(init?.signal) })),
    clock: { now: () => clock.now(), sleep: (ms, other) => clock.sleep(ms, within(other)) },
  };
}

function tooLate(): PlimsollError {
  return new PlimsollError('DEADLINE_EXCEEDED', 'This took longer than a request may, and was broken off. Ask for less, or later.');
}
