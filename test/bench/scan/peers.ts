import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';
import { fromFixed } from '../../../src/core/decimal.ts';
import { prepareMarket } from '../../../src/engine/prepare-market.ts';
import { accrueReserve } from '../../../src/protocols/aave/account-data.ts';
import { tokenMath } from '../../../src/protocols/aave/indexes.ts';
import { morphoBlueRule } from '../../../src/protocols/morpho-blue/rule.ts';
import type { BenchCase } from '../report.ts';
import { rateOf, timeRuns } from './measure.ts';
import { MORPHO_AT, makeMorphoPositions, morphoMarket } from './morpho-accounts.ts';
import { AT, makePoolAccounts, poolRule } from './pool-accounts.ts';

const PEERS = fileURLToPath(new URL('../scan-peers/package.json', import.meta.url));

/** How many accounts each peer is given; about as many as it does in a second or two. */
export interface PeerCounts {
  readonly mathUtils: number;
  readonly exactly: number;
  readonly blueSdk: number;
}

/** Tells whether the peers' packages are there. */
export function arePeersInstalled(): boolean {
  return existsSync(fileURLToPath(new URL('../scan-peers/node_modules', import.meta.url)));
}

/** Each peer over the first accounts of the same books: its speed, and its greatest relative error against the rule's own integers. */
export function measurePeers(counts: PeerCounts): BenchCase[] {
  return [measureMathUtils(counts.mathUtils), measureExactly(counts.exactly), ...measureBlueSdk(counts.blueSdk)];
}

/** What the bench calls of the peers. */
interface MathUtils {
  formatReserves(input: object): readonly object[];
  formatUserSummary(input: object): { readonly healthFactor: string };
}
interface Exactly {
  healthFactor(data: readonly object[], timestamp: number): bigint;
}
interface BlueSdk {
  readonly Market: new (input: object) => { getHealthFactor(position: object): bigint | undefined };
}

function load<Peer>(name: string): Peer {
  return createRequire(PEERS)(name) as Peer;
}

/** |theirs − exact| / exact, the greatest over accounts with debt. */
function greatestError(count: number, theirs: (account: number) => number, exact: (account: number) => number | null): number {
  let greatest = 0;
  for (let account = 0; account < count; account += 1) {
    const own = exact(account);
    if (own !== null && own > 0) greatest = Math.max(greatest, Math.abs(theirs(account) / own - 1));
  }
  return greatest;
}

function fill<Input, Output>(into: Output[], inputs: readonly Input[], compute: (input: Input) => Output): void {
  for (let account = 0; account < inputs.length; account += 1) into[account] = compute(inputs[account] as Input);
}

function measureMathUtils(count: number): BenchCase {
  const peer = load<MathUtils>('@aave/math-utils');
  const { pool, position } = makePoolAccounts(count);
  const common = { currentTimestamp: Number(AT), marketReferenceCurrencyDecimals: 8, marketReferencePriceInUsd: '100000000' };
  const reserves = pool.reserves.map((reserve) => ({
    originalId: reserve.id,
    id: String(reserve.id),
    symbol: reserve.symbol,
    name: reserve.symbol,
    decimals: reserve.decimals,
    underlyingAsset: addressOf(reserve.asset),
    usageAsCollateralEnabled: true,
    reserveFactor: '1000',
    baseLTVasCollateral: String(reserve.ltvBps),
    liquidityIndex: reserve.liquidityIndex.toString(),
    reserveLiquidationThreshold: String(reserve.liquidationThresholdBps),
    reserveLiquidationBonus: String(reserve.liquidationBonusBps),
    variableBorrowIndex: reserve.variableBorrowIndex.toString(),
    variableBorrowRate: reserve.variableBorrowRate.toString(),
    availableLiquidity: '0',
    liquidityRate: reserve.liquidityRate.toString(),
    totalScaledVariableDebt: '0',
    lastUpdateTimestamp: Number(reserve.lastUpdate),
    borrowCap: '0',
    supplyCap: '0',
    debtCeiling: '0',
    debtCeilingDecimals: 2,
    isolationModeTotalDebt: '0',
    virtualUnderlyingBalance: '0',
    deficit: '0',
    priceInMarketReferenceCurrency: reserve.price.toString(),
  }));
  const bits = (members: readonly number[]): string => members.reduce((bitmap, id) => bitmap | (1n << BigInt(id)), 0n).toString(2);
  const eModes = pool.eModes.map((mode) => ({
    id: mode.id,
    eMode: {
      ltv: String(mode.ltvBps),
      liquidationThreshold: String(mode.liquidationThresholdBps),
      liquidationBonus: String(mode.liquidationBonusBps),
      label: mode.label,
      isolated: mode.isolated,
      collateralBitmap: bits(mode.collateral),
      borrowableBitmap: bits(mode.borrowable),
      ltvzeroBitmap: bits([]),
    },
  }));
  const formattedReserves = peer.formatReserves({ ...common, reserves, eModes });
  const inputs = Array.from({ length: count }, (_, account) => {
    const { eMode, holdings } = position(account);
    const userReserves = holdings.map((holding) => ({
      underlyingAsset: reserves[holding.reserve]?.underlyingAsset ?? '',
      scaledATokenBalance: holding.scaledSupply.toString(),
      usageAsCollateralEnabledOnUser: holding.usedAsCollateral,
      scaledVariableDebt: holding.scaledVariableDebt.toString(),
    }));
    return { ...common, userReserves, formattedReserves, userEmodeCategoryId: eMode };
  });
  const factors: number[] = [];
  const times = timeRuns(() => fill(factors, inputs, (input) => Number(peer.formatUserSummary(input).healthFactor)), { times: 3, warmUp: 1 });
  return { name: 'peer:@aave/math-utils', metrics: { accounts: count, ...rateOf(count, times), max_rel_error: greatestError(count, (account) => factors[account] ?? Number.NaN, exactPool(count)) } };
}

