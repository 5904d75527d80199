import * as z from 'zod';
import { ERROR_TABLE, type ErrorCode } from '../../core/errors.ts';
import { MOST_WALLETS_AT_ONCE, WALLETS_PATTERN } from '../../core/wallet-text.ts';

/** The named schemas of the API: each becomes a component of the OpenAPI document. */
export const NAMED_SHAPES = z.registry<{ id: string }>();

/** Gives a schema its name in the document. */
export function named<Schema extends z.ZodType>(id: string, schema: Schema): Schema {
  NAMED_SHAPES.add(schema, { id });
  return schema;
}

/** A JSON value in a form that is its owner's own. */
export const anyJson = z.unknown();

export const errorCode = named('ErrorCode', z.enum(Object.keys(ERROR_TABLE) as [ErrorCode, ...ErrorCode[]]).describe('The code of a failure; gaps carry the same codes'));
export const chainText = named(
  'Chain',
  z
    .string()
    .max(23)
    .regex(/^eip155:[1-9][0-9]{0,15}$/, 'expected a CAIP-2 chain id')
    .describe('CAIP-2 chain id'),
);
export const assetText = named('Asset', z.string().max(120).describe('CAIP-19 asset id, or iso4217:usd'));
export const addressText = named(
  'Address',
  z
    .string()
    .regex(/^0x[0-9a-fA-F]{40}$/, 'expected a 20-byte address')
    .describe('20-byte address; inside lower-case, outside with its checksum where it is an owner'),
);
export const integerString = named(
  'Integer',
  z
    .string()
    .regex(/^-?[0-9]{1,99}$/, 'expected a decimal integer string')
    .describe('A whole number of any size, as a string'),
);
export const decimalString = named(
  'Decimal',
  z
    .string()
    .regex(/^-?[0-9]{1,99}(?:\.[0-9]{1,120})?$/, 'expected a plain decimal string')
    .describe('A decimal number of any size, as a string: never in exponent notation'),
);
export const usdString = named(
  'Usd',
  z
    .string()
    .regex(/^-?[0-9]{1,99}(?:\.[0-9]{1,60})?$/, 'expected a plain decimal string')
    .describe('US dollars, as a decimal string'),
);
export const ratioString = named(
  'Ratio',
  z
    .string()
    .regex(/^-?[0-9]{1,99}(?:\.[0-9]{1,60})?$/, 'expected a plain decimal string')
    .describe('A fraction as a decimal string: 0.825, never a percentage'),
);
export const unixSeconds = named('UnixSeconds', z.int().min(0).describe('Unix seconds'));
export const isoTime = named('Time', z.string().describe('RFC 3339'));
export const precision = named(
  'Precision',
  z.enum(['exact', 'accrued', 'estimate']).describe("exact: the protocol's integers at a block; accrued: extrapolated from indexes; estimate: terms are missing"),
);

/** An amount of an asset. */
export const amount = named(
  'Amount',
  z.strictObject({ raw: integerString, decimals: z.int().min(0).max(36), amount: decimalString, usd: usdString }).describe('An amount in base units, whole tokens and US dollars'),
);

/** Something that could not be read. */
export const gap = named(
  'Gap',
  z
    .strictObject({ code: errorCode, message: z.string(), retryable: z.boolean(), chain: chainText.nullable(), deployment: z.string().nullable(), account: z.string().nullable() })
    .describe('Something that could not be read, with its reason; with a gap an answer is incomplete and nothing in it is safe'),
);

export const block = named('Block', z.strictObject({ chain: chainText, number: integerString, hash: z.string().nullable(), timestamp: unixSeconds, timestampIso: isoTime }));
export const marketPrice = named('MarketPrice', z.strictObject({ asset: assetText, symbol: z.string(), usd: usdString, source: z.string(), observedAt: unixSeconds, observedAtIso: isoTime }));
/** Blocks and prices where times stand once, as in plans and scans. */
export const plainBlock = named('BlockRef', z.strictObject({ chain: chainText, number: integerString, hash: z.string().nullable().optional(), timestamp: unixSeconds }));
export const plainPrice = named('PriceRef', z.strictObject({ asset: assetText, symbol: z.string(), usd: usdString, source: z.string(), observedAt: unixSeconds }));

/** RFC 9457. */
export const problem = named(
  'Problem',
  z
    .strictObject({
      type: z.string().describe('Where the code is explained'),
      title: z.string(),
      status: z.int().min(400).max(599),
      detail: z.string().describe('What to do about it'),
      instance: z.string().describe('urn:plimsoll:request:<X-Request-Id>'),
      code: errorCode,
      retryable: z.boolean(),
      fields: z.record(z.string(), z.union([z.string(), z.number(), z.boolean(), z.null()])),
    })
    .describe('A failure (RFC 9457), with a code of the one error table'),
);

/** A body with a name in the document, whose schema is that of a published document format. */
export function document<Type>(id: string): z.ZodType<Type> {
  return named(
    id,
    z.custom<Type>((value) => value !== null && typeof value === 'object' && !Array.isArray(value), 'expected a JSON object'),
  );
}

/** A wallet or several, as they stand in a path. */
export const walletPath = z
  .string()
  .max(700)
  .regex(WALLETS_PATTERN, `expected 0x and 40 hex digits, a CAIP-10 account or an ENS name; at most ${MOST_WALLETS_AT_ONCE}, separated by commas`)
  .describe(
    '0x and 40 hex digits, a CAIP-10 account, or an ENS name where Ethereum has an endpoint; up to five of one person, separated by commas. Where all are CAIP-10 accounts, their chains are read',
  );
export const shockText = z.string().min(1).max(400).describe('Price moves, as in ETH=-20%,WBTC=+5%');
export const chainsQuery = z
  .string()
  .max(400)
  .regex(/^(?:(?:eip155:)?[1-9][0-9]{0,15})(?:,(?:eip155:)?[1-9][0-9]{0,15}){0,15}$/, 'expected CAIP-2 chain ids or numbers, separated by commas')
  .describe('Only these chains: CAIP-2 ids or numbers, separated by commas');
export const recordedName = z
  .string()
  .regex(/^[a-z0-9][a-z0-9-]{0,63}$/, 'expected the name of a recorded data set')
  .describe('Read this recorded data set (GET /v1/recorded lists them)');
export const momentText = z
  .string()
  .max(40)
  .regex(/^[0-9]{4}-[0-9]{2}-[0-9]{2}(?:T[0-9:.]{5,12}(?:Z|[+-][0-9]{2}:[0-9]{2})?)?$/, 'expected a time as in 2021-05-19T12:00:00Z')
  .describe('Recorded data only: the moment to read, RFC 3339');
/** A health factor to reach, a slippage and the like: never a float in a document. */
export const positiveText = z.string().regex(/^[0-9]{1,12}(?:\.[0-9]{1,18})?$/, 'expected a plain decimal string');
