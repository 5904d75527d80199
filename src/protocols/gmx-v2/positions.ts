import * as z from 'zod';
import { max } from '../../core/fixed-point.ts';
import { type Address, type ChainId, erc20 } from '../../core/ids.ts';
import { type Answers, addressWord, findAnswer, int, uint, word } from './answers.ts';
import { computePositionKey } from './keys.ts';
import type { PositionRow } from './rows.ts';
import type { GmxPosition } from './state.ts';
import { callKeys } from './value.ts';

const props = z.tuple([z.tuple([addressWord, addressWord, addressWord]), z.tuple([uint, uint, uint, int, uint, uint, uint, uint, uint, uint]), z.tuple([z.boolean()])]);
const referralFees = z.tuple([word, z.unknown(), z.unknown(), uint, uint, uint, uint, uint, uint, uint]);
const price = z.tuple([uint, uint]);
const fees = z.tuple([
  ...[referralFees, z.tuple([uint, uint, uint]), z.tuple([uint, uint, uint, uint, uint, uint]), z.tuple([uint, uint, uint, uint])],
  ...[z.unknown(), z.unknown(), price, uint, uint, uint, uint, uint, uint, uint, uint, uint, uint],
] as const);
const execution = z.tuple([int, uint, z.boolean(), int, int, uint]);
const positionInfo = z.tuple([word, props, fees, execution, int, int, int, int]);

const NO_CODE = `0x${'0'.repeat(64)}`;

/** A position that the chain shows, whether or not it could be valued. */
export interface ChainPosition {
  readonly key: string;
  readonly account: Address;
  readonly market: Address;
  readonly collateralToken: Address;
  readonly isLong: boolean;
  readonly sizeInUsd: bigint;
  readonly sizeInTokens: bigint;
  readonly collateralAmount: bigint;
}

/** What the Reader computed for a position at the prices that it was given. */
export interface ReaderFigures {
  readonly totalCostAmount: bigint;
  readonly basePnlUsd: bigint;
  readonly uncappedBasePnlUsd: bigint;
}

/** Finds all positions of an account; undefined where the Reader did not answer. */
export function findChainPositions(answers: Answers, owner: Address): readonly ChainPosition[] | undefined {
  const found = findAnswer(answers, callKeys.positions(owner), z.tuple([z.array(props)]));
  return found?.[0].map(([[account, market, collateralToken], [sizeInUsd, sizeInTokens, collateralAmount], [isLong]]) => ({
    key: computePositionKey({ account, market, collateralToken, isLong }),
    ...{ account, market, collateralToken, isLong, sizeInUsd, sizeInTokens, collateralAmount },
  }));
}

/** Finds a position as the Reader values it at the block's second, with the figures to check the rule against; undefined where neither the account's nor its own call answered. */
export function findValuedPosition(
  answers: Answers,
  { key, account }: Pick<ChainPosition, 'key' | 'account'>,
  at: { readonly chain: ChainId; readonly timestamp: bigint },
): { readonly position: GmxPosition; readonly figures: ReaderFigures } | undefined {
  const list = findAnswer(answers, callKeys.infoList(account), z.tuple([z.array(positionInfo)]))?.[0] ?? [];
  const info = list.find(([listed]) => listed === key) ?? findAnswer(answers, callKeys.info(key), z.tuple([positionInfo]))?.[0];
  if (info === undefined) return undefined;
  const [, [[, , collateralToken], numbers, [isLong]], paid, [closingImpactUsd, , closingImprovesBalance], basePnlUsd, uncappedBasePnlUsd] = info;
  const [sizeInUsd, sizeInTokens, collateralAmount, pendingImpactAmount] = numbers;
  const [referral, pro, funding, borrowing] = paid;
  const referralDiscount = referral[0] === NO_CODE ? 0n : referral[6];
  return {
    figures: { totalCostAmount: paid[15], basePnlUsd, uncappedBasePnlUsd },
    position: {
      key,
      isLong,
      collateralToken: erc20(at.chain, collateralToken),
      sizeInUsd,
      sizeInTokens,
      collateralAmount,
      pendingImpactAmount,
      feesAsOf: at.timestamp,
      borrowingFeeUsd: borrowing[0],
      fundingFeeAmount: funding[0],
      closingImpactUsd,
      closingImprovesBalance,
      traderDiscountFactor: max(pro[1], referralDiscount),
    },
  };
}

/**
 * Builds a position from the squid alone: its fees, of the last pass, stand in for what is pending now; impact from opening is not known; the closing fee is the higher one.
 */
export function readSquidPosition(row: PositionRow, at: { readonly chain: ChainId; readonly timestamp: bigint }): GmxPosition {
  return {
    key: row.positionKey,
    isLong: row.isLong,
    collateralToken: erc20(at.chain, row.collateralToken),
    sizeInUsd: row.sizeInUsd,
    sizeInTokens: row.sizeInTokens,
    collateralAmount: row.collateralAmount,
    pendingImpactAmount: 0n,
    feesAsOf: at.timestamp,
    borrowingFeeUsd: max(row.unrealizedFees, 0n),
    fundingFeeAmount: 0n,
    closingImpactUsd: row.unrealizedPriceImpact,
    closingImprovesBalance: false,
    traderDiscountFactor: 0n,
  };
}
