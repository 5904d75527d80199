import { describe, expect, test } from 'vitest';
import { readConfig } from '../../../src/config.ts';
import { Decimal } from '../../../src/core/decimal.ts';
import { InternalError } from '../../../src/core/errors.ts';
import { moveTogether } from '../../../src/engine/moves.ts';
import { chooseBook } from '../../../src/service/scan/choose.ts';
import { openColumnScreen } from '../../../src/service/scan/columns.ts';
import { scanToJson } from '../../../src/service/scan/json.ts';
import { DEFAULT_SCAN, scanBook } from '../../../src/service/scan/scan-book.ts';
import { type Screened, screenExactly } from '../../../src/service/scan/screen.ts';

const CONFIG = readConfig({});
const BOOKS = ['euler-v1', 'morpho-depeg', 'constructed-wallet', 'aave-v2-8016'] as const;
const idsOf = ({ liquidatable, near, samples, gaps, accounts, indebted }: Screened) => ({
  liquidatable: liquidatable.map(({ entry }) => entry.id),
  near: near.map(({ entry }) => entry.id),
  samples: samples.map(({ entry }) => entry.id),
  gaps: gaps.map(({ account, code }) => `${code} ${account}`).toSorted(),
  accounts,
  indebted,
});

describe(openColumnScreen, () => {
  test.each(BOOKS)('default: %s in columns gives what asking every rule gives, now and at moved prices, one after the other', async (name) => {
    const book = await (await chooseBook({ recorded: name }, CONFIG)).read();
    const screen = await openColumnScreen(book);
    const { samples } = screenExactly(book, { moves: new Map(), near: 0 });
    const assets = samples.flatMap(({ legs }) => legs.map(({ asset }) => asset));
    const counts: number[] = [];
    for (const factor of ['1', '0.97', '0.8', '1.1', '0.5', '1']) {
      const volatile = assets.filter((_, at) => at % 2 === 0);
      const moves = factor === '1' ? new Map() : moveTogether(volatile, new Decimal(factor));
      const options = { moves, near: factor === '1' ? 12 : 0 };
      const [columns, exact] = [screen(book, options), screenExactly(book, options)];
      expect(idsOf(columns), `${name} × ${factor}`).toEqual(idsOf(exact));
      counts.push(exact.liquidatable.length);
    }
    process.stdout.write(`${name}: liquidatable at six prices ${counts.join(', ')}\n`);
  });

  test.each(['euler-v1', 'morpho-depeg'])('behavior: the nearest of %s are those with which the list of all begins, measured exactly', async (name) => {
    const book = await (await chooseBook({ recorded: name }, CONFIG)).read();
    const scan = async (limit: number, screen = screenExactly) =>
      (await scanBook(book, { ...DEFAULT_SCAN, limit }, { chains: new Map(), screen })).watched.map(({ account, move }) => [account.entry.id, move?.toFixed(9)]);
    const all = await scan(100_000);
    expect(all.length).toBeGreaterThan(5);
    for (const limit of [3, 50]) {
      const listed = await scan(limit);
      expect(listed).toEqual(all.slice(0, limit));
      expect(await scan(limit, await openColumnScreen(book))).toEqual(listed);
    }
  });

  test('behavior: a scan with it is the same scan', async () => {
    const book = await (await chooseBook({}, CONFIG)).read();
    const request = { ...DEFAULT_SCAN, move: 'ETH=-5%' };
    const answers = [await scanBook(book, request, { chains: new Map(), screen: await openColumnScreen(book) }), await scanBook(book, request, { chains: new Map() })];
    expect(scanToJson(answers[0] ?? expect.unreachable(''))).toEqual(scanToJson(answers[1] ?? expect.unreachable('')));
  });

  test('error: another book than the one in the columns', async () => {
    const book = await (await chooseBook({}, CONFIG)).read();
    const screen = await openColumnScreen(book);
    expect(() => screen({ ...book }, { moves: new Map(), near: 0 })).toThrow(InternalError);
  });
});
