import { Interface } from 'ethers';
import { beforeAll, describe, expect, test } from 'vitest';
import { readConfig } from '../../../src/config.ts';
import { Decimal } from '../../../src/core/decimal.ts';
import { InvalidArgument, InvalidFile, isPlimsollError } from '../../../src/core/errors.ts';
import type { Address } from '../../../src/core/ids.ts';
import { moveTogether } from '../../../src/engine/moves.ts';
import { findRule, listDeployments } from '../../../src/protocols/registry.ts';
import { listDecisionTimes } from '../../../src/service/scan/accounts.ts';
import type { LiquidationCalldata } from '../../../src/service/scan/calldata.ts';
import { compareScans, hasChanged } from '../../../src/service/scan/changes.ts';
import { chooseBook, listShippedBooks } from '../../../src/service/scan/choose.ts';
import { encodeBook, parseBook } from '../../../src/service/scan/document.ts';
import { DEFAULT_SCAN, type ScanAnswer, type ScanRequest, scanBook } from '../../../src/service/scan/scan-book.ts';
import { screenExactly } from '../../../src/service/scan/screen.ts';
import type { Book, BookMarket } from '../../../src/service/scan/source.ts';

const CONFIG = readConfig({});
const NOWHERE = { chains: new Map() };
const LIQUIDATOR: Address = `0x${'0'.repeat(38)}aa`;
const EVIL: Address = `0x${'e'.repeat(40)}`;
const CALLS = new Interface([
  'function liquidationCall(address collateralAsset, address debtAsset, address user, uint256 debtToCover, bool receiveAToken)',
  'function liquidate((address loanToken, address collateralToken, address oracle, address irm, uint256 lltv) marketParams, address borrower, uint256 seizedAssets, uint256 repaidShares, bytes data)',
  'function absorb(address absorber, address[] accounts)',
  'function buyCollateral(address asset, uint256 minAmount, uint256 baseAmount, address recipient)',
  'function approve(address spender, uint256 amount)',
]);

let wallet: Book;
beforeAll(async () => {
  wallet = await (await chooseBook({ recorded: 'constructed-wallet' }, CONFIG)).read();
});

const scan = (book: Book, request: Partial<ScanRequest> = {}): Promise<ScanAnswer> => scanBook(book, { ...DEFAULT_SCAN, minProfitUsd: 0, ...request }, NOWHERE);
/** The book with every market at moved prices; market prices move with them. */
function moved(book: Book, symbol: RegExp, factor: string): Book {
  const { samples } = screenExactly(book, { moves: new Map(), near: 0 });
  const assets = samples.flatMap(({ legs }) => legs.filter((leg) => symbol.test(leg.symbol)).map(({ asset }) => asset));
  const moves = moveTogether(assets, new Decimal(factor));
  return {
    ...book,
    markets: new Map([...book.markets].map(([key, market]) => [key, { ...market, state: market.rule.reprice(market.state, moves) }])),
    prices: book.prices.map((price) => (assets.some((asset) => asset === price.asset) ? { ...price, usd: new Decimal(price.usd).times(factor).toString() } : price)),
  };
}
/** The book, written and read back as a file from elsewhere, its text changed on the way. */
const foreign = (book: Book, change: (text: string) => string = (text) => text): Book => parseBook(change(JSON.stringify(encodeBook(book, ''))), findRule, 'foreign.json');
function changed(text: string, change: (document: { readonly accounts: readonly unknown[]; readonly markets: readonly unknown[] }) => unknown): string {
  return JSON.stringify(change(JSON.parse(text)));
}
const calldataOf = ({ calldata }: ScanAnswer): readonly LiquidationCalldata[] => [...calldata.values()];

