import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { readConfig } from '../../src/config.ts';
import { Decimal } from '../../src/core/decimal.ts';
import { type DatasetSummary, listDatasets } from '../../src/service/portfolio/recorded-data.ts';
import { reportWallet } from '../../src/service/portfolio/wallet-report.ts';

interface Moment {
  readonly block: number;
  readonly timestamp: number;
  readonly healthFactor: string;
}

/**
 * Hourly market prices stand in for the oracle, and one set of thresholds for 2021 and 2022. So far the estimate may be off, relative, beyond the cut to two decimals of
 * the recorded figure. The worst are the days in which UST fell.
 */
const WORST = 0.3;
const NINE_OF_TEN = 0.05;
const MEDIAN = 0.005;
const CUT = 0.01;

let datasets: readonly DatasetSummary[] = [];
beforeAll(async () => {
  datasets = (await listDatasets()).filter((dataset) => dataset.name.startsWith('aave-v2-'));
});

describe('recorded Aave v2 wallets over time', () => {
  test('behavior: the estimate follows the health factor that the chain gave', async () => {
    const differences: number[] = [];
    for (const dataset of datasets) {
      const moments = JSON.parse(readFileSync(join(dataset.folder, 'recorded-health.json'), 'utf8')) as Moment[];
      for (const moment of moments) differences.push(...(await differenceAt(dataset, moment)));
    }
    const sorted = differences.toSorted((a, b) => a - b);
    const median = sorted[Math.floor(sorted.length / 2)] ?? 1;
    const nineOfTen = sorted[Math.floor(sorted.length * 0.9)] ?? 1;
    const worst = sorted.at(-1) ?? 1;
    process.stdout.write(
      `Aave v2 wallets: ${datasets.length} wallets, ${sorted.length} moments with debt, relative difference median ${median.toFixed(4)}, 90 % within ${nineOfTen.toFixed(4)}, worst ${worst.toFixed(4)}\n`,
    );
    expect(datasets).toHaveLength(5);
    expect(sorted.length).toBeGreaterThan(50);
    expect(median).toBeLessThan(MEDIAN);
    expect(nineOfTen).toBeLessThan(NINE_OF_TEN);
    expect(worst).toBeLessThan(WORST);
  });
});

async function differenceAt(dataset: DatasetSummary, moment: Moment): Promise<number[]> {
  const recorded = Number(moment.healthFactor);
  if (!Number.isFinite(recorded) || recorded === 0 || recorded > 100) return [];
  const { report } = await reportWallet({ subject: dataset.wallets[0]?.address ?? '', recorded: dataset.name, at: moment.timestamp }, readConfig({}));
  const computed = report.accounts[0]?.native.healthFactor;
  expect(report.status).not.toBe('incomplete');
  return computed === null || computed === undefined ? [] : [Decimal.max(0, computed.minus(recorded).abs().minus(CUT)).div(recorded).toNumber()];
}
