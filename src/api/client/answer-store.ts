/** An answer as it came. */
interface KeptAnswer {
  readonly etag: string;
  readonly text: string;
  readonly isJson: boolean;
}

/** Answers by address. */
export interface AnswerStore {
  /** Null where none is kept. */
  find(url: string): KeptAnswer | null;
  keep(url: string, answer: KeptAnswer): void;
}

/** Opens a store that forgets what was not asked for the longest. */
export function keepAnswers(most: number): AnswerStore {
  const kept = new Map<string, KeptAnswer>();
  const keep = (url: string, answer: KeptAnswer): void => {
    kept.delete(url);
    kept.set(url, answer);
    for (const oldest of [...kept.keys()].slice(0, Math.max(0, kept.size - most))) kept.delete(oldest);
  };
  return {
    find(url) {
      const found = kept.get(url);
      if (found !== undefined) keep(url, found);
      return found ?? null;
    },
    keep,
  };
}
