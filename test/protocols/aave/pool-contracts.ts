import { Interface, Result } from 'ethers';
import { type Address, tokenOf } from '../../../src/core/ids.ts';
import type { CallResult, ContractCall } from '../../../src/core/source.ts';
import { computeAccountData } from '../../../src/protocols/aave/account-data.ts';
import { getAaveProfile } from '../../../src/protocols/aave/profile.ts';
import type { AaveEMode, AavePool, AavePosition, AaveReserve } from '../../../src/protocols/aave/state.ts';

/** A pool's contracts as a test states them: what the calls of a plan are answered from. */
export interface PoolContracts {
  readonly rule: string;
  /** null where the contract has no such function (v2, Spark). */
  readonly revision: bigint | null;
  readonly pool: AavePool;
  readonly users: ReadonlyMap<Address, AavePosition>;
  readonly at: bigint;
  /** 'bitmap' from 3.2 on, 'category' up to 3.1 and in Spark. */
  readonly eModes: 'bitmap' | 'category' | 'none';
  /** The oracle of a category of the older kind. */
  readonly categoryOracle?: string;
  /** The pool's list, where it is not the reserves in order of id. */
  readonly reservesList?: readonly Address[];
}

const ZERO_ADDRESS = `0x${'0'.repeat(40)}`;
const TOKENS = { aToken: 'a', stable: 'c', variable: 'b' } as const;

/** The address of one of a reserve's tokens. */
export function tokenAddress(reserve: number, kind: keyof typeof TOKENS): Address {
  return `0x${TOKENS[kind]}${reserve.toString(16).padStart(39, '0')}`;
}

export function addressOf(reserve: AaveReserve): Address {
  const token = tokenOf(reserve.asset);
  if (token === null) throw new Error('fixture');
  return token;
}

/** Answers every call of a plan, through its own ABI, as a chain source would. */
export function answerCalls(contracts: PoolContracts, calls: readonly ContractCall[]): Map<string, CallResult> {
  return new Map(
    calls.map((call) => {
      const values = answer(contracts, call);
      return [call.key, values === null ? { ok: false, reason: 'execution reverted' } : { ok: true, values: throughAbi(call.signature, values) }];
    }),
  );
}

/** The configuration word of a reserve, by the masks of ReserveConfiguration.sol. */
export function encodeConfiguration(reserve: AaveReserve, eModeCategory = 0): bigint {
  const flag = (is: boolean, bit: number): bigint => (is ? 1n << BigInt(bit) : 0n);
  const field = (value: bigint | number, from: number): bigint => BigInt(value) << BigInt(from);
  return (
    field(reserve.ltvBps, 0) |
    field(reserve.liquidationThresholdBps, 16) |
    field(reserve.liquidationBonusBps, 32) |
    field(reserve.decimals, 48) |
    flag(reserve.active, 56) |
    flag(reserve.frozen, 57) |
    flag(reserve.borrowingEnabled, 58) |
    flag(true, 59) |
    flag(reserve.paused, 60) |
    flag(reserve.borrowableInIsolation, 61) |
    flag(reserve.siloedBorrowing, 62) |
    flag(true, 63) |
    field(1_500, 64) |
    field(reserve.borrowCap, 80) |
    field(reserve.supplyCap, 116) |
    field(reserve.liquidationProtocolFeeBps, 152) |
    field(eModeCategory, 168) |
    field(77, 176) |
    field(reserve.debtCeiling, 212)
  );
}

/** The configuration word of a user: bit 2i borrows, bit 2i + 1 is used as collateral. */
export function encodeUserConfiguration(position: AavePosition): bigint {
  return position.holdings.reduce((word, holding) => {
    const owes = holding.scaledVariableDebt !== 0n || holding.stableDebt !== null;
    return word | (owes ? 1n << BigInt(2 * holding.reserve) : 0n) | (holding.usedAsCollateral ? 2n << BigInt(2 * holding.reserve) : 0n);
  }, 0n);
}

function answer(contracts: PoolContracts, call: ContractCall): readonly unknown[] | null {
  const name = /function (\w+)/.exec(call.signature)?.[1] ?? '';
  const { pool } = contracts;
  const isV2 = contracts.rule === 'aave-v2@2';
  const reserve = pool.reserves.find((entry) => addressOf(entry) === call.args[0]);
  const token = (kind: keyof typeof TOKENS): AaveReserve | undefined => pool.reserves.find((entry) => tokenAddress(entry.id, kind) === call.to);
  const user = contracts.users.get(call.args[0] as Address) ?? { eMode: 0, holdings: [] };
  const stableOf = () => user.holdings.find((holding) => holding.reserve === token('stable')?.id)?.stableDebt;
  switch (name) {
    case 'getReservesList':
      return [contracts.reservesList ?? pool.reserves.map(addressOf)];
    case 'POOL_REVISION':
      return contracts.revision === null ? null : [contracts.revision];
    case 'latestAnswer':
      return [pool.baseUsdE8];
    case 'isLiquidationAllowed':
      return [pool.liquidationAllowed];
    case 'isBorrowAllowed':
      return [pool.borrowAllowed];
    case 'getReserveData':
      return reserve === undefined ? null : [isV2 ? reserveDataV2(reserve) : reserveDataV3(contracts, reserve)];
    case 'getAssetPrice':
      return [reserve?.price ?? 0n];
    case 'scaledTotalSupply':
      return answerOr(token('aToken')?.scaledSupply ?? token('variable')?.scaledVariableDebt);
    case 'balanceOf':
      return answerOr(pool.reserves.find((entry) => addressOf(entry) === call.to && tokenAddress(entry.id, 'aToken') === call.args[0])?.availableLiquidity);
    case 'getLiquidationGracePeriod':
      return reserve === undefined ? null : [reserve.gracePeriodUntil];
    case 'getUserAccountData':
      return accountData(contracts, user);
    case 'getUserConfiguration':
      return [[encodeUserConfiguration(user)]];
    case 'getUserEMode':
      return [user.eMode];
    case 'scaledBalanceOf':
      return [scaledBalance(user, token('aToken'), token('variable'))];
    case 'principalBalanceOf':
      return [stableOf()?.principal ?? 0n];
    case 'getUserStableRate':
      return [stableOf()?.rate ?? 0n];
    case 'getUserLastUpdated':
      return [stableOf()?.lastUpdate ?? 0n];
    default:
      return answerEMode(contracts, name, Number(call.args[0]));
  }
}