describe(scanBook, () => {
  test('default: one owner’s accounts of several protocols are one opportunity, with calldata of each protocol’s own', async () => {
    const answer = await scan(moved(wallet, /ETH|BTC/, '0.65'), { liquidator: LIQUIDATOR });
    expect(answer.owners).toHaveLength(1);
    const [owner] = answer.owners;
    expect(owner?.protocols.toSorted()).toEqual(expect.arrayContaining(['aave-v3', 'morpho-blue']));
    const encoded = calldataOf(answer);
    expect(encoded.every(({ kind }) => kind === 'complete')).toBe(true);
    const calls = encoded.flatMap((entry) => (entry.kind === 'complete' ? entry.calls : []));
    const names = new Set(calls.map(({ data }) => CALLS.parseTransaction({ data })?.name));
    expect(names).toEqual(new Set(['approve', 'liquidationCall', 'liquidate']));
    const rows = listDeployments().flatMap(({ contracts }) => Object.values(contracts));
    for (const { to, data } of calls) {
      const parsed = CALLS.parseTransaction({ data });
      if (parsed?.name === 'approve') expect(rows).toContain(String(parsed.args[0]).toLowerCase());
      else expect(rows).toContain(to);
      if (parsed?.name === 'liquidationCall') expect(String(parsed.args[2]).toLowerCase()).toBe(owner?.owner);
    }
  });

  test('behavior: a comet is absorbed and bought from, in the name of who liquidates, and not without a name', async () => {
    const poor = moved(wallet, /ETH|BTC/, '0.7');
    const markets = new Map(
      [...poor.markets].map(([key, market]) => [key, market.protocol === 'compound-v3' ? { ...market, state: { ...(market.state as object), targetReserves: 10n ** 30n } } : market]),
    );
    const book = { ...poor, markets, accounts: poor.accounts.filter(({ marketKey }) => markets.get(marketKey)?.protocol === 'compound-v3') };
    const answer = await scan(book, { liquidator: LIQUIDATOR, gasUsd: 1 });
    expect(answer.owners[0]?.liquidations[0]?.opportunity.kind).toBe('absorb-and-buy');
    const [encoded] = calldataOf(answer);
    const calls = encoded?.kind === 'complete' ? encoded.calls.map(({ data }) => CALLS.parseTransaction({ data })) : [];
    expect([calls[0]?.name, calls.at(-1)?.name]).toEqual(['absorb', 'buyCollateral']);
    expect([calls[0]?.args[0], calls.at(-1)?.args[3]].map((address) => String(address).toLowerCase())).toEqual([LIQUIDATOR, LIQUIDATOR]);
    const bought = answer.owners[0]?.liquidations[0]?.opportunity.calls.at(-1)?.received[0]?.amount ?? 0n;
    expect(calls.at(-1)?.args[1]).toBe((bought * 9_990n) / 10_000n);
    expect(calldataOf(await scan(book, { gasUsd: 1 }))).toMatchObject([{ kind: 'none', reason: expect.stringContaining('--from') }]);
  });

  test('behavior: who is liquidatable only with the interest until the next block is found', async () => {
    const market = [...wallet.markets.values()].find(({ protocol }) => protocol === 'morpho-blue');
    const account = wallet.accounts.find(({ marketKey }) => marketKey === market?.key);
    if (market === undefined || account === undefined) throw new TypeError('no account');
    // A rate with which the debt outgrows its health within twelve seconds.
    const fast = { ...market, state: { ...(market.state as object), borrowRate: 10n ** 17n / 6n, lastUpdate: market.at } };
    const book: Book = { ...wallet, markets: new Map([[market.key, fast]]), accounts: [account] };
    const isLiquidatable = (at: bigint): boolean => market.rule.health({ market: fast.state, position: account.position, at }).liquidatable;
    expect([isLiquidatable(market.at), isLiquidatable(market.at + 12n)]).toEqual([false, true]);
    expect(screenExactly(book, { moves: new Map(), near: 5 }).liquidatable).toHaveLength(1);
    expect(listDecisionTimes([market, { ...market, at: market.at - 100n }])).toEqual(new Map([[market.chain, market.at + 12n]]));
  });

  test('behavior: what a move adds is what a scan at the moved prices has more', async () => {
    const [now, later] = [await scan(wallet, { move: 'ETH=-35%,BTC=-35%' }), await scan(moved(wallet, /ETH|BTC/, '0.65'))];
    expect(now.screened.liquidatable).toEqual([]);
    expect(now.effect?.added.count).toBe(later.screened.liquidatable.length);
    expect(now.effect?.added.debtUsd.toFixed(2)).toBe(later.liquidatableDebtUsd);
    expect(now.effect?.total.profitUsd).toBeCloseTo(
      later.sequences.reduce((total, { profitUsd }) => total + profitUsd, 0),
      4,
    );
  });

  test('behavior: owners below the least profit are left out, and no more are listed than asked for', async () => {
    const book = moved(wallet, /ETH|BTC/, '0.65');
    const [all] = (await scan(book)).owners;
    expect((await scan(book, { minProfitUsd: (all?.profitUsd ?? 0) + 1 })).owners).toEqual([]);
    expect((await scan(book, { limit: 1 })).watched.length).toBeLessThanOrEqual(1);
  });

  test('bad input: a price that is missing is a gap: the account is neither liquidatable nor near nor safe', async () => {
    const broken = new Map(
      [...wallet.markets].map(([key, market]): [string, BookMarket] => {
        if (market.protocol !== 'morpho-blue') return [key, market];
        return [key, { ...market, state: { ...(market.state as object), oraclePrice: null } }];
      }),
    );
    const answer = await scan({ ...wallet, markets: broken });
    const [lost] = answer.gaps;
    expect(answer.gaps).toHaveLength(1);
    expect(lost?.code).toBe('MISSING_PRICE');
    const shown = [...answer.screened.liquidatable, ...answer.watched.map(({ account }) => account)].map(({ entry }) => entry.id);
    expect(shown).not.toContain(lost?.account);
    const stranger = { ...wallet, accounts: wallet.accounts.map((account, at) => (at === 0 ? { ...account, marketKey: 'nowhere' } : account)) };
    expect((await scan(stranger)).gaps).toMatchObject([{ code: 'UNKNOWN_MARKET' }]);
  });

  test('bad input: a move that is none, of what nobody holds', async () => {
    await expect(scan(wallet, { move: 'ETH' })).rejects.toThrow(InvalidArgument);
    await expect(scan(wallet, { move: 'PEPE=-5%' })).rejects.toSatisfy((error) => isPlimsollError(error, 'INVALID_ASSET'));
  });
});

