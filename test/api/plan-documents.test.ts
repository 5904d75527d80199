import { IncomingMessage, ServerResponse } from 'node:http';
import { Socket } from 'node:net';
import type { Response } from 'express';
import { expect, test } from 'vitest';
import { OPERATIONS } from '../../src/api/contract/operations.ts';
import type { DocumentTask } from '../../src/api/documents/document-task.ts';
import { createCache } from '../../src/api/http/cache.ts';
import { createWorkGate } from '../../src/api/http/work-gate.ts';
import { planHandlers } from '../../src/api/routes/plans.ts';
import { readConfig } from '../../src/config.ts';

const PASSWORD = 'p4ssw0rd-of-the-database';
const SEAL_KEY = '5ea1'.repeat(16);

test('behavior: neither the database nor the key that seals it goes into the thread that plans a document from elsewhere', async () => {
  const config = readConfig({ DATABASE_URL: `postgres://plimsoll:${PASSWORD}@127.0.0.1:1/book`, PLIMSOLL_SEAL_KEY: SEAL_KEY, PLIMSOLL_MAX_BLOCK_AGE: '77' });
  const tasks: DocumentTask[] = [];
  const { planPortfolio } = planHandlers({
    config,
    wallets: createCache({ most: 1, now: () => 0, load: () => Promise.reject(new RangeError('not asked for')) }),
    gate: createWorkGate({ concurrent: 1, waiting: 1, patienceMs: 1 }),
    documents: {
      run: async (task) => {
        tasks.push(task);
        return '{}';
      },
      count: () => ({ running: 0, waiting: 0 }),
      close: async () => {},
    },
  });
  const text = '{"portfolio":{},"target":"1.5"}';
  const caller = { name: null, keyId: null, scopes: new Set(['plan'] as const), isOperator: true };
  const request = new IncomingMessage(new Socket());
  const response = Object.assign(new ServerResponse(request), { req: request }) as Response;
  await planPortfolio({ params: undefined, query: undefined, body: OPERATIONS.planPortfolio.body.parse(JSON.parse(text)), text, headers: {}, caller, signal: new AbortController().signal, response });
  const [task] = tasks;
  expect(task).toMatchObject({ kind: 'plan', text, config: { databaseUrl: null, sealKey: null, maxBlockAgeSeconds: 77 } });
  // However the key is written.
  const written = JSON.stringify(task, (_key, value: unknown) => (value instanceof Uint8Array ? Buffer.from(value).toString('hex') : value));
  expect(written).not.toMatch(new RegExp(`${PASSWORD}|${SEAL_KEY}`));
});
