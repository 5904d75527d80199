import { createHmac } from 'node:crypto';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, test } from 'vitest';
import { isPublicAddress } from '../../src/sources/public-address.ts';
import { deliverWebhook, parseWebhookUrl, signWebhook, type WebhookMessage, type WebhookOptions } from '../../src/sources/webhook.ts';

const MESSAGE: WebhookMessage = { id: 'msg_1', timestamp: 1_800_000_000, body: '{"type":"alert"}' };
const KEYS = [new Uint8Array(24).fill(1), new Uint8Array(24).fill(2)];
/** The tests' receivers are on this machine: only that address is let through. */
const LOCAL: WebhookOptions = { timeoutMs: 2_000, keys: KEYS, allowHttp: true, isAllowed: (address) => address === '127.0.0.1', resolve: async () => [{ address: '127.0.0.1', family: 4 }] };

interface Seen {
  readonly headers: IncomingMessage['headers'];
  readonly body: string;
}

const servers: Server[] = [];
afterEach(async () => {
  await Promise.all(
    servers.splice(0).map((server) => {
      server.closeAllConnections();
      return new Promise((resolve) => server.close(resolve));
    }),
  );
});

async function receive(answer: (response: ServerResponse) => void): Promise<{ readonly port: number; readonly seen: readonly Seen[] }> {
  const seen: Seen[] = [];
  const server = createServer((request, response) => {
    let body = '';
    request.setEncoding('utf8').on('data', (text: string) => {
      body += text;
    });
    request.on('end', () => {
      seen.push({ headers: request.headers, body });
      answer(response);
    });
  });
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return { port: (server.address() as AddressInfo).port, seen };
}

const status = (code: number) => (response: ServerResponse) => response.writeHead(code).end('thanks');

