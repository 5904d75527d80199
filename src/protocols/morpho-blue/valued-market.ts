import * as z from 'zod';
import { Decimal, fromFixed, toText } from '../../core/decimal.ts';
import type { ErrorCode } from '../../core/errors.ts';
import { SECONDS_PER_YEAR } from '../../core/fixed-point.ts';
import { erc20 } from '../../core/ids.ts';
import type { CallResult } from '../../core/source.ts';
import type { Deployment } from '../protocol.ts';
import { oracleKindOf } from './fixed-oracles.ts';
import { computeMarketId } from './market-id.ts';
import type { MarketRow, TokenRow } from './rows.ts';
import type { MorphoMarket, MorphoToken } from './state.ts';
import { callKeys, hasRateModel, paramsOf } from './value.ts';

/** Answers by key; null where there is no chain. */
export type Calls = ReadonlyMap<string, CallResult> | null;

/** Why no account of some kind can be valued. */
export interface Obstacle {
  readonly code: ErrorCode;
  readonly message: string;
}

/** A market with its typed state, and what stands in the way of valuing accounts with it. */
export interface ValuedMarket {
  readonly row: MarketRow;
  readonly state: MorphoMarket;
  /** For every account. */
  readonly fatal: Obstacle | null;
  /** For accounts that hold collateral or owe. */
  readonly oracle: Obstacle | null;
  /** For accounts with shares of either side. */
  readonly rate: Obstacle | null;
  /** Terms that an estimate of any account leaves out or takes from elsewhere. */
  readonly missing: readonly string[];
  /** As missing, for accounts that hold collateral or owe. */
  readonly missingOfOracle: readonly string[];
  /** As missing, for accounts with shares of either side. */
  readonly missingOfRate: readonly string[];
  /** Totals as subgraph and chain tell them, where they differ. */
  readonly differences: readonly { readonly field: string; readonly subgraph: bigint; readonly chain: bigint }[];
}

const totalsSchema = z.tuple([z.bigint(), z.bigint(), z.bigint(), z.bigint(), z.bigint(), z.bigint()]);
const uintSchema = z.tuple([z.bigint()]);
const WAD_DECIMALS = 18;
const ORACLE_PRICE_DECIMALS = 36;
/** Decimals of Aave's oracle answers where its base currency is USD, as in every deployment row. */
const USD_ORACLE_DECIMALS = 8;

type Totals = Pick<MorphoMarket, 'totalSupplyAssets' | 'totalSupplyShares' | 'totalBorrowAssets' | 'totalBorrowShares' | 'lastUpdate' | 'fee'>;

interface Read<T> {
  readonly value: T;
  readonly obstacle: Obstacle | null;
  readonly missing: readonly string[];
}

/** Puts a market's state together: the chain's answers where there is a chain, the subgraph's row and prices otherwise. */
export function valueMarket(deployment: Deployment, row: MarketRow, calls: Calls): ValuedMarket {
  const fromRow = totalsOfRow(row);
  const totals = readTotals(row, calls, fromRow);
  const differences = differencesOf(fromRow, totals.value);
  const usd = readLoanUsd(deployment, row, calls);
  const price = readOraclePrice(deployment, row, calls);
  const rate = readBorrowRate(row, calls, differences.length > 0);
  const state: MorphoMarket = {
    id: row.id,
    loan: tokenOfRow(deployment, row.borrowedToken),
    collateral: tokenOfRow(deployment, row.inputToken),
    oracle: row.oracle.oracleAddress,
    irm: row.irm,
    lltv: row.lltv,
    ...totals.value,
    borrowRate: rate.value,
    oraclePrice: price.value,
    oracleKind: oracleKindOf(deployment.chain, row.oracle.oracleAddress),
    loanUsd: usd.value.text,
    loanUsdSource: usd.value.source,
  };
  return {
    row,
    state,
    fatal: identityObstacle(row) ?? totals.obstacle ?? usd.obstacle,
    oracle: price.obstacle,
    rate: rate.obstacle,
    missing: usd.missing,
    missingOfOracle: price.missing,
    missingOfRate: rate.missing,
    differences,
  };
}

function identityObstacle(row: MarketRow): Obstacle | null {
  if (computeMarketId(paramsOf(row)) === row.id) return null;
  return {
    code: 'MALFORMED_RESPONSE',
    message: `The subgraph's parameters of Morpho market ${row.id} do not hash to its id, so it is not the market that it says it is.`,
  };
}

function tokenOfRow(deployment: Deployment, row: TokenRow): MorphoToken {
  return { asset: erc20(deployment.chain, row.id), symbol: row.symbol, decimals: row.decimals };
}

function totalsOfRow(row: MarketRow): Totals {
  return {
    totalSupplyAssets: row.totalSupply,
    totalSupplyShares: row.totalSupplyShares,
    totalBorrowAssets: row.totalBorrow,
    totalBorrowShares: row.totalBorrowShares,
    lastUpdate: row.lastUpdate,
    fee: row.fee,
  };
}

