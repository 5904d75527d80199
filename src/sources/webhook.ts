import { createHmac } from 'node:crypto';
import { lookup as systemLookup } from 'node:dns/promises';
import { request as httpRequest, type RequestOptions } from 'node:http';
import { request as httpsRequest } from 'node:https';
import { isIP } from 'node:net';
import { InvalidArgument } from '../core/errors.ts';
import { isPublicAddress } from './public-address.ts';

/** An address that a name stands for. */
export interface ResolvedAddress {
  readonly address: string;
  readonly family: number;
}

/** One message to one receiver. */
export interface WebhookMessage {
  /** The same in every attempt: the receiver's key to count it once. */
  readonly id: string;
  /** Unix seconds of the attempt. */
  readonly timestamp: number;
  /** JSON. */
  readonly body: string;
}

/** How to reach receivers. What a test needs to put in place of the network is a parameter. */
export interface WebhookOptions {
  /** For the whole attempt, name resolution included. */
  readonly timeoutMs: number;
  /** Signing keys, newest first: two while one is being replaced. */
  readonly keys: readonly Uint8Array[];
  readonly resolve?: (host: string) => Promise<readonly ResolvedAddress[]>;
  readonly isAllowed?: (address: string) => boolean;
  /** Plain HTTP too; for receivers on this machine. */
  readonly allowHttp?: boolean;
}

/** What became of an attempt: `failed` may get better by itself, `gone` is a receiver that wants no messages any more. */
export type WebhookOutcome = { readonly kind: 'delivered'; readonly status: number } | { readonly kind: 'failed'; readonly reason: string } | { readonly kind: 'gone'; readonly reason: string };

/** The receiver no longer wants messages. @source Standard Webhooks */
const GONE = 410;
const OK_FROM = 200;
const OK_BELOW = 300;

/**
 * Reads a receiver's address.
 *
 * @throws {InvalidArgument} for anything but https (or http where it is allowed) without user name and password. The address may hold a token: it is not repeated.
 */
export function parseWebhookUrl(text: string, allowHttp = false): URL {
  const url = URL.canParse(text) ? new URL(text) : null;
  const isScheme = url?.protocol === 'https:' || (allowHttp && url?.protocol === 'http:');
  if (url === null || !isScheme || url.username !== '' || url.password !== '') {
    throw new InvalidArgument('A webhook is an https address without user name and password, as in https://example.org/hook.');
  }
  return url;
}

/**
 * Signs a message: HMAC-SHA256 over id, timestamp and body, one signature for each key, separated by spaces.
 *
 * @source Standard Webhooks (standard-webhooks.com), signature scheme v1
 */
export function signWebhook({ id, timestamp, body }: WebhookMessage, keys: readonly Uint8Array[]): string {
  return keys.map((key) => `v1,${createHmac('sha256', key).update(`${id}.${timestamp}.${body}`).digest('base64')}`).join(' ');
}

/**
 * Makes one attempt to deliver a message. The name is resolved once; every address that it stands for must be public, and the connection is made to one that was checked, so that a name
 * that resolves otherwise a moment later changes nothing. Redirects are not followed. The answer's body is not read.
 *
 * Never throws: what goes wrong is an outcome, in words without the address.
 */
export async function deliverWebhook(target: URL, message: WebhookMessage, options: WebhookOptions): Promise<WebhookOutcome> {
  const signal = AbortSignal.timeout(options.timeoutMs);
  try {
    const address = await chooseAddress(target, options, signal);
    if (address === null) return { kind: 'failed', reason: 'the receiver has no address on the public internet' };
    return judgeStatus(await send(target, address, { message, options, signal }));
  } catch (error) {
    return { kind: 'failed', reason: signal.aborted ? `no answer within ${options.timeoutMs} ms` : reasonOf(error) };
  }
}

/**
 * Tells whether a receiver could be reached now: whether every address that its name stands for is public. Delivery asks again, each time.
 *
 * @throws nothing; a name that does not resolve in time is not reachable
 */
export async function isPublicTarget(target: URL, options: Pick<WebhookOptions, 'timeoutMs' | 'resolve' | 'isAllowed'>): Promise<boolean> {
  try {
    return (await chooseAddress(target, options, AbortSignal.timeout(options.timeoutMs))) !== null;
  } catch {
    return false;
  }
}

async function chooseAddress(target: URL, options: Pick<WebhookOptions, 'resolve' | 'isAllowed'>, signal: AbortSignal): Promise<ResolvedAddress | null> {
  const host = target.hostname.replace(/^\[|\]$/g, '');
  const isAllowed = options.isAllowed ?? isPublicAddress;
  const family = isIP(host);
  const found = family === 0 ? await beforeAbort((options.resolve ?? resolveAll)(host), signal) : [{ address: host, family }];
  const [first] = found;
  return first !== undefined && found.every((entry) => isAllowed(entry.address)) ? first : null;
}

function resolveAll(host: string): Promise<readonly ResolvedAddress[]> {
  return systemLookup(host, { all: true, verbatim: true });
}

function beforeAbort<Value>(promise: Promise<Value>, signal: AbortSignal): Promise<Value> {
  const { promise: aborted, reject } = Promise.withResolvers<never>();
  signal.addEventListener('abort', () => reject(new DOMException('late', 'TimeoutError')), { once: true });
  return Promise.race([promise, aborted]);
}

interface Sending {
  readonly message: WebhookMessage;
  readonly options: WebhookOptions;
  readonly signal: AbortSignal;
}

function send(target: URL, { address, family }: ResolvedAddress, { message, options, signal }: Sending): Promise<number> {
  const request = target.protocol === 'https:' ? httpsRequest : httpRequest;
  const settings: RequestOptions = {
    method: 'POST',
    agent: false,
    signal,
    // Whatever the name stands for by now: this is the address that was checked.
    lookup: (_host, lookupOptions, done) => (lookupOptions.all === true ? done(null, [{ address, family }]) : done(null, address, family)),
    headers: {
      'content-type': 'application/json',
      'content-length': Buffer.byteLength(message.body),
      'user-agent': 'plimsoll-webhook/1',
      'webhook-id': message.id,
      'webhook-timestamp': String(message.timestamp),
      'webhook-signature': signWebhook(message, options.keys),
    },
  };
  const { promise, resolve, reject } = Promise.withResolvers<number>();
  const sending = request(target, settings, (response) => {
    resolve(response.statusCode ?? 0);
    response.destroy();
  });
  sending.on('error', reject);
  sending.end(message.body);
  return promise;
}

function judgeStatus(status: number): WebhookOutcome {
  if (status >= OK_FROM && status < OK_BELOW) return { kind: 'delivered', status };
  return status === GONE ? { kind: 'gone', reason: 'the receiver is gone (410)' } : { kind: 'failed', reason: `the receiver answered ${status}` };
}

/** Node's own code alone: its message holds the address. */
function reasonOf(error: unknown): string {
  const code = error instanceof Error && 'code' in error ? String(error.code) : 'unknown';
  return `the receiver could not be reached (${code})`;
}
