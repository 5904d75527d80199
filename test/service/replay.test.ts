import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, describe, expect, test } from 'vitest';
import { type ReplayResult, replayLiquidations } from '../../src/service/replay.ts';
import { SHARED_DATA } from '../fixtures/recorded/files.ts';

const RECORDED = join(SHARED_DATA, 'demo', 'aave_v2_liquidations_2020-12_2022-04_demo.csv');
const COLUMNS = [
  'ts',
  'collateral',
  'collateral_decimals',
  'collateral_seized_raw',
  'collateral_price_eth_wei',
  'debt',
  'debt_decimals',
  'debt_repaid_raw',
  'debt_price_eth_wei',
  'exact_bonus_bps',
  'limited_by',
  'amount_source',
] as const;
type Row = Readonly<Record<(typeof COLUMNS)[number], string>>;

/** A recorded liquidation of 2020-12-17: DAI for WBTC with a bonus of 5 %. */
const EXACT: Row = {
  ts: '1608214767',
  collateral: 'DAI',
  collateral_decimals: '18',
  collateral_seized_raw: '17805688961227928811',
  collateral_price_eth_wei: '1514010000000000',
  debt: 'WBTC',
  debt_decimals: '8',
  debt_repaid_raw: '74305',
  debt_price_eth_wei: '34552556732628640000',
  exact_bonus_bps: '10500',
  limited_by: 'debt',
  amount_source: 'wei',
};

const folder = mkdtempSync(join(tmpdir(), 'plimsoll-csv-'));
const file = join(folder, 'liquidations.csv');
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function lineOf(row: Partial<Row>): string {
  return COLUMNS.map((column) => row[column] ?? '').join(',');
}

function replayText(text: string): Promise<ReplayResult> {
  writeFileSync(file, text);
  return replayLiquidations(file);
}

function replay(...rows: readonly Row[]): Promise<ReplayResult> {
  return replayText(`${[COLUMNS.join(','), ...rows.map(lineOf)].join('\n')}\n`);
}

