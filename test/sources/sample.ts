import * as z from 'zod';
import type { GraphEndpoint, RowQuery } from '../../src/core/source.ts';
import { createDocuments } from '../../src/sources/documents.ts';
import type { RequestPolicy } from '../../src/sources/lane.ts';
import type { Dataset } from '../../src/sources/recorded/dataset.ts';

/** The documents of these tests. */
export const sampleDocuments = createDocuments(new URL('./subgraphs/', import.meta.url));

/** The tiny data set's folder. */
export const TINY = new URL('./recorded/tiny/', import.meta.url).pathname;

export const HASH_1 = `0x${'1'.repeat(64)}`;
export const HASH_2 = `0x${'2'.repeat(64)}`;

/** Limits that no test runs into by accident. */
export const WIDE: Partial<RequestPolicy> = { concurrent: 100, perSecond: 10_000, burst: 10_000 };

export const positionsQuery: RowQuery = {
  name: 'positions',
  documents: 'sample-lending',
  operation: 'Positions',
  root: 'positions',
  variables: { account: 'alice' },
  row: z.object({ id: z.string(), debt: z.string(), market: z.object({ id: z.string(), symbol: z.string() }) }),
};

export const perpsQuery: RowQuery = {
  name: 'positions',
  documents: 'sample-perps',
  operation: 'Positions',
  root: 'positions',
  variables: { account: '0xA1' },
  row: z.object({ id: z.string(), sizeInUsd: z.string() }),
};

/** A graph-node endpoint at `url`. */
export function lendingEndpoint(url: string): GraphEndpoint {
  return { chain: 'eip155:1', dialect: 'graph-node', url, label: 'sample lending' };
}

/** A Subsquid endpoint at `url`. */
export function perpsEndpoint(url: string): GraphEndpoint {
  return { chain: 'eip155:42161', dialect: 'subsquid', url, label: 'sample perps' };
}

/** A data set of one lending subgraph with `count` positions of alice, ids zero-padded; in the second block every debt is one less. */
export function manyPositions(count: number): Dataset {
  const market = { id: '0xaa', symbol: 'WETH', status: 'ACTIVE', liquidationThreshold: '0.8', oracle: null, emodes: [] };
  const entities = (debt: string) => ({
    Market: [market],
    Account: [{ id: 'alice', favourites: [] }],
    Position: Array.from({ length: count }, (_, at) => ({
      id: `p${String(count - at).padStart(6, '0')}`,
      account: 'alice',
      market: '0xaa',
      debt,
      collateral: '0',
      isCollateral: true,
      updatedAt: at,
      note: null,
    })),
  });
  const snapshot = (number: string, hash: string, timestamp: number, debt: string) => ({ block: { number, hash, timestamp }, hasIndexingErrors: false, entities: entities(debt) });
  return {
    name: 'many',
    title: 'Many positions',
    about: 'Constructed for tests.',
    clockSeconds: 1_761_221_400,
    wallets: [],
    subgraphs: [
      {
        file: 'many.json',
        about: 'Constructed for tests.',
        deployments: ['many'],
        schema: 'sample-lending',
        dialect: 'graph-node',
        chain: 'eip155:1',
        snapshots: [snapshot('100', HASH_1, 1_761_221_000, '8'), snapshot('101', HASH_2, 1_761_221_012, '7')],
      },
    ],
    chains: [],
  };
}

/** A data set of one squid with `count` open positions of 0xA1. */
export function manyPerps(count: number): Dataset {
  const positions = Array.from({ length: count }, (_, at) => ({ id: `q${String(at).padStart(6, '0')}`, account: '0xA1', market: 'm', sizeInUsd: String(at), isSnapshot: false, openedAt: at }));
  const block = { number: '7', hash: null, timestamp: 1_761_221_000 };
  const entities = { Market: [{ id: 'm', minCollateralFactor: '1' }], Position: positions };
  return {
    name: 'perps',
    title: 'Many perps',
    about: 'Constructed for tests.',
    clockSeconds: 1_761_221_400,
    wallets: [],
    subgraphs: [
      { file: 'perps.json', about: '', deployments: ['perps'], schema: 'sample-perps', dialect: 'subsquid', chain: 'eip155:42161', snapshots: [{ block, hasIndexingErrors: false, entities }] },
    ],
    chains: [],
  };
}
