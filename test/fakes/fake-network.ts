import type { Fetch } from '../../src/sources/clock.ts';

/** One request as a fake sees it. */
export interface SeenRequest {
  readonly url: string;
  readonly headers: Headers;
  /** The parsed JSON body. */
  readonly body: Readonly<Record<string, unknown>>;
  /** The GraphQL operation's name, or the JSON-RPC method. */
  readonly name: string;
  /** GraphQL variables; empty for JSON-RPC. */
  readonly variables: Readonly<Record<string, unknown>>;
  /** The sequential round that it belongs to, from 1. */
  readonly round: number;
}

/** What goes wrong, or is answered instead. */
export type Fault =
  | { readonly kind: 'down' }
  | { readonly kind: 'hang' }
  | { readonly kind: 'status'; readonly status: number; readonly headers?: Readonly<Record<string, string>>; readonly body?: unknown }
  | { readonly kind: 'rate-limited'; readonly retryAfter?: string }
  | { readonly kind: 'truncated' }
  | { readonly kind: 'null-field'; readonly path: readonly (string | number)[] }
  | { readonly kind: 'indexing-errors' }
  | { readonly kind: 'block-gone' }
  | { readonly kind: 'lagging-head'; readonly blocks: number; readonly seconds: number }
  | { readonly kind: 'answer'; readonly json: unknown }
  | { readonly kind: 'rewrite'; readonly change: (json: unknown, request: SeenRequest) => unknown };

/** When a fault strikes: at requests that match, after the first `after` of them, `times` times (always by default). */
export interface Script {
  readonly match?: (request: SeenRequest) => boolean;
  readonly after?: number;
  readonly times?: number;
  readonly fault: Fault;
}

/** A network of which every request is seen and any can be made to fail. */
export interface FakeNetwork {
  readonly fetch: Fetch;
  /** Adds a fault; where several match, the one added first strikes. */
  fail(script: Script): void;
  /** Every request so far, in the order in which they started. */
  readonly requests: readonly SeenRequest[];
  /** How many rounds of requests followed one another: a request that started after a response of round n belongs to round n + 1 or later. */
  rounds(): number;
  /** The greatest number of requests that were under way at once. */
  mostAtOnce(): number;
  /** Whether a request that will be answered is under way; one that hangs is not. For the automatic clock. */
  isBusy(): boolean;
}

/** A server that answers in memory: a JSON value for a request. */
export type Answering = (request: SeenRequest) => unknown;

/**
 * Makes a network in front of a real server (`upstream` is fetch) or of canned answers (`upstream` gives the JSON).
 *
 * @example
 * ```ts
 * const network = createFakeNetwork({ fetch: globalThis.fetch });
 * network.fail({ match: (request) => request.name === 'Head', times: 1, fault: { kind: 'down' } });
 * ```
 */
