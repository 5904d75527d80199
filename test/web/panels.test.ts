import { h } from 'preact';
import { beforeAll, describe, expect, test } from 'vitest';
import { readConfig } from '../../src/config.ts';
import { Decimal } from '../../src/core/decimal.ts';
import { formatPortfolio } from '../../src/core/portfolio.ts';
import type { Report } from '../../src/engine/report.ts';
import { readSubject } from '../../src/service/portfolio/wallet-report.ts';
import { LiquidationPricesPanel } from '../../src/web/accounts/liquidation-prices.tsx';
import { MarketPanel } from '../../src/web/accounts/market-panel.tsx';
import { pointText } from '../../src/web/data/driver-name.ts';
import { openWallet } from '../../src/web/data/wallet-model.ts';
import { GapsPanel } from '../../src/web/shell/gaps-panel.tsx';
import { SourcesPanel } from '../../src/web/wallet/sources-panel.tsx';
import { show } from './tiny-dom.ts';

let report: Report;

async function readReport(subject: string, recorded: string): Promise<Report> {
  const answer = openWallet(formatPortfolio(await readSubject({ subject, recorded }, readConfig({}))));
  if (!answer.ok) throw new Error(answer.failure.message);
  return answer.value.report;
}

function textOf(...parts: Parameters<typeof show>): string {
  const shown = show(...parts);
  const text = shown.text();
  shown.close();
  return text;
}

beforeAll(async () => {
  report = await readReport('0xc0ffee00000000000000000000000000c0ffee01', 'constructed-wallet');
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
    const depeg = await readReport('0x2fca661c0a563a4f3af1511c80d8391a4a5de79d', 'morpho-depeg');
    expect(textOf(h(MarketPanel, { report: depeg }))).toMatch(/The oracle calls Morpho Blue [^.]* healthy; the market does not\. What stands against that debt is worth less/);
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
