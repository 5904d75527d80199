import { readApiKey } from './api-key.ts';
import { plain } from './format.ts';
import type { Failure } from './request.ts';

/** Flags of the command line that messages advise, by what the page has in their place. */
const ON_PAGE: readonly (readonly [flag: RegExp, words: string])[] = [
  [/add --accept-gaps to sign in spite of them/, 'tick “in spite of gaps” to sign nevertheless'],
  [/Raise --budget-ms/, 'Ask again, with a lower target or a smaller shock'],
  [/--min-deficit belongs/, 'A least deficit belongs'],
  [/Leave --instance out to have one that fits/, 'Choose fewer accounts'],
  [/, or raise --max-age as far as the consumer allows/, ''],
];
const FLAG = /(?:^|[\s(“"'`])--[a-z]/;

/**
 * A message of the service or the prover as the page says it: on one line, with what can be done here in place of a flag; a sentence about any other flag is left out.
 *
 * @example
 * ```ts
 * pageWords('It takes 70 rows; there is room for 64. Prove about fewer chains (--chain).'); // 'It takes 70 rows; there is room for 64. Prove about fewer chains.'
 * ```
 */
export function pageWords(message: string): string {
  const own = ON_PAGE.reduce((text, [flag, words]) => text.replace(flag, words), plain(message)).replaceAll(/ \([^()]*--[a-z][^()]*\)/g, '');
  if (!FLAG.test(own)) return own;
  const kept = own.split(/(?<=[.!?]) (?=\S)/).filter((sentence) => !FLAG.test(sentence));
  return kept.length === 0 ? 'That cannot be done in this way here.' : kept.join(' ');
}

/** Why something failed, in words that are of use on the page. */
export function failureWords({ code, message }: Pick<Failure, 'code' | 'message'>): string {
  if (code === 'UNAUTHENTICATED') return readApiKey() === null ? 'This service asks for an API key.' : 'The service does not know this API key, or no longer.';
  return pageWords(message);
}
