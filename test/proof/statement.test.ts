import fc from 'fast-check';
import { beforeAll, describe, expect, test } from 'vitest';
import { isPlimsollError } from '../../src/core/errors.ts';
import type { Attestation } from '../../src/proof/attestation.ts';
import { packClaim, UNBOUNDED, unpackClaim } from '../../src/proof/claim.ts';
import { FIELD_MODULUS } from '../../src/proof/field.ts';
import { evaluateStatement } from '../../src/proof/reference.ts';
import { packRow, padRows, type Row } from '../../src/proof/row.ts';
import { marketId, packScope, unpackScope } from '../../src/proof/scope.ts';
import { buildStatement, type StatementRequest } from '../../src/proof/statement.ts';
import { attestRecorded, SECRET } from './subjects.ts';

let healthy: Attestation;
let insolvent: Attestation;

beforeAll(async () => {
  healthy = await attestRecorded('constructed');
  insolvent = await attestRecorded('insolvent');
});

const REQUEST: StatementRequest = {
  chainId: 31_337,
  consumer: '0x00000000000000000000000000000000000000aa',
  recipient: '0x00000000000000000000000000000000000000bb',
  deadline: 1_800_000_000n,
  claim: { lowerPpm: 0, upperPpm: 1_000_000, minDeficitCents: 0n },
  scope: { kind: 'unified' },
};
const SOLVENT = { lowerPpm: 1_000_000, upperPpm: null, minDeficitCents: 0n } as const;
const reasonOf = (attestation: Attestation, changes: Partial<StatementRequest>, secret = SECRET): string => {
  try {
    buildStatement(attestation, secret, { ...REQUEST, ...changes });
    return 'holds';
  } catch (error) {
    return isPlimsollError(error) ? `${error.code}: ${error.message}` : String(error);
  }
};

describe('buildStatement', () => {
  test('default: a breach of the insolvent wallet, solvency of the healthy one, in every scope', () => {
    for (const [attestation, claim] of [
      [insolvent, REQUEST.claim],
      [healthy, SOLVENT],
    ] as const) {
      const market = attestation.units[0]?.market;
      if (market === undefined) throw new TypeError('no account');
      for (const scope of [{ kind: 'unified' }, { kind: 'hidden' }, { kind: 'market', marketId: marketId(market) }] as const) expect(reasonOf(attestation, { claim, scope })).toBe('holds');
    }
  });

  test('error: STATEMENT_FALSE for what does not hold, without a number', () => {
    expect(reasonOf(healthy, {})).toMatch(/STATEMENT_FALSE.*not below the upper end/);
    expect(reasonOf(insolvent, { claim: SOLVENT })).toMatch(/STATEMENT_FALSE.*below the band/);
    expect(reasonOf(insolvent, { claim: { ...REQUEST.claim, minDeficitCents: 10n ** 12n } })).toMatch(/STATEMENT_FALSE.*deficit/);
    expect(reasonOf(insolvent, { scope: { kind: 'market', marketId: 12_345n } })).toMatch(/STATEMENT_FALSE.*not in the market/);
    expect(reasonOf(healthy, { claim: { ...REQUEST.claim, upperPpm: 0 } })).toMatch(/STATEMENT_FALSE/);
  });

  test('behavior: a hidden scope finds the account for which the claim holds', () => {
    // Only the GMX account is below 1.1.
    expect(reasonOf(healthy, { claim: { lowerPpm: 0, upperPpm: 1_100_000, minDeficitCents: 0n } })).toMatch(/STATEMENT_FALSE/);
    const { inputs } = buildStatement(healthy, SECRET, { ...REQUEST, claim: { lowerPpm: 0, upperPpm: 1_100_000, minDeficitCents: 0n }, scope: { kind: 'hidden' } });
    expect(healthy.units[Number(inputs['u'])]?.market.protocol).toBe('gmx-v2');
  });

  test('error: ATTESTATION_REFUSED for the secret of somebody else', () => {
    expect(reasonOf(healthy, {}, SECRET + 1n)).toMatch(/ATTESTATION_REFUSED.*secret/);
  });

  test('behavior: the nullifier stays the same with another deadline or recipient, and changes with consumer, chain, snapshot and scope', () => {
    const nullifier = (changes: Partial<StatementRequest>, attestation = insolvent): bigint => buildStatement(attestation, SECRET, { ...REQUEST, ...changes }).signals.nullifier;
    const reference = (changes: Partial<StatementRequest>, attestation = insolvent): bigint => buildStatement(attestation, SECRET, { ...REQUEST, ...changes }).signals.accountRef;
    const first = nullifier({});
    expect(nullifier({ deadline: 1n })).toBe(first);
    expect(nullifier({ recipient: REQUEST.consumer })).toBe(first);
    expect(nullifier({ claim: { ...REQUEST.claim, upperPpm: 900_000 } })).toBe(first);
    for (const changes of [{ consumer: REQUEST.recipient }, { chainId: 1 }, { scope: { kind: 'hidden' } }] as const) expect(nullifier(changes)).not.toBe(first);
    const later = { ...insolvent, snapshot: insolvent.snapshot + 12, blocks: insolvent.blocks.map((block) => ({ ...block, timestamp: block.timestamp + 12 })) };
    expect(nullifier({}, later)).not.toBe(first);
    // The reference names the account to one consumer: the same at every snapshot, unlinkable elsewhere.
    expect(reference({}, later)).toBe(reference({}));
    expect(reference({ consumer: REQUEST.recipient })).not.toBe(reference({}));
    expect(buildStatement(insolvent, SECRET, { ...REQUEST, deadline: 1n }).signals.binding).not.toBe(buildStatement(insolvent, SECRET, REQUEST).signals.binding);
  });
});

