import { connect } from 'node:net';

/** What came back over a connection. */
export interface RawAnswer {
  /** Everything that was received, as text. */
  readonly text: string;
  /** The status of the first answer; null where none came. */
  readonly status: number | null;
  /** Whether the other side ended the connection before the time was over. */
  readonly ended: boolean;
}

/** Sends bytes over a connection of its own and gathers what comes back until the other side ends it, or the time is over. */
export function sendRaw(origin: string, parts: readonly (string | Uint8Array)[], waitMs = 2_000): Promise<RawAnswer> {
  const { hostname, port } = new URL(origin);
  return new Promise((resolve) => {
    const chunks: Buffer[] = [];
    const socket = connect({ host: hostname, port: Number(port) });
    const finish = (ended: boolean): void => {
      clearTimeout(timer);
      socket.destroy();
      const text = Buffer.concat(chunks).toString('latin1');
      resolve({ text, status: Number(/^HTTP\/1\.1 ([0-9]{3})/.exec(text)?.[1] ?? Number.NaN) || null, ended });
    };
    const timer = setTimeout(() => finish(false), waitMs);
    socket.on('connect', () => {
      for (const part of parts) socket.write(part);
    });
    socket.on('data', (chunk: Buffer) => chunks.push(chunk));
    socket.on('error', () => finish(true));
    socket.on('close', () => finish(true));
  });
}
