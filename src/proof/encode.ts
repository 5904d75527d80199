import { Decimal } from '../core/decimal.ts';
import { PlimsollError } from '../core/errors.ts';
import type { ChainId } from '../core/ids.ts';
import type { ExposureTerm } from '../core/rule.ts';
import type { AccountEvaluation } from '../engine/evaluate.ts';
import { UNITS } from './instances.ts';
import { fitsRow, type Row } from './row.ts';
import { type MarketName, marketId } from './scope.ts';

/** An account that rows belong to. */
export interface Unit {
  /** The account's id in its Portfolio. */
  readonly account: string;
  readonly market: MarketName;
  readonly marketId: bigint;
}

/** A wallet as rows: the accounts with debt, in their exposure form. */
export interface EncodedAccounts {
  readonly units: readonly Unit[];
  readonly rows: readonly Row[];
}

/** amount × price is USD × 10^28 for every asset. */
const VALUE_DECIMALS = 28;
/** Amounts are carried with at most so many decimals: beyond, a price in whole units of 10^(decimals − 28) would lose its digits. */
const AMOUNT_DECIMALS = 18;
const WEIGHT_DECIMALS = 6;

/**
 * Writes accounts as rows of their exposure form. Accounts without debt are left out, as they are out of the unified health factor (solvency.md §2): what they
 * hold is free collateral, and counting it could only make a wallet look safer.
 *
 * Everything is rounded against the account: side 0 (collateral) down, side 1 (debt) up. Nothing is dropped, merged or cut.
 *
 * @throws {PlimsollError} ENCODING_REFUSED where a number does not fit its field, or where the sign of C − D differs from the rule's own decision;
 * ROWS_DO_NOT_FIT for more accounts than a unit table holds. No message holds a position.
 */
export function encodeAccounts(accounts: readonly AccountEvaluation[]): EncodedAccounts {
  const indebted = accounts.filter((account) => !account.debtFree);
  if (indebted.length > UNITS) {
    throw new PlimsollError('ROWS_DO_NOT_FIT', `The wallet owes in ${indebted.length} accounts; a proof holds ${UNITS}. Prove about fewer chains (--chain).`, {
      accounts: indebted.length,
      units: UNITS,
    });
  }
  const encoded = indebted.map((account, unit) => encodeAccount(account, unit));
  return { units: indebted.map(unitOf), rows: encoded.flat() };
}

function unitOf({ account }: AccountEvaluation): Unit {
  const { chain, protocol, market } = account.marketEntry;
  const name: MarketName = { chain: chain as ChainId, protocol, market };
  return { account: account.entry.id, market: name, marketId: marketId(name) };
}

function encodeAccount(account: AccountEvaluation, unit: number): readonly Row[] {
  const rows = account.terms.filter((term) => term.amount > 0n && !term.weight.isZero() && !term.priceUsd.isZero()).map((term) => encodeTerm(term, unit));
  if (isUnderwater(rows) !== account.native.liquidatable) {
    throw new PlimsollError(
      'ENCODING_REFUSED',
      `Account ${unit + 1} with debt lies so close to its threshold that its rows and its protocol's rule decide differently. Read it again at another block.`,
      { unit },
    );
  }
  return rows;
}

function encodeTerm(term: ExposureTerm, unit: number): Row {
  const side = term.side === 'collateral' ? 0 : 1;
  const decimals = Math.min(term.decimals, AMOUNT_DECIMALS);
  const rounding = side === 0 ? Decimal.ROUND_FLOOR : Decimal.ROUND_CEIL;
  const scaled = (value: Decimal, power: number): bigint => BigInt(value.times(new Decimal(10).pow(power)).toDecimalPlaces(0, rounding).toFixed(0));
  const row: Row = {
    amount: scaled(new Decimal(term.amount.toString()), decimals - term.decimals),
    price: scaled(term.priceUsd, VALUE_DECIMALS - decimals),
    weight: scaled(term.weight, WEIGHT_DECIMALS),
    unit,
    side,
  };
  for (const component of ['amount', 'price', 'weight'] as const) {
    if (!fitsRow(component, row[component])) {
      throw new PlimsollError('ENCODING_REFUSED', `The ${component} of a term of account ${unit + 1} with debt is larger than a proof can hold. It is not cut: this wallet cannot be proved about.`, {
        unit,
        component,
      });
    }
  }
  return row;
}

function isUnderwater(rows: readonly Row[]): boolean {
  return rows.reduce((slack, row) => slack + (row.side === 0 ? 1n : -1n) * row.amount * row.price * row.weight, 0n) < 0n;
}
