import * as z from 'zod';
import { Decimal } from '../../core/decimal.ts';
import { InvalidArgument } from '../../core/errors.ts';
import { pathText } from '../../core/json.ts';
import type { AlertRule } from '../../engine/alert.ts';

const decimal = z
  .string()
  .regex(/^(?:0|[1-9][0-9]{0,17})(?:\.[0-9]{1,18})?$/, 'expected a plain decimal string')
  .transform((text) => new Decimal(text));
const positive = decimal.refine((value) => value.gt(0), 'expected more than 0');
const share = positive.refine((value) => value.lt(1), 'expected a share below 1, as in 0.1 for 10 %');

const rule = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('health'), of: z.enum(['weakest', 'unified']).default('weakest'), below: positive }),
  z.strictObject({ kind: z.literal('liquidation-price'), within: share }),
  z.strictObject({ kind: z.literal('shortfall'), above: decimal }),
]);

/**
 * Reads an alert rule from its stored or requested form: its kind and its parameters, decimals as strings.
 *
 * @throws {InvalidArgument} naming the field.
 * @example
 * ```ts
 * parseAlertRule('health', { below: '1.2' }); // { kind: 'health', of: 'weakest', below: 1.2 }
 * ```
 */
export function parseAlertRule(kind: string, params: unknown): AlertRule {
  const parsed = rule.safeParse({ ...(params !== null && typeof params === 'object' ? params : {}), kind });
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  throw new InvalidArgument(`The alert rule is not understood at ${pathText(issue?.path ?? []) || '(top)'}: ${issue?.message ?? 'unknown fault'}.`);
}
