/** The Multicall3 contract, at the same address on every supported chain. @source mds1/multicall3 README.md */
export const MULTICALL3 = '0xca11bde05977b3631167028862be2a173976ca11';
/** Selector of `aggregate3((address target, bool allowFailure, bytes callData)[]) returns ((bool success, bytes returnData)[])`. */
export const AGGREGATE3_SELECTOR = '0x82ad56cb';

/** One call of a batch. `data` is lower-case hex with 0x. */
export interface AggregatedCall {
  readonly to: string;
  readonly allowFailure: boolean;
  readonly data: string;
}

/** What one call of a batch returned. */
export interface AggregatedResult {
  readonly success: boolean;
  readonly data: string;
}

/** Hex digits of one 32-byte word. */
const WORD = 64;

/*
 * Both directions are written out because a batch is the largest thing that is encoded here, and the general coder takes a hundred times as
 * long over it. Layout by the ABI specification: a list of dynamic tuples is its length, the offset of each tuple counted from behind the
 * length, then the tuples; `bytes` is its length and its content padded to words.
 */

/** Encodes a call of aggregate3. @source Solidity ABI specification */
export function encodeAggregate(calls: readonly AggregatedCall[]): string {
  return AGGREGATE3_SELECTOR + encodeTuples(calls.map(({ to, allowFailure, data }) => [to.slice(2).toLowerCase().padStart(WORD, '0') + word(allowFailure ? 1 : 0), data]));
}

/** Encodes what aggregate3 returns. */
export function encodeAggregateResults(results: readonly AggregatedResult[]): string {
  return `0x${encodeTuples(results.map(({ success, data }) => [word(success ? 1 : 0), data]))}`;
}

/** Decodes a call of aggregate3; null where the data is not one. */
export function decodeAggregate(data: string): readonly AggregatedCall[] | null {
  if (!data.startsWith(AGGREGATE3_SELECTOR)) return null;
  const tuples = decodeTuples(data.slice(AGGREGATE3_SELECTOR.length), 2);
  return tuples?.map(([head, bytes]) => ({ to: `0x${head.slice(WORD - 40, WORD)}`, allowFailure: /1$/.test(head), data: bytes })) ?? null;
}

/** Decodes what aggregate3 returned; null where the data is not that. */
export function decodeAggregateResults(data: string): readonly AggregatedResult[] | null {
  const tuples = decodeTuples(data.slice(2), 1);
  if (tuples === null || tuples.some(([head]) => !/^0{63}[01]$/.test(head))) return null;
  return tuples.map(([head, bytes]) => ({ success: head.endsWith('1'), data: bytes }));
}

type Tuple = readonly [head: string, bytes: string];

/** Tuples of static words (`head`, in hex digits) followed by one `bytes`. */
function encodeTuples(tuples: readonly Tuple[]): string {
  const bodies = tuples.map(([head, bytes]) => {
    const content = bytes.slice(2).toLowerCase();
    const padding = '0'.repeat((WORD - (content.length % WORD)) % WORD);
    return head + word(head.length / 2 + 32) + word(content.length / 2) + content + padding;
  });
  let offset = 32 * bodies.length;
  const offsets = bodies.map((body) => {
    const at = word(offset);
    offset += body.length / 2;
    return at;
  });
  return word(32) + word(bodies.length) + offsets.join('') + bodies.join('');
}

function decodeTuples(hex: string, headWords: number): readonly Tuple[] | null {
  const list = readNumber(hex, 0);
  const count = list === null ? null : readNumber(hex, list * 2);
  if (list === null || count === null || count > hex.length / WORD) return null;
  const base = list * 2 + WORD;
  const tuples: Tuple[] = [];
  for (let index = 0; index < count; index += 1) {
    const offset = readNumber(hex, base + index * WORD);
    const tuple = offset === null ? null : decodeTuple(hex, base + offset * 2, headWords * WORD);
    if (tuple === null) return null;
    tuples.push(tuple);
  }
  return tuples;
}

function decodeTuple(hex: string, at: number, headDigits: number): Tuple | null {
  const offset = readNumber(hex, at + headDigits);
  const start = offset === null ? null : at + offset * 2;
  const length = start === null ? null : readNumber(hex, start);
  if (start === null || length === null || start + WORD + length * 2 > hex.length) return null;
  return [hex.slice(at, at + headDigits).toLowerCase(), `0x${hex.slice(start + WORD, start + WORD + length * 2).toLowerCase()}`];
}

/** A word as a number; null where it lies outside the data or is greater than any offset can be. */
function readNumber(hex: string, at: number): number | null {
  const text = hex.slice(at, at + WORD);
  return text.length === WORD && /^0{54}[0-9a-fA-F]{10}$/.test(text) ? Number.parseInt(text.slice(54), 16) : null;
}

function word(value: number): string {
  return value.toString(16).padStart(WORD, '0');
}
