import { beforeAll, describe, expect, test } from 'vitest';
import { isPlimsollError } from '../../src/core/errors.ts';
import type { Portfolio } from '../../src/core/portfolio.ts';
import { type AttestRequest, attestPortfolio, mergeAttestations } from '../../src/proof/attest.ts';
import { type Attestation, formatAttestation, parseAttestation } from '../../src/proof/attestation.ts';
import { hashSecret } from '../../src/proof/commitment.ts';
import { coverageId } from '../../src/proof/coverage.ts';
import { attestorKey, attestRecorded, attestRequest, readRecorded, SALT } from './subjects.ts';

let portfolio: Portfolio;
let attestation: Attestation;

beforeAll(async () => {
  portfolio = await readRecorded('constructed');
  attestation = await attestRecorded('constructed');
});

const refusal = (changes: Partial<AttestRequest>): string => {
  try {
    attestPortfolio(attestRequest(changes.portfolio ?? portfolio, changes));
    return 'none';
  } catch (error) {
    return isPlimsollError(error) ? `${error.code}: ${error.message}` : String(error);
  }
};

describe('attestPortfolio', () => {
  test('default: a wallet is attested for the smallest circuit that holds it, and the document reads back', () => {
    expect(attestation.instance).toBe('M-attested');
    expect(attestation.rows).toHaveLength(13);
    expect(attestation.account).toBe(BigInt('0xc0ffee00000000000000000000000000c0ffee01'));
    expect(attestation.snapshot).toBe(Math.min(...portfolio.asOf.map((block) => block.timestamp)));
    expect(parseAttestation(formatAttestation(attestation))).toEqual(attestation);
  });

  test('behavior: committed attestations take the smaller circuit, and a second signer', async () => {
    const first = await attestRecorded('constructed', { key: attestorKey('secp256k1', 1) });
    const second = await attestRecorded('constructed', { key: attestorKey('secp256k1', 2) });
    expect(first.instance).toBe('S-committed');
    const merged = mergeAttestations(first, second);
    expect(parseAttestation(formatAttestation(merged))).toEqual(merged);
    expect(mergeAttestations(second, first)).toEqual(merged);
    expect(() => mergeAttestations(first, first)).toThrow(/one attestor signed twice/);
    const different = await attestRecorded('constructed', { key: attestorKey('secp256k1', 2), salt: SALT + 1n });
    expect(() => mergeAttestations(first, different)).toThrow(/not about the same vector/);
  });

  test('error: ATTESTATION_REFUSED for a gap, a market read in part, an estimate, no blocks, no hash', () => {
    const gap: Portfolio['gaps'][number] = { code: 'SOURCE_TIMEOUT', message: 'late', retryable: true, chain: 'eip155:1', deployment: null, account: null };
    expect(refusal({ portfolio: { ...portfolio, gaps: [gap] } })).toMatch(/ATTESTATION_REFUSED.*1 gaps.*SOURCE_TIMEOUT/);
    expect(refusal({ portfolio: { ...portfolio, coverage: portfolio.coverage.map((entry, at) => (at === 0 ? { ...entry, status: 'gap' } : entry)) } })).toMatch(
      /ATTESTATION_REFUSED.*not read completely/,
    );
    expect(refusal({ portfolio: { ...portfolio, coverage: [] } })).toMatch(/ATTESTATION_REFUSED.*nothing was read/);
    expect(refusal({ portfolio: { ...portfolio, accounts: portfolio.accounts.map((entry) => ({ ...entry, precision: 'estimate' })) } })).toMatch(/ATTESTATION_REFUSED.*4 accounts are estimates/);
    expect(refusal({ portfolio: { ...portfolio, asOf: [] } })).toMatch(/ATTESTATION_REFUSED.*names no block/);
    expect(refusal({ portfolio: { ...portfolio, asOf: portfolio.asOf.map((block) => ({ ...block, hash: null })) } })).toMatch(/ATTESTATION_REFUSED.*no hash/);
  });

  test('error: ATTESTATION_REFUSED for an old block and one from the future, to the second', () => {
    const { snapshot } = attestation;
    expect(refusal({ now: snapshot + 1_800 })).toBe('none');
    expect(refusal({ now: snapshot + 1_801 })).toMatch(/ATTESTATION_REFUSED.*1801 s old/);
    expect(refusal({ now: snapshot + 3_600, maxAgeSeconds: 3_600 })).toBe('none');
    expect(refusal({ now: snapshot })).toBe('none');
    expect(refusal({ now: snapshot - 1 })).toMatch(/ATTESTATION_REFUSED.*future/);
  });

  test('error: ATTESTATION_REFUSED where a production key is to sign a file or recorded data', () => {
    const key = attestorKey('eddsa', 7, 'production');
    expect(refusal({ key })).toMatch(/ATTESTATION_REFUSED.*recorded data/);
    expect(refusal({ key, portfolio: { ...portfolio, recorded: null }, fromFile: true })).toMatch(/ATTESTATION_REFUSED.*from a file/);
    expect(refusal({ key, portfolio: { ...portfolio, recorded: null } })).toBe('none');
    expect(refusal({ fromFile: true })).toBe('none');
  });

  test('error: a salt that could be tried out, a circuit that is too small or of the other kind', () => {
    expect(refusal({ salt: 2n ** 100n })).toMatch(/ATTESTATION_REFUSED.*salt/);
    expect(refusal({ instance: 'S-committed' })).toMatch(/ATTESTATION_REFUSED.*the key is eddsa/);
    expect(refusal({ instance: 'L-attested' })).toBe('none');
  });

  test('error: rows that no circuit holds are refused, never dropped', () => {
    const account = portfolio.accounts[0];
    const copies = Array.from({ length: 16 }, (_, at) => ({ ...account, id: `copy ${at}` })) as Portfolio['accounts'];
    expect(refusal({ portfolio: { ...portfolio, accounts: copies } })).toBe('none');
    expect(refusal({ portfolio: { ...portfolio, accounts: copies }, instance: 'M-attested' })).toMatch(/ROWS_DO_NOT_FIT.*48 rows; M-attested holds 30/);
    expect(refusal({ portfolio: { ...portfolio, accounts: copies }, key: attestorKey('secp256k1') })).toMatch(/ROWS_DO_NOT_FIT.*48 rows; the largest committed circuit holds 30/);
  });

  test('behavior: coverage is what was looked at: the same for wallets that hold different things', () => {
    const empty = attestPortfolio(attestRequest({ ...portfolio, accounts: [], coverage: portfolio.coverage.map((entry) => ({ ...entry, rule: null })) }));
    expect(empty.rows).toEqual([]);
    expect(coverageId(empty.coverage)).toBe(coverageId(attestation.coverage));
    const less = attestPortfolio(attestRequest({ ...portfolio, coverage: portfolio.coverage.slice(1) }));
    expect(coverageId(less.coverage)).not.toBe(coverageId(attestation.coverage));
    const shuffled = attestPortfolio(attestRequest({ ...portfolio, coverage: portfolio.coverage.toReversed() }));
    expect(coverageId(shuffled.coverage)).toBe(coverageId(attestation.coverage));
  });
});