describe(replayLiquidations, () => {
  test("default: a small file of one's own", async () => {
    const off = { ...EXACT, collateral_seized_raw: '17805688961227928812' };
    const unknown = { ...EXACT, exact_bonus_bps: '' };
    const result = await replay(EXACT, off, unknown);
    expect(result).toMatchObject({ rows: 3, exact: 1, exactWithinTolerance: 0, different: 2 });
    expect(result.details).toEqual([
      { line: 3, timestamp: 1_608_214_767, collateral: 'DAI', debt: 'WBTC', recorded: '17805688961227928812', computed: '17805688961227928811', reason: 'the rule gives another amount' },
      expect.objectContaining({ line: 4, computed: null, reason: expect.stringMatching(/^no bonus is recorded: the recorded prices imply 1\.05, its bonuses elsewhere in the file are 1\.05;/) }),
    ]);
  });

  test('behavior: amounts that were recorded as floats hold within one part in 1e9, and no further', async () => {
    const near = { ...EXACT, collateral_seized_raw: '17805688970000000000', amount_source: 'decimal' };
    const far = { ...EXACT, collateral_seized_raw: '17805689961227928811', amount_source: 'decimal' };
    expect(await replay(near, far)).toMatchObject({ rows: 2, exact: 1, exactWithinTolerance: 1, different: 1, details: [{ line: 3 }] });
    // Written in wei, the same amount is not forgiven.
    expect(await replay({ ...near, amount_source: 'wei' })).toMatchObject({ exact: 0, different: 1 });
  });

  test('behavior: a row bound by its collateral is paired with the debt that the collateral pays for', async () => {
    const bound: Row = { ...EXACT, limited_by: 'collateral', debt_repaid_raw: '0' };
    const {
      details: [found],
    } = await replay(bound);
    expect(found?.computed).toMatch(/^7430[45]$/);
    expect(await replay({ ...bound, debt_repaid_raw: found?.computed ?? '' })).toMatchObject({ exact: 1, different: 0 });
  });

  test('behavior: any amounts are paired by the rule, and one unit off is another amount', async () => {
    const amount = fc.bigInt({ min: 1n, max: 10n ** 24n });
    const price = fc.bigInt({ min: 10n ** 9n, max: 10n ** 20n });
    const rows = fc.array(fc.record({ repaid: amount, collateralPrice: price, debtPrice: price, bonus: fc.bigInt({ min: 10_000n, max: 12_000n }), decimals: fc.integer({ min: 0, max: 24 }) }), {
      minLength: 1,
      maxLength: 20,
    });
    await fc.assert(
      fc.asyncProperty(rows, async (entries) => {
        const asRow = (entry: (typeof entries)[number], seized: string): Row => ({
          ...EXACT,
          debt_repaid_raw: entry.repaid.toString(),
          collateral_price_eth_wei: entry.collateralPrice.toString(),
          debt_price_eth_wei: entry.debtPrice.toString(),
          exact_bonus_bps: entry.bonus.toString(),
          collateral_decimals: entry.decimals.toString(),
          collateral_seized_raw: seized,
        });
        const impossible = (10n ** 70n).toString();
        const { details } = await replay(...entries.map((entry) => asRow(entry, impossible)));
        const computed = details.map((detail) => detail.computed ?? '');
        expect(computed).toHaveLength(entries.length);
        expect(await replay(...entries.map((entry, at) => asRow(entry, computed[at] ?? '')))).toMatchObject({ exact: entries.length, different: 0 });
        expect(await replay(...entries.map((entry, at) => asRow(entry, (BigInt(computed[at] ?? 0) + 1n).toString())))).toMatchObject({ exact: 0, different: entries.length });
        // Within a unit of the quotient that the amounts and prices have.
        entries.forEach((entry, at) => {
          const scaled = entry.repaid * entry.debtPrice * entry.bonus * 10n ** BigInt(entry.decimals);
          const ideal = scaled / (entry.collateralPrice * 10n ** 8n * 10_000n);
          const difference = BigInt(computed[at] ?? 0) - ideal;
          expect(difference <= 1n && difference >= -1n, `${computed[at]} against ${ideal}`).toBe(true);
        });
      }),
      { numRuns: 15 },
    );
  });

  test('behavior: a byte order mark, empty lines and columns beyond the known ones are no fault, and lines are counted as an editor does', async () => {
    const header = [...COLUMNS, 'user'].join(',');
    const result = await replayText(`\uFEFF${header}\r\n\r\n${lineOf(EXACT)},0x1\r\n\r\n${lineOf({ ...EXACT, debt_repaid_raw: '1' })},0x2\r\n`);
    expect(result).toMatchObject({ rows: 2, exact: 1, details: [{ line: 5 }] });
  });

  test('behavior: a price of 0 is a difference with its reason', async () => {
    expect(await replay({ ...EXACT, debt_price_eth_wei: '0' })).toMatchObject({ exact: 0, details: [{ computed: null, reason: 'a price is 0' }] });
    expect(await replay({ ...EXACT, debt_price_eth_wei: '0', exact_bonus_bps: '' })).toMatchObject({ details: [{ reason: 'no bonus is recorded, and the repaid value is 0' }] });
  });

  test.each([
    ['ts', 'yesterday'],
    ['ts', '99999999999999'],
    ['collateral', ''],
    ['collateral_decimals', ''],
    ['collateral_decimals', '37'],
    ['collateral_seized_raw', '1.5'],
    ['collateral_price_eth_wei', '-1'],
    ['debt_decimals', '1e1'],
    ['debt_repaid_raw', ''],
    ['exact_bonus_bps', '5%'],
    ['limited_by', 'both'],
  ] as const)('error: INVALID_FILE that names line and column where %s is "%s"', async (column, value) => {
    await expect(replay(EXACT, { ...EXACT, [column]: value })).rejects.toMatchObject({
      code: 'INVALID_FILE',
      message: expect.stringContaining(`${file}, line 3, column ${column}: `),
      fields: { line: 3, column },
    });
  });

  test.each([
    ['a missing column', `ts,collateral\n${EXACT.ts},DAI\n`, /line 2, column collateral_decimals: /],
    ['a row with a cell too many', `${COLUMNS.join(',')}\n${lineOf(EXACT)}\n${lineOf(EXACT)},7\n`, /line 3: this is not a CSV table/],
    ['a quote that is not closed', `${COLUMNS.join(',')}\n"${lineOf(EXACT)}\n`, /line [23]: this is not a CSV table/],
    ['nothing', '', /has no row below a header line/],
    ['a header alone', `${COLUMNS.join(',')}\n`, /has no row below a header line/],
  ])('error: INVALID_FILE for %s', async (_what, text, message) => {
    await expect(replayText(text)).rejects.toMatchObject({ code: 'INVALID_FILE', message: expect.stringMatching(message) });
  });

  test('error: INVALID_FILE for a file that is not there, INVALID_ARGUMENT for a protocol without a replay', async () => {
    await expect(replayLiquidations(join(folder, 'nowhere.csv'))).rejects.toMatchObject({ code: 'INVALID_FILE', message: expect.stringContaining('cannot be read. Check the path.') });
    await expect(replayLiquidations(file, 'aave-v3')).rejects.toMatchObject({ code: 'INVALID_ARGUMENT', message: '"aave-v3" cannot be replayed. Known: aave-v2.' });
  });

  test.skipIf(!existsSync(RECORDED))('default: the recorded Aave v2 liquidations, 5,136 of 5,833 with a known bonus (skipped where the figures are absent)', async () => {
    const result = await replayLiquidations(RECORDED);
    expect([result.rows, result.exact, result.different]).toEqual([5833, 5136, 697]);
    // Exactly the rows whose bonus is not recorded differ, each with its reason.
    expect(result.details).toHaveLength(697);
    expect(result.details.filter((detail) => detail.computed !== null)).toEqual([]);
    expect(result.details.every((detail) => detail.reason.startsWith('no bonus is recorded'))).toBe(true);
    process.stdout.write(`Aave v2 replay: ${result.rows} rows, ${result.exact} exact (${result.exactWithinTolerance} of floats within 1e-9), ${result.different} different\n`);
  });
});
