import { createHash } from 'node:crypto';

/** An answer that is written once and sent many times. */
export interface PreparedAnswer {
  readonly bytes: Buffer;
  /** A weak entity tag: the same for the same document. */
  readonly etag: string;
}

/** How long and how much is kept. */
export interface CacheOptions {
  /** Milliseconds on a clock that only goes forward. */
  readonly now: () => number;
  /** Most bytes that are kept; what was asked for longest ago goes first. */
  readonly mostBytes: number;
}

/** What a maker of answers says about one. */
export interface MadeAnswer {
  readonly answer: PreparedAnswer;
  /** Milliseconds for which it may be sent again. */
  readonly keepMs: number;
}

/** Answers by what was asked for. */
export interface AnswerCache {
  /** Gives the kept answer, else makes it: once, however many ask meanwhile. A failure is told to all of them and kept for nobody. */
  fetch(key: string, make: () => Promise<MadeAnswer>): Promise<PreparedAnswer>;
  /** The kept answer; null where there is none. */
  find(key: string): PreparedAnswer | null;
  /** How often an answer was kept, was being made already, or had to be made. */
  readonly counts: Readonly<Record<'kept' | 'shared' | 'made', number>>;
  /** Bytes that are kept now. */
  readonly bytes: number;
}

interface Kept {
  readonly answer: PreparedAnswer;
  readonly until: number;
}

/** Hashes are cut to this many bytes: they tell versions of one document apart, and prove nothing. */
const TAG_BYTES = 15;

/**
 * Writes a document as it is sent, with its entity tag.
 *
 * @example
 * ```ts
 * prepareAnswer({ status: 'alive' }).etag; // W/"…"
 * ```
 */
export function prepareAnswer(document: unknown): PreparedAnswer {
  const bytes = Buffer.from(JSON.stringify(document));
  return { bytes, etag: `W/"${createHash('sha256').update(bytes).digest().subarray(0, TAG_BYTES).toString('base64url')}"` };
}

/** Whether the sender of an `If-None-Match` header has this version. @source RFC 9110 section 13.1.2: weak comparison */
export function hasVersion(header: string | undefined, etag: string): boolean {
  if (header === undefined) return false;
  const opaque = etag.replace(/^W\//, '');
  return header.split(',').some((entry) => entry.trim() === '*' || entry.trim().replace(/^W\//, '') === opaque);
}

/** Makes a cache of answers. */
export function createAnswerCache({ now, mostBytes }: CacheOptions): AnswerCache {
  // A map remembers the order of insertion: what is used is put at its end.
  const kept = new Map<string, Kept>();
  const making = new Map<string, Promise<PreparedAnswer>>();
  const counts = { kept: 0, shared: 0, made: 0 };
  let bytes = 0;

  function drop(key: string): void {
    bytes -= kept.get(key)?.answer.bytes.length ?? 0;
    kept.delete(key);
  }

  function find(key: string): PreparedAnswer | null {
    const entry = kept.get(key);
    if (entry === undefined) return null;
    kept.delete(key);
    if (entry.until <= now()) {
      bytes -= entry.answer.bytes.length;
      return null;
    }
    kept.set(key, entry);
    return entry.answer;
  }

  function keep(key: string, { answer, keepMs }: MadeAnswer): void {
    drop(key);
    if (keepMs <= 0 || answer.bytes.length > mostBytes) return;
    kept.set(key, { answer, until: now() + keepMs });
    bytes += answer.bytes.length;
    for (const oldest of kept.keys()) {
      if (bytes <= mostBytes) return;
      drop(oldest);
    }
  }

  async function makeNow(key: string, make: () => Promise<MadeAnswer>): Promise<PreparedAnswer> {
    try {
      const made = await make();
      keep(key, made);
      return made.answer;
    } finally {
      making.delete(key);
    }
  }

  return {
    counts,
    get bytes() {
      return bytes;
    },
    find,
    fetch(key, make) {
      const found = find(key);
      if (found !== null) {
        counts.kept += 1;
        return Promise.resolve(found);
      }
      const underWay = making.get(key);
      if (underWay !== undefined) {
        counts.shared += 1;
        return underWay;
      }
      counts.made += 1;
      const promise = makeNow(key, make);
      making.set(key, promise);
      return promise;
    },
  };
}
