import * as z from 'zod';
import { ERROR_TABLE, type ErrorCode } from '../../core/errors.ts';
import type { Json } from '../../core/json.ts';
import { portfolioJsonSchema } from '../../core/portfolio.ts';
import { attestationJsonSchema } from '../../proof/attestation.ts';
import { proofJsonSchema } from '../../proof/bundle.ts';
import { delivery } from './events.ts';
import { listOperations, type PlacedOperation, SCOPES } from './operations.ts';
import { NAMED_SHAPES } from './shapes.ts';

type JsonObject = { readonly [key: string]: Json };

const COMPONENTS = '#/components/schemas/';
/** Failures that any operation may answer with. */
const ANYWHERE: readonly ErrorCode[] = [
  'INVALID_ARGUMENT',
  'UNAUTHENTICATED',
  'FORBIDDEN',
  'NOT_FOUND',
  'NOT_ACCEPTABLE',
  'HEADERS_TOO_LARGE',
  'TOO_MANY_REQUESTS',
  'OVERLOADED',
  'DEADLINE_EXCEEDED',
  'INTERNAL',
];
const LIMITS = { RateLimit: { $ref: '#/components/headers/RateLimit' }, 'RateLimit-Policy': { $ref: '#/components/headers/RateLimit-Policy' } };
const WITH_BODY: readonly ErrorCode[] = ['REQUEST_TIMEOUT', 'BODY_TOO_LARGE', 'UNSUPPORTED_MEDIA_TYPE'];
const TAGS: Readonly<Record<PlacedOperation['tag'], string>> = {
  risk: 'How close wallets are to liquidation',
  plans: 'The way back',
  opportunities: 'What liquidators find',
  proofs: 'Solvency without positions',
  events: 'What happens, as it happens',
  service: 'The service itself',
};

/**
 * Builds the OpenAPI 3.1 document of the service from the table of operations.
 *
 * @param version of the package
 */
export function buildOpenApi(version: string): JsonObject {
  const operations = listOperations();
  const paths: Record<string, Record<string, Json>> = {};
  for (const operation of operations) (paths[operation.path] ??= {})[operation.method] = describeOperation(operation);
  return {
    openapi: '3.1.0',
    jsonSchemaDialect: 'https://json-schema.org/draft/2020-12/schema',
    info: {
      title: 'Plimsoll',
      version,
      summary: "One wallet's solvency across lending, perp and option protocols",
      description:
        'Amounts, ratios and US dollars are decimal strings; a health factor is a string, or null without debt. A report with a gap is `incomplete`, never `safe`. Failures are `application/problem+json` with a code of one table. Transactions leave unsigned: the service never holds a key.',
      license: { name: 'MIT', identifier: 'MIT' },
    },
    servers: [{ url: '/' }],
    tags: Object.entries(TAGS).map(([name, description]) => ({ name, description })),
    paths,
    webhooks: { event: { post: describeDelivery() } },
    components: {
      schemas: listSchemas(),
      parameters: {
        IdempotencyKey: {
          name: 'Idempotency-Key',
          in: 'header',
          description: 'The same key with the same body is one request, however often it is sent',
          schema: { type: 'string', minLength: 8, maxLength: 128, pattern: '^[A-Za-z0-9_-]{8,128}$' },
        },
        RequestId: {
          name: 'X-Request-Id',
          in: 'header',
          description: 'Comes back with the answer; one that is not well-formed is replaced',
          schema: { type: 'string', pattern: '^[A-Za-z0-9_-]{8,64}$' },
        },
        IfNoneMatch: { name: 'If-None-Match', in: 'header', description: 'An ETag that is known', schema: { type: 'string' } },
        LastEventId: { name: 'Last-Event-ID', in: 'header', description: 'The sequence of the last event that was seen', schema: { type: 'string', pattern: '^[0-9]{1,18}$' } },
      },
      headers: {
        'X-Request-Id': { schema: { type: 'string' } },
        ETag: { schema: { type: 'string' } },
        Location: { schema: { type: 'string' } },
        'RateLimit-Policy': { description: 'How many requests of one caller in how many seconds (the same draft)', schema: { type: 'string' } },
        RateLimit: { description: 'What is left (draft-ietf-httpapi-ratelimit-headers-08)', schema: { type: 'string' } },
        'Retry-After': { description: 'Seconds', schema: { type: 'string' } },
      },
      securitySchemes: { apiKey: { type: 'http', scheme: 'bearer', description: `Scopes: ${SCOPES.join(', ')}. Without any key the service listens on the loopback only and asks for none.` } },
    },
  };
}

/** What a subscriber receives. */
function describeDelivery(): Json {
  const header = (name: string, description: string): Json => ({ name, in: 'header', required: true, description, schema: { type: 'string' } });
  return {
    operationId: 'receiveEvent',
    summary: 'An event, sent to a subscriber',
    description:
      'Signed after Standard Webhooks: HMAC-SHA256, by the secret of the subscriber, of `webhook-id.webhook-timestamp.body`. Refuse what is older than five minutes. It comes at least once: `webhook-id` tells repetitions. Anything but 2xx is tried again, ten times over three days; 410 ends it.',
    tags: ['events'],
    security: [],
    parameters: [
      header('webhook-id', 'Names the event: evt_ and its sequence'),
      header('webhook-timestamp', 'Unix seconds of this attempt'),
      header('webhook-signature', 'v1, and the signature in base64; several of them, separated by spaces, while keys are exchanged'),
    ],
    requestBody: { required: true, content: { 'application/json': { schema: refOf(delivery) } } },
    responses: { '2XX': { description: 'It was received' }, 410: { description: 'The subscriber is gone: nothing of this event is sent again' } },
  };
}

