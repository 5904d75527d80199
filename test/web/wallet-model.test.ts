import { beforeAll, describe, expect, test } from 'vitest';
import { readConfig } from '../../src/config.ts';
import { Decimal } from '../../src/core/decimal.ts';
import { PlimsollError } from '../../src/core/errors.ts';
import { formatPortfolio, type Portfolio } from '../../src/core/portfolio.ts';
import { DEFAULT_BANDS } from '../../src/engine/report.ts';
import { computeAnswer, readSubject } from '../../src/service/portfolio/wallet-report.ts';
import { accountStatus } from '../../src/web/accounts/account-status.ts';
import { carryMove, computeCurve, computeHeatRow, newlyLiquidatable, openWallet, viewMoved, viewToday, type WalletModel } from '../../src/web/data/wallet-model.ts';
import { loadLineFacts } from '../../src/web/load-line/facts.ts';
import { areTogether, draughtOf } from '../../src/web/load-line/scale.ts';
import { pictureSentence, statusSentence, wordOf } from '../../src/web/load-line/words.ts';

let portfolio: Portfolio;
let model: WalletModel;

function opened(document: Portfolio): WalletModel {
  const answer = openWallet(formatPortfolio(document));
  if (!answer.ok) throw new Error(answer.failure.message);
  return answer.value;
}

const GAP = { code: 'SOURCE_UNREACHABLE', message: 'A source did not answer.', retryable: true, chain: 'eip155:1', deployment: 'aave-v3/1/core', account: null } as const;

beforeAll(async () => {
  portfolio = await readSubject({ subject: '0xc0ffee00000000000000000000000000c0ffee01', recorded: 'constructed-wallet' }, readConfig({}));
  model = opened(portfolio);
});

describe(openWallet, () => {
  test('default: the page computes what the service does', () => {
    const { report } = computeAnswer(portfolio, { bands: DEFAULT_BANDS });
    expect(model.report.status).toBe(report.status);
    expect(model.report.wallet.health?.toString()).toBe(report.wallet.health?.toString());
    expect(model.report.wallet.weakest?.health?.toString()).toBe(report.wallet.weakest?.health?.toString());
  });

  test('behavior: what a slider moves: groups first, an asset of a group only with its group, dollars last', () => {
    expect(model.drivers.map(({ kind, name }) => `${kind} ${name}`)).toEqual(['group ETH', 'group BTC', 'asset USDC', 'asset USDC']);
    expect(model.report.drivers.filter(({ kind }) => kind === 'asset').map(({ name }) => name)).toEqual(expect.arrayContaining(['WETH', 'WBTC']));
  });

  test('behavior: it judges by the bands of the service, also at moved prices', () => {
    const bands = { warning: new Decimal('1.05'), critical: new Decimal('1.02') };
    const answer = openWallet(formatPortfolio(portfolio), bands);
    if (!answer.ok) throw new Error(answer.failure.message);
    const [driver, across] = answer.value.drivers;
    if (driver === undefined || across === undefined) throw new Error('no drivers');
    const risen = { driver, move: 0.2 };
    const statuses = (wallet: WalletModel) => [
      viewToday(wallet).status,
      viewMoved(wallet, [risen]).status,
      computeHeatRow(wallet, risen, { driver: across, moves: [0] })[0]?.status,
      wallet.report.accounts.map((account) => accountStatus(account, { gaps: [], bands: wallet.bands })).includes('critical'),
    ];
    expect([statuses(model), statuses(answer.value)]).toEqual([
      ['critical', 'critical', 'critical', true],
      ['safe', 'safe', 'safe', false],
    ]);
  });

  test.each(['', '{}', '[]', 'null'])('bad input: %j is told, not thrown', (text) => {
    expect(openWallet(text)).toMatchObject({ ok: false, failure: { code: 'INVALID_PORTFOLIO' } });
  });
});

describe(viewMoved, () => {
  test('behavior: the slider shows what the service says of the same shock', () => {
    const eth = model.drivers.find(({ name }) => name === 'ETH');
    if (eth === undefined) throw new Error('no ETH');
    const { shocked } = computeAnswer(portfolio, { bands: DEFAULT_BANDS, shock: 'ETH=-20%' });
    const view = viewMoved(model, [{ driver: eth, move: -0.2 }]);
    expect(view.wallet.health?.toString()).toBe(shocked?.wallet.health?.toString());
    expect(view.wallet.shortfall.toString()).toBe(shocked?.wallet.shortfall.toString());
  });

  test('behavior: no move is today, on the curve and on the map as well', () => {
    const [down, across] = model.drivers;
    if (down === undefined || across === undefined) throw new Error('no drivers');
    const today = viewToday(model).wallet.weakest?.health?.toNumber();
    expect(computeCurve(model, down).find(({ move }) => Math.abs(move) < 1e-9)?.weakest).toBe(today);
    expect(computeHeatRow(model, { driver: down, move: 0 }, { driver: across, moves: [0] })[0]?.wallet.weakest?.health?.toNumber()).toBe(today);
  });

  test('behavior: with a gap it is incomplete at every price, and the words never call it safe', () => {
    const hazy = opened({ ...portfolio, gaps: [GAP] });
    const [driver] = hazy.drivers;
    if (driver === undefined) throw new Error('no driver');
    for (const move of [-0.5, 0, 0.8]) {
      const view = viewMoved(hazy, [{ driver, move }]);
      expect(view.status).toBe('incomplete');
      expect(loadLineFacts(view).status).toBe('incomplete');
      expect(statusSentence(view)).toMatch(/no statement of safety/);
      expect(pictureSentence(view)).toMatch(/Incomplete/);
    }
  });
});

