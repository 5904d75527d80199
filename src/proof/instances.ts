import { id } from 'ethers';
import { InvalidArgument, PlimsollError } from '../core/errors.ts';

/** Who vouches for the rows: one attestor's signature inside the circuit, or k of n signatures over the public commitment. */
export type ProofMode = 'attested' | 'committed';

/** A circuit of circuits/circuits.json. */
export interface Instance {
  readonly id: InstanceId;
  readonly mode: ProofMode;
  /** Rows that it holds; fewer are padded with zero rows. */
  readonly rows: number;
}

/** The four circuits. Each needs a ceremony of its own, so there are no more. */
export const INSTANCES = [
  { id: 'M-attested', mode: 'attested', rows: 30 },
  { id: 'L-attested', mode: 'attested', rows: 64 },
  { id: 'S-committed', mode: 'committed', rows: 16 },
  { id: 'M-committed', mode: 'committed', rows: 30 },
] as const;

export type InstanceId = (typeof INSTANCES)[number]['id'];

/** Accounts that one vector can hold, in every circuit. */
export const UNITS = 16;

/**
 * The circuit of an id.
 *
 * @throws {InvalidArgument} listing the ids there are.
 */
export function getInstance(instance: string): Instance {
  const found = INSTANCES.find((entry) => entry.id === instance);
  if (found === undefined) throw new InvalidArgument(`There is no circuit of that name. Write one of ${INSTANCES.map((entry) => entry.id).join(', ')}.`);
  return found;
}

/**
 * The smallest circuit of a mode that holds the rows.
 *
 * @throws {PlimsollError} ROWS_DO_NOT_FIT
 */
export function chooseInstance(mode: ProofMode, rows: number): Instance {
  const fitting = INSTANCES.filter((entry) => entry.mode === mode && entry.rows >= rows).toSorted((a, b) => a.rows - b.rows);
  const [smallest] = fitting;
  if (smallest === undefined) {
    const largest = Math.max(...INSTANCES.filter((entry) => entry.mode === mode).map((entry) => entry.rows));
    throw new PlimsollError('ROWS_DO_NOT_FIT', `The wallet takes ${rows} rows; the largest ${mode} circuit holds ${largest}. Prove about fewer protocols or chains (--chain).`, { rows, largest });
  }
  return smallest;
}

/** The id of a circuit in `domain` and in the contracts: keccak256 of `plimsoll/<instance>@1`, 32 bytes as hex. */
export function circuitId(instance: InstanceId): string {
  return id(`plimsoll/${instance}@1`);
}