describe('evaluateStatement', () => {
  const row = (amount: bigint, side: 0 | 1, unit = 0): Row => ({ amount, price: 10n ** 10n, weight: 1_000_000n, unit, side });
  const judge = (rows: readonly Row[], lowerPpm: number, upperPpm: number | null, minDeficitCents = 0n): boolean =>
    evaluateStatement({ rows, unitTable: [7n], unit: 0, scope: 0n, claim: { lowerPpm, upperPpm, minDeficitCents } }).holds;

  test('default: lower ≤ HF < upper, exactly, one unit either side', () => {
    const debt = 1_000_000n;
    const at = (collateral: bigint): boolean => judge([row(collateral, 0), row(debt, 1)], 950_000, 1_000_000);
    expect([949_999n, 950_000n, 999_999n, 1_000_000n].map(at)).toEqual([false, true, true, false]);
  });

  test('behavior: no debt is never a breach, and always solvent', () => {
    expect(judge([row(5n, 0)], 0, 1_000_000)).toBe(false);
    expect(judge([], 0, 16_777_214)).toBe(false);
    expect(judge([], 1_000_000, null)).toBe(true);
  });

  test('behavior: a deficit is met exactly, one cent more is not', () => {
    const rows = [row(10n ** 18n, 0), row(101n * 10n ** 18n, 1)];
    expect(judge(rows, 0, null, 10_000n)).toBe(true);
    expect(judge(rows, 0, null, 10_001n)).toBe(false);
  });
});

describe('packClaim, packRow, packScope', () => {
  test('property: what is packed is read back; two rows never share a packing', () => {
    const bound = fc.integer({ min: 0, max: UNBOUNDED - 1 });
    fc.assert(
      fc.property(bound, fc.option(bound), fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }), (lowerPpm, upperPpm, minDeficitCents) => {
        expect(unpackClaim(packClaim({ lowerPpm, upperPpm, minDeficitCents }))).toEqual({ lowerPpm, upperPpm, minDeficitCents });
      }),
      { seed: 5 },
    );
    const rows = fc.record({
      amount: fc.bigInt({ min: 0n, max: 2n ** 104n - 1n }),
      price: fc.bigInt({ min: 0n, max: 2n ** 88n - 1n }),
      weight: fc.bigInt({ min: 0n, max: 2n ** 24n - 1n }),
      unit: fc.integer({ min: 0, max: 15 }),
      side: fc.constantFrom(0 as const, 1 as const),
    });
    fc.assert(
      fc.property(rows, rows, (a, b) => {
        const isSame = a.amount === b.amount && a.price === b.price && a.weight === b.weight && a.unit === b.unit && a.side === b.side;
        return packRow(a) < FIELD_MODULUS && (packRow(a) === packRow(b)) === isSame;
      }),
      { seed: 6 },
    );
  });

  test('bad input: one more than each width, a negative, a fraction, too many rows', () => {
    const row: Row = { amount: 0n, price: 0n, weight: 0n, unit: 0, side: 0 };
    for (const changes of [{ amount: 2n ** 104n }, { price: 2n ** 88n }, { weight: 2n ** 24n }, { unit: 16 }, { unit: 0.5 }, { amount: -1n }, { side: 2 as 1 }]) {
      expect(() => packRow({ ...row, ...changes })).toThrow();
    }
    expect(() => padRows([row, row], 1)).toThrow();
    for (const changes of [{ lowerPpm: UNBOUNDED + 1 }, { upperPpm: UNBOUNDED }, { minDeficitCents: 2n ** 64n }, { lowerPpm: 0.5 }, { minDeficitCents: -1n }]) {
      expect(() => packClaim({ lowerPpm: 0, upperPpm: null, minDeficitCents: 0n, ...changes })).toThrow();
    }
    expect(() => unpackClaim(2n ** 112n)).toThrow();
  });

  test('default: scopes are read back', () => {
    for (const scope of [{ kind: 'unified' }, { kind: 'hidden' }, { kind: 'market', marketId: 99n }] as const) expect(unpackScope(packScope(scope))).toEqual(scope);
  });
});
