import { h } from 'preact';
import { beforeAll, describe, expect, test } from 'vitest';
import { readConfig } from '../../src/config.ts';
import { Decimal } from '../../src/core/decimal.ts';
import type { Gap } from '../../src/core/portfolio.ts';
import { formatPortfolio } from '../../src/core/portfolio.ts';
import type { Report } from '../../src/engine/report.ts';
import { readSubject } from '../../src/service/portfolio/wallet-report.ts';
import { AccountsPanel } from '../../src/web/accounts/accounts-panel.tsx';
import { LiquidationPricesPanel } from '../../src/web/accounts/liquidation-prices.tsx';
import { MarketPanel } from '../../src/web/accounts/market-panel.tsx';
import { pointText } from '../../src/web/data/driver-name.ts';
import { openWallet, viewToday, type WalletModel } from '../../src/web/data/wallet-model.ts';
import { GapsPanel } from '../../src/web/shell/gaps-panel.tsx';
import { SourcesPanel } from '../../src/web/wallet/sources-panel.tsx';
import { settle, show } from './tiny-dom.ts';

let model: WalletModel;
let report: Report;

async function readModel(subject: string, recorded: string): Promise<WalletModel> {
  const answer = openWallet(formatPortfolio(await readSubject({ subject, recorded }, readConfig({}))));
  if (!answer.ok) throw new Error(answer.failure.message);
  return answer.value;
}

function textOf(...parts: Parameters<typeof show>): string {
  const shown = show(...parts);
  const text = shown.text();
  shown.close();
  return text;
}

beforeAll(async () => {
  model = await readModel('0xc0ffee00000000000000000000000000c0ffee01', 'constructed-wallet');
  report = model.report;
});

describe(LiquidationPricesPanel, () => {
  test('default: the nearest first, each with the account that goes', () => {
    const text = textOf(h(LiquidationPricesPanel, { report }));
    expect(text).toMatch(/ETH WETH \$3,534\.25 \(−8\.3 %\) GMX v2 Arbitrum WETH\/USD \[WETH-USDC\] – – BTC WBTC \$94,186\.06/);
    expect(text).toMatch(/USDC \(Ethereum\) – – \$1\.1590 \(\+15\.9 %\) Morpho Blue Ethereum WBTC\/USDC/);
  });

  test('behavior: each way has its own account', () => {
    const { wallet } = report.liquidationPrices;
    const [falling, rising] = [wallet.find(({ driver }) => driver.name === 'ETH'), wallet.find(({ first }) => first.up !== null)];
    if (falling?.first.down == null || rising?.first.up == null) throw new Error('no points');
    const both = { ...falling, first: { down: falling.first.down, up: rising.first.up } };
    const text = textOf(h(LiquidationPricesPanel, { report: { ...report, liquidationPrices: { ...report.liquidationPrices, wallet: [both] } } }));
    expect(text).toMatch(/\(−8\.3 %\) GMX v2 Arbitrum WETH\/USD \[WETH-USDC\] \S+ \S+ \(\+15\.9 %\) Morpho Blue Ethereum WBTC\/USDC$/);
  });

  test('behavior: the price of a group is said to be that of an asset', () => {
    const point = { move: new Decimal('-0.1'), prices: [{ asset: 'eip155:1/erc20:0x7f39c581f595b53c5cb19bd0b3f8da6c935e2ca0', symbol: 'wstETH', priceUsd: new Decimal('4000') }] } as const;
    expect(pointText({ kind: 'group' }, point)).toBe('wstETH $4,000.00 (−10.0 %)');
    expect(pointText({ kind: 'asset' }, point)).toBe('$4,000.00 (−10.0 %)');
  });
});

