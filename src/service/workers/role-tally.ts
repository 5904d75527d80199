import { Counter, Gauge } from 'prom-client';
import { type ErrorCode, InternalError, isPlimsollError, type PlimsollError } from '../../core/errors.ts';
import type { RoleContext, RoleHealth, RoleName } from './role.ts';

/** A failure as one of Plimsoll's own; what is none is a defect, told without its text. */
export function asPlimsollError(error: unknown): PlimsollError {
  if (isPlimsollError(error)) return error;
  return new InternalError(`an unexpected ${error instanceof Error ? error.name : 'failure'}`);
}

/** Counts what a role does, for health and metrics. */
export class RoleTally {
  readonly #role: RoleName;
  readonly #context: Pick<RoleContext, 'surroundings' | 'log'>;
  readonly #failures: Partial<Record<ErrorCode, number>> = {};
  readonly #rounds: Counter;
  readonly #failed: Counter<'code'>;
  #holds: readonly string[] = [];
  #lastSuccess: number | null = null;
  #lagMs: number | null = null;
  #trouble: string | null = null;

  constructor(role: RoleName, { registry, surroundings, log }: Pick<RoleContext, 'registry' | 'surroundings' | 'log'>) {
    this.#role = role;
    this.#context = { surroundings, log };
    const registers = [registry];
    const name = (what: string): string => `plimsoll_${role}_${what}`;
    this.#rounds = new Counter({ name: name('rounds_total'), help: `Rounds of ${role} that came to their end.`, registers });
    this.#failed = new Counter({ name: name('failures_total'), help: `Failures of ${role} by code.`, labelNames: ['code'], registers });
    const gauge = (what: string, help: string, read: () => number): Gauge =>
      new Gauge({
        name: name(what),
        help,
        registers,
        collect() {
          this.set(read());
        },
      });
    gauge('held', `Leases or jobs that ${role} holds.`, () => this.#holds.length);
    gauge('last_success_seconds', `Unix seconds at which ${role} last came to the end of a round; 0 before the first.`, () => (this.#lastSuccess ?? 0) / 1_000);
    gauge('lag_seconds', `Seconds that ${role} was behind when it last finished something.`, () => (this.#lagMs ?? 0) / 1_000);
  }

  /** A round came to its end, though some of the work cannot be done where there is `trouble`. `lagMs` is kept where absent. */
  succeeded(lagMs?: number | null, trouble: string | null = null): void {
    this.#rounds.inc();
    this.#lastSuccess = this.#context.surroundings.clock.now();
    this.#trouble = trouble;
    if (lagMs !== undefined) this.#lagMs = lagMs;
  }

  /** Counts a failure, tells it, and takes it for the role's trouble until a round succeeds. */
  failed(error: unknown): PlimsollError {
    const failure = asPlimsollError(error);
    this.#failures[failure.code] = (this.#failures[failure.code] ?? 0) + 1;
    this.#failed.inc({ code: failure.code });
    this.#trouble = failure.message;
    this.#context.log(`${this.#role}: ${failure.code}: ${failure.message}`);
    return failure;
  }

  /** Counts a failure that is part of the work: of one account, one delivery. */
  noted(code: ErrorCode): void {
    this.#failures[code] = (this.#failures[code] ?? 0) + 1;
    this.#failed.inc({ code });
  }

  holds(names: readonly string[]): void {
    this.#holds = names;
  }

  health(): RoleHealth {
    return { role: this.#role, lastSuccess: this.#lastSuccess, lagMs: this.#lagMs, holds: this.#holds, failures: { ...this.#failures }, trouble: this.#trouble };
  }
}
