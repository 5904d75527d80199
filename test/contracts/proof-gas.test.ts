import { describe, expect, test } from 'vitest';
import { measureSubmitGas } from './measure-submit-gas.ts';

/** Seen with solc 0.8.27 through its IR, on a chain of 2025 (prague); a proof's own bytes make some 50 of a difference. */
const LIMITS = { 'M-attested': 310_000, 'S-committed': 330_000 } as const;

describe(measureSubmitGas, () => {
  test.each(Object.entries(LIMITS))('default: a breach by %s costs at most %i', { timeout: 600_000 }, async (instance, limit) => {
    const gas = await measureSubmitGas(instance as keyof typeof LIMITS);
    process.stdout.write(
      `${instance}: submitBreach ${gas.direct} gas, with another attestor registry ${gas.otherAttestors}, as a margin call of the pool ${gas.marginCall}; an estimate on the bare verifier says ${gas.verifierEstimate}\n`,
    );
    expect(gas.direct).toBeLessThanOrEqual(limit);
    expect(gas.otherAttestors).toBeLessThanOrEqual(limit + 5_000);
    expect(gas.marginCall).toBeLessThanOrEqual(limit + 55_000);
    expect(gas.verifierEstimate).toBeLessThan(gas.direct / 2);
  });
});
