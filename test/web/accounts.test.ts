import { beforeAll, describe, expect, test } from 'vitest';
import { readConfig } from '../../src/config.ts';
import { Decimal } from '../../src/core/decimal.ts';
import type { Gap } from '../../src/core/portfolio.ts';
import type { AccountEvaluation } from '../../src/engine/evaluate.ts';
import { DEFAULT_BANDS } from '../../src/engine/report.ts';
import { computeAnswer, readSubject } from '../../src/service/portfolio/wallet-report.ts';
import { accountStatus } from '../../src/web/accounts/account-status.ts';
import { shortTest } from '../../src/web/accounts/own-test.ts';

describe(shortTest, () => {
  test('default: long integers are cut to five digits, short ones grouped', () => {
    expect(shortTest('remaining collateral 52041898384615384600565317925000 >= 300000000000000000000000000000')).toBe('remaining collateral 5.2041e31 ≥ 3e29');
    expect(shortTest('maxBorrow 46940924200 >= borrowed 40500007706')).toBe('maxBorrow 46,940,924,200 ≥ borrowed 40,500,007,706');
    expect(shortTest('healthFactor 1415688886440948216 >= 1e18')).toBe('healthFactor 1.4156e18 ≥ 1e18');
    expect(shortTest('no debt')).toBe('no debt');
  });

  test('behavior: what would look the same when cut stays whole', () => {
    expect(shortTest('equity 1000000000000000001 >= 1000000000000000000')).toBe('equity 1000000000000000001 ≥ 1000000000000000000');
  });
});

describe(accountStatus, () => {
  const gapAt = (part: Partial<Gap>): Gap => ({ code: 'SOURCE_UNREACHABLE', message: 'A source did not answer.', retryable: true, chain: null, deployment: null, account: null, ...part });
  let accounts: readonly AccountEvaluation[] = [];
  const withHealth = (health: string): AccountEvaluation => {
    const [account] = accounts;
    if (account === undefined) throw new Error('no account');
    return { ...account, health: new Decimal(health), native: { ...account.native, liquidatable: false } };
  };

  beforeAll(async () => {
    const portfolio = await readSubject({ subject: '0xc0ffee00000000000000000000000000c0ffee01', recorded: 'constructed-wallet' }, readConfig({}));
    accounts = computeAnswer(portfolio, { bands: DEFAULT_BANDS }).report.accounts;
  });

  test('default: by the bands, at their edges', () => {
    expect(['1.5', '1.49999', '1.2', '1.19999'].map((health) => accountStatus(withHealth(health), { gaps: [], bands: DEFAULT_BANDS }))).toEqual(['safe', 'warning', 'warning', 'critical']);
    expect(accountStatus({ ...withHealth('2'), debtFree: true }, { gaps: [], bands: DEFAULT_BANDS })).toBe('free');
  });

  test('behavior: what the protocol would liquidate is liquidatable at any health', () => {
    const account = withHealth('3');
    expect(accountStatus({ ...account, native: { ...account.native, liquidatable: true } }, { gaps: [], bands: DEFAULT_BANDS })).toBe('liquidatable');
  });

  test('behavior: beside a gap nothing is safe; a gap that may be its own makes it incomplete', () => {
    const account = withHealth('3');
    expect(accountStatus(account, { gaps: [gapAt({ deployment: 'another' })], bands: DEFAULT_BANDS })).toBe('clear');
    expect(accountStatus(account, { gaps: [gapAt({ account: account.account.entry.id })], bands: DEFAULT_BANDS })).toBe('incomplete');
    expect(accountStatus(account, { gaps: [gapAt({ deployment: account.account.marketEntry.deployment })], bands: DEFAULT_BANDS })).toBe('incomplete');
    expect(accountStatus(withHealth('1.1'), { gaps: [gapAt({ deployment: 'another' })], bands: DEFAULT_BANDS })).toBe('critical');
  });
});