/** Exactly's own factor stands on both sides of an asset; a leg of each side gets an entry of its own, debt at a factor of one. It is given accrued amounts. */
function measureExactly(count: number): BenchCase {
  const peer = load<Exactly>('@exactly/lib');
  const { pool, position } = makePoolAccounts(count);
  const wad = 10n ** 18n;
  const accrued = pool.reserves.map((reserve) => accrueReserve(poolRule.profile, reserve, AT));
  const inputs = Array.from({ length: count }, (_, account) => {
    const { eMode, holdings } = position(account);
    const category = pool.eModes.find(({ id }) => id === eMode);
    return holdings.flatMap((holding) => {
      const { reserve, incomeIndex, debtIndex } = accrued[holding.reserve] ?? failMissing(holding.reserve);
      const common = { market: reserve.symbol, decimals: reserve.decimals, usdPrice: reserve.price * 10n ** 10n, fixedBorrowPositions: [], penaltyRate: 0n };
      const threshold = category?.collateral.includes(reserve.id) === true ? category.liquidationThresholdBps : reserve.liquidationThresholdBps;
      const held = tokenMath.supplyBalance(poolRule.profile, holding.scaledSupply, incomeIndex);
      const owed = tokenMath.debtBalance(poolRule.profile, holding.scaledVariableDebt, debtIndex);
      if (owed > 0n) return [{ ...common, adjustFactor: wad, isCollateral: false, floatingBorrowAssets: owed, floatingDepositAssets: 0n }];
      return [{ ...common, adjustFactor: BigInt(threshold) * 10n ** 14n, isCollateral: true, floatingBorrowAssets: 0n, floatingDepositAssets: held }];
    });
  });
  const factors: bigint[] = [];
  const times = timeRuns(() => fill(factors, inputs, (input) => peer.healthFactor(input, Number(AT))), { times: 5, warmUp: 2 });
  const theirs = (account: number): number => fromFixed(factors[account] ?? 0n, 18).toNumber();
  return { name: 'peer:@exactly/lib', metrics: { accounts: count, ...rateOf(count, times), max_rel_error: greatestError(count, theirs, exactPool(count)) } };
}

/** The SDK over positions of one Morpho market, and the rule over the same positions. */
function measureBlueSdk(count: number): BenchCase[] {
  const peer = load<BlueSdk>('@morpho-org/blue-sdk');
  const positions = makeMorphoPositions(count);
  const { loan, collateral, oracle, irm, lltv, oraclePrice, ...totals } = morphoMarket;
  const params = { loanToken: addressOf(loan.asset), collateralToken: addressOf(collateral.asset), oracle, irm, lltv };
  const market = new peer.Market({ ...totals, params, price: oraclePrice ?? 0n, rateAtTarget: 0n });
  const factors: bigint[] = [];
  const times = timeRuns(() => fill(factors, positions, (position) => market.getHealthFactor(position) ?? 0n), { times: 5, warmUp: 2 });
  const prepared = prepareMarket({ rule: morphoBlueRule, state: morphoMarket }, MORPHO_AT);
  const own = positions.map((position) => prepared.health(position).healthFactor?.toNumber() ?? null);
  let liquidatable = 0;
  const exact = timeRuns(
    () => {
      liquidatable = positions.reduce((total, position) => total + (prepared.isLiquidatable(position) ? 1 : 0), 0);
    },
    { times: 5, warmUp: 2 },
  );
  const theirs = (account: number): number => fromFixed(factors[account] ?? 0n, 18).toNumber();
  return [
    { name: 'peer:@morpho-org/blue-sdk', metrics: { accounts: count, ...rateOf(count, times), max_rel_error: greatestError(count, theirs, (account) => own[account] ?? null) } },
    { name: 'exact-morpho', metrics: { accounts: count, liquidatable, ...rateOf(count, exact) } },
  ];
}

/** The pool's own health factors. */
function exactPool(count: number): (account: number) => number | null {
  const { pool, position } = makePoolAccounts(count);
  const prepared = prepareMarket({ rule: poolRule, state: pool }, AT);
  return (account) => prepared.health(position(account)).healthFactor?.toNumber() ?? null;
}

function addressOf(asset: string): string {
  return asset.slice(asset.indexOf('0x'));
}

function failMissing(reserve: number): never {
  throw new Error(`The pool has no reserve ${reserve}.`);
}
