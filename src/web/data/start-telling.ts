/** Starts something and tells what came of it, unless it was ended before. @returns what ends it */
export function startTelling<T>(start: (signal: AbortSignal) => Promise<T>, tell: (result: T) => void): () => void {
  const stop = new AbortController();
  void start(stop.signal).then((result) => {
    if (!stop.signal.aborted) tell(result);
  });
  return () => stop.abort();
}