function answerOr(value: bigint | null | undefined): readonly unknown[] | null {
  return value === null || value === undefined ? null : [value];
}

function scaledBalance(user: AavePosition, supplied: AaveReserve | undefined, owed: AaveReserve | undefined): bigint {
  const holding = user.holdings.find((entry) => entry.reserve === (supplied ?? owed)?.id);
  return (supplied === undefined ? holding?.scaledVariableDebt : holding?.scaledSupply) ?? 0n;
}

function accountData(contracts: PoolContracts, user: AavePosition): readonly unknown[] {
  const account = computeAccountData(getAaveProfile(contracts.rule), contracts.pool, user, contracts.at);
  return [account.totalCollateralBase, account.totalDebtBase, 0n, account.currentLiquidationThreshold, account.ltv, account.healthFactor];
}

function reserveDataV3(contracts: PoolContracts, reserve: AaveReserve): readonly unknown[] {
  const category = contracts.eModes === 'category' ? contracts.pool.eModes.find((entry) => entry.collateral.includes(reserve.id))?.id : 0;
  return [
    encodeConfiguration(reserve, category),
    reserve.liquidityIndex,
    reserve.liquidityRate,
    reserve.variableBorrowIndex,
    reserve.variableBorrowRate,
    0n,
    reserve.lastUpdate,
    reserve.id,
    tokenAddress(reserve.id, 'aToken'),
    tokenAddress(reserve.id, 'stable'),
    tokenAddress(reserve.id, 'variable'),
    ZERO_ADDRESS,
    reserve.accruedToTreasury ?? 0n,
    0n,
    reserve.isolationDebt,
  ];
}

function reserveDataV2(reserve: AaveReserve): readonly unknown[] {
  return [
    encodeConfiguration(reserve),
    reserve.liquidityIndex,
    reserve.variableBorrowIndex,
    reserve.liquidityRate,
    reserve.variableBorrowRate,
    0n,
    reserve.lastUpdate,
    tokenAddress(reserve.id, 'aToken'),
    tokenAddress(reserve.id, 'stable'),
    tokenAddress(reserve.id, 'variable'),
    ZERO_ADDRESS,
    reserve.id,
  ];
}

function answerEMode(contracts: PoolContracts, name: string, id: number): readonly unknown[] | null {
  const category: AaveEMode | undefined = contracts.pool.eModes.find((entry) => entry.id === id);
  const thresholds = [category?.ltvBps ?? 0, category?.liquidationThresholdBps ?? 0, category?.liquidationBonusBps ?? 0];
  if (contracts.eModes === 'category' && name === 'getEModeCategoryData') return [[...thresholds, contracts.categoryOracle ?? ZERO_ADDRESS, category?.label ?? '']];
  if (contracts.eModes !== 'bitmap') return null;
  const bitmap = (ids: readonly number[] | undefined): readonly unknown[] => [(ids ?? []).reduce((word, member) => word | (1n << BigInt(member)), 0n)];
  switch (name) {
    case 'getEModeCategoryCollateralConfig':
      return [thresholds];
    case 'getEModeCategoryCollateralBitmap':
      return bitmap(category?.collateral);
    case 'getEModeCategoryBorrowableBitmap':
      return bitmap(category?.borrowable);
    case 'getEModeCategoryLtvzeroBitmap':
      return getAaveProfile(contracts.rule).eModeLtv === 'own' ? bitmap(category?.ltvZero) : null;
    case 'getIsEModeCategoryIsolated':
      return contracts.rule === 'aave-v3@3.7' ? [category?.isolated ?? false] : null;
    default:
      return null;
  }
}

/** Encodes and decodes by the planned call's own signature: what does not fit it throws. */
function throughAbi(signature: string, values: readonly unknown[]): readonly unknown[] {
  const abi = new Interface([signature]);
  const name = /function (\w+)/.exec(signature)?.[1] ?? '';
  return plain(abi.decodeFunctionResult(name, abi.encodeFunctionResult(name, values))) as readonly unknown[];
}

function plain(value: unknown): unknown {
  if (value instanceof Result) return value.toArray().map(plain);
  return typeof value === 'string' && /^0x[0-9a-fA-F]{40}$/.test(value) ? value.toLowerCase() : value;
}
