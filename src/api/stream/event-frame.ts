import type { AddressedEvent } from '../../store/events.ts';

/** An event as the stream sends it, written once for all clients. */
export interface EventFrame {
  readonly sequence: bigint;
  readonly kind: string;
  /** Whom it is for. */
  readonly audience: AddressedEvent['audience'];
  /** The API key whose rule raised it; null where no key's did. */
  readonly keyId: string | null;
  /** Lower-case addresses that it is about. */
  readonly about: ReadonlySet<string>;
  readonly bytes: Buffer;
}

const ADDRESS = /0x[0-9a-f]{40}/g;

/** Writes an event. */
export function frameOf({ sequence, kind, subject, body, at, audience, keyId }: AddressedEvent): EventFrame {
  const seconds = Number(at);
  const data = JSON.stringify({ sequence: sequence.toString(), kind, subject, at: seconds, atIso: new Date(seconds * 1000).toISOString(), data: body });
  const about = new Set([...subject.toLowerCase().matchAll(ADDRESS), ...namesOf(body).matchAll(ADDRESS)].map(([address]) => address));
  return { sequence, kind, audience, keyId, about, bytes: Buffer.from(`id: ${sequence}\nevent: ${kind.replaceAll(/[^a-z.-]/g, '')}\ndata: ${data}\n\n`) };
}

/** The kind of the event that says that others may be missing. */
const RESET = 'reset';

/**
 * Says that something may have been missed: what is kept by events has to be read anew. It has no id, so that who is cut off now hears it again.
 *
 * @param horizon up to here events may be missing
 * @param at unix seconds
 */
export function resetFrame(horizon: bigint, at: number): Buffer {
  const reason = 'Events up to this sequence were deleted, so that some may be missing here. Read anew what you keep, then go on with what follows.';
  const data = { sequence: horizon.toString(), kind: RESET, subject: '', at, atIso: new Date(at * 1000).toISOString(), data: { reason } };
  return Buffer.from(`event: ${RESET}\ndata: ${JSON.stringify(data)}\n\n`);
}

/** Whose event it is, as bodies say it. */
function namesOf(body: unknown): string {
  if (body === null || typeof body !== 'object') return '';
  return Object.entries(body)
    .flatMap(([name, value]) => (typeof value === 'string' && (name === 'wallet' || name === 'owner') ? value.toLowerCase() : []))
    .join(' ');
}
