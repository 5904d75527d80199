import type { Request, Response } from 'express';
import type * as z from 'zod';
import type { Json } from '../../core/json.ts';
import type { OPERATIONS } from '../contract/operations.ts';
import type { OperationId } from '../contract/paths.ts';
import type { Caller } from './api-keys.ts';
import type { Prepared } from './prepared.ts';

type Entry<Id extends OperationId> = (typeof OPERATIONS)[Id];
type Read<Id extends OperationId, Part extends 'params' | 'query' | 'body'> = Entry<Id> extends Record<Part, infer Schema extends z.ZodType> ? z.output<Schema> : undefined;

/** One request, validated. */
export interface Call<Id extends OperationId> {
  readonly params: Read<Id, 'params'>;
  readonly query: Read<Id, 'query'>;
  readonly body: Read<Id, 'body'>;
  /** The body as it was sent; empty without one. */
  readonly text: string;
  readonly headers: Request['headers'];
  readonly caller: Caller;
  /** Aborts when the time of the request is over, or nobody waits for its answer. */
  readonly signal: AbortSignal;
  /** For answers that are no JSON document. */
  readonly response: Response;
}

/** What a handler answers. */
export type Reply =
  | { readonly kind: 'json'; readonly status: number; readonly value: Json | object; readonly headers?: Readonly<Record<string, string>> }
  | { readonly kind: 'prepared'; readonly prepared: Prepared }
  | { readonly kind: 'text'; readonly type: string; readonly text: string }
  | { readonly kind: 'empty' }
  /** The handler has taken the response over. */
  | { readonly kind: 'taken' };

/** A handler of one operation. */
export type Handler<Id extends OperationId> = (call: Call<Id>) => Reply | Promise<Reply>;

/** A handler for every operation. */
export type Handlers = { readonly [Id in OperationId]: Handler<Id> };

/** An answer of JSON. */
export function json(value: Json | object, status = 200, headers: Readonly<Record<string, string>> = {}): Reply {
  return { kind: 'json', status, value, headers };
}

/** An answer of JSON that is text already, for an operation without a tag. */
export function written(text: string): Reply {
  return { kind: 'prepared', prepared: { body: Buffer.from(text), etag: '' } };
}
