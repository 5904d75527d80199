/** How the stream stands. */
export type StreamState =
  | { readonly kind: 'connecting' }
  | { readonly kind: 'live' }
  /** The line was lost; what is shown is as of then. Unix milliseconds. */
  | { readonly kind: 'reconnecting'; readonly since: number };

/** What the stream tells a view. */
export interface StreamEvents {
  readonly onState: (state: StreamState) => void;
  /** Something was opened, changed or closed, or may have been. */
  readonly onEvent: (kind: string, data: unknown) => void;
}

/** The part of an EventSource that is used. */
export interface EventStream {
  onopen: ((event: Event) => unknown) | null;
  onerror: ((event: Event) => unknown) | null;
  readonly readyState: number;
  addEventListener(kind: string, listener: (event: MessageEvent) => void): void;
  close(): void;
}

/** `reset`: events may be missing, so that only asking again tells. */
const KINDS = ['opportunity.opened', 'opportunity.changed', 'opportunity.closed', 'reset'];
/** EventSource gives up when the service answers with an error; then it is tried again after this, milliseconds. */
const RETRY = 3_000;
const CLOSED = 2;

/**
 * Follows the stream of opportunities. A lost line is taken up again, by the browser where the event's id goes on, or anew.
 *
 * @returns what ends it
 */
export function followStream(events: StreamEvents, { open, now }: { readonly open: () => EventStream; readonly now: () => number }): () => void {
  let source: EventStream | null = null;
  let lostAt: number | null = null;
  let timer: ReturnType<typeof setTimeout> | undefined;
  const connect = (): void => {
    const opened = open();
    source = opened;
    opened.onopen = () => {
      lostAt = null;
      events.onState({ kind: 'live' });
    };
    opened.onerror = () => {
      lostAt ??= now();
      events.onState({ kind: 'reconnecting', since: lostAt });
      if (opened.readyState !== CLOSED) return;
      clearTimeout(timer);
      timer = setTimeout(connect, RETRY);
    };
    for (const kind of KINDS) opened.addEventListener(kind, (event) => events.onEvent(kind, parse(event.data)));
  };
  events.onState({ kind: 'connecting' });
  connect();
  return () => {
    clearTimeout(timer);
    source?.close();
  };
}

function parse(text: unknown): unknown {
  try {
    return JSON.parse(String(text));
  } catch {
    return null;
  }
}
