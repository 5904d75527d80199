import type { Address } from '../../../src/core/ids.ts';
import { tokenOf } from '../../../src/core/ids.ts';
import type { CallResult, ContractCall } from '../../../src/core/source.ts';
import type { CometMarket, CometPosition } from '../../../src/protocols/compound-v3/state.ts';
import { throughAbi } from './abi-round-trip.ts';

const PAUSE_BITS = { supply: 1n, transfer: 2n, withdraw: 4n, absorb: 8n, buy: 16n } as const;

/** A comet as a chain shows it: its state, the feeds that it names, and the accounts in it. */
export interface FakeComet {
  readonly market: CometMarket;
  /** Feed by token, the base token's included. */
  readonly feeds: ReadonlyMap<Address, Address>;
  readonly positions: ReadonlyMap<Address, CometPosition>;
  /** Answers of feeds beside those of `market`. */
  readonly prices?: ReadonlyMap<Address, bigint>;
  /** Keys that revert. */
  readonly reverts?: readonly string[];
}

/** Answers calls as the comet would, whatever was planned: only the selector in the signature and the arguments are looked at. */
export function answerCalls(calls: readonly ContractCall[], fake: FakeComet): ReadonlyMap<string, CallResult> {
  return new Map(
    calls.map((call) => {
      const values = fake.reverts?.includes(call.key) === true ? undefined : answer(call, fake);
      return [call.key, values === undefined ? { ok: false, reason: 'execution reverted' } : { ok: true, values: throughAbi(call.signature, values) }];
    }),
  );
}

function answer({ signature, args }: ContractCall, { market, feeds, positions, prices }: FakeComet): readonly unknown[] | undefined {
  const name = /function (\w+)/.exec(signature)?.[1] ?? '';
  const [first, second] = args as readonly [unknown, unknown];
  const collateral = market.collaterals.find((entry) => tokenOf(entry.asset) === (name === 'userCollateral' ? second : first));
  const position = positions.get(first as Address);
  switch (name) {
    case 'totalsBasic':
      return [[market.baseSupplyIndex, market.baseBorrowIndex, 0n, 0n, market.totalSupplyBase, market.totalBorrowBase, market.lastAccrualTime, flagsOf(market)]];
    case 'baseTokenPriceFeed':
      return [feeds.get(tokenOf(market.base.asset) ?? '0x')];
    case 'numAssets':
      return [BigInt(market.collaterals.length)];
    case 'baseScale':
      return [10n ** BigInt(market.base.decimals)];
    case 'balanceOf':
      return [market.baseBalance];
    case 'decimals':
      return [8n];
    case 'getAssetInfo': {
      const entry = market.collaterals[Number(first)];
      if (entry === undefined) return undefined;
      const token = tokenOf(entry.asset) ?? '0x';
      const { borrowCollateralFactor, liquidateCollateralFactor, liquidationFactor, supplyCap } = entry;
      return [
        [
          BigInt(Number(first)),
          token,
          feeds.get(token) ?? '0x00000000000000000000000000000000000000fd',
          10n ** BigInt(entry.decimals),
          borrowCollateralFactor,
          liquidateCollateralFactor,
          liquidationFactor,
          supplyCap,
        ],
      ];
    }
    case 'getPrice': {
      const token = [...feeds].find(([, feed]) => feed === first)?.[0];
      const entry = [market.base, ...market.collaterals].find((one) => token !== undefined && tokenOf(one.asset) === token);
      const price = prices?.get(first as Address) ?? entry?.price ?? null;
      return price === null ? undefined : [price];
    }
    case 'totalsCollateral':
      return collateral === undefined ? [0n, 0n] : [collateral.totalSupply, 0n];
    case 'getCollateralReserves':
      return [collateral?.reserves ?? 0n];
    case 'userBasic':
      return [position?.principal ?? 0n, 0n, 0n, ...assetsIn(market, position)];
    case 'userCollateral':
      return [position?.collaterals.find((held) => held.asset === collateral?.asset)?.balance ?? 0n, 0n];
    default:
      return parameter(name, market);
  }
}

function parameter(name: string, market: CometMarket): readonly unknown[] | undefined {
  const rate = /^(supply|borrow)(?:PerSecondInterestRate)?(Kink|Base|SlopeLow|SlopeHigh)$/.exec(name);
  if (rate !== null) {
    const curve = rate[1] === 'supply' ? market.supplyCurve : market.borrowCurve;
    return [{ Kink: curve.kink, Base: curve.base, SlopeLow: curve.slopeLow, SlopeHigh: curve.slopeHigh }[rate[2] ?? '']];
  }
  const { baseBorrowMin, targetReserves, storeFrontPriceFactor } = market;
  const value = new Map(Object.entries({ baseBorrowMin, targetReserves, storeFrontPriceFactor })).get(name);
  return value === undefined ? undefined : [value];
}

function assetsIn(market: CometMarket, position: CometPosition | undefined): readonly [bigint, bigint] {
  const bits = market.collaterals.reduce((sum, entry, slot) => (position?.collaterals.some((held) => held.asset === entry.asset) ? sum | (1n << BigInt(slot)) : sum), 0n);
  return [bits & 0xffffn, bits >> 16n];
}

function flagsOf(market: CometMarket): bigint {
  return Object.entries(PAUSE_BITS).reduce((sum, [flag, bit]) => (new Map(Object.entries(market.paused)).get(flag) === true ? sum | bit : sum), 0n);
}