describe('a phone', () => {
  test('behavior: has the two nearest prices, and all when asked', async () => {
    const shown = show(h(LiquidationPricesPanel, { report }), 'phone');
    expect(shown.all('tr').length).toBe(3);
    expect(shown.text()).toMatch(/ETH WETH \$3,534\.25 .* BTC WBTC \$94,186\.06 .* Show all 4$/);
    shown.fire('button', 'click', {}, 'Show all 4');
    await settle();
    expect([shown.all('tr').length, shown.attribute('button', 'aria-expanded')]).toEqual([5, 'true']);
    shown.close();
  });

  /** The words of each card that stand before what is folded away, and whether that is open. */
  function cards(part: Partial<Report>, ...screen: ['phone'?]): { readonly seen: readonly string[]; readonly open: readonly boolean[] } {
    const changed = { ...model, report: { ...report, ...part } };
    const shown = show(h(AccountsPanel, { model: changed, shown: viewToday(changed), moved: null }), ...screen);
    const open = shown.attributes('.fold', 'open').map((value) => value === 'true');
    const seen = shown.all('article').map((text) => text.split(' More of this account')[0] ?? '');
    shown.close();
    return { seen, open };
  }

  test('behavior: folds every account but the weakest, and keeps health and status in sight', () => {
    const { seen, open } = cards({}, 'phone');
    expect(open).toEqual([true, false, false, false]);
    expect(seen.map((text) => text.match(/(Critical|Warning) Health (\S+) Native health \S+$/)?.slice(1))).toEqual([
      ['Critical', '1.0812'],
      ['Critical', '1.1590'],
      ['Warning', '1.2832'],
      ['Warning', '1.4156'],
    ]);
    expect(cards({}).open).toEqual([]);
  });

  test('behavior: an account with a gap of its own is open', () => {
    const accounts = report.accounts.map((account) => ({ ...account, health: account.health?.plus(5) ?? null }));
    const last = accounts.toSorted((a, b) => Number(b.health) - Number(a.health))[0]?.account.entry.id ?? '';
    const gap: Gap = { code: 'STALE_BLOCK', message: 'A block is old.', retryable: true, chain: null, deployment: null, account: last };
    expect(cards({ accounts, gaps: [gap] }, 'phone').open).toEqual([true, false, false, true]);
  });

  test('behavior: so is one of which terms are missing', () => {
    const [first, ...rest] = report.accounts.toSorted((a, b) => Number(b.health) - Number(a.health));
    if (first === undefined) throw new Error('no account');
    const lacking = { ...first, account: { ...first.account, entry: { ...first.account.entry, missing: ['funding'] } } };
    expect(cards({ accounts: [lacking, ...rest] }, 'phone').open).toEqual([true, false, false, true]);
  });
});

describe(SourcesPanel, () => {
  test('behavior: what was not read is called that, and not counted as read', () => {
    const [first, ...rest] = report.coverage;
    if (first === undefined) throw new Error('no coverage');
    expect(textOf(h(SourcesPanel, { report }))).toMatch(/Looked at 4 markets: read Every/);
    const text = textOf(h(SourcesPanel, { report: { ...report, coverage: [{ ...first, status: 'gap' }, ...rest] } }));
    expect(text).toMatch(/Looked at 4 markets: 3 read Every/);
    expect(text).toContain(`${first.deployment} not read`);
    expect(text.match(/not read/g)).toHaveLength(1);
  });
});

describe(MarketPanel, () => {
  test('behavior: an oracle that calls healthy what the market does not is warned of, by name', async () => {
    const depeg = await readModel('0x2fca661c0a563a4f3af1511c80d8391a4a5de79d', 'morpho-depeg');
    expect(textOf(h(MarketPanel, { report: depeg.report }))).toMatch(/The oracle calls Morpho Blue [^.]* healthy; the market does not\. What stands against that debt is worth less/);
    expect(textOf(h(MarketPanel, { report }))).not.toMatch(/The oracle calls/);
  });
});

describe(GapsPanel, () => {
  const gap = (at: number) => ({ code: 'SOURCE_TIMEOUT', message: `Source ${at} did not answer.`, retryable: true });

  test('behavior: every message is there, the same one once with its count', () => {
    const gaps = [gap(1), gap(2), gap(2), gap(3), gap(4), gap(5)];
    const text = textOf(h(GapsPanel, { gaps, meaning: 'it means this.' }));
    expect(text).toMatch(/^What could not be seen 6 gaps: it means this\. Source 1 did not answer\. SOURCE_TIMEOUT Reading again may help\./);
    expect(text).toMatch(/Source 2 did not answer\. \(2 times\)/);
    expect(text).toMatch(/1 more reason Source 5/);
    expect(textOf(h(GapsPanel, { gaps: [], meaning: 'it means this.' }))).toBe('');
  });
});
