import { describe, expect, test } from 'vitest';
import { Decimal } from '../../src/core/decimal.ts';
import type { AssetId } from '../../src/core/ids.ts';
import type { Json } from '../../src/core/json.ts';
import { computeReport, type Report, type ReportOptions } from '../../src/engine/report.ts';
import { reportToJson, shockToJson } from '../../src/engine/report-json.ts';
import { applyShock, parseShock } from '../../src/engine/shock.ts';
import { type AccountSpec, linearAccount, NOW, open, type PortfolioSpec, USDC, WBTC, WETH } from './portfolio-of.ts';

const loan = (debt: number, spec: Parameters<typeof linearAccount>[1] = {}): AccountSpec =>
  linearAccount(
    [
      ['collateral', WETH, 10, '0.8'],
      ['debt', USDC, debt, '1'],
    ],
    spec,
  );
const free = linearAccount([['collateral', WBTC, 1, '0.7']]);

function report(accounts: readonly AccountSpec[], options: ReportOptions = {}, rest: Omit<PortfolioSpec, 'accounts'> = {}): Report {
  return computeReport(open({ accounts, ...rest }), options);
}

const gap = { code: 'SOURCE_TIMEOUT', message: 'No answer.', retryable: true, chain: 'eip155:1', deployment: 'x', account: null } as const;
const coverage = { deployment: 'x', chain: 'eip155:1', protocol: 'test', market: '', rule: null, status: 'gap' } as const;

describe(computeReport, () => {
  test('default: status by the weakest account', () => {
    expect(report([loan(10_000)]).status).toBe('safe');
    expect(report([loan(11_000)]).status).toBe('warning');
    expect(report([loan(14_000)]).status).toBe('critical');
    expect(report([loan(16_001)]).status).toBe('liquidatable');
    expect(report([loan(20_001)]).status).toBe('insolvent');
    expect(report([loan(100), loan(14_000)]).status).toBe('critical');
  });

  test('behavior: bands from options, on their edge', () => {
    const bands = { warning: new Decimal('1.6'), critical: new Decimal('1.6') };
    expect(report([loan(10_000)], { bands }).status).toBe('safe');
    expect(report([loan(10_001)], { bands }).status).toBe('critical');
  });

  test('behavior: a wallet without debt is safe with a null health', () => {
    const { status, wallet, precision } = report([free]);
    expect(status).toBe('safe');
    expect(wallet.health).toBeNull();
    expect(precision).toBe('exact');
    expect(report([], {}, { extra: { coverage: [{ ...coverage, status: 'read' }] } })).toMatchObject({ status: 'safe', precision: null, gaps: [] });
    expect(report([])).toMatchObject({ status: 'incomplete', gaps: [{ message: 'Nothing was looked at: no deployment was read.' }] });
  });

  test('behavior: any gap makes it incomplete, with the status of what is there beside it', () => {
    expect(report([loan(14_000)], {}, { extra: { gaps: [gap] } })).toMatchObject({ status: 'incomplete', statusWithoutGaps: 'critical', gaps: [gap] });
    expect(report([], {}, { extra: { gaps: [gap] } })).toMatchObject({ status: 'incomplete', statusWithoutGaps: 'safe' });
  });

  test('behavior: a deployment that was not read is a gap even where the document names none', () => {
    const unread = report([free], {}, { extra: { coverage: [coverage] } });
    expect(unread.status).toBe('incomplete');
    expect(unread.gaps).toEqual([expect.objectContaining({ deployment: 'x', code: 'INVALID_PORTFOLIO' })]);
    expect(report([free], {}, { extra: { coverage: [coverage], gaps: [gap] } }).gaps).toEqual([gap]);
    expect(report([free], {}, { extra: { coverage: [{ ...coverage, status: 'read' }] } }).status).toBe('safe');
  });

  test('behavior: an account whose rule fails is a gap', () => {
    const opened = open({ accounts: [loan(10_000, { failsFrom: NOW + 1 })] });
    const later = opened.accounts.map((account) => ({ ...account, view: { ...account.view, at: BigInt(NOW + 1) } }));
    expect(computeReport({ ...opened, accounts: later })).toMatchObject({ status: 'incomplete', accounts: [], gaps: [{ code: 'UNSUPPORTED_STATE', account: 'account 0' }] });
  });

  test('behavior: insolvent by market prices though the oracle calls it healthy', () => {
    const fixed = report([loan(10_000, { fixed: [WETH] })], {}, { prices: [[WETH, '10']] });
    expect(fixed.status).toBe('insolvent');
    expect(fixed.wallet.health?.toString()).toBe('1.6');
    expect(fixed.wallet.market?.health?.toString()).toBe('0.008');
    expect(report([free], {}, { prices: [[WBTC, '10']] }).status).toBe('safe');
  });

  test("behavior: the market's word stands against the oracle's in the other direction too", () => {
    expect(report([loan(20_001)], {}, { prices: [[WETH, '3000']] }).status).toBe('liquidatable');
  });

  test('behavior: precision is the worst of the accounts', () => {
    expect(report([loan(1), loan(1, { precision: 'estimate' }), loan(1, { precision: 'accrued' })]).precision).toBe('estimate');
    expect(report([loan(1), loan(1, { precision: 'accrued' })]).precision).toBe('accrued');
  });

  test('error: INVALID_ARGUMENT where the bands are not in order', () => {
    const bands = (warning: string, critical: string): ReportOptions => ({ bands: { warning: new Decimal(warning), critical: new Decimal(critical) } });
    expect(() => report([free], bands('1.1', '1.2'))).toThrow('must be in order');
    expect(() => report([free], bands('1.1', '0.9'))).toThrow('must be in order');
  });
});

