import { Decimal } from '../../core/decimal.ts';
import { PlimsollError } from '../../core/errors.ts';
import { type Address, tokenOf } from '../../core/ids.ts';
import { encodeJson } from '../../core/json.ts';
import type { Gap } from '../../core/portfolio.ts';
import type { TokenAmount } from '../../core/rule.ts';
import { adverseMovesOf, computeDistance, type DistanceOptions } from '../../engine/distance.ts';
import { evaluateAccount } from '../../engine/evaluate.ts';
import { NO_MOVES } from '../../engine/moves.ts';
import type { OpenedAccount } from '../../engine/open-portfolio.ts';
import { losslessMeans } from '../../path/liquidator/liquidator-market.ts';
import type { Opportunity } from '../../path/liquidator/liquidator-opportunity.ts';
import { planJointLiquidations } from '../../path/opportunities/joint-liquidations.ts';
import { describeRevert } from '../../path/transactions/revert-reason.ts';
import type { Deployment, Protocol } from '../../protocols/protocol.ts';
import type { SendRpc } from '../../sources/rpc.ts';
import { cometStore } from '../plan/forward.ts';
import { requireDeployment } from '../plan/step-encoder.ts';
import { encodeLiquidation } from './calldata.ts';
import { balanceOf, endow, mineAt, mineByHand, sendCalls, undo } from './drill-chain.ts';
import { oraclePricesOf, overridePrices } from './drill-oracle.ts';
import { screenExactly } from './screen.ts';
import type { Book } from './source.ts';

/** What a drill runs on. */
export interface DrillOptions {
  /** The local chain: nothing is tried anywhere else. */
  readonly send: SendRpc;
  /** The accounts of some owners (all where absent) as the local chain has them at its newest block. */
  readonly read: (owners?: readonly Address[]) => Promise<Book>;
  /** Rows of the local chain. */
  readonly deployments: readonly Deployment[];
  readonly protocols: readonly Protocol[];
  /** Greatest number of accounts that are tried, the nearest to liquidation first. */
  readonly limit: number;
  readonly progress?: (line: string) => void;
}

/**
 * What became of one account. `as-planned`: the chain moved the very integers that the plan said. `differs`: it went through, and moved others. `failed`: the chain refused it. `not-possible`: there
 * is no liquidation to try.
 */
export interface DrillResult {
  readonly account: string;
  readonly owner: Address;
  readonly label: string;
  readonly outcome: 'as-planned' | 'differs' | 'failed' | 'not-possible';
  /** Why, in words; null as planned. */
  readonly reason: string | null;
  /** The uniform adverse move of oracle prices that it was pretended at; 0 where it is liquidatable as it is, null where none was found. */
  readonly move: Decimal | null;
  /** The liquidation that was tried; null where there is none. */
  readonly opportunity: Opportunity | null;
}

/** A drill over a book. */
export interface DrillAnswer {
  readonly results: readonly DrillResult[];
  /** Accounts that were not tried because of the limit. */
  readonly untried: number;
  readonly assumptions: readonly string[];
  readonly gaps: readonly Gap[];
}

const ASSUMPTIONS: readonly string[] = [
  "oracle prices are what the drill says: code in front of each oracle answers them and hands everything else on to the oracle's own",
  'every price moves against the account at once, just beyond its liquidation and further where the protocol does not follow',
  'the liquidator has the tokens that it pays; what it seizes is not sold',
  'each account alone, at the next second, on a copy of the chain that is taken back',
];
/** Seconds after the newest block at which the liquidation runs. */
const NEXT = 2n;
/** How far beyond the liquidation to go, one after the other, as a share of the price. */
const BEYOND = ['0.005', '0.02', '0.1', '0.3'];
const LIQUIDATOR: Address = '0x00000000000000000000000000000000d4111d01';
/** Nothing stays where it is: a loan of one stablecoin against another has to fall too. */
const EVERYTHING_MOVES: DistanceOptions = { groups: new Map(), stable: new Set() };

