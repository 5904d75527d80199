import type { Registry } from 'prom-client';
import type { Config } from '../../config.ts';
import type { ErrorCode } from '../../core/errors.ts';
import type { Surroundings } from '../../sources/clock.ts';
import type { Database } from '../../store/database.ts';

/** What a worker can do. */
export const ROLES = ['sync', 'watch', 'prove', 'attest', 'notify'] as const;

/** @see {@link ROLES} */
export type RoleName = (typeof ROLES)[number];

/** What every role is given. The database is shared by all roles of a process; whoever opened it closes it. */
export interface RoleContext {
  readonly config: Config;
  readonly database: Database;
  /** A name that no other process has: leases are held under it. */
  readonly holder: string;
  readonly surroundings: Surroundings;
  /** Metrics of this process; a role registers its own, prefixed `plimsoll_<role>_`. */
  readonly registry: Registry;
  /** One line about what happened: no wallet, no amount, no secret. */
  readonly log: (line: string) => void;
}

/** How the mirror of a deployment is. */
export interface DeploymentHealth {
  readonly deployment: string;
  /** Milliseconds since the newest block at which it was whole; null where there is none. */
  readonly lagMs: number | null;
  /** Why its last round failed; null where it did not. */
  readonly trouble: string | null;
}

/** How a role is doing. */
export interface RoleHealth {
  readonly role: RoleName;
  /** Unix milliseconds of the last round that came to its end; null before the first. */
  readonly lastSuccess: number | null;
  /** Milliseconds that the role's newest finished work lags behind what it should have done; null where it knows of nothing to do. */
  readonly lagMs: number | null;
  /** Names of leases or jobs that it holds. */
  readonly holds: readonly string[];
  /** Failures since the start by code. */
  readonly failures: Readonly<Partial<Record<ErrorCode, number>>>;
  /** Why the role cannot do its work now; null while it can. */
  readonly trouble: string | null;
  /** sync: each of its deployments. */
  readonly deployments?: readonly DeploymentHealth[];
}

/** A role that runs until it is stopped. */
export interface RunningRole {
  health(): RoleHealth;
  /** Takes nothing new, finishes or hands back what it holds, gives its leases back. */
  stop(): Promise<void>;
}

/** Starts a role. @throws {PlimsollError} where it can never run with this configuration */
export type StartRole = (context: RoleContext) => Promise<RunningRole>;
