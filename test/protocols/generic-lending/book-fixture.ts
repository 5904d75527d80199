import { erc20 } from '../../../src/core/ids.ts';
import { encodeJson } from '../../../src/core/json.ts';
import type { Step } from '../../../src/core/rule.ts';
import { type GenericMarket, type GenericPosition, type GenericView, genericLendingRule } from '../../../src/protocols/generic-lending/index.ts';

export const E18 = 10n ** 18n;
export const NOW = 1_678_700_000;
export const WETH = erc20('eip155:1', `0x${'1'.repeat(40)}`);
export const USDC = erc20('eip155:1', `0x${'2'.repeat(40)}`);
export const WBTC = erc20('eip155:1', `0x${'3'.repeat(40)}`);
/** Isolated, no collateral. */
export const MEME = erc20('eip155:1', `0x${'4'.repeat(40)}`);
/** Factors not known. */
export const CBETH = erc20('eip155:1', `0x${'5'.repeat(40)}`);
/** Price not known. */
export const NOPE = erc20('eip155:1', `0x${'6'.repeat(40)}`);

const percent = (value: number): bigint => (BigInt(Math.round(value * 100)) * E18) / 10_000n;

function asset(id: typeof WETH, symbol: string, decimals: number, price: bigint, factors: readonly [number, number] | null): GenericMarket['assets'][number] {
  return {
    asset: id,
    symbol,
    decimals,
    price,
    priceFixed: false,
    collateralFactor: factors === null ? null : percent(factors[0]),
    borrowFactor: factors === null ? null : percent(factors[1]),
    borrowIsolated: symbol === 'MEME',
    supplyRate: 0n,
    borrowRate: 0n,
  };
}

/** Prices in ETH: WETH 1, USDC 0.0005 (2000 USD an ETH), WBTC 15, MEME 0.001. Euler v1's own liquidation parameters. */
export const MARKET: GenericMarket = {
  unit: { asset: WETH, symbol: 'ETH', priceUsd: 2000n * E18 },
  assets: [
    asset(WETH, 'WETH', 18, E18, [88, 91]),
    asset(USDC, 'USDC', 6, E18 / 2000n, [90, 94]),
    asset(WBTC, 'WBTC', 8, 15n * E18, [88, 91]),
    asset(MEME, 'MEME', 18, E18 / 1000n, [0, 50]),
    asset(CBETH, 'cbETH', 18, E18, null),
    asset(NOPE, 'NOPE', 18, 0n, [50, 50]),
  ],
  selfCollateralFactor: percent(95),
  liquidation: { targetHealth: percent(125), baseDiscount: percent(2), maxDiscount: percent(20), repayFee: percent(2), writesOffBadDebt: false },
};

export type Amounts = readonly (readonly [asset: typeof WETH, amount: bigint])[];

export function view(supplied: Amounts, debts: Amounts, market: GenericMarket = MARKET, at = NOW): GenericView {
  const position: GenericPosition = {
    supplied: supplied.map(([id, amount]) => ({ asset: id, amount, collateral: true })),
    debts: debts.map(([id, amount]) => ({ asset: id, amount })),
    updatedAt: NOW,
  };
  return { market, position, at: BigInt(at) };
}

/** The view after a step. */
export function after(before: GenericView, step: Step): GenericView {
  const { market, position } = genericLendingRule.apply(before, step);
  return { market, position, at: before.at };
}

/** The view written as JSON and read back with the rule's schemas. */
export function reread(before: GenericView): GenericView {
  return {
    market: genericLendingRule.marketSchema.parse(encodeJson(before.market)),
    position: genericLendingRule.positionSchema.parse(encodeJson(before.position)),
    at: before.at,
  };
}
