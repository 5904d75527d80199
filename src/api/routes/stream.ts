import { InvalidArgument } from '../../core/errors.ts';
import type { Handlers } from '../http/call.ts';
import type { EventHub } from '../stream/event-hub.ts';
import type { StreamServer } from '../stream/serve-stream.ts';

/** What the stream is made of; the hub is opened by its first client. */
export interface StreamRouteOptions {
  readonly hub: () => Promise<EventHub>;
  readonly streams: StreamServer;
}

/** Events as they happen. */
export function streamHandlers({ hub, streams }: StreamRouteOptions): Pick<Handlers, 'streamEvents'> {
  return {
    async streamEvents({ query, headers, response }) {
      const after = readLastEventId(headers['last-event-id']);
      const opened = await hub();
      if (response.req.method === 'HEAD') return { kind: 'text', type: 'text/event-stream; charset=utf-8', text: '' };
      streams.serve(opened, { wallet: query.wallet?.toLowerCase() ?? null, kind: query.kind ?? null, after }, response);
      return { kind: 'taken' };
    },
  };
}

function readLastEventId(header: string | string[] | undefined): bigint | null {
  if (header === undefined || header === '') return null;
  if (typeof header === 'string' && /^[0-9]{1,18}$/.test(header)) return BigInt(header);
  throw new InvalidArgument('Last-Event-ID is a sequence as the stream gave it.', { in: 'header', name: 'Last-Event-ID' });
}