describe('a book from elsewhere', () => {
  const low = (): Book => moved(wallet, /ETH|BTC/, '0.65');

  test('default: written and read back, it gives the same answer', async () => {
    const [own, read] = [await scan(low()), await scan(foreign(low()))];
    expect(read.owners.map(({ profitUsd }) => profitUsd)).toEqual(own.owners.map(({ profitUsd }) => profitUsd));
    expect(calldataOf(read)).toEqual(calldataOf(own));
  });

  test.each([
    ['names a deployment that is not built in', (text: string) => text.replaceAll('aave-v3/1/core', 'aave-v3/1/evil')],
    ['says another pool', (text: string) => text.replaceAll('0x87870bca3f3fd6335c3f4ce8392d69350b4fa4e2', EVIL)],
    ['has a row’s protocol changed', (text: string) => text.replaceAll('"protocol":"aave-v3"', '"protocol":"spark"')],
  ])('behavior: one that %s gets no calldata there', async (_, change) => {
    const answer = await scan(foreign(low(), change));
    const aave = [...answer.calldata].filter(([{ account }]) => account.rule.id.startsWith('aave'));
    expect(aave.length).toBeGreaterThan(0);
    expect(aave.map(([, { kind }]) => kind)).toEqual(aave.map(() => 'none'));
    expect(JSON.stringify([...answer.calldata.values()], (_key, value: unknown) => (typeof value === 'bigint' ? String(value) : value))).not.toContain(`"to":"${EVIL}"`);
  });

  test('behavior: a token of its own is not approved, though the pool is the real one', async () => {
    const usdc = '0xa0b86991c6218b36c1d19d4a2e9eb0ce3606eb48';
    const answer = await scan(foreign(low(), (text) => text.replaceAll(usdc, EVIL)));
    expect(calldataOf(answer).length).toBeGreaterThan(0);
    for (const entry of calldataOf(answer)) {
      if (entry.kind === 'none') continue;
      for (const call of entry.calls) expect(`${call.to} ${call.data}`.toLowerCase()).not.toContain(EVIL.slice(2));
    }
    expect(calldataOf(answer).some(({ kind }) => kind === 'none')).toBe(true);
  });

  test('behavior: other decimals than a built-in token has are not believed', async () => {
    const answer = await scan(foreign(low(), (text) => text.replaceAll('"symbol":"USDC","decimals":6', '"symbol":"USDC","decimals":7')));
    expect(calldataOf(answer).every((entry) => entry.kind === 'none' || !entry.calls.some(({ description }) => description.includes('USDC')))).toBe(true);
  });

  test.each([
    ['no JSON', () => '{', /the text is not JSON/],
    ['no book', () => '{}', /at schema/],
    ['a rule that this release does not have', (text: string) => text.replaceAll('"rule":"morpho-blue@1"', '"rule":"morpho-blue@9"'), /markets\[\d\]\.rule: this release has no rule/],
    ['a state that its rule cannot read', (text: string) => text.replace('"lltv":"', '"lltv":"-'), /markets\[\d\]\.state\.lltv/],
    ['a position that its rule cannot read', (text: string) => text.replace('"borrowShares":"', '"borrowShares":"x'), /accounts\[\d\]\.position\.borrowShares/],
    ['an account twice', (text: string) => changed(text, (document) => ({ ...document, accounts: [...document.accounts, document.accounts[0]] })), /accounts: an id stands there twice/],
    ['an account of no market', (text: string) => changed(text, (document) => ({ ...document, markets: document.markets.slice(1) })), /accounts\[\d\]\.market: no market/],
  ])('bad input: %s is refused with its place', (_, change, message) => {
    expect(() => foreign(low(), change)).toThrow(InvalidFile);
    expect(() => foreign(low(), change)).toThrow(message);
  });
});

