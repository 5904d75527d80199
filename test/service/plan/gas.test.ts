import { describe, expect, test } from 'vitest';
import { PlimsollError } from '../../../src/core/errors.ts';
import { type ChainId, erc20 } from '../../../src/core/ids.ts';
import type { ChainSource } from '../../../src/core/source.ts';
import { readGas } from '../../../src/service/plan/gas.ts';
import type { PlanAsset } from '../../../src/service/plan/means.ts';

const [ETHEREUM, ARBITRUM, POLYGON] = ['eip155:1', 'eip155:42161', 'eip155:137'] as const;
const WETH: PlanAsset = { asset: erc20(ETHEREUM, `0x${'1'.repeat(40)}`), symbol: 'WETH', decimals: 18, usd: 3_000 };

function sourceWith(fetchGasPrice: (() => Promise<bigint>) | null): ChainSource {
  const fail = (): never => {
    throw new PlimsollError('SOURCE_UNREACHABLE', 'not here');
  };
  return { chain: ETHEREUM, label: 'test', fetchHead: fail, fetchBlock: fail, fetchCalls: fail, ...(fetchGasPrice === null ? {} : { fetchGasPrice }) };
}

const read = (sources: readonly (readonly [ChainId, ChainSource])[], assets: readonly PlanAsset[] = [WETH], wanted: readonly ChainId[] = [ETHEREUM]) =>
  readGas(null, { chains: new Map(sources), wanted, assets });

describe('what actions cost', () => {
  test('default: gas units × the chain’s gas price × what the wallet’s own wrapped coin is worth', async () => {
    const gas = await read([[ETHEREUM, sourceWith(() => Promise.resolve(20_000_000_000n))]]);
    // 220,000 · 20 gwei = 0.0044 ETH.
    expect(gas.usd(ETHEREUM, 'repay')).toBeCloseTo(13.2, 9);
    expect(gas.usd(ETHEREUM, 'borrow')).toBeGreaterThan(gas.usd(ETHEREUM, 'repay'));
    expect(gas.assumed).toEqual([]);
  });

  test('behavior: ether is worth the same on a rollup; another coin is not', async () => {
    const cheap = sourceWith(() => Promise.resolve(10_000_000n));
    const gas = await read(
      [
        [ARBITRUM, cheap],
        [POLYGON, cheap],
      ],
      [WETH],
      [ARBITRUM, POLYGON],
    );
    expect(gas.usd(ARBITRUM, 'repay')).toBeCloseTo(0.0066, 9);
    expect(gas.assumed).toEqual([POLYGON]);
  });

  test('behavior: what the caller states holds on every chain; an order pays its keeper too', async () => {
    const gas = await readGas(7, { chains: new Map(), wanted: [ETHEREUM], assets: [] });
    expect([gas.usd(ETHEREUM, 'repay'), gas.usd(ARBITRUM, 'swap'), gas.usd(ARBITRUM, 'close') > 7, gas.assumed]).toEqual([7, 7, true, []]);
  });

  test.each([
    ['no endpoint', []],
    ['an endpoint that does not tell', [[ETHEREUM, sourceWith(null)]]],
    ['an endpoint that fails', [[ETHEREUM, sourceWith(() => Promise.reject(new PlimsollError('SOURCE_TIMEOUT', 'late')))]]],
  ] as const)('behavior: %s leaves the table, and says so', async (_, sources) => {
    const gas = await read(sources);
    expect([gas.usd(ETHEREUM, 'repay') > 0, gas.assumed]).toEqual([true, [ETHEREUM]]);
  });

  test('behavior: without a price of the coin the table stands', async () => {
    expect((await read([[ETHEREUM, sourceWith(() => Promise.resolve(1n))]], [])).assumed).toEqual([ETHEREUM]);
  });
});
