import { get, type IncomingMessage } from 'node:http';

/** One message of a stream. */
export interface StreamMessage {
  readonly id: string;
  readonly event: string;
  readonly data: string;
}

/** A reader of a stream, which can be cut off and goes on where it was. */
export interface StreamClient {
  /** Every message so far, over all connections. */
  readonly messages: readonly StreamMessage[];
  /** Comments so far. */
  comments(): number;
  /** Whether the service ended the line. */
  ended(): boolean;
  /** Connects; `resume` sends the last id. @returns once the service has answered */
  connect(): Promise<void>;
  /** Cuts the connection off without a word. */
  cut(): void;
}

/**
 * Reads a stream as browsers do: messages end with an empty line, `id` is kept, comments are passed over.
 *
 * @param from the id to begin after at the first connection; null for none
 * @param headers further ones
 */
export function openStreamClient(url: string, from: string | null = null, headers: Readonly<Record<string, string>> = {}): StreamClient {
  const messages: StreamMessage[] = [];
  let last = from;
  let comments = 0;
  let connection: IncomingMessage | null = null;
  let isEnded = false;

  function take(block: string): void {
    const fields = new Map<string, string>();
    for (const line of block.split('\n')) {
      const at = line.indexOf(':');
      if (at === 0) comments += 1;
      else if (at > 0) fields.set(line.slice(0, at), line.slice(at + 1).replace(/^ /, ''));
    }
    const id = fields.get('id');
    if (id !== undefined) last = id;
    const data = fields.get('data');
    if (data !== undefined) messages.push({ id: id ?? '', event: fields.get('event') ?? 'message', data });
  }

  function read(answer: IncomingMessage): void {
    let rest = '';
    answer.setEncoding('utf8');
    answer.on('error', () => {});
    answer.on('end', () => {
      isEnded = true;
    });
    answer.on('data', (text: string) => {
      const blocks = (rest + text).split('\n\n');
      rest = blocks.pop() ?? '';
      for (const block of blocks) take(block);
    });
  }

  return {
    messages,
    comments: () => comments,
    ended: () => isEnded,
    connect: () =>
      new Promise((resolve, reject) => {
        const request = get(url, { agent: false, headers: { ...headers, accept: 'text/event-stream', ...(last === null ? {} : { 'last-event-id': last }) } }, (answer) => {
          if (answer.statusCode !== 200) return reject(new Error(`The stream answered ${answer.statusCode}.`));
          connection = answer;
          read(answer);
          resolve();
        });
        request.on('error', reject);
      }),
    cut() {
      connection?.destroy();
      connection = null;
    },
  };
}
