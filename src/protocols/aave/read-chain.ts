import { PlimsollError, UnsupportedState } from '../../core/errors.ts';
import { type Address, erc20 } from '../../core/ids.ts';
import type { Deployment } from '../protocol.ts';
import type { CallAnswers } from './call-answers.ts';
import { idsOf, isUsingAsCollateral, type ReserveConfiguration, readConfiguration } from './configuration-bits.ts';
import { findRuleByRevision } from './profile.ts';
import type { PoolRows, ReserveRow } from './rows.ts';
import type { AaveEMode, AaveHolding, AavePool, AaveReserve } from './state.ts';
import { callKey, eModeIds } from './value.ts';

const ZERO_ADDRESS = '0x0000000000000000000000000000000000000000';
/** WETH, which stands for v2's base currency. */
const WETH = '0xc02aaa39b223fe8d0a0e5c4f27ead9083c756cc2';

/** Reserves that a user configuration has bits for. @source ReserveConfiguration.MAX_RESERVES_COUNT */
export const MAX_RESERVES = 128;

/** A pool as its contracts tell it at one block. */
export interface ChainPool {
  readonly rule: string;
  readonly pool: AavePool;
  /** The assets by reserve id; null where no reserve with that id was read. */
  readonly assetsById: readonly (Address | null)[];
}

/**
 * Reads the rule version and the pool from the chain's answers.
 *
 * @throws {PlimsollError} CALL_FAILED, MALFORMED_RESPONSE; UNSUPPORTED_STATE for a revision that is not known
 */
export function readChainPool(deployment: Deployment, rows: PoolRows, answers: CallAnswers): ChainPool {
  const reservesList = answers.addresses(callKey.reservesList);
  const configured = rows.reserves.filter((row) => reservesList.includes(row.asset)).map((row) => readReserve(deployment, row, answers));
  const rule = readRule(deployment, answers);
  const isV2 = deployment.protocol === 'aave-v2';
  return {
    rule,
    assetsById: placeAssets(reservesList, configured),
    pool: {
      baseUnit: isV2 ? 10n ** 18n : 10n ** 8n,
      baseUsdE8: isV2 ? answers.integer(callKey.baseUsd) : 10n ** 8n,
      baseAsset: isV2 ? erc20(deployment.chain, WETH) : null,
      reserves: configured.map((entry) => entry.reserve).toSorted((a, b) => a.id - b.id),
      eModes: isV2 ? [] : eModeIds(rows).flatMap((id) => readEMode(id, rows, configured, answers)),
      // A pool without a sentinel allows both; only 3.6 and earlier ask one.
      liquidationAllowed: answers.findBoolean(callKey.liquidationAllowed) ?? true,
      borrowAllowed: answers.findBoolean(callKey.borrowAllowed) ?? true,
    },
  };
}

/** A pool's list leaves out dropped reserves, so that what follows stands at a place below its id; then only the reserves that were read have one. */
function placeAssets(reservesList: readonly Address[], configured: readonly ConfiguredReserve[]): readonly (Address | null)[] {
  if (configured.every((entry) => reservesList[entry.reserve.id] === entry.token)) return reservesList;
  return Array.from({ length: MAX_RESERVES }, (_, id) => configured.find((entry) => entry.reserve.id === id)?.token ?? null);
}

function readRule(deployment: Deployment, answers: CallAnswers): string {
  if (deployment.protocol !== 'aave-v3') return deployment.assumedRule;
  const revision = answers.integer(callKey.revision);
  const rule = findRuleByRevision(revision);
  if (rule === null) throw new UnsupportedState(`pool revision ${revision}`, deployment.label);
  return rule;
}

interface ConfiguredReserve {
  readonly token: Address;
  readonly reserve: AaveReserve;
  readonly configuration: ReserveConfiguration;
}

