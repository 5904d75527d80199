import { type AssetId, erc20, USD } from '../../../src/core/ids.ts';
import type { Rule } from '../../../src/core/rule.ts';
import { AAVE_RULES } from '../../../src/protocols/aave/rule.ts';
import type { AavePool, AavePosition, AaveReserve } from '../../../src/protocols/aave/state.ts';
import { compoundV3Rule } from '../../../src/protocols/compound-v3/rule.ts';
import type { CometMarket, CometPosition } from '../../../src/protocols/compound-v3/state.ts';
import { type GenericMarket, type GenericPosition, genericLendingRule } from '../../../src/protocols/generic-lending/index.ts';
import { gmxV2Rule } from '../../../src/protocols/gmx-v2/rule.ts';
import type { GmxMarket, GmxPosition } from '../../../src/protocols/gmx-v2/state.ts';
import { morphoBlueRule } from '../../../src/protocols/morpho-blue/rule.ts';
import type { MorphoMarket, MorphoPosition } from '../../../src/protocols/morpho-blue/state.ts';
import type { SeededRandom } from '../../chain/seeded-random.ts';
import { usdcComet } from '../../protocols/compound-v3/usdc-comet.ts';
import { ethLong, ethMarket } from '../../protocols/gmx-v2/eth-market.ts';
import { wstEthUsdc } from '../../protocols/morpho-blue/wsteth-usdc.ts';

const WAD = 10n ** 18n;
const RAY = 10n ** 27n;
/** When every market was last updated. */
export const T0 = 1_773_400_000n;

interface RandomToken {
  readonly asset: AssetId;
  readonly symbol: string;
  readonly decimals: number;
  readonly priceE8: bigint;
}

/** The tokens of a chain, with usual prices in 1e-8 USD; one has no decimals, one has two, one costs less than a cent. Each copy of the markets is on a chain of its own. */
export function tokensOf(copy: number): readonly [RandomToken, RandomToken, RandomToken, RandomToken, RandomToken, RandomToken, RandomToken] {
  const token = (digit: number): AssetId => erc20(`eip155:${copy + 1}`, `0x${digit.toString(16).padStart(40, '0')}`);
  return [
    { asset: token(1), symbol: 'WETH', decimals: 18, priceE8: 250_000_000_000n },
    { asset: token(2), symbol: 'wstETH', decimals: 18, priceE8: 290_000_000_000n },
    { asset: token(3), symbol: 'USDC', decimals: 6, priceE8: 99_990_000n },
    { asset: token(4), symbol: 'WBTC', decimals: 8, priceE8: 6_500_000_000_000n },
    { asset: token(5), symbol: 'GUSD', decimals: 2, priceE8: 100_000_000n },
    { asset: token(6), symbol: 'SHIB', decimals: 18, priceE8: 1_234n },
    { asset: token(7), symbol: 'DEED', decimals: 0, priceE8: 7_000_000_000n },
  ];
}

/** A market with a way to make accounts of it. */
export interface RandomMarket {
  readonly key: string;
  readonly rule: Rule;
  readonly state: unknown;
  makePosition(random: SeededRandom): unknown;
  /** The position with another amount of debt, in the rule's own unit; null where it has none to set. */
  withDebt(position: unknown, debt: bigint): unknown;
}

/** An amount from 1 to about 10^`digits`, every length as likely. */
export function anySize(random: SeededRandom, digits: number): bigint {
  const length = random.integer(1, digits);
  let amount = BigInt(random.integer(1, 9));
  for (let digit = 1; digit < length; digit += 1) amount = amount * 10n + BigInt(random.integer(0, 9));
  return amount;
}

function anyPrice(random: SeededRandom, priceE8: bigint): bigint {
  const price = random.part(priceE8, 300_000, 3_000_000);
  return price === 0n ? 1n : price;
}

