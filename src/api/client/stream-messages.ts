/** One message of a stream; null where it does not say. */
export interface StreamMessage {
  readonly id: string | null;
  readonly data: string | null;
  readonly retryMs: number | null;
}

/** Takes text as it comes, in whatever pieces. */
export interface MessageParser {
  /** The messages that are whole by now. */
  take(text: string): readonly StreamMessage[];
}

/**
 * Opens a parser of server-sent events.
 *
 * @source WHATWG HTML, 9.2.6 "Interpreting an event stream"
 */
export function createMessageParser(): MessageParser {
  let rest = '';
  const lines: string[] = [];
  return {
    take(text) {
      const parts = `${rest}${text}`.split(/\r\n|\n|\r(?!$)/);
      rest = parts.pop() ?? '';
      const messages: StreamMessage[] = [];
      for (const line of parts) {
        if (line !== '') lines.push(line);
        else if (lines.length > 0) messages.push(readMessage(lines.splice(0)));
      }
      return messages;
    },
  };
}

function readMessage(lines: readonly string[]): StreamMessage {
  const fields = lines.map((line): readonly [string, string] => {
    const at = line.indexOf(':');
    return at < 0 ? [line, ''] : [line.slice(0, at), line.slice(at + 1).replace(/^ /, '')];
  });
  const last = (name: string): string | null => fields.findLast(([field]) => field === name)?.[1] ?? null;
  const data = fields.filter(([field]) => field === 'data').map(([, value]) => value);
  const id = last('id');
  const retry = last('retry');
  return { id: id === null || id.includes('\0') ? null : id, data: data.length === 0 ? null : data.join('\n'), retryMs: retry !== null && /^[0-9]{1,6}$/.test(retry) ? Number(retry) : null };
}
