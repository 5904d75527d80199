import type { Address } from '../../../src/core/ids.ts';
import type { ChainSource } from '../../../src/core/source.ts';
import { createDocuments } from '../../../src/sources/documents.ts';
import { parseEntityModel } from '../../../src/sources/recorded/entity-model.ts';
import type { EntityChanges, StoredRow } from '../../../src/sources/recorded/entity-store.ts';
import { createMovingSubgraph, type MovingBlock, type MovingSubgraph } from '../../../src/sources/recorded/moving-subgraph.ts';
import { seededRandom } from '../../chain/seeded-random.ts';
import { generateAave, TOKENS, tokenAt } from '../../contract/fixtures/aave-rows.ts';
import { numberedAddress } from '../../contract/protocol-fixture.ts';

/** The deployment that the generated book is of, and its id in the subgraph. */
export const DEPLOYMENT = 'aave-v3/1/core';
const PROVIDER = '0x2f39d218133afab8f2b819b1066c7e434ad94e9e';
/** Unix seconds of the first block. */
export const START = 1_761_000_000;
const FIRST_BLOCK = 23_000_000;
const BLOCK_SECONDS = 12;

const model = parseEntityModel(createDocuments().schema('aave-v3'));

/** A pool with many borrowers, whose chain goes on and reorganises at random. */
export interface GeneratedBook {
  readonly chain: MovingSubgraph;
  /** Adds a block in which some rows change, appear, become empty; on a fork of its own where asked. */
  grow(changes: number): void;
  /** Takes `depth` blocks away and adds one more than that, in which other rows change. */
  reorganise(depth: number, changes: number): void;
  /** The hash of a block on the chain; undefined where there is none. */
  hashAt(number: bigint): string | undefined;
  /** Every row that holds something at the head: what a mirror must have. */
  expected(): ExpectedRows;
}

/** Rows by entity and id, as a mirror keeps them. */
export type ExpectedRows = ReadonlyMap<string, ReadonlyMap<string, unknown>>;

/** How a generated book behaves. */
export interface BookOptions {
  readonly orphans?: 'unknown' | 'by-number';
  /** Whether rows are deleted now and then, which no date tells: only a comparison of everything finds it. None of the mirrored subgraphs does so. */
  readonly deletes?: boolean;
}

/** Makes `borrowers` users with three rows each, some empty, some in an e-mode. The same seed makes the same book. */
export function generateBook(borrowers: number, seed: number, { deletes = false, orphans = 'unknown' }: BookOptions = {}): GeneratedBook {
  const random = seededRandom(seed);
  const below = (limit: number): number => random.integer(0, limit - 1);
  const base = generateAave(PROVIDER, 3, { v3: true }).entities;
  const hashes = new Map<bigint, string>();
  let fork = 0;
  let users = 0;

  const userOf = (at: number): Address => numberedAddress(scatter(at), at);
  const newUser = () => ({ id: userOf((users += 1)), eModeCategoryId: below(5) === 0 ? '1' : null });
  const userReserve = (owner: string, at: number): StoredRow => ({
    id: `${owner}${tokenAt(at).slice(2)}${PROVIDER}`,
    pool: PROVIDER,
    reserve: `${tokenAt(at)}${PROVIDER}`,
    user: owner,
    usageAsCollateralEnabledOnUser: at < 2,
    lastUpdateTimestamp: timeOf(FIRST_BLOCK),
    scaledATokenBalance: at === 2 || below(6) === 0 ? '0' : (BigInt(1 + below(1_000_000)) * (at === 0 ? 10n ** 14n : 100n)).toString(),
    scaledVariableDebt: at < 2 || below(6) === 0 ? '0' : (BigInt(1 + below(1_000)) * 10n ** 6n).toString(),
    principalStableDebt: '0',
    stableBorrowRate: '0',
    stableBorrowLastUpdateTimestamp: 0,
  });
  const rowsOf = (owner: string) => TOKENS.map((_, at) => userReserve(owner, at));

  const first = Array.from({ length: borrowers }, newUser);
  const chain = createMovingSubgraph({
    model,
    deployment: DEPLOYMENT,
    block: blockOf(FIRST_BLOCK, 0),
    dated: BigInt(FIRST_BLOCK - 10_000),
    orphans,
    entities: {
      ...base,
      EModeCategory: [{ id: '1', ltv: '9000', liquidationThreshold: '9300', liquidationBonus: '10100', label: 'ETH correlated' }],
      EModeCategoryConfig: [{ id: '1-0', category: '1', asset: tokenAt(0), collateral: true, borrowable: true }],
      User: first,
      UserReserve: first.flatMap((user) => rowsOf(user.id)),
    },
  });

  hashes.set(chain.head.number, chain.head.hash);

  function change(count: number, number: number): EntityChanges {
    const known = chain.rows('UserReserve');
    const touched = new Map<string, StoredRow>();
    for (let at = 0; at < count; at += 1) {
      const row = known[below(known.length)];
      if (row !== undefined) touched.set(String(row['id']), alter(row, number));
    }
    const arrivals = Array.from({ length: below(3) }, newUser);
    const everybody = chain.rows('User');
    const switched = everybody[below(everybody.length)];
    const moved = switched === undefined ? [] : [{ ...switched, eModeCategoryId: switched['eModeCategoryId'] === null ? '1' : below(2) === 0 ? '0' : null }];
    const reserve = chain.rows('Reserve')[0];
    const gone = deletes && below(4) === 0 ? known[below(known.length)] : undefined;
    if (gone !== undefined) touched.delete(String(gone['id']));
    return {
      UserReserve: { rows: [...touched.values(), ...arrivals.flatMap((user) => rowsOf(user.id))], gone: gone === undefined ? [] : [String(gone['id'])] },
      User: { rows: [...moved, ...arrivals], gone: [] },
      Reserve: { rows: reserve === undefined ? [] : [{ ...reserve, liquidityIndex: (10n ** 27n + BigInt(number)).toString() }], gone: [] },
    };
  }
  function alter(row: StoredRow, number: number): StoredRow {
    const field = row['scaledVariableDebt'] === '0' ? 'scaledATokenBalance' : 'scaledVariableDebt';
    const value = below(5) === 0 ? '0' : (BigInt(1 + below(1_000_000)) * 100n).toString();
    return { ...row, lastUpdateTimestamp: timeOf(number), [field]: value };
  }
  function grow(changes: number): void {
    const number = Number(chain.head.number) + 1;
    chain.append(blockOf(number, fork), change(changes, number));
    hashes.set(chain.head.number, chain.head.hash);
  }
  return {
    chain,
    grow,
    reorganise(deepest, changes) {
      const depth = Math.min(deepest, Number(chain.head.number) - FIRST_BLOCK);
      chain.revertTo(chain.head.number - BigInt(depth));
      fork += 1;
      for (let count = 0; count <= depth; count += 1) grow(changes);
    },
    hashAt: (number) => hashes.get(number),
    expected: () => expectedOf(chain),
  };
}

