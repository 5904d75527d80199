import type { ErrorFields } from '../../core/errors.ts';
import type { Json } from '../../core/json.ts';
import { isOwnWord } from '../contract/own-words.ts';

const MOST_DETAIL = 600;
const MOST_WORDS = 150;
/** Values of a body that are looked at one by one; of a larger one the text as a whole. */
const MOST_VALUES = 20_000;
/** A part of what was sent is known again from so many letters on. */
const LEAST_PART = 5;
/** A number as small as this says nothing. */
const SMALL = /^[0-9]{1,2}$/;
const NUMBER = /^[-+]?\$?[0-9][0-9,]*(?:\.[0-9]+)?%?$/;
/** Words of prose; anything else may be somebody's data. */
const PROSE = /^[A-Za-z]?[a-z]*(?:['’-][a-z]+)*$/;
const PUNCTUATION = /^["'“”(.,:;)!?…[\]]+|["'“”(.,:;)!?…[\]]+$/g;
const BETWEEN = /[\s,;=<>"'`&?#()[\]{}|]+/;

/** What a request said, as it came. */
export interface SentRequest {
  readonly url: string;
  /** The pattern of its address: what differs from it was chosen by the caller. */
  readonly route: string;
  /** The body; empty without one. */
  readonly body: string;
}

/** The values that a caller chose, lower-case. */
export interface SentValues {
  /** Whole, and in pieces. */
  readonly words: ReadonlySet<string>;
  readonly numbers: ReadonlySet<string>;
  readonly text: string;
}

/** Gathers what the caller of a request chose: values of the address, and whatever stands in the body. */
export function collectSent({ url, route, body }: SentRequest): SentValues {
  const [path = '', query = ''] = url.split(/\?(.*)/s);
  const pattern = route.split('/');
  const chosen = path.split('/').filter((segment, at) => segment !== '' && segment !== pattern[at]);
  const given = [...chosen.map(decode), ...[...new URLSearchParams(query)].flat(), ...bodyValues(body)].filter((value) => value !== '').map((value) => value.toLowerCase());
  const words = new Set(given.flatMap((value) => [value, ...value.split(BETWEEN)]));
  return { words, numbers: new Set([...words].filter((word) => NUMBER.test(word)).flatMap(waysToWrite)), text: given.join('\n') };
}

/**
 * Takes out of a sentence what the caller chose: values in quotation marks, words that are neither prose nor the contract's own, and numbers.
 *
 * @returns at most 600 letters
 */
export function withoutSent(text: string, sent: SentValues): string {
  const unquoted = text.replaceAll(/"([^"]*)"/g, (whole, inner: string) => (isSent(inner, sent) ? '"…"' : whole));
  const words = unquoted.split(' ').slice(0, MOST_WORDS);
  const kept = words.map((word) => (isSentWord(word, sent) ? `…${/[.,:;)!?]*$/.exec(word)?.[0] ?? ''}` : word)).join(' ');
  const signs = kept.replaceAll('<=', '≤').replaceAll('>=', '≥');
  const plain = signs.replaceAll(/[`\p{Cc}]|(?<!^| )[<>]|[<>](?! |$)/gu, '');
  return plain.length > MOST_DETAIL ? `${plain.slice(0, MOST_DETAIL - 1)}…` : plain;
}

/** Leaves out the fields of a failure that hold what the caller chose. */
export function fieldsWithoutSent(fields: ErrorFields, sent: SentValues): { readonly [key: string]: Json } {
  const kept = Object.entries(fields).filter(([name, value]) => name === 'path' || !isSentField(value, sent));
  const written = kept.map(([name, value]): [string, Json] => [name, typeof value !== 'string' ? value : name === 'path' ? plainPath(value) : withoutSent(value, sent)]);
  return Object.fromEntries(written.filter(([, value]) => value !== '…'));
}

/** A path into a document, of whose keys only plain names are repeated. */
export function plainPath(path: string): string {
  if (path === '') return '';
  return path
    .split('.')
    .map((part) => (/^[A-Za-z][A-Za-z0-9]{0,30}(?:\[[0-9]{1,6}\])*$|^(?:\[[0-9]{1,6}\])+$/.test(part) ? part : '…'))
    .join('.')
    .slice(0, 200);
}

function isSentField(value: ErrorFields[string], sent: SentValues): boolean {
  if (typeof value === 'number') return !SMALL.test(String(value)) && sent.numbers.has(plainNumber(String(value)));
  return typeof value === 'string' && isSent(value, sent);
}

/** Whether a text is a value that was sent, or a part of one. Sentences shorten values, and write them in lower case. */
function isSent(text: string, sent: SentValues): boolean {
  const bare = text.replaceAll(PUNCTUATION, '').toLowerCase();
  if (bare === '' || isOwnWord(bare)) return false;
  return sent.words.has(bare) || (bare.length >= LEAST_PART && sent.text.includes(bare));
}

function isSentWord(word: string, sent: SentValues): boolean {
  const bare = word.replaceAll(PUNCTUATION, '');
  if (bare === '' || PROSE.test(bare) || isOwnWord(bare)) return false;
  if (NUMBER.test(bare)) return !SMALL.test(bare) && sent.numbers.has(plainNumber(bare));
  const parts = bare.split(/[^\p{L}\p{N}_-]+/u);
  if (parts.some((part) => NUMBER.test(part) && !SMALL.test(part) && sent.numbers.has(plainNumber(part)))) return true;
  return [bare, ...parts.filter((part) => part.length >= LEAST_PART && !PROSE.test(part))].some((part) => isSent(part, sent));
}

/** A share is told in percent. */
function waysToWrite(text: string): readonly string[] {
  const plain = plainNumber(text);
  const [whole = '', part = ''] = plain.split('.');
  const percent = `${whole}${part.slice(0, 2).padEnd(2, '0')}`.replace(/^0+(?=.)/, '');
  return part === '' ? [plain] : [plain, plainNumber(`${percent}.${part.slice(2)}`)];
}

/** However it is written: `+1,000.50%` as `1000.5`. */
function plainNumber(text: string): string {
  const digits = text.replaceAll(/[-+$%,]/g, '');
  return digits.includes('.') ? digits.replace(/\.?0*$/, '') : digits;
}

function decode(segment: string): string {
  try {
    return decodeURIComponent(segment);
  } catch {
    return segment;
  }
}

function bodyValues(body: string): readonly string[] {
  if (body === '') return [];
  try {
    const values: string[] = [];
    return takeValues(JSON.parse(body), values) ? values : [body];
  } catch {
    return [body];
  }
}

/** @returns false where there are too many */
function takeValues(value: unknown, into: string[]): boolean {
  if (into.length > MOST_VALUES) return false;
  if (value === null || typeof value !== 'object') {
    into.push(String(value));
    return true;
  }
  if (Array.isArray(value)) return value.every((entry) => takeValues(entry, into));
  return Object.entries(value).every(([key, entry]) => {
    into.push(key);
    return takeValues(entry, into);
  });
}
