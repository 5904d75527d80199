import * as z from 'zod';
import { toAddress } from '../../core/ids.ts';
import type { CallResult } from '../../core/source.ts';

/** The answers to the calls that were planned, by key. */
export type Answers = ReadonlyMap<string, CallResult>;

/** Schema of one unsigned integer. */
export const uint = z.bigint().min(0n);
/** Schema of one signed integer. */
export const int = z.bigint();
/** Schema of one address. */
export const addressWord = z
  .string()
  .regex(/^0x[0-9a-fA-F]{40}$/)
  .transform(toAddress);

/** Finds the values of an answer; undefined where the call was not planned, reverted, or answered in another form. */
export function findAnswer<Schema extends z.ZodType>(answers: Answers, key: string, schema: Schema): z.output<Schema> | undefined {
  const answer = answers.get(key);
  if (answer?.ok !== true) return undefined;
  const parsed = schema.safeParse(answer.values);
  return parsed.success ? parsed.data : undefined;
}

/** Schema of 32 bytes. */
export const word = z
  .string()
  .regex(/^0x[0-9a-fA-F]{64}$/)
  .transform((text) => text.toLowerCase());

/** Finds the single unsigned integer of an answer. */
export function findUint(answers: Answers, key: string): bigint | undefined {
  return findAnswer(answers, key, z.tuple([uint]))?.[0];
}