function expectedOf(chain: MovingSubgraph): ExpectedRows {
  const held = chain.rows('UserReserve').filter((row) => [row['scaledATokenBalance'], row['scaledVariableDebt'], row['principalStableDebt']].some((amount) => BigInt(String(amount)) > 0n));
  const userReserves = held.map((row): [string, unknown] => [
    String(row['id']),
    {
      id: row['id'],
      user: { id: row['user'] },
      reserve: { underlyingAsset: String(row['reserve']).slice(0, 42) },
      usageAsCollateralEnabledOnUser: row['usageAsCollateralEnabledOnUser'],
      scaledATokenBalance: row['scaledATokenBalance'],
      scaledVariableDebt: row['scaledVariableDebt'],
      principalStableDebt: row['principalStableDebt'],
      stableBorrowRate: row['stableBorrowRate'],
      stableBorrowLastUpdateTimestamp: row['stableBorrowLastUpdateTimestamp'],
    },
  ]);
  const users = chain
    .rows('User')
    .filter((row) => row['eModeCategoryId'] === '1')
    .map((row): [string, unknown] => [String(row['id']), { id: row['id'], eModeCategoryId: { id: '1' } }]);
  return new Map([
    ['UserReserves', new Map(userReserves)],
    ['Users', new Map(users)],
  ]);
}

function blockOf(number: number, fork: number): MovingBlock {
  return { number: BigInt(number), hash: `0x${fork.toString(16).padStart(8, '0')}${number.toString(16).padStart(56, '0')}`, timestamp: timeOf(number) };
}

function timeOf(number: number): number {
  return START + (number - FIRST_BLOCK) * BLOCK_SECONDS;
}

/** Eight hex digits that look as those of an address do. */
function scatter(at: number): string {
  return (Math.imul(at, 0x9e3779b1) >>> 0).toString(16).padStart(8, '0');
}

/** A chain that knows the blocks of a book, and no contract. */
export function chainOf(book: GeneratedBook): ChainSource {
  const block = (number: bigint) => ({ chain: 'eip155:1' as const, number, hash: book.hashAt(number) ?? null, timestamp: 0n });
  return {
    chain: 'eip155:1',
    label: 'chain of the book',
    fetchHead: async () => block(book.chain.head.number),
    fetchBlock: async (number) => block(BigInt(number)),
    fetchCalls: async (calls) => new Map(calls.map((call) => [call.key, { ok: false, reason: 'no contract here' }])),
  };
}
