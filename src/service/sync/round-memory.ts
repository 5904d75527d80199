/** What a process remembers of a deployment from one round to the next. Whatever is forgotten with the process is found again. */
export class RoundMemory {
  /** Whether everything is still to be read, whatever is known. */
  wantsFull: boolean;
  /** Rounds that came as far as the accounts. */
  rounds = 0;
  /** Owners who were near their threshold, or not far from it, when they were last looked at, and those who changed since. */
  candidates: ReadonlySet<string> = new Set();
  /** Unix seconds of the block at which everybody was last looked at, and how many seconds that took; null before. */
  everybody: { readonly at: bigint; readonly seconds: number } | null = null;
  /** Hash of the block at which the owners near their threshold were last valued; null before. */
  refreshedAt: string | null = null;

  constructor({ full = false }: { readonly full?: boolean } = {}) {
    this.wantsFull = full;
  }

  /** Has owners whose accounts were made looked at with the candidates. Before everybody was looked at there is no need. */
  noteChanged(owners: readonly string[]): void {
    if (this.everybody !== null) this.candidates = new Set([...this.candidates, ...owners]);
  }
}