describe(reportToJson, () => {
  const groups = new Map<AssetId, string>([[WETH, 'ETH']]);

  test('default: decimal strings, null for no debt, times twice', () => {
    const json = reportToJson(report([loan(10_000), free], { groups, stable: new Set([USDC]) }, { prices: [[WETH, '1999']] }));
    expect(json).toMatchObject({
      status: 'safe',
      asOf: { createdAt: NOW, createdAtIso: '2025-06-15T15:06:40.000Z' },
      wallet: { health: '1.6', weakest: { account: 'account 0', health: '1.6' }, coverRatio: '1', freeCollateral: '60000', market: { health: '1.5992' } },
      distance: { first: { account: 'account 0', move: '0.375' }, unified: '0.375' },
      timeToLiquidation: null,
    });
    expect(json).toMatchObject({
      accounts: [
        {
          id: 'account 0',
          native: { healthFactor: '1.6', liquidatable: false },
          legs: [{ amount: { raw: '10000000000000000000', decimals: 18, amount: '10', usd: '20000' } }, {}],
          liquidationPrices: [{ name: 'WETH', down: { move: '-0.375', prices: [{ priceUsd: '1250' }] }, up: null }, {}, { name: 'ETH', kind: 'group' }],
          timeToLiquidation: { seconds: null, reason: 'beyond-horizon' },
        },
        { id: 'account 1', health: null, distance: null, liquidationPrices: [], native: { healthFactor: null } },
      ],
    });
  });

  test('behavior: every kind of report survives JSON, with no NaN and no Infinity', () => {
    const reports = [
      report([]),
      report([free]),
      report([loan(20_001), loan(15_000, { borrowRate: '0.1' })]),
      report([loan(10_000)], {}, { extra: { gaps: [gap] } }),
      report([
        linearAccount([
          ['collateral', WETH, 1, '0.8'],
          ['debt', USDC, '0.5', '1'],
        ]),
      ]),
      report([
        linearAccount([
          ['collateral', USDC, 30_000, '0.8'],
          ['debt', WETH, 10, '1'],
        ]),
      ]),
    ];
    for (const json of reports.map(reportToJson)) {
      expect(JSON.parse(JSON.stringify(json))).toEqual(json);
      expect(JSON.stringify(json)).not.toMatch(/NaN|Infinity|undefined/);
      expectNoFractions(json);
    }
  });
});

describe(shockToJson, () => {
  test('default: the wallet and each account after the shock', () => {
    const opened = open({ accounts: [loan(10_000)] });
    expect(shockToJson(applyShock(opened, parseShock('WETH=-50%', opened), new Decimal(1)))).toMatchObject({
      shock: [{ target: 'WETH', move: '-0.5' }],
      wallet: { health: '0.8', shortfall: '2000' },
      accounts: [{ account: 'account 0', liquidatable: true, health: '0.8' }],
      gaps: [],
    });
  });
});

/** Only counts and unix seconds are JSON numbers; amounts and ratios are strings. */
function expectNoFractions(json: Json): void {
  if (typeof json === 'number') expect(Number.isSafeInteger(json)).toBe(true);
  if (json !== null && typeof json === 'object') for (const value of Object.values(json)) expectNoFractions(value);
}
