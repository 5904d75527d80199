import type { RequestHandler } from 'express';
import helmet from 'helmet';
import { PlimsollError } from '../../core/errors.ts';
import { MOST_HEADERS } from './server.ts';

const LOOPBACK_HOST = /^(?:localhost|127(?:\.[0-9]{1,3}){3}|\[::1\])(?::[0-9]{1,5})?$/i;
const ALLOWED_HEADERS = 'Authorization, Content-Type, Idempotency-Key, If-None-Match, Last-Event-ID, X-Request-Id';
const EXPOSED_HEADERS = 'ETag, Location, RateLimit, RateLimit-Policy, Retry-After, X-Request-Id';
const PREFLIGHT_SECONDS = '600';

/** Headers that keep a page to its own scripts: nothing inline, nothing from elsewhere, WebAssembly for the prover. */
export function securityHeaders(): RequestHandler {
  return helmet({
    contentSecurityPolicy: {
      useDefaults: false,
      directives: {
        defaultSrc: ["'self'"],
        scriptSrc: ["'self'", "'wasm-unsafe-eval'"],
        styleSrc: ["'self'"],
        imgSrc: ["'self'", 'data:'],
        connectSrc: ["'self'"],
        workerSrc: ["'self'"],
        fontSrc: ["'self'"],
        objectSrc: ["'none'"],
        baseUri: ["'none'"],
        formAction: ["'self'"],
        frameAncestors: ["'none'"],
      },
    },
    // Plain HTTP on the loopback; whoever stands before it with TLS says so there.
    strictTransportSecurity: false,
    referrerPolicy: { policy: 'no-referrer' },
  });
}

/** Headers beyond those that are read must not pass for none. */
export function requireFewHeaders(): RequestHandler {
  return (request, _response, next) => {
    if (request.rawHeaders.length <= 2 * MOST_HEADERS) return next();
    next(new PlimsollError('HEADERS_TOO_LARGE', `These are more than the ${MOST_HEADERS} headers that the service takes. Send fewer.`));
  };
}

/** A service without keys answers to its own names only: a name that a stranger's page points at this machine is none of them. */
export function requireOwnHost(isOpen: () => boolean): RequestHandler {
  return (request, _response, next) => {
    if (!isOpen() || LOOPBACK_HOST.test(request.headers.host ?? '')) return next();
    next(new PlimsollError('FORBIDDEN', 'Without API keys the service answers to localhost alone. Make a key with "plimsoll serve keys create".'));
  };
}

/** Lets the pages of some origins in; nobody's by default. */
export function allowOrigins(origins: readonly string[]): RequestHandler {
  return (request, response, next) => {
    const { origin } = request.headers;
    response.vary('Origin');
    const isAllowed = origin !== undefined && (origins.includes('*') || origins.includes(origin));
    if (isAllowed) {
      response.setHeader('Access-Control-Allow-Origin', origins.includes('*') ? '*' : origin);
      response.setHeader('Access-Control-Expose-Headers', EXPOSED_HEADERS);
    }
    if (request.method !== 'OPTIONS' || request.headers['access-control-request-method'] === undefined) return next();
    if (isAllowed) {
      response.setHeader('Access-Control-Allow-Methods', 'GET, POST, DELETE');
      response.setHeader('Access-Control-Allow-Headers', ALLOWED_HEADERS);
      response.setHeader('Access-Control-Max-Age', PREFLIGHT_SECONDS);
    }
    response.status(204).end();
  };
}
