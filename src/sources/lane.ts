import { PlimsollError } from '../core/errors.ts';
import type { Surroundings } from './clock.ts';
import { AttemptFailed, attemptFailed, failureOfFetch } from './failure.ts';

/** How politely and how patiently one endpoint is asked. */
export interface RequestPolicy {
  /** Milliseconds that one attempt may take. */
  readonly attemptMs: number;
  /** Milliseconds that a request may take in all: waiting for its turn, attempts and pauses. */
  readonly deadlineMs: number;
  /** Milliseconds before the first repetition, at most; doubled each time. */
  readonly firstPauseMs: number;
  /** Milliseconds of the longest pause. */
  readonly longestPauseMs: number;
  /** Requests under way at once. */
  readonly concurrent: number;
  /** Requests a second, in the long run. */
  readonly perSecond: number;
  /** Requests that may start at once after a quiet time. */
  readonly burst: number;
}

/** Fits the public gateways' free plans. */
export const DEFAULT_POLICY: RequestPolicy = {
  attemptMs: 10_000,
  deadlineMs: 30_000,
  firstPauseMs: 250,
  longestPauseMs: 8_000,
  concurrent: 8,
  perSecond: 20,
  burst: 20,
};

/** One attempt of a request; `signal` aborts when its time is over. */
export type Attempt<T> = (signal: AbortSignal) => Promise<T>;

/** The way to one endpoint: its limits hold over everything that is sent through it. */
export interface Lane {
  /**
   * Sends a request, repeated with full jitter while that can help.
   *
   * @throws {PlimsollError} the report of the last attempt, or SOURCE_TIMEOUT
   */
  send<T>(attempt: Attempt<T>): Promise<T>;
}

/** Opens the way to one endpoint. `label` is its public name. */
export function createLane(label: string, policy: RequestPolicy, surroundings: Surroundings): Lane {
  const { clock, random } = surroundings;
  const turns = createTurns(policy.concurrent);
  const bucket = createBucket(policy, surroundings);

  async function send<T>(attempt: Attempt<T>): Promise<T> {
    const deadline = clock.now() + policy.deadlineMs;
    const tried = new Set<string>();
    for (let count = 0; ; count += 1) {
      const outcome = await sendOnce(attempt, deadline);
      if (!(outcome instanceof AttemptFailed)) return outcome.value;
      const pause = Math.max(outcome.retryAfterMs ?? 0, random() * Math.min(policy.longestPauseMs, policy.firstPauseMs * 2 ** count));
      if (outcome.retryAfterMs !== null) bucket.holdUntil(clock.now() + outcome.retryAfterMs);
      const spent = outcome.again === 'never' || (outcome.again === 'once' && tried.has(outcome.report.code));
      if (spent || clock.now() + pause >= deadline) throw outcome.report;
      tried.add(outcome.report.code);
      await clock.sleep(pause);
    }
  }

  async function sendOnce<T>(attempt: Attempt<T>, deadline: number): Promise<AttemptFailed | { readonly value: T }> {
    const leave = await enterBefore(deadline);
    if (leave === null) return timedOut(label);
    try {
      const wait = bucket.take();
      if (clock.now() + wait >= deadline) {
        return attemptFailed('SOURCE_RATE_LIMITED', label, 'its rate limit leaves no room before the deadline. Ask for less, or raise the limit.', 'never');
      }
      if (wait > 0) await clock.sleep(wait);
      return await timed(attempt, Math.min(policy.attemptMs, deadline - clock.now()));
    } finally {
      leave();
    }
  }

  async function timed<T>(attempt: Attempt<T>, ms: number): Promise<AttemptFailed | { readonly value: T }> {
    const over = new AbortController();
    const answered = new AbortController();
    const run = attempt(over.signal).then(
      (value) => ({ value }),
      (error: unknown) => failureOf(label, error),
    );
    const timer = clock.sleep(ms, answered.signal).then(() => timedOut(label));
    const outcome = await Promise.race([run, timer]);
    answered.abort();
    over.abort();
    return outcome;
  }

  async function enterBefore(deadline: number): Promise<(() => void) | null> {
    const ticket = turns.enter();
    if (ticket.now) return ticket.leave;
    const entered = new AbortController();
    const won = await Promise.race([ticket.turn.then(() => true), clock.sleep(deadline - clock.now(), entered.signal).then(() => false)]);
    entered.abort();
    if (won) return ticket.leave;
    ticket.leave();
    return null;
  }

  return { send };
}

interface Ticket {
  /** Whether the turn came at once. */
  readonly now: boolean;
  readonly turn: Promise<void>;
  /** Gives the turn, or the place in the queue, back. */
  readonly leave: () => void;
}

function createTurns(concurrent: number): { enter(): Ticket } {
  const waiting: (() => void)[] = [];
  let inside = 0;
  function enter(): Ticket {
    if (inside < concurrent) {
      inside += 1;
      return { now: true, turn: Promise.resolve(), leave: leaveOnce() };
    }
    const { promise, resolve } = Promise.withResolvers<void>();
    waiting.push(resolve);
    const leave = leaveOnce();
    return { now: false, turn: promise, leave: () => (withdraw(resolve) ? undefined : leave()) };
  }
  function withdraw(resolve: () => void): boolean {
    const at = waiting.indexOf(resolve);
    if (at >= 0) waiting.splice(at, 1);
    return at >= 0;
  }
  function leaveOnce(): () => void {
    let left = false;
    return () => {
      if (left) return;
      left = true;
      const next = waiting.shift();
      if (next === undefined) inside -= 1;
      else next();
    };
  }
  return { enter };
}

/**
 * A token bucket kept as one number, the time at which it is full again: every taker moves it on and learns its own wait, so that takers
 * are served in order.
 */
function createBucket(policy: RequestPolicy, { clock }: Surroundings): { take(): number; holdUntil(ms: number): void } {
  const spacing = 1_000 / policy.perSecond;
  let fullAt = Number.NEGATIVE_INFINITY;
  let heldUntil = Number.NEGATIVE_INFINITY;
  return {
    take() {
      const now = clock.now();
      fullAt = Math.max(fullAt, now) + spacing;
      return Math.max(0, fullAt - policy.burst * spacing - now, heldUntil - now);
    },
    holdUntil(ms) {
      heldUntil = Math.max(heldUntil, ms);
    },
  };
}

function failureOf(label: string, error: unknown): AttemptFailed {
  if (error instanceof AttemptFailed) return error;
  if (error instanceof PlimsollError) return new AttemptFailed(error, 'never');
  return failureOfFetch(label, error);
}

function timedOut(label: string): AttemptFailed {
  return attemptFailed('SOURCE_TIMEOUT', label, 'did not answer in time. Try again, or raise the time limit.', 'until-deadline');
}