function readReserve(deployment: Deployment, row: ReserveRow, answers: CallAnswers): ConfiguredReserve {
  const isV2 = deployment.protocol === 'aave-v2';
  const data = answers.struct(callKey.reserve(row.asset));
  const field = (at: number): bigint => {
    const value = data[at];
    if (typeof value !== 'bigint') throw new PlimsollError('MALFORMED_RESPONSE', `${deployment.label}: field ${at} of a reserve's data is not an integer.`);
    return value;
  };
  const configuration = readConfiguration(field(0));
  const reserve: AaveReserve = {
    id: Number(field(isV2 ? 11 : 7)),
    asset: erc20(deployment.chain, row.asset),
    symbol: row.symbol,
    decimals: configuration.decimals,
    ltvBps: configuration.ltvBps,
    liquidationThresholdBps: configuration.liquidationThresholdBps,
    liquidationBonusBps: configuration.liquidationBonusBps,
    liquidationProtocolFeeBps: isV2 ? 0 : configuration.liquidationProtocolFeeBps,
    active: configuration.active,
    frozen: configuration.frozen,
    paused: isV2 ? false : configuration.paused,
    borrowingEnabled: configuration.borrowingEnabled,
    siloedBorrowing: !isV2 && configuration.siloedBorrowing,
    borrowableInIsolation: !isV2 && configuration.borrowableInIsolation,
    debtCeiling: isV2 ? 0n : configuration.debtCeiling,
    isolationDebt: isV2 ? 0n : field(14),
    supplyCap: isV2 ? 0n : configuration.supplyCap,
    borrowCap: isV2 ? 0n : configuration.borrowCap,
    liquidityIndex: field(1),
    liquidityRate: field(isV2 ? 3 : 2),
    variableBorrowIndex: field(isV2 ? 2 : 3),
    variableBorrowRate: field(4),
    lastUpdate: field(6),
    gracePeriodUntil: answers.findInteger(callKey.grace(row.asset)) ?? 0n,
    price: answers.findInteger(callKey.price(row.asset)) ?? 0n,
    scaledSupply: answers.findInteger(callKey.scaledSupply(row.asset)),
    scaledVariableDebt: answers.findInteger(callKey.scaledDebt(row.asset)),
    accruedToTreasury: isV2 ? null : field(12),
    availableLiquidity: answers.findInteger(callKey.liquidity(row.asset)),
  };
  return { token: row.asset, reserve, configuration };
}

function readEMode(id: number, rows: PoolRows, reserves: readonly ConfiguredReserve[], answers: CallAnswers): AaveEMode[] {
  const label = rows.eModes?.find((row) => row.id === id)?.label ?? `e-mode ${id}`;
  const liquid = answers.findStruct(callKey.eModeConfig(id));
  if (liquid !== null) {
    const bitmap = (key: string): number[] => idsOf(answers.findInteger(key) ?? 0n);
    return emptyIfUnset({
      id,
      label,
      ...readThresholds(liquid),
      collateral: bitmap(callKey.eModeCollateral(id)),
      borrowable: bitmap(callKey.eModeBorrowable(id)),
      ltvZero: bitmap(callKey.eModeLtvZero(id)),
      isolated: answers.findBoolean(callKey.eModeIsolated(id)) ?? false,
      price: null,
    });
  }
  const legacy = answers.findStruct(callKey.eModeLegacy(id));
  if (legacy === null) return [];
  if (typeof legacy[3] === 'string' && legacy[3].toLowerCase() !== ZERO_ADDRESS) {
    throw new UnsupportedState(`e-mode category ${id} has an oracle of its own`, label);
  }
  const members = reserves.filter((entry) => entry.configuration.eModeCategory === id).map((entry) => entry.reserve.id);
  return emptyIfUnset({ id, label, ...readThresholds(legacy), collateral: members, borrowable: members, ltvZero: [], isolated: false, price: null });
}

function readThresholds(struct: readonly unknown[]): Pick<AaveEMode, 'ltvBps' | 'liquidationThresholdBps' | 'liquidationBonusBps'> {
  return { ltvBps: Number(struct[0]), liquidationThresholdBps: Number(struct[1]), liquidationBonusBps: Number(struct[2]) };
}

function emptyIfUnset(category: AaveEMode): AaveEMode[] {
  return category.liquidationThresholdBps === 0 ? [] : [category];
}

/** What the chain says that one user holds and owes. @throws {PlimsollError} CALL_FAILED */
export function readChainHoldings(owner: Address, chain: ChainPool, answers: CallAnswers): readonly AaveHolding[] {
  const word = answers.struct(callKey.configuration(owner))[0];
  return chain.pool.reserves.flatMap((reserve): AaveHolding[] => {
    const asset = chain.assetsById[reserve.id];
    if (asset === undefined || asset === null) return [];
    const principal = answers.findInteger(callKey.stable(owner, asset, 'principal')) ?? 0n;
    const holding: AaveHolding = {
      reserve: reserve.id,
      scaledSupply: answers.integer(callKey.supplied(owner, asset)),
      usedAsCollateral: typeof word === 'bigint' && isUsingAsCollateral(word, reserve.id),
      scaledVariableDebt: answers.integer(callKey.owed(owner, asset)),
      stableDebt: principal === 0n ? null : { principal, rate: answers.integer(callKey.stable(owner, asset, 'rate')), lastUpdate: answers.integer(callKey.stable(owner, asset, 'since')) },
    };
    const isEmpty = holding.scaledSupply === 0n && holding.scaledVariableDebt === 0n && holding.stableDebt === null;
    return isEmpty ? [] : [holding];
  });
}
