import { InvalidArgument } from '../../core/errors.ts';
import { callerKey, isOwn, type KeyRing } from '../http/api-keys.ts';
import type { Handlers } from '../http/call.ts';
import type { EventHub } from '../stream/event-hub.ts';
import type { StreamServer } from '../stream/serve-stream.ts';

/** What the stream is made of; the hub is opened by its first client. */
export interface StreamRouteOptions {
  readonly hub: () => Promise<EventHub>;
  readonly streams: StreamServer;
  /** Has wallets watched for as long as somebody asks for them. */
  readonly follow: (wallets: readonly string[]) => void;
  /** Looks at a key again: one that was taken out hears nothing more. */
  readonly identify: KeyRing['identify'];
}

/** Events as they happen. */
export function streamHandlers({ hub, streams, follow, identify }: StreamRouteOptions): Pick<Handlers, 'streamEvents'> {
  return {
    async streamEvents({ query, headers, caller, response }) {
      const after = readLastEventId(headers['last-event-id']);
      const opened = await hub();
      if (response.req.method === 'HEAD') return { kind: 'text', type: 'text/event-stream; charset=utf-8', text: '' };
      // Another process may have told of it already.
      if (after !== null && after > opened.newest()) await opened.refresh();
      const wallets = query.wallet === undefined ? null : new Set(query.wallet.toLowerCase().split(','));
      const request = {
        wallets,
        owns: (keyId: string | null) => isOwn(caller, keyId),
        kind: query.kind ?? null,
        caller: callerKey(caller, response.req.ip),
        after,
        mayGoOn: () => mayStream(identify, headers.authorization),
      };
      streams.serve(opened, request, response);
      if (wallets !== null) follow([...wallets]);
      return { kind: 'taken' };
    },
  };
}

function mayStream(identify: KeyRing['identify'], authorization: string | undefined): boolean {
  try {
    return identify(authorization).scopes.has('read');
  } catch {
    return false;
  }
}

function readLastEventId(header: string | string[] | undefined): bigint | null {
  if (header === undefined || header === '') return null;
  if (typeof header === 'string' && /^[0-9]{1,18}$/.test(header)) return BigInt(header);
  throw new InvalidArgument('Last-Event-ID is a sequence as the stream gave it.', { in: 'header', name: 'Last-Event-ID' });
}
