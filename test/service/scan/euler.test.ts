import { existsSync, readFileSync } from 'node:fs';
import { beforeAll, describe, expect, test } from 'vitest';
import { readConfig } from '../../../src/config.ts';
import { Decimal, fromFixed, sum } from '../../../src/core/decimal.ts';
import type { Leg } from '../../../src/core/rule.ts';
import type { OpenedAccount } from '../../../src/engine/open-portfolio.ts';
import { type ForcedView, forcedView } from '../../../src/path/forced/forced.ts';
import { losslessMeans } from '../../../src/path/liquidator/liquidator-market.ts';
import { planJointLiquidations } from '../../../src/path/opportunities/joint-liquidations.ts';
import type { GenericMarket } from '../../../src/protocols/generic-lending/index.ts';
import { findRule } from '../../../src/protocols/registry.ts';
import { chooseBook } from '../../../src/service/scan/choose.ts';
import { encodeBook } from '../../../src/service/scan/document.ts';
import { scanToJson } from '../../../src/service/scan/json.ts';
import { DEFAULT_SCAN, type ScanAnswer, scanBook } from '../../../src/service/scan/scan-book.ts';
import type { Book } from '../../../src/service/scan/source.ts';
import { readEulerBook } from '../../fixtures/recorded/euler-book.ts';
import { hasSharedData, SHARED_DATA } from '../../fixtures/recorded/files.ts';

const NOWHERE = { chains: new Map() };
interface Row {
  readonly account: string;
  readonly exploiter: boolean;
  readonly allFactorsKnown: boolean;
  readonly sourceBorrowValueEth: string;
}

let book: Book;
let answer: ScanAnswer;
beforeAll(async () => {
  book = await (await chooseBook({}, readConfig({}))).read();
  answer = await scanBook(book, { ...DEFAULT_SCAN, minProfitUsd: 25, limit: 600 }, NOWHERE);
});

const addressOf = ({ entry }: OpenedAccount): string => entry.id.slice(entry.id.lastIndexOf('/') + 1);
const marketOf = (): GenericMarket => [...book.markets.values()][0]?.state as GenericMarket;
const ethOf = (value: Decimal): Decimal => value.div(fromFixed(marketOf().unit.priceUsd, 18));
const valueOf = (legs: readonly Leg[], side: Leg['side']): Decimal => sum(legs.filter((leg) => leg.side === side).map((leg) => fromFixed(leg.amount, leg.decimals).times(leg.priceUsd)));

