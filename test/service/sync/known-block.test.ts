import { describe, expect, test } from 'vitest';
import { PlimsollError } from '../../../src/core/errors.ts';
import type { ChainSource } from '../../../src/core/source.ts';
import { judgeBlock } from '../../../src/service/sync/known-block.ts';
import { listMirrored } from '../../../src/service/sync/sync-book.ts';
import { Tally } from '../../../src/service/sync/tally.ts';
import { openDatabase } from '../../../src/store/open-database.ts';
import { DEPLOYMENT } from './generated-book.ts';
import { openSync } from './syncing.ts';

const BLOCK = { number: 5n, hash: `0x${'5'.repeat(64)}`, timestamp: 50n };

async function judge(fetchBlock: ChainSource['fetchBlock'] | null, { known = true, hash = BLOCK.hash as string | null } = {}): Promise<readonly [verdict: string, requests: number]> {
  const chain: ChainSource | null =
    fetchBlock === null ? null : { chain: 'eip155:1', label: 'chain', fetchHead: () => fetchBlock(BLOCK.number), fetchBlock, fetchCalls: () => Promise.reject(new TypeError('nothing is called')) };
  const { options } = openSync(openDatabase({ kind: 'memory' }), { url: 'http://127.0.0.1:1/', ...(chain === null ? {} : { chain }) });
  const reader = { ...options.reader, graph: { ...options.reader.graph, hasBlock: async () => known } };
  const [mirrored] = listMirrored({ reader });
  const tally = new Tally(DEPLOYMENT, () => {});
  return [await judgeBlock({ ...options, reader }, mirrored ?? expect.unreachable('a mirror'), { ...BLOCK, hash }, tally), tally.requests];
}
const answering = (hash: string) => async () => ({ chain: 'eip155:1' as const, ...BLOCK, hash });
const failing = (code: 'BLOCK_GONE' | 'SOURCE_UNREACHABLE') => () => Promise.reject(new PlimsollError(code, 'no'));

describe(judgeBlock, () => {
  test('default: the chain decides where there is one, without the subgraph', async () => {
    expect(await judge(answering(BLOCK.hash))).toEqual(['settled', 0]);
    expect(await judge(answering(`0x${'6'.repeat(64)}`))).toEqual(['gone', 0]);
  });

  test('behavior: a chain that does not have the block denies it, though the subgraph still knows it', async () => {
    expect(await judge(failing('BLOCK_GONE'))).toEqual(['gone', 0]);
  });

  test('behavior: a chain that does not answer leaves it to the subgraph, as where there is none', async () => {
    expect(await judge(failing('SOURCE_UNREACHABLE'))).toEqual(['known', 1]);
    expect(await judge(null)).toEqual(['known', 1]);
    expect(await judge(null, { known: false })).toEqual(['gone', 1]);
    expect(await judge(null, { hash: null })).toEqual(['gone', 0]);
  });

  test('error: a defect is no answer of the chain', async () => {
    await expect(judge(() => Promise.reject(new TypeError('a defect')))).rejects.toThrow('a defect');
  });
});
