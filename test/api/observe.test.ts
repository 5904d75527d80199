import { Registry } from 'prom-client';
import { expect, test } from 'vitest';
import { createObserver, type RequestTrace } from '../../src/api/http/observe.ts';

const TRACE = { method: 'GET', route: '/v1/wallets/{wallet}', status: 200, ms: 1.23, id: 'request-1', caller: 'anna', code: null };

function observe(): { readonly observer: ReturnType<typeof createObserver>; readonly lines: () => readonly Record<string, unknown>[]; readonly text: () => string } {
  let text = '';
  const observer = createObserver(new Registry(), {
    level: 'debug',
    stream: {
      write: (line) => {
        text += line;
      },
    },
  });
  return {
    observer,
    text: () => text,
    lines: () =>
      text
        .trim()
        .split('\n')
        .map((line) => JSON.parse(line) as Record<string, unknown>),
  };
}

test('default: a line has what is known of a request, and nothing else', () => {
  const { observer, lines } = observe();
  observer.trace(TRACE);
  expect(lines()).toEqual([{ level: 30, time: expect.any(String), ...TRACE, ms: 1.2, msg: 'request' }]);
});

test('behavior: should a secret ever get into a line, it is emptied', () => {
  const { observer, lines, text } = observe();
  const fields = ['authorization', 'cookie', 'secret', 'key', 'wallet', 'body', 'headers', 'url'];
  const deep = ['authorization', 'secret', 'key', 'wallet', 'body', 'headers', 'url'];
  const leaks = Object.fromEntries(fields.map((name) => [name, `leak-of-${name}`]));
  // A mistake to come: somebody hands in more than the type says.
  const request: RequestTrace & Record<string, unknown> = { ...TRACE, ...leaks, nested: Object.fromEntries(deep.map((name) => [name, `leak-of-${name}`])) };
  observer.trace(request);
  observer.trace({ ...request, status: 500 });
  expect(text()).not.toContain('leak-of');
  for (const line of lines()) {
    for (const name of fields) expect([name, line[name]]).toEqual([name, '[redacted]']);
    for (const name of deep) expect([name, (line['nested'] as Record<string, unknown>)[name]]).toEqual([name, '[redacted]']);
    expect(line['route']).toBe(TRACE.route);
  }
});

test('behavior: a defect is told of by its place, without its words', () => {
  const { observer, lines, text } = observe();
  observer.defect('request-1', new RangeError('leak-of-a-wallet', { cause: new TypeError('leak-of-a-cause') }));
  expect(text()).not.toContain('leak-of');
  expect(lines()).toMatchObject([{ id: 'request-1', kind: 'RangeError', msg: 'defect', at: expect.arrayContaining([expect.stringContaining('observe.test.ts'), 'caused by', 'TypeError']) }]);
});