/** One market of every kind, `copies` times, with other prices and parameters each time. */
export function makeMarkets(random: SeededRandom, copies: number): RandomMarket[] {
  const kinds = [
    ...AAVE_RULES.map((rule) => (copy: number) => aaveMarket(random, rule, copy)),
    ...[cometMarket, morphoMarket, genericMarket, gmxMarket].map((make) => (copy: number) => make(random, copy)),
  ];
  return kinds.flatMap((make) => Array.from({ length: copies }, (_, copy) => make(copy)));
}

function aaveMarket(random: SeededRandom, rule: (typeof AAVE_RULES)[number], copy: number): RandomMarket {
  const inEth = rule.id === 'aave-v2@2';
  const base = inEth ? WAD : 10n ** 8n;
  const priced = tokensOf(copy).map((entry) => ({ ...entry, price: (anyPrice(random, entry.priceE8) * base) / (inEth ? 250_000_000_000n : 10n ** 8n) }));
  const reserves = priced.map(({ asset, symbol, decimals, price }, id): AaveReserve => {
    const threshold = random.pick([0, 5_000, 7_801, 8_300, 9_333]);
    return {
      ...AAVE_RESERVE,
      id,
      asset,
      symbol,
      decimals,
      price: random.integer(0, 30) === 0 ? 0n : price,
      ltvBps: Math.max(0, threshold - 500),
      liquidationThresholdBps: threshold,
      liquidityIndex: RAY + random.part(RAY, 0, 1_500_000),
      variableBorrowIndex: RAY + random.part(RAY, 0, 1_500_000),
      liquidityRate: random.part(RAY, 0, 200_000),
      variableBorrowRate: random.part(RAY, 0, 500_000),
      lastUpdate: T0 - BigInt(random.integer(0, 100_000)),
      scaledVariableDebt: random.pick([null, 0n, 10n ** 24n]),
    };
  });
  const eModes = [1, 2].map((id) => ({
    id,
    label: `mode ${id}`,
    ltvBps: 9_000,
    liquidationThresholdBps: 9_300 + id,
    liquidationBonusBps: 10_100,
    collateral: id === 1 ? [0, 1] : [2, 4],
    borrowable: [0, 2],
    ltvZero: [],
    isolated: false,
    price: random.pick([null, (260_000_000_000n * base) / (inEth ? 250_000_000_000n : 10n ** 8n)]),
  }));
  const state: AavePool = {
    baseUnit: base,
    baseUsdE8: inEth ? 250_000_000_000n : 10n ** 8n,
    baseAsset: inEth ? tokensOf(copy)[0].asset : null,
    reserves,
    eModes,
    liquidationAllowed: true,
    borrowAllowed: true,
  };
  return {
    key: `${rule.id} ${copy}`,
    rule,
    state,
    makePosition: (source) => makeAavePosition(source, reserves.length),
    withDebt: (position, debt) => {
      const { eMode, holdings } = position as AavePosition;
      const at = holdings.findIndex((holding) => holding.scaledVariableDebt > 0n);
      return at < 0 ? null : { eMode, holdings: holdings.map((holding, index) => (index === at ? { ...holding, scaledVariableDebt: debt } : holding)) };
    },
  };
}

const AAVE_RESERVE = {
  liquidationBonusBps: 10_500,
  liquidationProtocolFeeBps: 1_000,
  active: true,
  frozen: false,
  paused: false,
  borrowingEnabled: true,
  siloedBorrowing: false,
  borrowableInIsolation: false,
  debtCeiling: 0n,
  isolationDebt: 0n,
  supplyCap: 0n,
  borrowCap: 0n,
  gracePeriodUntil: 0n,
  scaledSupply: null,
  accruedToTreasury: null,
  availableLiquidity: null,
} as const;

function makeAavePosition(random: SeededRandom, reserves: number): AavePosition {
  const ids = random.sample(
    Array.from({ length: reserves }, (_, id) => id),
    random.integer(1, reserves),
  );
  const owes = random.integer(1, 4);
  const holdings = ids
    .toSorted((a, b) => a - b)
    .map((reserve, at) => ({
      reserve,
      scaledSupply: random.integer(0, 4) === 0 ? 0n : anySize(random, 26),
      usedAsCollateral: random.integer(0, 5) > 0,
      scaledVariableDebt: at % owes === 0 ? anySize(random, 24) : 0n,
      stableDebt: random.integer(0, 60) === 0 ? { principal: anySize(random, 20), rate: RAY / 20n, lastUpdate: T0 - 5_000n } : null,
    }));
  return { eMode: random.pick([0, 0, 1, 2, ...(random.integer(0, 40) === 0 ? [9] : [])]), holdings };
}

