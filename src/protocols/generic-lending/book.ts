import * as z from 'zod';
import { InvalidFile } from '../../core/errors.ts';
import { pow10 } from '../../core/fixed-point.ts';
import { type AssetId, erc20, parseChain, toAddress } from '../../core/ids.ts';
import { pathText } from '../../core/json.ts';
import type { Normalized, NormalizedAccount } from '../protocol.ts';
import { GENERIC_RULE_ID } from './liquidation.ts';
import type { GenericMarket, GenericPosition } from './state.ts';

/** What a book's files do not say. */
export interface BookOptions {
  /** The chain's own coin or its wrapper, which prices are quoted in. */
  readonly unit: { readonly asset: AssetId; readonly symbol: string };
  /** USD per unit of account, 1e18. */
  readonly unitPriceUsd: bigint;
  /** Unix seconds of the book's block. */
  readonly at: number;
  /** Discount at the threshold and the liquidator's fee, 1e18; Euler v1 has 0.02 for both. */
  readonly baseDiscount: bigint;
  readonly repayFee: bigint;
}

/** Book amounts are decimal strings of whole tokens; Euler v1 keeps all of them at 18 decimals. */
const BOOK_DECIMALS = 18;

const decimalText = z.string().regex(/^[0-9]{1,40}(?:\.[0-9]{1,18})?$|^[0-9](?:\.[0-9]{1,9})?e-[0-9]{1,2}$/, 'expected a decimal string');
const addressText = z.string().regex(/^0x[0-9a-fA-F]{40}$/, 'expected an address');

const paramsSchema = z.object({
  protocol: z.string().min(1).max(60),
  chainId: z.int().positive(),
  block: z.int().positive(),
  selfCollateralFactor: decimalText,
  targetHealth: decimalText,
  maxDiscount: decimalText,
  tokens: z.array(
    z.object({
      address: addressText,
      symbol: z.string().min(1).max(64),
      priceEthWei: z.string().regex(/^[0-9]{1,60}$/, 'expected an integer string'),
      collateralFactor: decimalText.nullable(),
      borrowFactor: decimalText.nullable(),
      borrowIsolated: z.boolean().nullable(),
    }),
  ),
});

const entry = z.tuple([z.int().min(0), decimalText]);
const positionsSchema = z.object({
  accounts: z.array(z.object({ owner: addressText, account: addressText, deposits: z.array(entry), debts: z.array(entry) })),
});

/**
 * Turns a saved lending book (a file of parameters, a file of positions: `deposits` and `debts` are [token index, whole tokens]) into one
 * market and its accounts under `generic-lending@1`. Every deposit counts as collateral, so health is an upper bound and the precision an estimate.
 *
 * @throws {InvalidFile} where a file is not in this form; the message names the path.
 */
export function normalizeBook(params: unknown, positions: unknown, options: BookOptions): Normalized {
  const book = read(paramsSchema, params, 'parameters');
  const { accounts } = read(positionsSchema, positions, 'positions');
  const chain = parseChain(book.chainId);
  const assets = book.tokens.map((token) => erc20(chain, token.address));
  const id = `${GENERIC_RULE_ID.split('@')[0]}/${book.chainId}/${book.protocol}`;
  const state: GenericMarket = {
    unit: { ...options.unit, priceUsd: options.unitPriceUsd },
    assets: book.tokens.map((token, at) => ({
      asset: assets[at] ?? erc20(chain, token.address),
      symbol: token.symbol,
      decimals: BOOK_DECIMALS,
      price: BigInt(token.priceEthWei),
      priceFixed: false,
      collateralFactor: token.collateralFactor === null ? null : toWad(token.collateralFactor),
      borrowFactor: token.borrowFactor === null ? null : toWad(token.borrowFactor),
      borrowIsolated: token.borrowIsolated ?? true,
      supplyRate: 0n,
      borrowRate: 0n,
    })),
    selfCollateralFactor: toWad(book.selfCollateralFactor),
    liquidation: {
      targetHealth: toWad(book.targetHealth),
      baseDiscount: options.baseDiscount,
      maxDiscount: toWad(book.maxDiscount),
      repayFee: options.repayFee,
      writesOffBadDebt: false,
    },
  };
  const label = `${book.protocol} book at block ${book.block}`;
  return {
    markets: [{ id, market: book.protocol, label, rule: GENERIC_RULE_ID, state }],
    accounts: accounts.map(
      (account, at): NormalizedAccount => ({
        id: `${id}/${account.account.toLowerCase()}`,
        market: id,
        owner: toAddress(account.owner),
        position: positionOf(account, assets, { at: options.at, index: at }),
        precision: 'estimate',
        missing: ['which deposits the owner entered as collateral (all are counted)', 'staked balances', 'interest rates'],
      }),
    ),
    gaps: [],
    discrepancies: [],
  };
}

type BookEntries = readonly (readonly [number, string])[];

function positionOf(account: { readonly deposits: BookEntries; readonly debts: BookEntries }, assets: readonly AssetId[], where: { readonly at: number; readonly index: number }): GenericPosition {
  return {
    supplied: sumByAsset(account.deposits, assets, where.index).map(([asset, amount]) => ({ asset, amount, collateral: true })),
    debts: sumByAsset(account.debts, assets, where.index).map(([asset, amount]) => ({ asset, amount })),
    updatedAt: where.at,
  };
}

function sumByAsset(entries: BookEntries, assets: readonly AssetId[], account: number): readonly [AssetId, bigint][] {
  const totals = new Map<AssetId, bigint>();
  for (const [index, amount] of entries) {
    const asset = assets[index];
    if (asset === undefined) throw new InvalidFile(`The book's positions, at accounts[${account}]: there is no token ${index}.`, { account, token: index });
    totals.set(asset, (totals.get(asset) ?? 0n) + toWad(amount));
  }
  return [...totals].filter(([, amount]) => amount > 0n);
}

/** A decimal text at 1e18, exactly; the exponent form is what small factors are written in. */
function toWad(text: string): bigint {
  const [mantissa = '0', exponent = '0'] = text.split('e-');
  const [whole = '0', fractionDigits = ''] = mantissa.split('.');
  const digits = BigInt(whole + fractionDigits);
  const places = fractionDigits.length + Number(exponent);
  return places <= BOOK_DECIMALS ? digits * pow10(BOOK_DECIMALS - places) : digits / pow10(places - BOOK_DECIMALS);
}

function read<Value>(schema: z.ZodType<Value>, input: unknown, file: string): Value {
  const parsed = schema.safeParse(input);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  throw new InvalidFile(`The book's ${file}, at ${pathText(issue?.path ?? []) || '(top)'}: ${issue?.message ?? 'not understood'}.`, { file });
}