function readTotals(row: MarketRow, calls: Calls, fallback: Totals): Read<Totals> {
  if (calls === null) return known(fallback);
  const answer = totalsSchema.safeParse(valuesOf(calls, callKeys.market(row.id)));
  if (!answer.success) {
    return { value: fallback, obstacle: { code: 'CALL_FAILED', message: `Morpho market ${row.id}: market(id) did not answer.` }, missing: [] };
  }
  const [totalSupplyAssets, totalSupplyShares, totalBorrowAssets, totalBorrowShares, lastUpdate, fee] = answer.data;
  return known({ totalSupplyAssets, totalSupplyShares, totalBorrowAssets, totalBorrowShares, lastUpdate, fee });
}

/** lastUpdate is left out: without interest nothing is emitted when it moves, and it lags harmlessly. */
function differencesOf(subgraph: Totals, chain: Totals): ValuedMarket['differences'] {
  const fields = ['totalSupplyAssets', 'totalSupplyShares', 'totalBorrowAssets', 'totalBorrowShares', 'fee'] as const;
  return fields.filter((field) => subgraph[field] !== chain[field]).map((field) => ({ field, subgraph: subgraph[field], chain: chain[field] }));
}

function readLoanUsd(deployment: Deployment, row: MarketRow, calls: Calls): Read<{ readonly text: string; readonly source: string }> {
  const token = row.borrowedToken;
  const answer = calls === null ? null : uintSchema.safeParse(valuesOf(calls, callKeys.usd(token.id)));
  if (answer?.success === true && answer.data[0] > 0n) {
    return known({
      text: toText(fromFixed(answer.data[0], USD_ORACLE_DECIMALS), USD_ORACLE_DECIMALS),
      source: `Aave's price oracle ${deployment.contracts['usdOracle'] ?? ''}`,
    });
  }
  const price = subgraphUsd(token);
  if (price === null) {
    const message = `No dollar price of ${token.symbol} (${token.id}), the loan token of Morpho market ${row.id}, on chain or in the subgraph.`;
    return { value: { text: '0', source: 'none' }, obstacle: { code: 'MISSING_PRICE', message }, missing: [] };
  }
  const source = `subgraph, block ${token.lastPriceBlockNumber ?? 'unknown'}`;
  return {
    value: { text: toText(price, WAD_DECIMALS), source },
    obstacle: null,
    missing: [`the dollar price of ${token.symbol}: taken from the ${source}`],
  };
}

function readOraclePrice(deployment: Deployment, row: MarketRow, calls: Calls): Read<bigint | null> {
  const where = `Morpho market ${row.id} (${row.inputToken.symbol} in ${row.borrowedToken.symbol})`;
  if (calls !== null) {
    const answer = uintSchema.safeParse(valuesOf(calls, callKeys.price(row.id)));
    if (answer.success && answer.data[0] > 0n) return known(answer.data[0]);
    const problem = answer.success ? 'answers 0' : 'does not answer';
    const message = `${where}: the oracle ${row.oracle.oracleAddress} ${problem}.`;
    return { value: answer.success ? answer.data[0] : null, obstacle: { code: 'MISSING_PRICE', message }, missing: [] };
  }
  const collateral = subgraphUsd(row.inputToken);
  const loan = subgraphUsd(row.borrowedToken);
  if (oracleKindOf(deployment.chain, row.oracle.oracleAddress) === 'fixed' || collateral === null || loan === null) {
    const message = `${where}: the oracle's price can only be read on chain, and no endpoint is configured.`;
    return { value: null, obstacle: { code: 'MISSING_PRICE', message }, missing: [] };
  }
  const scale = new Decimal(10).pow(ORACLE_PRICE_DECIMALS + row.borrowedToken.decimals - row.inputToken.decimals);
  return {
    value: BigInt(collateral.div(loan).times(scale).floor().toFixed(0)),
    obstacle: null,
    missing: [`the oracle's price of ${row.inputToken.symbol}: implied by the subgraph's dollar prices`],
  };
}

function readBorrowRate(row: MarketRow, calls: Calls, totalsDiffer: boolean): Read<bigint> {
  if (!hasRateModel(row)) return known(0n);
  if (calls === null) {
    const rate = row.rates?.find((entry) => entry.side === 'BORROWER')?.rate;
    const wadPerSecond = new Decimal(rate ?? '0').times(`1e${WAD_DECIMALS}`).div(`${SECONDS_PER_YEAR}`);
    const what = rate === undefined ? 'interest since the last event' : 'the interest rate since the last event: the one of that event';
    return { value: BigInt(wadPerSecond.floor().toFixed(0)), obstacle: null, missing: [what] };
  }
  const answer = uintSchema.safeParse(valuesOf(calls, callKeys.rate(row.id)));
  if (!answer.success) {
    const message = `Morpho market ${row.id}: the interest rate model ${row.irm} does not answer.`;
    return { value: 0n, obstacle: { code: 'CALL_FAILED', message }, missing: [] };
  }
  return {
    value: answer.data[0],
    obstacle: null,
    missing: totalsDiffer ? ["the interest rate: answered for the subgraph's totals, which differ from the chain's"] : [],
  };
}

function subgraphUsd(token: TokenRow): Decimal | null {
  if (token.lastPriceUSD === null) return null;
  const price = new Decimal(token.lastPriceUSD);
  return price.gt(0) ? price : null;
}

function valuesOf(calls: ReadonlyMap<string, CallResult>, key: string): readonly unknown[] | undefined {
  const answer = calls.get(key);
  return answer?.ok === true ? answer.values : undefined;
}

function known<T>(value: T): Read<T> {
  return { value, obstacle: null, missing: [] };
}