describe(chooseBook, () => {
  test('default: the shipped book; others by name; a file; a Portfolio of a wallet is a book too', async () => {
    expect((await chooseBook({}, CONFIG)).label).toContain('euler-v1');
    expect(await listShippedBooks()).toEqual(['euler-v1']);
    expect((await (await chooseBook({ recorded: 'morpho-depeg' }, CONFIG)).read()).accounts.length).toBeGreaterThan(40);
  });

  test('error: names that are not known, two books, no book of live sources', async () => {
    await expect(chooseBook({ recorded: 'nothing' }, CONFIG)).rejects.toThrow(/Known: euler-v1, aave-v2/);
    await expect(chooseBook({ recorded: 'euler-v1', file: 'a.json' }, CONFIG)).rejects.toThrow(/two books/);
    await expect(chooseBook({ recorded: 'euler-v1', at: 5 }, CONFIG)).rejects.toThrow(/--at/);
    await expect(chooseBook({}, readConfig({ RPC_URL_1: 'http://127.0.0.1:1', PLIMSOLL_DATA: '/nowhere' }))).rejects.toSatisfy((error) => isPlimsollError(error, 'NOT_CONFIGURED'));
    await expect(chooseBook({ file: '/nowhere/book.json' }, CONFIG).then((source) => source.read())).rejects.toThrow(InvalidFile);
  });
});

describe(compareScans, () => {
  test('default: nothing between equal looks; what opened, moved and closed between others', async () => {
    const [safe, low, lower] = [await scan(wallet), await scan(moved(wallet, /ETH|BTC/, '0.65')), await scan(moved(wallet, /ETH|BTC/, '0.63'))];
    expect(hasChanged(compareScans(low, low))).toBe(false);
    const fallen = compareScans(safe, low);
    expect([fallen.opened.length, fallen.moved.length, fallen.closed.length]).toEqual([1, 0, 0]);
    expect(fallen.liquidatable.added.length).toBe(low.screened.liquidatable.length);
    const further = compareScans(low, lower);
    expect(further.moved.map(({ wasUsd }) => wasUsd)).toEqual(low.owners.map(({ profitUsd }) => profitUsd));
    expect(compareScans(low, safe)).toMatchObject({ closed: low.owners, liquidatable: { added: [] } });
  });

  test('behavior: an account that can no longer be seen is said', async () => {
    const blind = new Map(
      [...wallet.markets].map(([key, market]): [string, BookMarket] => [key, market.protocol === 'morpho-blue' ? { ...market, state: { ...(market.state as object), oraclePrice: null } } : market]),
    );
    const changes = compareScans(await scan(wallet), await scan({ ...wallet, markets: blind }));
    expect([changes.unseen.added.length, hasChanged(changes)]).toEqual([1, true]);
  });
});
