import type { Request } from 'express';
import type * as z from 'zod';
import { InvalidArgument, PlimsollError } from '../../core/errors.ts';
import { pathText } from '../../core/json.ts';
import type { PlacedOperation } from '../contract/operations.ts';
import { refuseByContract } from './problem.ts';
import { plainPath } from './redact.ts';
import { wordsOfIssue } from './refusal-words.ts';
import { parseStrictJson } from './strict-json.ts';

/** The largest Portfolio or proof request. */
export const MOST_BODY_BYTES = 2_000_000;
const JSON_TYPE = /^application\/json(?:\s*;\s*charset="?utf-8"?)?$/i;

/** What a request says, read by the schemas of its operation. */
export interface ReadInput {
  readonly params: unknown;
  readonly query: unknown;
  readonly body: unknown;
  readonly text: string;
}

/**
 * Reads what an operation takes.
 *
 * @param signal aborts when the time of the request is over
 * @throws {PlimsollError} naming the field, never its value; REQUEST_TIMEOUT for a body that does not come in time
 */
export async function readInput(operation: PlacedOperation, request: Request, signal: AbortSignal): Promise<ReadInput> {
  const bytes = operation.body === undefined ? null : await readBody(request, signal);
  const text = bytes === null ? '' : new TextDecoder().decode(bytes);
  return {
    params: operation.params === undefined ? undefined : check(operation.params, { ...request.params }, 'path'),
    query: readQuery(operation, request.url),
    body: operation.body === undefined || bytes === null ? undefined : check(operation.body, parseStrictJson(bytes), 'body'),
    text,
  };
}

/** Refuses what the client would not read. @throws {PlimsollError} NOT_ACCEPTABLE */
export function requireAcceptable(operation: PlacedOperation, request: Request): void {
  const types = Object.values(operation.answers).map(({ text }) => text ?? 'application/json');
  if (request.accepts([...types, 'application/problem+json']) === false) throw new PlimsollError('NOT_ACCEPTABLE', `This answers with ${types[0]}: accept it, or leave the header Accept out.`);
}

async function readBody(request: Request, signal: AbortSignal): Promise<Uint8Array> {
  const { 'content-type': type = '', 'content-encoding': encoding = 'identity', 'content-length': length } = request.headers;
  if (!JSON_TYPE.test(type.trim())) throw new PlimsollError('UNSUPPORTED_MEDIA_TYPE', 'Send the body as application/json.');
  if (encoding.toLowerCase() !== 'identity') throw new PlimsollError('UNSUPPORTED_MEDIA_TYPE', 'Send the body uncompressed.');
  if (Number(length) > MOST_BODY_BYTES) throw tooLarge();
  const bytes = await collect(request, signal);
  if (bytes.length === 0) throw new InvalidArgument('The body is missing.', { in: 'body' });
  return bytes;
}

/** Ends at the first byte too many: whoever sends without end is not listened to until then. */
function collect(request: Request, signal: AbortSignal): Promise<Uint8Array> {
  const { promise, resolve, reject } = Promise.withResolvers<Uint8Array>();
  const parts: Buffer[] = [];
  let bytes = 0;
  const take = (part: Buffer): void => {
    bytes += part.length;
    if (bytes > MOST_BODY_BYTES) {
      request.off('data', take).pause();
      reject(tooLarge());
      return;
    }
    parts.push(part);
  };
  const giveUp = (): void => {
    request.off('data', take).pause();
    reject(new PlimsollError('REQUEST_TIMEOUT', 'The body did not arrive whole in time. Send it faster, or send less.'));
  };
  signal.addEventListener('abort', giveUp, { once: true });
  request.on('data', take);
  request.once('end', () => resolve(Buffer.concat(parts)));
  request.once('close', () => reject(new InvalidArgument('The body broke off.', { in: 'body' })));
  request.once('error', () => reject(new InvalidArgument('The body broke off.', { in: 'body' })));
  return promise.finally(() => signal.removeEventListener('abort', giveUp));
}

function tooLarge(): PlimsollError {
  return new PlimsollError('BODY_TOO_LARGE', `The body is larger than the ${MOST_BODY_BYTES} bytes that the service takes.`, { limitBytes: MOST_BODY_BYTES });
}

/** Each parameter once, and none that is not known: a typing error must not pass for the default. */
function readQuery({ query }: PlacedOperation, url: string): unknown {
  const at = url.indexOf('?');
  const given = new URLSearchParams(at < 0 ? '' : url.slice(at + 1));
  if (query === undefined) {
    if (given.size > 0) throw new InvalidArgument('This takes no parameters.', { in: 'query' });
    return undefined;
  }
  if (new Set(given.keys()).size !== given.size) throw new InvalidArgument('A parameter stands there twice.', { in: 'query' });
  return check(query, Object.fromEntries(given), 'query');
}

function check(schema: z.ZodType, value: unknown, place: 'path' | 'query' | 'body'): unknown {
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  const issue = deepest(parsed.error.issues);
  // A path within the contract's own names: keys of the request's own making come out as an issue of the object that holds them.
  const path = plainPath(pathText(issue?.path ?? []));
  const words = issue === undefined ? 'is not understood' : wordsOfIssue(issue);
  throw refuseByContract(`${place === 'body' ? 'The body' : `The ${place}`}${path === '' ? '' : `, at ${path},`} ${words}.`, { in: place, path });
}

/** Of a union, the reason of the member that got furthest says more than "invalid input". */
function deepest(issues: readonly z.core.$ZodIssue[]): z.core.$ZodIssue | undefined {
  const [first] = issues;
  if (first?.code !== 'invalid_union') return first;
  const inner = first.errors.map((errors) => errors[0]).filter((issue) => issue !== undefined);
  const best = inner.toSorted((a, b) => b.path.length - a.path.length)[0];
  if (best === undefined) return first;
  const path = [...first.path, ...best.path];
  if (best.code !== 'invalid_value') return { ...best, path };
  // Each member has a choice of its own there: together they are what may stand there.
  const same = inner.filter((issue) => issue.code === 'invalid_value' && pathText(issue.path) === pathText(best.path));
  return { ...best, path, values: same.flatMap((issue) => (issue.code === 'invalid_value' ? issue.values : [])) };
}
