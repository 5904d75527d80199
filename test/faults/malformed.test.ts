import { describe, expect, test } from 'vitest';
import { isPlimsollError } from '../../src/core/errors.ts';
import { formatPortfolio, parsePortfolio } from '../../src/core/portfolio.ts';
import type { CallResult, ChainSource, GraphHead, GraphSource } from '../../src/core/source.ts';
import { openPortfolio } from '../../src/engine/open-portfolio.ts';
import { computeReport, type Report } from '../../src/engine/report.ts';
import { findRule } from '../../src/protocols/registry.ts';
import { readPortfolio } from '../../src/service/portfolio/read-portfolio.ts';
import type { ReaderOptions } from '../../src/service/portfolio/reader-options.ts';
import { withValue } from '../fakes/fake-network.ts';
import { DEPLOYMENTS, FILES, MORPHO, openScene, type Scene, WALLET } from './constructed-wallet.ts';
import { type Edits, editField } from './recorded-copy.ts';

type Path = readonly (string | number)[];

/** What stands in place of a field: nothing, words, numbers that no register holds, too much of it, another type. */
const INSTEAD: readonly (readonly [name: string, value: unknown])[] = [
  ['null', null],
  ['words', 'not a value'],
  ['nothing written', ''],
  ['0', '0'],
  ['-1', '-1'],
  ['10^90', `1${'0'.repeat(90)}`],
  ['5,000 letters', 'x'.repeat(5_000)],
  ['a list', []],
];

/** Every field of the first row of every list in an answer: rows of a kind are read alike. */
function pathsOf(json: unknown, path: Path = []): readonly Path[] {
  if (Array.isArray(json)) return json.length === 0 ? [] : pathsOf(json[0], [...path, 0]);
  if (json === null || typeof json !== 'object') return [path];
  return Object.entries(json).flatMap(([key, value]) => pathsOf(value, [...path, key]));
}

function only({ reader }: Scene, deployment: string): ReaderOptions {
  return { ...reader, deployments: reader.deployments.filter((entry) => entry.id === deployment) };
}

async function reportOf(reader: ReaderOptions): Promise<Report> {
  const portfolio = parsePortfolio(formatPortfolio(await readPortfolio([WALLET], reader)));
  return computeReport(openPortfolio(portfolio, findRule));
}

function numbersOf(report: Report): unknown {
  return report.accounts.map(({ account, native, health }) => [account.entry.id, native.figures, health?.toFixed(18)]);
}

/** A fault may cost the account, never the truth: either a gap, or the same numbers, or a difference that is told or called an estimate. */
function judge(report: Report, whole: Report): string | null {
  if (report.status === 'incomplete') return report.gaps.every((gap) => gap.message.length > 10) ? null : 'a gap without words';
  if (JSON.stringify(numbersOf(report), bigints) === JSON.stringify(numbersOf(whole), bigints)) return null;
  const isKnownBetter = report.discrepancies.length > whole.discrepancies.length || report.accounts.every(({ account }) => account.entry.precision === 'estimate' && account.entry.missing.length > 0);
  return isKnownBetter && report.accounts.length === whole.accounts.length ? null : `${report.status} with other numbers and without a word`;
}

function bigints(_key: string, value: unknown): unknown {
  return typeof value === 'bigint' ? value.toString() : value;
}

/** Puts one value after another into every field of the subgraph's answers, one field at a time. */
async function breakFields(deployment: string, values: readonly unknown[], open: { readonly edits?: Edits; readonly withChain: boolean }): Promise<readonly string[]> {
  const scene = await openScene(open.edits);
  const own = only(scene, deployment);
  const reader: ReaderOptions = { ...own, chains: open.withChain ? new Map([...own.chains].map(([chain, source]) => [chain, rememberAnswers(source)])) : new Map() };
  const answers = new Map<string, unknown>();
  let broken: { readonly query: string; readonly path: Path; readonly value: unknown } | null = null;
  scene.failSubgraph(deployment, {
    fault: {
      kind: 'rewrite',
      change: (json, { name }) => {
        if (broken === null) answers.set(name, json);
        return broken?.query === name ? withValue(json, broken.path, () => broken?.value) : json;
      },
    },
  });
  const whole = await reportOf(reader);
  expect(whole.gaps).toEqual([]);
  expect(whole.accounts.length).toBeGreaterThan(0);
  const places = [...answers].flatMap(([query, json]) => pathsOf(json).map((path) => ({ query, path })));
  expect(places.length).toBeGreaterThan(10);
  const faults: string[] = [];
  for (const place of places) {
    for (const value of values) {
      broken = { ...place, value };
      const problem = await tryOut(reader, (report) => (open.withChain ? judge(report, whole) : null));
      if (problem !== null) faults.push(`${String(JSON.stringify(value)).slice(0, 40)} as ${place.query} ${place.path.join('.')}: ${problem}`);
    }
  }
  return faults;
}

