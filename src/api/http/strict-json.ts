import { PlimsollError } from '../../core/errors.ts';

/** Deepest nesting of a body. A Portfolio has ten levels. */
export const MOST_LEVELS = 48;

/** Keys by which a value could reach into the prototypes of objects. */
const FORBIDDEN_KEYS: ReadonlySet<string> = new Set(['__proto__', 'constructor', 'prototype']);

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const OPEN = new Set([0x7b, 0x5b]);
const CLOSE = new Set([0x7d, 0x5d]);
const BRACE = 0x7b;
const COMMA = 0x2c;
const COLON = 0x3a;

/** A value that is open: the keys of an object seen so far; null for a list. */
interface Level {
  readonly keys: Set<string> | null;
  /** Whether the next text is a key. */
  isKeyNext: boolean;
}

/**
 * Reads a body as JSON, and refuses what two readers could understand differently or what is meant to do harm: a key that stands twice in one object, keys that reach into
 * prototypes, nesting beyond {@link MOST_LEVELS}, numbers beyond what a double holds, text that is not UTF-8.
 *
 * @param body the bytes as they came
 * @throws {PlimsollError} INVALID_ARGUMENT saying what is wrong, without a part of the body
 * @example
 * ```ts
 * parseStrictJson(Buffer.from('{"a":[1]}')); // { a: [1] }
 * ```
 */
export function parseStrictJson(body: Uint8Array): unknown {
  const text = decode(body);
  requireFit(text);
  try {
    return JSON.parse(text, requireFinite);
  } catch (error) {
    if (error instanceof PlimsollError) throw error;
    throw refuse('it is not JSON');
  }
}

function decode(body: Uint8Array): string {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: false }).decode(body);
  } catch {
    throw refuse('it is not UTF-8');
  }
}

function requireFinite(_key: string, value: unknown): unknown {
  if (typeof value === 'number' && !Number.isFinite(value)) throw refuse('a number in it is too large; write large numbers as strings');
  return value;
}

/** Walks over the text once, before anything is built from it. What is not JSON passes here and fails in the parser. */
function requireFit(text: string): void {
  const levels: Level[] = [];
  for (let at = 0; at < text.length; at += 1) {
    const code = text.charCodeAt(at);
    if (code === QUOTE) at = readText(text, at, levels.at(-1));
    else if (OPEN.has(code)) open(levels, code);
    else if (CLOSE.has(code)) levels.pop();
    else mark(levels.at(-1), code);
  }
}

function open(levels: Level[], code: number): void {
  if (levels.length >= MOST_LEVELS) throw refuse(`it is nested deeper than ${MOST_LEVELS} levels`);
  levels.push(code === BRACE ? { keys: new Set(), isKeyNext: true } : { keys: null, isKeyNext: false });
}

function mark(level: Level | undefined, code: number): void {
  if (level === undefined || level.keys === null) return;
  if (code === COMMA) level.isKeyNext = true;
  else if (code === COLON) level.isKeyNext = false;
}

/** @returns where the text ends */
function readText(text: string, start: number, level: Level | undefined): number {
  const end = endOfText(text, start);
  if (level === undefined || level.keys === null || !level.isKeyNext) return end;
  const key = decodeKey(text.slice(start, end + 1));
  if (FORBIDDEN_KEYS.has(key)) throw refuse('it has a key that reaches into prototypes');
  if (level.keys.has(key)) throw refuse('a key stands twice in one object');
  level.keys.add(key);
  return end;
}

function endOfText(text: string, start: number): number {
  for (let at = start + 1; at < text.length; at += 1) {
    const code = text.charCodeAt(at);
    if (code === BACKSLASH) at += 1;
    else if (code === QUOTE) return at;
  }
  return text.length;
}

/** Escapes count as what they stand for: `"\u0061"` is the key `a`. */
function decodeKey(quoted: string): string {
  try {
    return String(JSON.parse(quoted));
  } catch {
    throw refuse('it is not JSON');
  }
}

function refuse(reason: string): PlimsollError {
  return new PlimsollError('INVALID_ARGUMENT', `The body cannot be read: ${reason}.`);
}
