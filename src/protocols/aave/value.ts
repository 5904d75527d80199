import type { Address } from '../../core/ids.ts';
import type { ContractCall } from '../../core/source.ts';
import type { Deployment, Rows } from '../protocol.ts';
import { type PoolRows, type ReserveRow, readPoolRows } from './rows.ts';

const RESERVE_DATA_V3 =
  'function getReserveData(address asset) view returns (tuple(uint256 configuration, uint128 liquidityIndex, uint128 currentLiquidityRate, uint128 variableBorrowIndex, uint128 currentVariableBorrowRate, uint128 currentStableBorrowRate, uint40 lastUpdateTimestamp, uint16 id, address aTokenAddress, address stableDebtTokenAddress, address variableDebtTokenAddress, address interestRateStrategyAddress, uint128 accruedToTreasury, uint128 unbacked, uint128 isolationModeTotalDebt))';
const RESERVE_DATA_V2 =
  'function getReserveData(address asset) view returns (tuple(uint256 configuration, uint128 liquidityIndex, uint128 variableBorrowIndex, uint128 currentLiquidityRate, uint128 currentVariableBorrowRate, uint128 currentStableBorrowRate, uint40 lastUpdateTimestamp, address aTokenAddress, address stableDebtTokenAddress, address variableDebtTokenAddress, address interestRateStrategyAddress, uint8 id))';
const ACCOUNT_DATA =
  'function getUserAccountData(address user) view returns (uint256 totalCollateralBase, uint256 totalDebtBase, uint256 availableBorrowsBase, uint256 currentLiquidationThreshold, uint256 ltv, uint256 healthFactor)';

/** The keys of the calls, so that planning and reading cannot drift apart. */
export const callKey = {
  revision: 'revision',
  reservesList: 'reservesList',
  baseUsd: 'baseUsd',
  liquidationAllowed: 'liquidationAllowed',
  borrowAllowed: 'borrowAllowed',
  reserve: (asset: Address) => `reserve ${asset}`,
  price: (asset: Address) => `price ${asset}`,
  grace: (asset: Address) => `grace ${asset}`,
  scaledSupply: (asset: Address) => `scaledSupply ${asset}`,
  scaledDebt: (asset: Address) => `scaledDebt ${asset}`,
  liquidity: (asset: Address) => `liquidity ${asset}`,
  account: (owner: Address) => `account ${owner}`,
  configuration: (owner: Address) => `configuration ${owner}`,
  userEMode: (owner: Address) => `eMode ${owner}`,
  supplied: (owner: Address, asset: Address) => `supplied ${owner} ${asset}`,
  owed: (owner: Address, asset: Address) => `owed ${owner} ${asset}`,
  stable: (owner: Address, asset: Address, field: 'principal' | 'rate' | 'since') => `stable ${owner} ${asset} ${field}`,
  eModeConfig: (id: number) => `eMode ${id} config`,
  eModeCollateral: (id: number) => `eMode ${id} collateral`,
  eModeBorrowable: (id: number) => `eMode ${id} borrowable`,
  eModeLtvZero: (id: number) => `eMode ${id} ltvzero`,
  eModeIsolated: (id: number) => `eMode ${id} isolated`,
  eModeLegacy: (id: number) => `eMode ${id} legacy`,
} as const;

/** Categories that Spark and the first v3 pools number from 1 and no subgraph of theirs lists. */
const LEGACY_EMODES = [1, 2, 3] as const;

/** The contract reads that value a pool and its users, all for one block. */
export function valueAave(deployment: Deployment, owners: readonly Address[], rows: Rows): readonly ContractCall[] {
  const pool = readPoolRows(rows);
  const plan = new CallPlan(deployment);
  plan.pool(callKey.reservesList, 'function getReservesList() view returns (address[])');
  if (deployment.protocol === 'aave-v2') plan.add(callKey.baseUsd, deployment.contracts.baseUsdFeed, 'function latestAnswer() view returns (int256)');
  else plan.pool(callKey.revision, 'function POOL_REVISION() view returns (uint256)');
  plan.add(callKey.liquidationAllowed, deployment.contracts.sentinel, 'function isLiquidationAllowed() view returns (bool)');
  plan.add(callKey.borrowAllowed, deployment.contracts.sentinel, 'function isBorrowAllowed() view returns (bool)');
  for (const reserve of pool.reserves) planReserve(plan, deployment, reserve);
  for (const owner of owners) planOwner(plan, deployment, owner, pool);
  if (deployment.protocol !== 'aave-v2') for (const id of eModeIds(pool)) planEMode(plan, id);
  return plan.calls;
}