function cometMarket(random: SeededRandom, copy: number): RandomMarket {
  const [weth, wsteth, usdc, wbtc, , shib] = tokensOf(copy);
  const collateral = ({ asset, symbol, decimals, priceE8 }: RandomToken, factor: bigint) => ({
    asset,
    symbol,
    decimals,
    price: random.integer(0, 20) === 0 ? null : anyPrice(random, priceE8),
    borrowCollateralFactor: factor,
    liquidateCollateralFactor: factor + WAD / 20n,
    liquidationFactor: (WAD * 95n) / 100n,
    supplyCap: 10n ** 30n,
    totalSupply: 10n ** 24n,
    reserves: 0n,
  });
  const inEth = copy % 2 === 1;
  const state: CometMarket = usdcComet({
    unit: inEth ? { asset: weth.asset, symbol: 'ETH', usdPerUnit: 250_000_000_000n } : { asset: USD, symbol: 'USD', usdPerUnit: 10n ** 8n },
    base: { asset: usdc.asset, symbol: 'USDC', decimals: 6, price: random.integer(0, 15) === 0 ? null : 99_990_000n },
    baseSupplyIndex: 10n ** 15n + random.part(10n ** 15n, 0, 500_000),
    baseBorrowIndex: 10n ** 15n + random.part(10n ** 15n, 0, 900_000),
    lastAccrualTime: T0 - BigInt(random.integer(0, 5_000)),
    collaterals: [collateral(weth, WAD / 2n), collateral(wsteth, (WAD * 8n) / 10n), collateral(wbtc, (WAD * 7n) / 10n), collateral(shib, WAD / 3n)],
  });
  return {
    key: `comet ${copy}`,
    rule: compoundV3Rule,
    state,
    makePosition: (source): CometPosition => ({
      principal: source.integer(0, 9) === 0 ? anySize(source, 14) : -anySize(source, 14),
      collaterals: source.sample(state.collaterals, source.integer(0, 4)).map(({ asset }) => ({ asset, balance: anySize(source, 24) })),
    }),
    withDebt: (position, debt) => ({ ...(position as CometPosition), principal: -debt }),
  };
}

function morphoMarket(random: SeededRandom, copy: number): RandomMarket {
  const tokens = tokensOf(copy);
  const [to = tokens[2], from = tokens[0]] = random.sample(tokens, 2);
  const price = (anyPrice(random, from.priceE8) * 10n ** BigInt(36 + to.decimals)) / (to.priceE8 * 10n ** BigInt(from.decimals));
  const name = ({ asset, symbol, decimals }: RandomToken) => ({ asset, symbol, decimals });
  const state: MorphoMarket = {
    ...wstEthUsdc,
    loan: name(to),
    collateral: name(from),
    lltv: random.pick([0n, (WAD * 625n) / 1_000n, (WAD * 86n) / 100n, (WAD * 965n) / 1_000n]),
    totalBorrowAssets: anySize(random, 24),
    totalBorrowShares: anySize(random, 30),
    lastUpdate: T0 - BigInt(random.integer(0, 50_000)),
    borrowRate: random.part(10n ** 10n, 0, 1_000_000),
    oraclePrice: random.integer(0, 12) === 0 ? null : price,
    oracleKind: random.pick(['market', 'market', 'fixed'] as const),
    loanUsd: random.integer(0, 12) === 0 ? '0' : `${Number(to.priceE8) / 1e8}`.includes('e') ? '0.00001234' : `${Number(to.priceE8) / 1e8}`,
  };
  return {
    key: `morpho ${copy}`,
    rule: morphoBlueRule,
    state,
    makePosition: (source): MorphoPosition => ({
      supplyShares: source.integer(0, 5) === 0 ? anySize(source, 20) : 0n,
      borrowShares: source.integer(0, 6) === 0 ? 0n : anySize(source, 27),
      collateral: source.integer(0, 6) === 0 ? 0n : anySize(source, 24),
    }),
    withDebt: (position, debt) => ({ ...(position as MorphoPosition), borrowShares: debt }),
  };
}