export function createFakeNetwork(upstream: { readonly fetch: Fetch } | { readonly answer: Answering }): FakeNetwork {
  const scripts: { readonly script: Script; struck: number; passed: number }[] = [];
  const requests: SeenRequest[] = [];
  let answeredRound = 0;
  let busy = 0;
  let under = 0;
  let most = 0;

  function strike(request: SeenRequest): Fault | null {
    for (const entry of scripts) {
      if (entry.script.match?.(request) === false || entry.struck >= (entry.script.times ?? Number.POSITIVE_INFINITY)) continue;
      if (entry.passed < (entry.script.after ?? 0)) {
        entry.passed += 1;
        continue;
      }
      entry.struck += 1;
      return entry.script.fault;
    }
    return null;
  }
  async function forward(request: SeenRequest, input: Parameters<Fetch>[0], init: RequestInit | undefined): Promise<Response> {
    if ('answer' in upstream) {
      await new Promise((resolve) => setImmediate(resolve));
      return jsonResponse(upstream.answer(request));
    }
    const response = await upstream.fetch(input, init);
    const text = await response.text();
    return new Response(text, { status: response.status, headers: response.headers });
  }
  async function carry(request: SeenRequest, fault: Fault | null, input: Parameters<Fetch>[0], init: RequestInit | undefined): Promise<Response> {
    if (fault === null) return forward(request, input, init);
    switch (fault.kind) {
      case 'down':
        throw new TypeError('fetch failed', { cause: Object.assign(new Error(`connect ECONNREFUSED ${request.url}`), { code: 'ECONNREFUSED' }) });
      case 'hang':
        return hang(init?.signal ?? undefined);
      case 'status':
        return new Response(typeof fault.body === 'string' ? fault.body : JSON.stringify(fault.body ?? {}), {
          status: fault.status,
          headers: { 'content-type': 'application/json', ...fault.headers },
        });
      case 'rate-limited':
        return new Response('slow down', { status: 429, headers: fault.retryAfter === undefined ? {} : { 'retry-after': fault.retryAfter } });
      case 'truncated': {
        const text = await (await forward(request, input, init)).text();
        return new Response(text.slice(0, Math.max(1, Math.floor(text.length / 2))), { headers: { 'content-type': 'application/json' } });
      }
      case 'answer':
        return jsonResponse(fault.json);
      case 'block-gone':
        return jsonResponse(
          'query' in request.body ? { errors: [{ message: 'Failed to decode `block.hash` value: `no block with that hash found`' }] } : rpcError(request, -32000, 'header not found'),
        );
      default: {
        const json: unknown = await (await forward(request, input, init)).json();
        return jsonResponse(changed(json, fault, request));
      }
    }
  }

  return {
    requests,
    fail: (script) => void scripts.push({ script, struck: 0, passed: 0 }),
    rounds: () => requests.reduce((last, request) => Math.max(last, request.round), 0),
    mostAtOnce: () => most,
    isBusy: () => busy > 0,
    async fetch(input, init) {
      const request = see(input, init, answeredRound + 1);
      requests.push(request);
      const fault = strike(request);
      const answers = fault?.kind !== 'hang';
      under += 1;
      most = Math.max(most, under);
      if (answers) busy += 1;
      try {
        return await carry(request, fault, input, init);
      } finally {
        under -= 1;
        if (answers) busy -= 1;
        answeredRound = Math.max(answeredRound, request.round);
      }
    },
  };
}

function see(input: Parameters<Fetch>[0], init: RequestInit | undefined, round: number): SeenRequest {
  const parsed: unknown = typeof init?.body === 'string' ? JSON.parse(init.body) : {};
  const body = toRecord(parsed);
  const operation = typeof body['operationName'] === 'string' ? body['operationName'] : body['method'];
  return {
    url: String(input instanceof Request ? input.url : input),
    headers: new Headers(init?.headers),
    body,
    name: typeof operation === 'string' ? operation : '',
    variables: toRecord(body['variables']),
    round,
  };
}

function hang(signal: AbortSignal | undefined): Promise<Response> {
  return new Promise((_resolve, reject) => {
    signal?.addEventListener('abort', () => reject(new DOMException('This operation was aborted', 'AbortError')));
  });
}

function changed(json: unknown, fault: Extract<Fault, { readonly kind: 'null-field' | 'indexing-errors' | 'lagging-head' | 'rewrite' }>, request: SeenRequest): unknown {
  switch (fault.kind) {
    case 'null-field':
      return withValue(json, fault.path, () => null);
    case 'indexing-errors':
      return withValue(json, ['data', '_meta', 'hasIndexingErrors'], () => true);
    case 'lagging-head': {
      const later = (by: number) => (value: unknown) => Number(value) - by;
      return withValue(withValue(json, ['data', '_meta', 'block', 'number'], later(fault.blocks)), ['data', '_meta', 'block', 'timestamp'], later(fault.seconds));
    }
    case 'rewrite':
      return fault.change(json, request);
  }
}

/** A copy of a JSON value with one place changed; a path that leads nowhere changes nothing. */
export function withValue(json: unknown, path: readonly (string | number)[], change: (value: unknown) => unknown): unknown {
  const [key, ...rest] = path;
  if (key === undefined) return change(json);
  if (Array.isArray(json)) return json.map((item: unknown, at) => (at === key ? withValue(item, rest, change) : item));
  const record = toRecord(json);
  return String(key) in record ? { ...record, [key]: withValue(record[String(key)], rest, change) } : json;
}

function rpcError(request: SeenRequest, code: number, message: string): unknown {
  return { jsonrpc: '2.0', id: request.body['id'], error: { code, message } };
}

function jsonResponse(json: unknown): Response {
  return new Response(JSON.stringify(json), { headers: { 'content-type': 'application/json' } });
}

function toRecord(value: unknown): Readonly<Record<string, unknown>> {
  return value !== null && typeof value === 'object' && !Array.isArray(value) ? Object.fromEntries(Object.entries(value)) : {};
}