function describeOperation(operation: PlacedOperation): Json {
  const { id, summary, description, tag, scope, body, example } = operation;
  return {
    operationId: id,
    summary,
    description: scope === null ? description : `${description}\n\nScope: \`${scope}\`.`,
    tags: [tag],
    security: scope === null ? [] : [{ apiKey: [] }, {}],
    parameters: listParameters(operation),
    ...(body === undefined
      ? {}
      : { requestBody: { required: true, content: { 'application/json': { schema: refOf(body), ...(example?.body === undefined ? {} : { example: example.body as Json }) } } } }),
    responses: { ...listAnswers(operation), ...listFailures(operation) },
  };
}

function listParameters(operation: PlacedOperation): Json[] {
  const { params, query, idempotent, tagged, example } = operation;
  const header = (name: string): Json => ({ $ref: `#/components/parameters/${name}` });
  return [
    ...describeFields(params, 'path', example?.params),
    ...describeFields(query, 'query', example?.query),
    header('RequestId'),
    ...(idempotent === true ? [header('IdempotencyKey')] : []),
    ...(tagged === true ? [header('IfNoneMatch')] : []),
    ...(operation.id === 'streamEvents' ? [header('LastEventId')] : []),
  ];
}

function describeFields(fields: z.ZodObject | undefined, place: 'path' | 'query', examples: Readonly<Record<string, string>> = {}): Json[] {
  return Object.entries(fields?.shape ?? {}).map(([name, field]) => {
    const { description, ...schema } = plainSchema(field);
    const value = examples[name];
    return {
      name,
      in: place,
      required: !(field as z.ZodType).safeParse(undefined).success,
      ...(description === undefined ? {} : { description }),
      schema,
      ...(value === undefined ? {} : { example: value }),
    };
  });
}

function listAnswers({ answers, tagged, id, scope }: PlacedOperation): Record<string, Json> {
  const headers = {
    'X-Request-Id': { $ref: '#/components/headers/X-Request-Id' },
    ...(scope === null ? {} : LIMITS),
    ...(tagged === true ? { ETag: { $ref: '#/components/headers/ETag' } } : {}),
    ...(id === 'createProof' ? { Location: { $ref: '#/components/headers/Location' } } : {}),
  };
  const listed = Object.entries(answers).map(([status, { description, schema, text }]): [string, Json] => {
    const content = text !== undefined ? { [text]: { schema: schema === null ? { type: 'string' } : refOf(schema) } } : schema === null ? null : { 'application/json': { schema: refOf(schema) } };
    return [status, { description, headers, ...(content === null ? {} : { content }) }];
  });
  return { ...Object.fromEntries(listed), ...(tagged === true ? { 304: { description: 'Nothing changed', headers } } : {}) };
}

/** Failures by status: those of the operation, and those that any may have. */
function listFailures({ errors, body, answers }: PlacedOperation): Record<string, Json> {
  const codes = [...new Set([...errors, ...ANYWHERE, ...(body === undefined ? [] : WITH_BODY)])];
  const byStatus = Map.groupBy(codes, (code) => ERROR_TABLE[code].status);
  const listed = [...byStatus].toSorted(([a], [b]) => a - b).filter(([status]) => answers[status] === undefined);
  return Object.fromEntries([
    ...listed.map(([status, these]): [string, Json] => [
      String(status),
      {
        description: these.map((code) => `${code}: ${ERROR_TABLE[code].meaning}`).join(' '),
        headers: {
          'X-Request-Id': { $ref: '#/components/headers/X-Request-Id' },
          ...(status === 429 ? LIMITS : {}),
          ...(status === 429 || status === 503 ? { 'Retry-After': { $ref: '#/components/headers/Retry-After' } } : {}),
        },
        content: { 'application/problem+json': { schema: { $ref: `${COMPONENTS}Problem` } } },
      },
    ]),
    ['default', { description: 'Any other failure', content: { 'application/problem+json': { schema: { $ref: `${COMPONENTS}Problem` } } } }],
  ]);
}

function refOf(schema: z.ZodType): Json {
  const name = NAMED_SHAPES.get(schema)?.id;
  return name === undefined ? plainSchema(schema) : { $ref: `${COMPONENTS}${name}` };
}

function plainSchema(schema: z.ZodType): JsonObject {
  const { $schema: _, ...rest } = z.toJSONSchema(schema, { io: 'input' }) as JsonObject;
  return rest;
}

/** Every named schema; documents are put in as they are published. */
function listSchemas(): JsonObject {
  const { schemas } = z.toJSONSchema(NAMED_SHAPES, { uri: (name) => `${COMPONENTS}${name}`, io: 'input', unrepresentable: 'any' });
  const documents: Readonly<Record<string, object>> = { Portfolio: portfolioJsonSchema(), Attestation: attestationJsonSchema(), Proof: proofJsonSchema() };
  return Object.fromEntries(
    Object.entries(schemas)
      .toSorted(([a], [b]) => a.localeCompare(b))
      .map(([name, schema]) => [name, rootedAt((documents[name] ?? schema) as JsonObject, name)]),
  );
}

/** A schema as a component: no id of its own, and references within it from the document's root. */
function rootedAt(schema: JsonObject, name: string): JsonObject {
  const { $schema: _schema, $id: _id, ...rest } = schema;
  const text = JSON.stringify(rest).replaceAll('"$ref":"#/$defs/', `"$ref":"${COMPONENTS}${name}/$defs/`).replaceAll('"$ref":"#"', `"$ref":"${COMPONENTS}${name}"`);
  return JSON.parse(text) as JsonObject;
}
