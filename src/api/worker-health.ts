import express, { type Response } from 'express';
import { PlimsollError } from '../core/errors.ts';
import type { Workers } from '../service/workers/start-workers.ts';

/** Where the state of workers is told: to this machine only. */
const LOOPBACK = '127.0.0.1';

/** What is told, and where. */
export interface WorkerHealthOptions {
  readonly workers: Workers;
  /** 0 for any that is free. */
  readonly port: number;
}

/** A place to ask workers how they are. */
export interface WorkerHealth {
  readonly port: number;
  close(): Promise<void>;
}

/**
 * Answers `/healthz` (the process lives: every role's state), `/readyz` (503 while a role cannot do its work) and `/metrics` (Prometheus) on the
 * loopback.
 *
 * @throws {PlimsollError} INVALID_ARGUMENT where the port is taken
 */
export async function startWorkerHealth({ workers, port }: WorkerHealthOptions): Promise<WorkerHealth> {
  const app = express().disable('x-powered-by').disable('etag');
  app.use((_request, response, next) => {
    response.set('Cache-Control', 'no-store');
    next();
  });
  app.get('/healthz', (_request, response) => void response.json({ roles: workers.health() }));
  app.get('/readyz', (_request, response) => {
    const troubled = workers.health().filter(({ trouble }) => trouble !== null);
    response.status(troubled.length === 0 ? 200 : 503).json({ ready: troubled.length === 0, troubles: troubled.map(({ role, trouble }) => ({ role, trouble })) });
  });
  app.get('/metrics', (_request, response) => sendMetrics(workers, response));
  app.use((_request, response) => void response.status(404).json({ error: 'There are /healthz, /readyz and /metrics.' }));
  return new Promise((resolve, reject) => {
    const server = app.listen(port, LOOPBACK, (error?: Error) => {
      if (error !== undefined) return reject(new PlimsollError('INVALID_ARGUMENT', `The port ${port} cannot be had on ${LOOPBACK}. Choose another with --health-port.`, { port }));
      const address = server.address();
      resolve({ port: address !== null && typeof address === 'object' ? address.port : port, close: () => closeServer(server) });
    });
  });
}

async function sendMetrics({ registry }: Workers, response: Response): Promise<void> {
  response.type(registry.contentType).send(await registry.metrics());
}

function closeServer(server: ReturnType<ReturnType<typeof express>['listen']>): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => resolve());
    server.closeAllConnections();
  });
}
