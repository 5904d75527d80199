import { createHash } from 'node:crypto';
import type { Json } from '../../core/json.ts';

/** A JSON answer, ready to be sent any number of times. */
export interface Prepared {
  readonly body: Buffer;
  /** Weak: the same data in other words would have another. */
  readonly etag: string;
}

/** Writes a value once for all who ask for it. */
export function prepare(value: Json | object): Prepared {
  const body = Buffer.from(JSON.stringify(value));
  return { body, etag: `W/"${createHash('sha256').update(body).digest('base64url').slice(0, 22)}"` };
}

/** Tells whether `If-None-Match` names this answer. @source RFC 9110, weak comparison */
export function isKnown(header: string | undefined, etag: string): boolean {
  if (header === undefined) return false;
  const opaque = (text: string): string => text.trim().replace(/^W\//, '');
  return header.trim() === '*' || header.split(',').some((entry) => opaque(entry) === opaque(etag));
}
