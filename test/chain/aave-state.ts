import { erc20 } from '../../src/core/ids.ts';
import { idsOf, isUsingAsCollateral, readConfiguration } from '../../src/protocols/aave/configuration-bits.ts';
import type { AaveEMode, AavePool, AavePosition, AaveReserve } from '../../src/protocols/aave/state.ts';
import type { AaveTestChain, AaveTestReserve } from './aave-pool-chain.ts';
import { type Read, readMany } from './contract.ts';

/** The chain that assets are named on. */
export const TEST_CHAIN = 'eip155:31337';

interface ReserveData {
  readonly configuration: { readonly data: bigint };
  readonly liquidityIndex: bigint;
  readonly currentLiquidityRate: bigint;
  readonly variableBorrowIndex: bigint;
  readonly currentVariableBorrowRate: bigint;
  readonly lastUpdateTimestamp: bigint;
  readonly id: bigint;
  readonly accruedToTreasury: bigint;
  readonly isolationModeTotalDebt: bigint;
}

/** Reads what the pool has stored, and its oracle's prices, at the latest block into the rule's form. */
export async function readPool(deployed: AaveTestChain): Promise<AavePool> {
  const reads = deployed.reserves.flatMap(({ token, aToken, debtToken }): Read[] => [
    { contract: deployed.pool, method: 'getReserveData', args: [token.address] },
    { contract: deployed.oracle, method: 'getAssetPrice', args: [token.address] },
    { contract: aToken, method: 'scaledTotalSupply', args: [] },
    { contract: debtToken, method: 'scaledTotalSupply', args: [] },
    { contract: token, method: 'balanceOf', args: [aToken.address] },
    // The grace period came with the second generation of e-mode.
    ...(deployed.eModeKind === 'bitmap' ? [{ contract: deployed.pool, method: 'getLiquidationGracePeriod', args: [token.address] }] : []),
  ]);
  const answers = await readMany(deployed.chain, reads);
  const each = reads.length / deployed.reserves.length;
  const data = deployed.reserves.map((reserve, at) => ({ reserve, answers: answers.slice(at * each, (at + 1) * each) }));
  const configurations = data.map(({ answers: [stored] }) => readConfiguration((stored as ReserveData).configuration.data));
  return {
    baseUnit: 100_000_000n,
    baseUsdE8: 100_000_000n,
    baseAsset: null,
    reserves: data.map(({ reserve, answers: own }) => toReserve(reserve, own)),
    eModes: await readEModes(
      deployed,
      configurations.map(({ eModeCategory }) => eModeCategory),
    ),
    liquidationAllowed: true,
    borrowAllowed: true,
  };
}

function toReserve({ asset, token }: AaveTestReserve, [stored, price, scaledSupply, scaledVariableDebt, liquidity, grace]: readonly unknown[]): AaveReserve {
  const data = stored as ReserveData;
  const { eModeCategory: _category, ...configuration } = readConfiguration(data.configuration.data);
  return {
    ...configuration,
    id: Number(data.id),
    asset: erc20(TEST_CHAIN, token.address),
    symbol: asset.symbol,
    isolationDebt: data.isolationModeTotalDebt,
    liquidityIndex: data.liquidityIndex,
    liquidityRate: data.currentLiquidityRate,
    variableBorrowIndex: data.variableBorrowIndex,
    variableBorrowRate: data.currentVariableBorrowRate,
    lastUpdate: data.lastUpdateTimestamp,
    gracePeriodUntil: (grace ?? 0n) as bigint,
    price: price as bigint,
    scaledSupply: scaledSupply as bigint,
    scaledVariableDebt: scaledVariableDebt as bigint,
    accruedToTreasury: data.accruedToTreasury,
    availableLiquidity: liquidity as bigint,
  };
}

async function readEModes(deployed: AaveTestChain, categories: readonly number[]): Promise<AaveEMode[]> {
  return Promise.all(deployed.eModes.map(({ id }) => (deployed.eModeKind === 'category' ? readCategory(deployed, id, categories) : readBitmaps(deployed, id))));
}

/** The first generation: one category per asset, maybe with a price of its own. */
async function readCategory({ pool, oracle }: AaveTestChain, id: number, categories: readonly number[]): Promise<AaveEMode> {
  const [ltv, threshold, bonus, source, label] = (await pool.read('getEModeCategoryData', id)) as [bigint, bigint, bigint, string, string];
  const members = categories.flatMap((category, reserve) => (category === id ? [reserve] : []));
  return {
    id,
    label,
    ltvBps: Number(ltv),
    liquidationThresholdBps: Number(threshold),
    liquidationBonusBps: Number(bonus),
    collateral: members,
    borrowable: members,
    ltvZero: [],
    isolated: false,
    price: BigInt(source) === 0n ? null : ((await oracle.read('getAssetPrice', source)) as bigint),
  };
}

/** The second generation: an asset may be a member of several categories. */
async function readBitmaps({ pool }: AaveTestChain, id: number): Promise<AaveEMode> {
  const [ltv, threshold, bonus] = (await pool.read('getEModeCategoryCollateralConfig', id)) as [bigint, bigint, bigint];
  return {
    id,
    label: String(await pool.read('getEModeCategoryLabel', id)),
    ltvBps: Number(ltv),
    liquidationThresholdBps: Number(threshold),
    liquidationBonusBps: Number(bonus),
    collateral: idsOf((await pool.read('getEModeCategoryCollateralBitmap', id)) as bigint),
    borrowable: idsOf((await pool.read('getEModeCategoryBorrowableBitmap', id)) as bigint),
    ltvZero: idsOf((await pool.read('getEModeCategoryLtvzeroBitmap', id)) as bigint),
    isolated: false,
    price: null,
  };
}

/** Reads what users have stored: scaled balances, flags and e-mode. */
export async function readPositions(deployed: AaveTestChain, users: readonly string[]): Promise<readonly AavePosition[]> {
  const perUser = 2 + 2 * deployed.reserves.length;
  const reads = users.flatMap((user): Read[] => [
    { contract: deployed.pool, method: 'getUserConfiguration', args: [user] },
    { contract: deployed.pool, method: 'getUserEMode', args: [user] },
    ...deployed.reserves.flatMap(({ aToken, debtToken }): Read[] => [
      { contract: aToken, method: 'scaledBalanceOf', args: [user] },
      { contract: debtToken, method: 'scaledBalanceOf', args: [user] },
    ]),
  ]);
  const answers = await readMany(deployed.chain, reads);
  return users.map((_user, at) => toPosition(answers.slice(at * perUser, (at + 1) * perUser)));
}

function toPosition([configuration, eMode, ...balances]: readonly unknown[]): AavePosition {
  const { data: bits } = configuration as { data: bigint };
  // Reserves are in order of their ids: none was ever dropped from a test pool.
  const holdings = Array.from({ length: balances.length / 2 }, (_, reserve) => ({
    reserve,
    scaledSupply: balances[2 * reserve] as bigint,
    usedAsCollateral: isUsingAsCollateral(bits, reserve),
    scaledVariableDebt: balances[2 * reserve + 1] as bigint,
    stableDebt: null,
  }));
  return {
    eMode: Number(eMode),
    holdings: holdings.filter((holding) => holding.scaledSupply > 0n || holding.scaledVariableDebt > 0n || holding.usedAsCollateral),
  };
}
