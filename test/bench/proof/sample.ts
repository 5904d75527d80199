import { getInstance, type InstanceId } from '../../../src/proof/instances.ts';
import type { CircuitInputs } from '../../../src/proof/prover/backend.ts';
import type { Row } from '../../../src/proof/row.ts';
import { assign, inputsOf } from '../../circuits/statement-case.ts';

const MARKETS = [11n, 12n, 13n, 14n];
const ETHER = 10n ** 18n;

/** A breach over every row that the circuit has: as much work as it can be given. */
export function sampleInputs(instance: InstanceId): CircuitInputs {
  const { rows } = getInstance(instance);
  const claim = { lowerPpm: 0, upperPpm: 1_000_000, minDeficitCents: 100n };
  return inputsOf(instance, assign(instance, { rows: Array.from({ length: rows }, (_, at) => sampleRow(at)), unitTable: MARKETS, unit: 0, scope: 0n, claim }));
}

/** Collateral at two thirds, a debt as large as the collateral: health factor about 0.8. */
function sampleRow(at: number): Row {
  const unit = at % MARKETS.length;
  if (at % 2 === 0) return { amount: 3n * ETHER + BigInt(at), price: 3_000n * 10n ** 10n, weight: 800_000n, unit, side: 0 };
  return { amount: 9_000n * 10n ** 6n + BigInt(at), price: 10n ** 22n, weight: 1_000_000n, unit, side: 1 };
}