describe('parseAttestation', () => {
  /** Every leaf of the document that the signature does not cover, because it says nothing of the positions. */
  const UNSIGNED = /^(?:class|recorded|createdAt|blocks\.\d+\.timestamp|units\.\d+\.account)$/;

  test('behavior: whatever is altered, the document is refused', () => {
    const document = JSON.parse(formatAttestation(attestation)) as Record<string, unknown>;
    const survivors = leavesOf(document).filter((path) => !UNSIGNED.test(path.join('.')) && isAccepted(altered(document, path)));
    expect(survivors).toEqual([]);
    expect(leavesOf(document).length).toBeGreaterThan(80);
  });

  test('behavior: a row dropped, added, duplicated or moved, a unit dropped: refused', () => {
    const document = JSON.parse(formatAttestation(attestation)) as { rows: unknown[]; units: unknown[] };
    expect(isAccepted(document)).toBe(true);
    expect(isAccepted({ ...document, rows: document.rows.slice(1) })).toBe(false);
    expect(isAccepted({ ...document, rows: [...document.rows, document.rows[0]] })).toBe(false);
    expect(isAccepted({ ...document, rows: document.rows.toReversed() })).toBe(false);
    expect(isAccepted({ ...document, units: document.units.slice(1) })).toBe(false);
  });

  test('bad input: not JSON, another schema, a secret hash of another holder', () => {
    expect(isAccepted('{')).toBe(false);
    expect(isAccepted({ ...attestation, schema: 'plimsoll/attestation@2' })).toBe(false);
    expect(isAccepted(JSON.parse(formatAttestation({ ...attestation, secretHash: hashSecret(1n) })))).toBe(false);
  });

  test('behavior: the message of a refusal holds no value of the document', () => {
    try {
      parseAttestation(formatAttestation({ ...attestation, rows: attestation.rows.map((row) => ({ ...row, amount: row.amount + 1n })) }));
      expect.unreachable();
    } catch (error) {
      const text = isPlimsollError(error) ? error.message : '';
      expect(text).toMatch(/altered/);
      for (const row of attestation.rows) expect(text).not.toContain(String(row.amount));
    }
  });

  function isAccepted(document: unknown): boolean {
    try {
      parseAttestation(document);
      return true;
    } catch (error) {
      if (isPlimsollError(error, 'ATTESTATION_REFUSED') || isPlimsollError(error, 'INVALID_ARGUMENT')) return false;
      throw error;
    }
  }
});

type Path = readonly (string | number)[];

function leavesOf(value: unknown, path: Path = []): readonly Path[] {
  if (value === null || typeof value !== 'object') return [path];
  return Object.entries(value).flatMap(([key, child]) => leavesOf(child, [...path, Array.isArray(value) ? Number(key) : key]));
}

/** The document with one leaf changed: a digit, a letter, a number. */
function altered(document: unknown, path: Path): unknown {
  const [key, ...rest] = path;
  if (key === undefined) return alteredLeaf(document);
  if (Array.isArray(document)) return document.with(Number(key), altered(document[Number(key)], rest));
  return { ...(document as Record<string, unknown>), [key]: altered((document as Record<string, unknown>)[key], rest) };
}

function alteredLeaf(leaf: unknown): unknown {
  if (typeof leaf === 'number') return leaf === 0 ? 1 : leaf - 1;
  if (typeof leaf !== 'string') return 'x';
  if (/^\d+$/.test(leaf)) return (BigInt(leaf) + 1n).toString();
  const last = leaf.at(-1) ?? '';
  return `${leaf.slice(0, -1)}${/[0-8a-e]/.test(last) ? String.fromCharCode(last.charCodeAt(0) + 1) : '0'}`;
}