describe('deliverWebhook', () => {
  test('default: the message arrives signed with both keys, under the name that was asked for', async () => {
    const { port, seen } = await receive(status(204));
    expect(await deliverWebhook(new URL(`http://hooks.example:${port}/in?x=1`), MESSAGE, LOCAL)).toEqual({ kind: 'delivered', status: 204 });
    expect(seen).toHaveLength(1);
    expect(seen[0]?.body).toBe(MESSAGE.body);
    expect(seen[0]?.headers).toMatchObject({ host: `hooks.example:${port}`, 'webhook-id': 'msg_1', 'webhook-timestamp': '1800000000', 'content-type': 'application/json' });
    const expected = KEYS.map((key) => `v1,${createHmac('sha256', key).update('msg_1.1800000000.{"type":"alert"}').digest('base64')}`);
    expect(String(seen[0]?.headers['webhook-signature']).split(' ')).toEqual(expected);
  });

  test('behavior: the vector of the Standard Webhooks libraries', () => {
    const key = Buffer.from('MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw', 'base64');
    const message = { id: 'msg_p5jXN8AQM9LWM0D4loKWxJek', timestamp: 1_614_265_330, body: '{"test": 2432232314}' };
    expect(signWebhook(message, [key])).toBe('v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=');
  });

  test('behavior: a failing receiver can be tried again, one that is gone cannot', async () => {
    for (const [code, kind] of [
      [500, 'failed'],
      [429, 'failed'],
      [404, 'failed'],
      [410, 'gone'],
    ] as const) {
      const { port } = await receive(status(code));
      expect(await deliverWebhook(new URL(`http://hooks.example:${port}/`), MESSAGE, LOCAL)).toMatchObject({ kind });
    }
  });

  test('behavior: a redirect is not followed', async () => {
    const inner = await receive(status(200));
    const { port } = await receive((response) => response.writeHead(302, { location: `http://127.0.0.1:${inner.port}/` }).end());
    expect(await deliverWebhook(new URL(`http://hooks.example:${port}/`), MESSAGE, LOCAL)).toEqual({ kind: 'failed', reason: 'the receiver answered 302' });
    expect(inner.seen).toHaveLength(0);
  });

  test('behavior: a receiver that hangs, before or after it took the message, or whose name never resolves, costs the time limit and no more', async () => {
    const { port, seen } = await receive(() => {});
    const options = { ...LOCAL, timeoutMs: 150 };
    expect(await deliverWebhook(new URL(`http://hooks.example:${port}/`), MESSAGE, options)).toEqual({ kind: 'failed', reason: 'no answer within 150 ms' });
    expect(seen).toHaveLength(1);
    const never = await deliverWebhook(new URL(`http://hooks.example:${port}/`), MESSAGE, { ...options, resolve: () => new Promise(() => {}) });
    expect(never).toMatchObject({ kind: 'failed', reason: 'no answer within 150 ms' });
  });

  test('behavior: an endless answer is not read', async () => {
    const { port } = await receive((response) => {
      response.writeHead(200);
      response.write('x'.repeat(1_000));
    });
    expect(await deliverWebhook(new URL(`http://hooks.example:${port}/`), MESSAGE, LOCAL)).toEqual({ kind: 'delivered', status: 200 });
  });

  test('error: no request goes to a private address, by name, by number, or as one of several', async () => {
    const { port, seen } = await receive(status(200));
    const { isAllowed: _, ...open } = LOCAL;
    const refused = { kind: 'failed', reason: 'the receiver has no address on the public internet' };
    for (const host of ['hooks.example', '127.0.0.1', '[::1]', '[::ffff:127.0.0.1]', '0x7f.1', '2130706433', 'localhost']) {
      expect([host, await deliverWebhook(new URL(`http://${host}:${port}/`), MESSAGE, open)]).toEqual([host, refused]);
    }
    const mixed = {
      ...open,
      resolve: async () => [
        { address: '93.184.216.34', family: 4 },
        { address: '127.0.0.1', family: 4 },
      ],
    };
    expect(await deliverWebhook(new URL(`http://hooks.example:${port}/`), MESSAGE, mixed)).toEqual(refused);
    const nowhere = { ...open, resolve: async () => [] };
    expect(await deliverWebhook(new URL(`http://hooks.example:${port}/`), MESSAGE, nowhere)).toEqual(refused);
    expect(seen).toHaveLength(0);
  });

  test('error: a name that resolves otherwise after the check changes nothing: the checked address is the one connected to', async () => {
    const allowed = await receive(status(200));
    let asked = 0;
    const rebinding: WebhookOptions = {
      ...LOCAL,
      resolve: async () => {
        asked += 1;
        return asked === 1 ? [{ address: '127.0.0.1', family: 4 }] : [{ address: '127.0.0.2', family: 4 }];
      },
    };
    expect(await deliverWebhook(new URL(`http://rebind.example:${allowed.port}/`), MESSAGE, rebinding)).toEqual({ kind: 'delivered', status: 200 });
    expect([asked, allowed.seen.length]).toEqual([1, 1]);
    // The second time the name stands for an address that is not let through: nothing is sent.
    expect(await deliverWebhook(new URL(`http://rebind.example:${allowed.port}/`), MESSAGE, rebinding)).toMatchObject({ kind: 'failed' });
    expect(allowed.seen).toHaveLength(1);
  });

  test('behavior: what is said of a failure holds neither address nor token', async () => {
    const outcome = await deliverWebhook(new URL('http://hooks.example:1/secret-token'), MESSAGE, LOCAL);
    expect(outcome).toEqual({ kind: 'failed', reason: 'the receiver could not be reached (ECONNREFUSED)' });
  });
});

describe('isPublicAddress', () => {
  test('default: special addresses of both families are not public', () => {
    const special = ['0.0.0.0', '10.1.2.3', '100.64.0.1', '127.0.0.1', '169.254.169.254', '172.31.255.255', '192.168.0.1', '198.19.0.1', '224.0.0.1', '255.255.255.255', '203.0.113.9'];
    const specialV6 = ['::', '::1', '::ffff:8.8.8.8', '64:ff9b::7f00:1', 'fe80::1', 'fc00::1', 'fd12::1', 'ff02::1', '2001:db8::1', '2002:7f00:1::', '2001::1', '100::1'];
    for (const address of [...special, ...specialV6, 'example.org', '']) expect([address, isPublicAddress(address)]).toEqual([address, false]);
    for (const address of ['1.1.1.1', '93.184.216.34', '172.32.0.1', '100.128.0.1', '2606:4700::1111', '2a00:1450::1']) expect([address, isPublicAddress(address)]).toEqual([address, true]);
  });
});

describe('parseWebhookUrl', () => {
  test('bad input: another scheme, credentials, no address; the text is not repeated', () => {
    expect(parseWebhookUrl('https://example.org/hook?token=abc').hostname).toBe('example.org');
    for (const text of ['http://example.org/', 'ftp://example.org/', 'https://user:pass@example.org/', 'file:///etc/passwd', 'javascript:alert(1)', 'nonsense', '']) {
      expect(() => parseWebhookUrl(text)).toThrow(/A webhook is an https address/);
    }
    expect(parseWebhookUrl('http://127.0.0.1:8080/', true).port).toBe('8080');
  });
});