function genericMarket(random: SeededRandom, copy: number): RandomMarket {
  const hasRates = copy % 2 === 1;
  const tokens = tokensOf(copy);
  const state: GenericMarket = {
    unit: { asset: tokens[0].asset, symbol: 'ETH', priceUsd: 2_500n * WAD },
    assets: tokens.map(({ asset, symbol, decimals, priceE8 }) => ({
      asset,
      symbol,
      decimals,
      price: random.integer(0, 30) === 0 ? 0n : (anyPrice(random, priceE8) * WAD) / 250_000_000_000n,
      priceFixed: random.integer(0, 4) === 0,
      collateralFactor: random.integer(0, 12) === 0 ? null : random.part(WAD, 10_000, 1_000_000),
      borrowFactor: random.integer(0, 12) === 0 ? null : random.part(WAD, 200_000, 1_000_000),
      borrowIsolated: false,
      supplyRate: hasRates ? WAD / 50n : 0n,
      borrowRate: hasRates ? WAD / 20n : 0n,
    })),
    selfCollateralFactor: copy % 3 === 0 ? (WAD * 95n) / 100n : null,
    liquidation: { targetHealth: (WAD * 125n) / 100n, baseDiscount: WAD / 50n, maxDiscount: WAD / 5n, repayFee: WAD / 50n, writesOffBadDebt: false },
  };
  return {
    key: `generic ${copy}`,
    rule: genericLendingRule,
    state,
    makePosition: (source): GenericPosition => ({
      supplied: source.sample(tokens, source.integer(1, 4)).map(({ asset }) => ({ asset, amount: anySize(source, 26), collateral: source.integer(0, 6) > 0 })),
      debts: source.sample(tokens, source.integer(0, 3)).map(({ asset }) => ({ asset, amount: anySize(source, 24) })),
      updatedAt: Number(T0) - source.pick([0, 3_600]),
    }),
    withDebt: (position, debt) => {
      const { debts, ...rest } = position as GenericPosition;
      const [first, ...others] = debts;
      return first === undefined ? null : { ...rest, debts: [{ ...first, amount: debt }, ...others] };
    },
  };
}

function gmxMarket(_: SeededRandom, copy: number): RandomMarket {
  const side = { ...ethMarket().longs, borrowingFactorPerSecond: 10n ** 21n, fundingFactorPerSecond: 10n ** 21n };
  const rename = <Token extends { readonly asset: AssetId }>(entry: Token, asset: AssetId): Token => ({ ...entry, asset });
  const plain = ethMarket(2_500_000_000n);
  const [weth, , usdc] = tokensOf(copy);
  const state: GmxMarket = {
    ...plain,
    longs: side,
    shorts: { ...side, poolAmount: 40_000_000n * 10n ** 6n },
    indexToken: rename(plain.indexToken, weth.asset),
    longToken: rename(plain.longToken, weth.asset),
    shortToken: rename(plain.shortToken, usdc.asset),
  };
  return {
    key: `gmx ${copy}`,
    rule: gmxV2Rule,
    state,
    makePosition: (source): GmxPosition => {
      const tokens = anySize(source, 21);
      return ethLong({
        isLong: source.next() < 0.5,
        collateralToken: source.pick([weth.asset, usdc.asset]),
        sizeInTokens: tokens,
        sizeInUsd: source.part(tokens * 2_500n * 10n ** 12n, 700_000, 1_300_000),
        collateralAmount: anySize(source, 12),
        pendingImpactAmount: source.pick([0n, -(10n ** 15n), 10n ** 15n]),
        feesAsOf: T0,
      });
    },
    withDebt: (position, debt) => ({ ...(position as GmxPosition), sizeInUsd: debt }),
  };
}