describe('the Euler v1 book, scanned', () => {
  test('default: 589 accounts, of which 73 cannot be judged, and none of those counts as anything', () => {
    const { screened, gaps } = answer;
    expect([screened.accounts, screened.indebted, gaps.length]).toEqual([589, 516, 73]);
    expect(new Set(gaps.map(({ code }) => code))).toEqual(new Set(['UNSUPPORTED_STATE']));
    const unseen = new Set(gaps.map(({ account }) => account));
    const judged = [...screened.liquidatable, ...screened.near, ...answer.watched.map(({ account }) => account)];
    expect(unseen.size).toBe(73);
    expect(judged.filter(({ entry }) => unseen.has(entry.id))).toEqual([]);
    expect(screened.liquidatable.length + screened.near.length).toBe(516);
    expect(scanToJson(answer)).toMatchObject({ status: 'incomplete', accounts: { seen: 589, indebted: 516, liquidatable: 34, unseen: 73 } });
  });

  test('default: what the liquidatable owe and hold: four accounts of the attack with 862,507 ETH of bad debt, thirty others', () => {
    const bad = answer.screened.liquidatable.filter(({ legs }) => ethOf(valueOf(legs, 'debt').minus(valueOf(legs, 'collateral'))).gt(100));
    expect(bad).toHaveLength(4);
    expect(ethOf(sum(bad.map(({ legs }) => valueOf(legs, 'debt').minus(valueOf(legs, 'collateral'))))).toFixed(0)).toBe('862507');
    expect(answer.liquidatableDebtUsd).toBe(sum(answer.screened.liquidatable.map(({ legs }) => valueOf(legs, 'debt'))).toFixed(2));
    const large = answer.screened.liquidatable.filter(({ legs }) => !bad.some((other) => other.legs === legs) && ethOf(valueOf(legs, 'debt')).gt('0.01'));
    expect(large).toHaveLength(13);
  });

  test('default: the opportunities after slippage and gas, ranked; nothing is worth calldata on a protocol without a row', () => {
    expect(answer.owners.map(({ owner, profitUsd, liquidations }) => [owner, profitUsd.toFixed(0), liquidations.length])).toEqual([
      ['0x316be293c8f2380769e7b7e7382679fe5a3b6600', '86405', 2],
      ['0x205e671bf61e4c19716027290485b72a3af5d018', '1728', 1],
    ]);
    expect(answer.owners.every(({ level }) => level === 'low')).toBe(true);
    expect([...answer.calldata.values()].map(({ kind }) => kind)).toEqual(['none', 'none', 'none']);
  });

  test('behavior: without slippage and gas the joint sequence takes what the rule gives: seized at the discount of each account, at most 20 %, less the fee of 2 %', () => {
    const prices = new Map(marketOf().assets.map(({ asset, price }) => [asset, fromFixed(price, 18).times(fromFixed(marketOf().unit.priceUsd, 18)).toNumber()]));
    const { taken, profitUsd } = planJointLiquidations(answer.screened.liquidatable, { means: losslessMeans((asset) => prices.get(asset) ?? 0), prices: new Map() });
    let paid = new Decimal(0);
    for (const { opportunity } of taken) {
      for (const call of opportunity.calls) {
        const [got, gave] = [sum(call.received.map(({ usd }) => usd)), sum(call.paid.map(({ usd }) => usd))];
        // 1 ÷ (1 − 20 %) ÷ (1 + 2 %)
        expect(got.toNumber()).toBeLessThan(gave.toNumber() / 0.8 / 1.02 + 1e-9);
        paid = paid.plus(gave);
      }
    }
    process.stdout.write(`Euler v1 book: lossless joint profit ${profitUsd.toFixed(2)} USD in ${taken.length} calls for ${paid.toFixed(2)} USD\n`);
    const withSlippage = answer.sequences.reduce((total, sequence) => total + sequence.profitUsd, 0);
    expect(profitUsd).toBeGreaterThan(withSlippage);
    expect(profitUsd).toBeLessThan(paid.times(1 / 0.8 / 1.02 - 1).toNumber());
  });

  test('behavior: forced liquidation brings an account back to a health of 1.25 where its collateral lasts, and takes all of a pair where not', () => {
    const { accounts, gaps } = forcedOf(answer.screened.liquidatable);
    const seen = { restored: 0, exhausted: 0, empty: 0 };
    expect(gaps).toEqual([]);
    for (const account of accounts) {
      if (account.status !== 'liquidatable') return expect.unreachable(account.account);
      for (const { largest } of account.pairs) {
        if (largest === null) continue;
        const [repaid, seized] = [largest.repaid[0]?.amount ?? 0n, largest.seized[0]?.amount ?? 0n];
        const opened = answer.screened.liquidatable.find(({ entry }) => entry.id === account.account);
        const holds = opened?.legs.find(({ side, asset }) => side === 'collateral' && asset === largest.collateral)?.amount;
        const owes = opened?.legs.find(({ side, asset }) => side === 'debt' && asset === largest.debt)?.amount;
        const after = largest.healthAfter.native;
        if (seized === holds || repaid === owes) seen.exhausted += 1;
        else {
          expect(after?.minus('1.25').abs().toNumber(), account.account).toBeLessThan(1e-3);
          seen.restored += 1;
        }
      }
      if (account.pairs.length === 0) seen.empty += 1;
    }
    process.stdout.write(`Euler v1 book, largest forced liquidations: ${seen.restored} pairs end at 1.25, ${seen.exhausted} take all of a collateral or debt, ${seen.empty} accounts hold nothing\n`);
    expect(seen.restored).toBeGreaterThan(0);
    expect(seen.restored + seen.exhausted).toBeGreaterThan(20);
  });

  test('behavior: what a fall of ETH would add is what a scan of the fallen book finds beside', async () => {
    const moved = await scanBook(book, { ...DEFAULT_SCAN, move: 'ETH=-5%' }, NOWHERE);
    expect([moved.effect?.added.count, moved.effect?.removed, moved.effect?.total.count]).toEqual([1, 0, 35]);
    expect(moved.effect?.added.profitUsd).toBeGreaterThan(0);
    // The whole market quotes in ETH: a fall of its unit moves debts in dollars alone.
    expect(moved.owners.map(({ profitUsd }) => profitUsd)).toEqual(answer.owners.slice(0, 50).map(({ profitUsd }) => profitUsd));
  });

  test('behavior: the same book gives the same answer', async () => {
    expect(scanToJson(await scanBook(book, { ...DEFAULT_SCAN, limit: 600 }, NOWHERE))).toEqual(scanToJson(answer));
  });
});

describe.skipIf(!hasSharedData)('the Euler v1 book against its figures (skipped where the shared data is absent)', () => {
  const file = `${SHARED_DATA}/demo/euler_v1_positions_16818362_demo.json`;
  const rows = (existsSync(file) ? (JSON.parse(readFileSync(file, 'utf8')) as { accounts: readonly Row[] }).accounts : []) as readonly Row[];

  test('default: the shipped book is the one that the figures give', () => {
    expect(encodeBook({ ...book, trust: 'document' }, '')).toEqual(encodeBook(readEulerBook(findRule), ''));
  });

  test('default: the debts of all that could be judged add up to the source’s', () => {
    const judged = [...answer.screened.liquidatable, ...answer.screened.near];
    const known = rows.filter(({ allFactorsKnown }) => allFactorsKnown);
    expect(judged.map(addressOf).toSorted()).toEqual(known.map(({ account }) => account.toLowerCase()).toSorted());
    const [scanned, source] = [ethOf(sum(judged.map(({ legs }) => valueOf(legs, 'debt')))), sum(known.map(({ sourceBorrowValueEth }) => new Decimal(sourceBorrowValueEth)))];
    process.stdout.write(`Euler v1 book: debts ${scanned.toFixed(6)} ETH scanned, ${source.toFixed(6)} ETH by the source\n`);
    expect(scanned.div(source).minus(1).abs().toNumber()).toBeLessThan(1e-12);
  });

  test('default: nearly all accounts that are not the attacker’s, with debts above 0.01 ETH, are healthy', () => {
    const below = new Set(answer.screened.liquidatable.map(addressOf));
    const own = rows.filter(({ exploiter, allFactorsKnown, sourceBorrowValueEth }) => allFactorsKnown && !exploiter && Number(sourceBorrowValueEth) > 0.01);
    expect([own.length, own.filter(({ account }) => below.has(account.toLowerCase())).length]).toEqual([289, 13]);
    expect(rows.filter(({ exploiter, account }) => exploiter && below.has(account.toLowerCase()))).toHaveLength(4);
  });
});

function forcedOf(accounts: readonly OpenedAccount[]): ForcedView {
  const portfolio = { schema: 'plimsoll/portfolio@1' as const, owners: [], createdAt: 0, recorded: null, asOf: [], prices: [], coverage: [], markets: [], accounts: [], gaps: [], discrepancies: [] };
  return forcedView({ portfolio, accounts });
}