/** The e-mode categories that are asked for: those the subgraph lists, else the first few. */
export function eModeIds(pool: PoolRows): readonly number[] {
  return pool.eModes === null ? LEGACY_EMODES : pool.eModes.map((category) => category.id);
}

class CallPlan {
  readonly calls: ContractCall[] = [];
  readonly #deployment: Deployment;

  constructor(deployment: Deployment) {
    this.#deployment = deployment;
  }

  add(key: string, to: Address | null | undefined, signature: string, args: readonly unknown[] = []): void {
    if (to !== null && to !== undefined) this.calls.push({ key, to, signature, args });
  }

  pool(key: string, signature: string, args: readonly unknown[] = []): void {
    this.add(key, this.#deployment.contracts.pool, signature, args);
  }
}

function planReserve(plan: CallPlan, deployment: Deployment, reserve: ReserveRow): void {
  const { asset } = reserve;
  plan.pool(callKey.reserve(asset), deployment.protocol === 'aave-v2' ? RESERVE_DATA_V2 : RESERVE_DATA_V3, [asset]);
  plan.add(callKey.price(asset), deployment.contracts.oracle, 'function getAssetPrice(address asset) view returns (uint256)', [asset]);
  plan.add(callKey.scaledSupply(asset), reserve.aToken, 'function scaledTotalSupply() view returns (uint256)');
  plan.add(callKey.scaledDebt(asset), reserve.variableDebtToken, 'function scaledTotalSupply() view returns (uint256)');
  plan.add(callKey.liquidity(asset), asset, 'function balanceOf(address account) view returns (uint256)', [reserve.aToken]);
  if (deployment.protocol === 'aave-v3') plan.pool(callKey.grace(asset), 'function getLiquidationGracePeriod(address asset) view returns (uint40)', [asset]);
}

function planOwner(plan: CallPlan, deployment: Deployment, owner: Address, pool: PoolRows): void {
  plan.pool(callKey.account(owner), ACCOUNT_DATA, [owner]);
  plan.pool(callKey.configuration(owner), 'function getUserConfiguration(address user) view returns (tuple(uint256 data))', [owner]);
  if (deployment.protocol !== 'aave-v2') plan.pool(callKey.userEMode(owner), 'function getUserEMode(address user) view returns (uint256)', [owner]);
  for (const reserve of pool.reserves) {
    const scaled = 'function scaledBalanceOf(address user) view returns (uint256)';
    plan.add(callKey.supplied(owner, reserve.asset), reserve.aToken, scaled, [owner]);
    plan.add(callKey.owed(owner, reserve.asset), reserve.variableDebtToken, scaled, [owner]);
    const stable = reserve.stableDebtToken;
    plan.add(callKey.stable(owner, reserve.asset, 'principal'), stable, 'function principalBalanceOf(address user) view returns (uint256)', [owner]);
    plan.add(callKey.stable(owner, reserve.asset, 'rate'), stable, 'function getUserStableRate(address user) view returns (uint256)', [owner]);
    plan.add(callKey.stable(owner, reserve.asset, 'since'), stable, 'function getUserLastUpdated(address user) view returns (uint40)', [owner]);
  }
}

function planEMode(plan: CallPlan, id: number): void {
  plan.pool(callKey.eModeConfig(id), 'function getEModeCategoryCollateralConfig(uint8 id) view returns (tuple(uint16 ltv, uint16 liquidationThreshold, uint16 liquidationBonus))', [id]);
  plan.pool(callKey.eModeCollateral(id), 'function getEModeCategoryCollateralBitmap(uint8 id) view returns (uint128)', [id]);
  plan.pool(callKey.eModeBorrowable(id), 'function getEModeCategoryBorrowableBitmap(uint8 id) view returns (uint128)', [id]);
  plan.pool(callKey.eModeLtvZero(id), 'function getEModeCategoryLtvzeroBitmap(uint8 id) view returns (uint128)', [id]);
  plan.pool(callKey.eModeIsolated(id), 'function getIsEModeCategoryIsolated(uint8 id) view returns (bool)', [id]);
  plan.pool(
    callKey.eModeLegacy(id),
    'function getEModeCategoryData(uint8 id) view returns (tuple(uint16 ltv, uint16 liquidationThreshold, uint16 liquidationBonus, address priceSource, string label))',
    [id],
  );
}
