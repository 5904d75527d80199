declare module 'autocannon' {
  /** What a run found. */
  interface Result {
    /** Answers per second. */
    readonly requests: { readonly average: number; readonly total: number };
    /** Milliseconds. */
    readonly latency: { readonly p50: number; readonly p99: number; readonly max: number };
    readonly non2xx: number;
    readonly errors: number;
    readonly timeouts: number;
  }
  /** Sends requests over some connections for some seconds. */
  function autocannon(options: { readonly url: string; readonly connections: number; readonly duration: number; readonly headers?: Readonly<Record<string, string>> }): Promise<Result>;
  namespace autocannon {
    export type { Result };
  }
  export = autocannon;
}