async function tryOut(reader: ReaderOptions, judged: (report: Report) => string | null): Promise<string | null> {
  try {
    return judged(await reportOf(reader));
  } catch (error) {
    return `throws ${isPlimsollError(error) ? `${error.code} ${error.message}` : String(error)}`.slice(0, 240);
  }
}

/** Asks a chain each question once. */
function rememberAnswers(source: ChainSource): ChainSource {
  const known = new Map<string, Promise<unknown>>();
  const remember = <T>(key: string, ask: () => Promise<T>): Promise<T> => {
    const asked = (known.get(key) as Promise<T> | undefined) ?? ask();
    known.set(key, asked);
    return asked;
  };
  return {
    ...source,
    fetchHead: (finality) => remember(`head ${finality}`, () => source.fetchHead(finality)),
    fetchBlock: (block) => remember(`block ${block}`, () => source.fetchBlock(block)),
    fetchCalls: (calls, hash) => remember(JSON.stringify([calls, hash], bigints), () => source.fetchCalls(calls, hash)),
  };
}

describe.each(DEPLOYMENTS)('fields of the subgraph of %s', (deployment) => {
  test.each(INSTEAD)('behavior: %s in any one field is a gap, or changes nothing that is not told', async (_name, value) => {
    expect(await breakFields(deployment, [value], { withChain: true })).toEqual([]);
  });

  // Morpho's loan token is priced on the chain, or by the subgraph.
  const edits: Edits = { [FILES[MORPHO]]: editField('Token', 'lastPriceUSD', { to: '1' }) };

  test('behavior: numbers out of range in any one field break no report without a chain', async () => {
    expect(await breakFields(deployment, ['0', '-1', `1${'0'.repeat(90)}`], { edits, withChain: false })).toEqual([]);
  });
});

describe.each(DEPLOYMENTS)('answers of the chain to %s', (deployment) => {
  const ODD: readonly (readonly [string, CallResult])[] = [
    ['a revert', { ok: false, reason: 'reverted' }],
    ['nothing', { ok: true, values: [] }],
    ['another type', { ok: true, values: [{ odd: true }] }],
  ];

  test.each(ODD)('behavior: %s in place of any one is a gap, or changes nothing', async (_name, odd) => {
    const keys = new Set<string>();
    let broken: string | null = null;
    const breaking = (source: ChainSource): ChainSource => ({
      ...source,
      async fetchCalls(calls, hash) {
        for (const { key } of calls) keys.add(key);
        return new Map([...(await source.fetchCalls(calls, hash))].map(([key, answer]) => [key, key === broken ? odd : answer]));
      },
    });
    const scene = await openScene();
    const own = only(scene, deployment);
    const reader: ReaderOptions = { ...own, graph: rememberRows(own.graph), chains: new Map([...own.chains].map(([chain, source]) => [chain, breaking(rememberAnswers(source))])) };
    const whole = await reportOf(reader);
    expect(whole.gaps).toEqual([]);
    const faults: string[] = [];
    for (const key of [...keys]) {
      broken = key;
      const problem = await tryOut(reader, (report) => judge(report, whole));
      if (problem !== null) faults.push(`${key}: ${problem}`);
    }
    expect(keys.size).toBeGreaterThan(3);
    expect(faults).toEqual([]);
  });
});

/** Asks a subgraph each question once. */
function rememberRows(graph: GraphSource): GraphSource {
  const rows = new Map<string, Promise<readonly unknown[]>>();
  const heads = new Map<string, Promise<GraphHead>>();
  return {
    ...graph,
    fetchHead(endpoint) {
      const head = heads.get(endpoint.url) ?? graph.fetchHead(endpoint);
      heads.set(endpoint.url, head);
      return head;
    },
    fetchRows(endpoint, query, pin) {
      const key = `${endpoint.url} ${query.name}`;
      const found = rows.get(key) ?? graph.fetchRows(endpoint, query, pin);
      rows.set(key, found);
      return found;
    },
  };
}