describe('an account that cannot be computed at a price', () => {
  /** The same wallet, where one protocol has no answer once prices move. */
  function withSilentRule(): WalletModel {
    const [first, ...rest] = model.opened.accounts;
    if (first === undefined) throw new Error('no account');
    const reprice = (): never => {
      throw new PlimsollError('MISSING_PRICE', 'There is no price.');
    };
    return { ...model, opened: { ...model.opened, accounts: [{ ...first, rule: { ...first.rule, reprice } }, ...rest] } };
  }

  test('behavior: makes the wallet incomplete there, on the map as well, and the curve has no point', () => {
    const silent = withSilentRule();
    const [down, across] = silent.drivers;
    if (down === undefined || across === undefined) throw new Error('no drivers');
    const view = viewMoved(silent, [{ driver: down, move: 0.1 }]);
    expect([view.status, view.unseen, view.accounts.length]).toEqual(['incomplete', 1, model.opened.accounts.length - 1]);
    expect(computeHeatRow(silent, { driver: down, move: 0.1 }, { driver: across, moves: [0.1] })[0]?.status).toBe('incomplete');
    const points = computeCurve(silent, down).filter(({ move }) => Math.abs(move) > 1e-9);
    expect(points.length).toBe(80);
    expect(points.filter(({ unified, weakest }) => unified !== null || weakest !== null)).toEqual([]);
  });
});

describe(newlyLiquidatable, () => {
  test('behavior: names what a move takes under, and nothing that is there already today', () => {
    const [driver] = model.drivers;
    if (driver === undefined) throw new Error('no driver');
    const [today, fallen] = [viewToday(model), viewMoved(model, [{ driver, move: -0.3 }])];
    const names = newlyLiquidatable(today, fallen).map(({ account }) => account.marketEntry.label);
    expect(names).toContain('GMX v2 Arbitrum WETH/USD [WETH-USDC]');
    expect(newlyLiquidatable(fallen, fallen)).toEqual([]);
  });
});

describe(carryMove, () => {
  test('behavior: a move goes on in the same wallet read again; where its price is gone it ends', () => {
    const again = opened(portfolio);
    const [driver] = model.drivers;
    if (driver === undefined) throw new Error('no driver');
    const carried = carryMove({ driver, move: -0.2 }, again);
    expect([carried?.move, carried?.driver === again.drivers[0], carried?.driver === driver]).toEqual([-0.2, true, false]);
    expect(carryMove({ driver: { ...driver, name: 'gone' }, move: 0.1 }, again)).toBeNull();
    expect(carryMove(null, again)).toBeNull();
  });
});

describe('the load line', () => {
  test('behavior: lower health lies deeper, within the picture', () => {
    const levels = [0, 0.3, 0.8, 1, 1.2, 1.5, 2, 50];
    const draughts = levels.map(draughtOf);
    expect(draughts).toEqual(draughts.toSorted((a, b) => a - b));
    expect(draughtOf(1)).toBeCloseTo(1 / 3);
    expect([draughtOf(null), draughtOf(50)]).toEqual([1, 1]);
    expect([areTogether(1.08, 1.08), areTogether(1.08, 1.22), areTogether(1, null)]).toEqual([true, false, true]);
  });

  test('behavior: an empty wallet is not called safe, in words or in the picture’s name', () => {
    const empty = { ...viewToday(model), accounts: [], status: 'safe', statusWithoutGaps: 'safe', wallet: { ...viewToday(model).wallet, weakest: null } } as const;
    expect(wordOf(empty)).toBe('No debt found');
    expect(pictureSentence(empty)).toBe('Load line: No debt found. No debt that was seen, so nothing can be liquidated.');
    expect(pictureSentence({ ...empty, status: 'incomplete' })).toBe('Load line: Incomplete. No debt was seen; there may be some in what could not be read.');
    expect(wordOf(viewToday(model))).toBe('Critical');
  });

  test('behavior: an account that is insolvent by market prices sinks the ship, whatever its oracle says', async () => {
    const depeg = await readSubject({ subject: '0x1597e4b7cf6d2877a1d690b6088668afdb045763', recorded: 'morpho-depeg' }, readConfig({}));
    const facts = loadLineFacts(viewToday(opened(depeg)));
    expect(facts).toMatchObject({ status: 'insolvent', isByMarket: true });
    expect(facts.depth).toBeLessThan(facts.weakest ?? 0);
  });
});
