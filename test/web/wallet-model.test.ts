import { beforeAll, describe, expect, test } from 'vitest';
import { readConfig } from '../../src/config.ts';
import { formatPortfolio, type Portfolio } from '../../src/core/portfolio.ts';
import { computeAnswer, readSubject } from '../../src/service/portfolio/wallet-report.ts';
import { computeCurve, computeHeatRow, openWallet, viewMoved, viewToday, type WalletModel } from '../../src/web/data/wallet-model.ts';
import { loadLineFacts } from '../../src/web/load-line/facts.ts';
import { areTogether, draughtOf } from '../../src/web/load-line/scale.ts';
import { pictureSentence, statusSentence } from '../../src/web/load-line/words.ts';

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
    const { report } = computeAnswer(portfolio);
    expect(model.report.status).toBe(report.status);
    expect(model.report.wallet.health?.toString()).toBe(report.wallet.health?.toString());
    expect(model.report.wallet.weakest?.health?.toString()).toBe(report.wallet.weakest?.health?.toString());
  });

  test.each(['', '{}', '[]', 'null'])('bad input: %j is told, not thrown', (text) => {
    expect(openWallet(text)).toMatchObject({ ok: false, failure: { code: 'INVALID_PORTFOLIO' } });
  });
});

describe(viewMoved, () => {
  test('behavior: the slider shows what the service says of the same shock', () => {
    const eth = model.drivers.find(({ name }) => name === 'ETH');
    if (eth === undefined) throw new Error('no ETH');
    const { shocked } = computeAnswer(portfolio, 'ETH=-20%');
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

describe('the load line', () => {
  test('behavior: lower health lies deeper, within the picture', () => {
    const levels = [0, 0.3, 0.8, 1, 1.2, 1.5, 2, 50];
    const draughts = levels.map(draughtOf);
    expect(draughts).toEqual(draughts.toSorted((a, b) => a - b));
    expect(draughtOf(1)).toBeCloseTo(1 / 3);
    expect([draughtOf(null), draughtOf(50)]).toEqual([1, 1]);
    expect([areTogether(1.08, 1.08), areTogether(1.08, 1.22), areTogether(1, null)]).toEqual([true, false, true]);
  });

  test('behavior: an account that is insolvent by market prices sinks the ship, whatever its oracle says', async () => {
    const depeg = await readSubject({ subject: '0x1597e4b7cf6d2877a1d690b6088668afdb045763', recorded: 'morpho-depeg' }, readConfig({}));
    const facts = loadLineFacts(viewToday(opened(depeg)));
    expect(facts).toMatchObject({ status: 'insolvent', isByMarket: true });
    expect(facts.depth).toBeLessThan(facts.weakest ?? 0);
  });
});