/** Pretends that each account is liquidatable, liquidates it on the local chain as planned, compares, and takes it all back. */
export async function drillBook(options: DrillOptions): Promise<DrillAnswer> {
  const { send, read, limit, progress = () => {} } = options;
  const book = await read();
  const { liquidatable, near, gaps, indebted } = screenExactly(book, { moves: NO_MOVES, near: limit });
  const chosen = [...liquidatable, ...near].slice(0, limit);
  const results: DrillResult[] = [];
  await mineByHand(send, async () => {
    for (const [at, account] of chosen.entries()) {
      progress(`Drill ${at + 1} of ${chosen.length}: ${account.marketEntry.label}`);
      results.push(await undo(send, () => drillAccount(account, options)));
    }
  });
  return { results, untried: indebted - chosen.length, assumptions: ASSUMPTIONS, gaps: [...book.gaps, ...gaps] };
}

async function drillAccount(account: OpenedAccount, options: DrillOptions): Promise<DrillResult> {
  const trial: Trial = { account, options, row: null };
  try {
    return await tryAccount({ ...trial, row: requireDeployment(account, options.deployments) });
  } catch (error) {
    if (error instanceof PlimsollError && error.kind !== 'bug') return resultOf(trial, { outcome: 'not-possible', reason: error.message });
    throw error;
  }
}

interface Trial {
  readonly account: OpenedAccount;
  readonly options: DrillOptions;
  readonly row: Deployment | null;
}

type Finding = Pick<DrillResult, 'outcome' | 'reason'> & Partial<Pick<DrillResult, 'move' | 'opportunity'>>;

function resultOf({ account }: Trial, { outcome, reason, move = null, opportunity = null }: Finding): DrillResult {
  return { account: account.entry.id, owner: account.entry.owner as Address, label: account.marketEntry.label, outcome, reason, move, opportunity };
}

async function tryAccount(trial: Trial): Promise<DrillResult> {
  const { account, options } = trial;
  if (account.rule.kind === 'perp') return resultOf(trial, { outcome: 'not-possible', reason: "Only the venue's own keepers may liquidate it." });
  const pretended = await pretend(trial);
  if (pretended === null) return resultOf(trial, { outcome: 'not-possible', reason: 'No fall or rise of prices below 100 % makes it liquidatable on the chain.' });
  const { fallen, move } = pretended;
  const planned = planAlone(fallen);
  if (typeof planned === 'string') return resultOf(trial, { outcome: 'not-possible', reason: planned, move });
  const { opportunity } = planned;
  const calldata = encodeLiquidation(planned, { liquidator: LIQUIDATOR, protocols: options.protocols, deployments: options.deployments, trust: 'as-read' });
  if (calldata.kind === 'none') return resultOf(trial, { outcome: 'not-possible', reason: calldata.reason, move, opportunity });
  const tokens = movedTokens(opportunity);
  await endow(options.send, LIQUIDATOR, new Map([...tokens].map(([token, { paid }]) => [token, paid])));
  const before = await readBalances(options.send, [...tokens.keys()]);
  const sent = await sendCalls(options.send, LIQUIDATOR, calldata.calls, fallen.view.at);
  if (!sent.ok) {
    const errors = [...new Set(options.protocols.flatMap((protocol) => protocol.errors ?? []))];
    return resultOf(trial, { outcome: 'failed', reason: `call ${sent.call + 1} of ${calldata.calls.length} reverted: ${describeRevert(sent.data, errors)}`, move, opportunity });
  }
  const differences = [...compareBalances(tokens, before, await readBalances(options.send, [...tokens.keys()])), ...(await comparePosition(fallen, opportunity, options))];
  return resultOf(trial, { outcome: differences.length === 0 ? 'as-planned' : 'differs', reason: differences.length === 0 ? null : differences.join('; '), move, opportunity });
}

/** Moves the chain's oracle until the chain itself has the account liquidatable at the next second; null where it never does. */
async function pretend({ account, options, row }: Trial): Promise<{ readonly fallen: OpenedAccount; readonly move: Decimal } | null> {
  const { send } = options;
  const evaluation = evaluateAccount(account, new Map());
  if (evaluation.native.liquidatable) {
    const now = await readAgain(account, options);
    if (now !== null) return { fallen: now, move: new Decimal(0) };
  }
  const { first } = computeDistance([evaluation], EVERYTHING_MOVES);
  if (first === null || row === null) return null;
  for (const beyond of BEYOND) {
    const move = first.move.plus(beyond);
    if (move.gte(1)) return null;
    const market = account.rule.reprice(account.view.market, adverseMovesOf([evaluation], move, EVERYTHING_MOVES));
    await overridePrices(send, oraclePricesOf({ ...account, view: { ...account.view, market } }, row));
    await mineAt(send, account.view.at);
    const fallen = await readAgain(account, options);
    if (fallen !== null) return { fallen, move };
  }
  return null;
}

