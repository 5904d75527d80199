import type { AaveRule } from '../../src/protocols/aave/rule.ts';
import type { Anvil } from './anvil.ts';
import type { Contract } from './contract.ts';

/** An asset that a test pool lists. Risk parameters in bps, the bonus including 100 %. */
export interface AaveAsset {
  readonly symbol: string;
  readonly decimals: number;
  readonly priceE8: bigint;
  readonly ltvBps: number;
  readonly thresholdBps: number;
  readonly bonusBps: number;
  readonly protocolFeeBps: number;
  readonly reserveFactorBps: number;
}

/** A listed reserve and its tokens. */
export interface AaveTestReserve {
  readonly asset: AaveAsset;
  readonly token: Contract;
  readonly aToken: Contract;
  readonly debtToken: Contract;
}

/** An e-mode category as the test sets it up; members by symbol. */
export interface AaveTestEMode {
  readonly id: number;
  readonly collateral: readonly string[];
  readonly borrowable: readonly string[];
}

/** A pool of real contracts with everything that the suite asks of it. */
export interface AaveTestChain {
  readonly chain: Anvil;
  readonly rule: AaveRule;
  readonly admin: string;
  readonly pool: Contract;
  readonly configurator: Contract;
  readonly oracle: Contract;
  readonly reserves: readonly AaveTestReserve[];
  readonly eModes: readonly AaveTestEMode[];
  /** Gets the protocol's fee as aTokens. */
  readonly treasury: string;
  /** The generation of the e-mode functions. */
  readonly eModeKind: 'category' | 'bitmap';
  /** Aave's own lens over liquidations, where the version has one. */
  readonly liquidationData: Contract | null;
}

/** Risk parameters of Aave v3 Ethereum in October 2023; prices of the same day, rounded. @source aave-proposals-v3 reports */
export const AAVE_ASSETS = {
  weth: { symbol: 'WETH', decimals: 18, priceE8: 181_685_499_606n, ltvBps: 8_050, thresholdBps: 8_300, bonusBps: 10_500, protocolFeeBps: 1_000, reserveFactorBps: 1_500 },
  wstEth: { symbol: 'wstETH', decimals: 18, priceE8: 208_052_489_524n, ltvBps: 7_850, thresholdBps: 8_100, bonusBps: 10_600, protocolFeeBps: 1_000, reserveFactorBps: 500 },
  wbtc: { symbol: 'WBTC', decimals: 8, priceE8: 3_481_414_003_279n, ltvBps: 7_300, thresholdBps: 7_800, bonusBps: 10_500, protocolFeeBps: 1_000, reserveFactorBps: 2_000 },
  usdc: { symbol: 'USDC', decimals: 6, priceE8: 99_997_427n, ltvBps: 7_700, thresholdBps: 8_000, bonusBps: 10_450, protocolFeeBps: 2_000, reserveFactorBps: 1_000 },
  dai: { symbol: 'DAI', decimals: 18, priceE8: 100_012_345n, ltvBps: 7_700, thresholdBps: 8_000, bonusBps: 10_500, protocolFeeBps: 2_000, reserveFactorBps: 1_000 },
} as const satisfies Record<string, AaveAsset>;

/** The reserve of a symbol. */
export function reserveOf(deployed: AaveTestChain, symbol: string): AaveTestReserve {
  const found = deployed.reserves.find((reserve) => reserve.asset.symbol === symbol);
  if (found === undefined) throw new TypeError(`no reserve ${symbol}`);
  return found;
}
