import { type Address, type AssetId, type ChainId, erc20 } from '../../src/core/ids.ts';
import type { Leg, Step } from '../../src/core/rule.ts';
import { UNLISTED } from './protocol-fixture.ts';

/** Steps that an account with these legs might take: on each asset a little and all of it, and liquidations in every protocol's terms. */
export function listSteps(legs: readonly Leg[]): readonly Step[] {
  const assets = [...new Set(legs.map((leg) => leg.asset))];
  const some = (asset: AssetId): bigint => (legs.find((leg) => leg.asset === asset)?.amount ?? 0n) / 100n + 1n;
  const collateral = legs.find((leg) => leg.side === 'collateral')?.asset;
  const debt = legs.find((leg) => leg.side === 'debt')?.asset;
  return [
    ...assets.flatMap((asset): Step[] => [
      { kind: 'supply', asset, amount: some(asset) },
      { kind: 'withdraw', asset, amount: some(asset) },
      { kind: 'withdraw', asset, amount: 'max' },
      { kind: 'borrow', asset, amount: some(asset) },
      { kind: 'repay', asset, amount: some(asset) },
      { kind: 'repay', asset, amount: 'max' },
    ]),
    { kind: 'liquidate' },
    { kind: 'liquidate', repayShares: 1_000n },
    ...(collateral === undefined || debt === undefined ? [] : [{ kind: 'liquidate', collateral, debt, repay: 'max' } as const]),
    { kind: 'close', sizeUsd: 'max' },
    { kind: 'close', sizeUsd: 10n ** 33n },
  ];
}

/** Steps with a token that no market lists. */
export function listUnlistedSteps(chain: ChainId): readonly Step[] {
  const asset = erc20(chain, UNLISTED);
  return [
    { kind: 'supply', asset, amount: 1n },
    { kind: 'withdraw', asset, amount: 1n },
    { kind: 'borrow', asset, amount: 1n },
    { kind: 'repay', asset, amount: 1n },
    { kind: 'repay', asset, amount: 'max' },
  ];
}

/** The tokens that a step itself names. */
export function tokensOf(step: Step): readonly Address[] {
  const assets = step.kind === 'close' ? [] : step.kind === 'liquidate' ? [step.collateral, step.debt] : [step.asset];
  return assets.flatMap((asset) => (asset?.includes('/erc20:') === true ? [asset.slice(asset.indexOf('0x')) as Address] : []));
}

/** A copy of plain data in which every address, alone or in an asset id, is another one. */
export function withForeignAddresses(value: unknown, foreign: Address): unknown {
  if (typeof value === 'string') return value.replace(/0x[0-9a-f]{40}$/, foreign);
  if (Array.isArray(value)) return value.map((item) => withForeignAddresses(item, foreign));
  if (value === null || typeof value !== 'object') return value;
  return Object.fromEntries(Object.entries(value).map(([key, field]) => [key, withForeignAddresses(field, foreign)]));
}