/** The account as the chain has it now, at the next second; null where it is not liquidatable then. */
async function readAgain({ entry }: OpenedAccount, { read }: DrillOptions): Promise<OpenedAccount | null> {
  const found = await findAccount(entry.id, await read([entry.owner as Address]));
  if (found === null) return null;
  const view = { ...found.view, at: found.view.at + NEXT };
  return found.rule.health(view).liquidatable ? { ...found, view, legs: found.rule.legs(view) } : null;
}

/** An account at its market's own second. */
async function findAccount(id: string, book: Book): Promise<OpenedAccount | null> {
  const { liquidatable, near } = screenExactly(book, { moves: NO_MOVES, near: book.accounts.length });
  const found = [...liquidatable, ...near].find(({ entry }) => entry.id === id);
  const at = book.markets.get(found?.entry.market ?? '')?.at;
  if (found === undefined || at === undefined) return null;
  const view = { ...found.view, at };
  return { ...found, view, legs: found.rule.legs(view) };
}

/** The best liquidation without slippage and gas; a reason where there is none. */
function planAlone(account: OpenedAccount) {
  const prices = new Map(account.legs.map(({ asset, priceUsd }) => [asset, priceUsd.toNumber()]));
  const { taken, left, gaps } = planJointLiquidations([account], { means: losslessMeans((asset) => prices.get(asset) ?? 0), prices: new Map(), storeOf: cometStore, maxTaken: 1 });
  const [first] = taken;
  return first ?? left[0]?.reason ?? gaps[0]?.message ?? 'There is no liquidation.';
}

interface Movement {
  readonly paid: bigint;
  readonly received: bigint;
}

/** What the calls move in each token, raw units. */
function movedTokens({ calls }: Opportunity): ReadonlyMap<Address, Movement> {
  const moved = new Map<Address, Movement>();
  const add = ({ asset, amount }: TokenAmount, side: keyof Movement): void => {
    const token = tokenOf(asset);
    const old = (token === null ? undefined : moved.get(token)) ?? { paid: 0n, received: 0n };
    if (token !== null) moved.set(token, { ...old, [side]: old[side] + amount });
  };
  for (const { paid, received } of calls) {
    for (const amount of paid) add(amount, 'paid');
    for (const amount of received) add(amount, 'received');
  }
  return moved;
}

async function readBalances(send: SendRpc, tokens: readonly Address[]): Promise<ReadonlyMap<Address, bigint>> {
  const balances = new Map<Address, bigint>();
  for (const token of tokens) balances.set(token, await balanceOf(send, token, LIQUIDATOR));
  return balances;
}

function compareBalances(tokens: ReadonlyMap<Address, Movement>, before: ReadonlyMap<Address, bigint>, after: ReadonlyMap<Address, bigint>): readonly string[] {
  return [...tokens].flatMap(([token, { paid, received }]) => {
    const [planned, got] = [received - paid, (after.get(token) ?? 0n) - (before.get(token) ?? 0n)];
    return planned === got ? [] : [`of ${token} the liquidator got ${got} instead of ${planned}`];
  });
}

/** The position that the rule predicts beside the one that the chain has. */
async function comparePosition(account: OpenedAccount, { calls }: Opportunity, { read }: DrillOptions): Promise<readonly string[]> {
  const predicted = calls.reduce((view, { step }) => (step === null ? view : { ...view, ...pick(account.rule.apply(view, step)) }), account.view);
  const book = await read([account.entry.owner as Address]);
  const found = book.accounts.find(({ id }) => id === account.entry.id);
  // Closed accounts may not be listed any more.
  if (found === undefined) return account.rule.legs(predicted).some(({ amount }) => amount > 0n) ? ['the account is gone, though something should be left'] : [];
  return sameJson(found.position, predicted.position) ? [] : ['the position left is not the one predicted'];
}

function pick({ market, position }: { readonly market: unknown; readonly position: unknown }) {
  return { market, position };
}

function sameJson(one: unknown, other: unknown): boolean {
  return JSON.stringify(encodeJson(one)) === JSON.stringify(encodeJson(other));
}
