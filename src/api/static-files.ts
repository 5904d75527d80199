import { createHash } from 'node:crypto';
import { readdir, readFile, stat } from 'node:fs/promises';
import { join, relative, sep } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { brotliDecompress, gzip } from 'node:zlib';
import type { Express, Request, Response } from 'express';
import { PlimsollError } from '../core/errors.ts';
import { isKnown } from './http/prepared.ts';
import { traceOf } from './http/request-trace.ts';

/** The page's build, and the keys that browsers prove with. */
export interface StaticOptions {
  readonly page?: string;
  readonly keys?: string;
}

interface StaticFile {
  readonly type: string;
  /** Of the content as it is uncompressed: the hash that a manifest of keys names. */
  readonly sha256: string;
  readonly isHashed: boolean;
  readonly body: Buffer;
  /** The compressed form that is kept beside it; null where there is none. */
  readonly packed: { readonly encoding: 'br' | 'gzip'; readonly body: Buffer } | null;
}

const PAGE = fileURLToPath(new URL('../../dist/web/', import.meta.url));
const KEYS = fileURLToPath(new URL('../../circuits/artifacts/', import.meta.url));
const FOREVER = 'public, max-age=31536000, immutable';
const REVALIDATE = 'public, no-cache';
/** What the bundler writes into file names. */
const HASHED = /[-.][A-Za-z0-9_-]{8,}\.[a-z0-9]+$/;
const TYPES: Readonly<Record<string, string>> = {
  html: 'text/html; charset=utf-8',
  js: 'text/javascript; charset=utf-8',
  mjs: 'text/javascript; charset=utf-8',
  css: 'text/css; charset=utf-8',
  json: 'application/json; charset=utf-8',
  svg: 'image/svg+xml',
  png: 'image/png',
  ico: 'image/x-icon',
  wasm: 'application/wasm',
  woff2: 'font/woff2',
  webmanifest: 'application/manifest+json',
  txt: 'text/plain; charset=utf-8',
};
const COMPRESSIBLE = /^(?:text\/|application\/(?:json|wasm|manifest)|image\/svg)/;
const LEAST_COMPRESSED = 1_000;
const NOT_BUILT = `<!doctype html><html lang="en"><meta charset="utf-8"><title>Plimsoll</title><h1>The page was not built</h1><p>The API is here: <a href="/docs">/docs</a>. Build the page with <code>npm run build:web</code>, then load this again.</p></html>`;

const compress = promisify(gzip);
const unpack = promisify(brotliDecompress);

/** Serves the page at `/` and proving keys at `/proving-keys/`. Files are read whole into memory, so that no address of a request is ever a path. */
export function mountStatic(app: Express, { page = PAGE, keys = KEYS }: StaticOptions): void {
  const pages = loadOnce(page);
  const artifacts = loadOnce(keys);
  app.get(/^\/proving-keys\/(.+)$/, (request, response, next) => {
    traceOf(response).route = '/proving-keys/{file}';
    artifacts()
      .then((files) => {
        const file = files.get(request.path.slice('/proving-keys/'.length));
        if (file === undefined) throw new PlimsollError('NOT_FOUND', 'There is no proving key of that name. GET /proving-keys/manifest.json lists them; others are built by "npm run circuits".');
        // Whoever names the content may keep it: the address of other content is another.
        return sendFile(file, /[?&]v=([0-9a-f]{64})(?:&|$)/.exec(request.url)?.[1] === file.sha256 ? FOREVER : REVALIDATE, request, response);
      })
      .catch(next);
  });
  app.get(/^\/(?!v1(?:\/|$)).*$/, (request, response, next) => {
    const { path } = request;
    pages()
      .then((files) => {
        const file = files.get(path === '/' ? 'index.html' : path.slice(1));
        if (file === undefined && path === '/') return sendNotBuilt(response);
        if (file === undefined) return next();
        traceOf(response).route = '/{page}';
        return sendFile(file, file.isHashed ? FOREVER : REVALIDATE, request, response);
      })
      .catch(next);
  });
}

function sendNotBuilt(response: Response): void {
  traceOf(response).route = '/{page}';
  response.writeHead(503, { 'Content-Type': 'text/html; charset=utf-8', 'Cache-Control': 'no-store' }).end(NOT_BUILT);
}

async function sendFile(file: StaticFile, cacheControl: string, request: Request, response: Response): Promise<void> {
  const headers = { ETag: `W/"${file.sha256}"`, 'Cache-Control': cacheControl, Vary: 'Accept-Encoding' };
  if (isKnown(request.headers['if-none-match'], `"${file.sha256}"`)) return void response.writeHead(304, headers).end();
  const { packed } = file;
  const isPacked = packed !== null && request.acceptsEncodings(packed.encoding) === packed.encoding;
  // Keys are kept compressed alone.
  const body = isPacked ? packed.body : packed?.encoding === 'br' ? await unpack(packed.body) : file.body;
  response.writeHead(200, { ...headers, 'Content-Type': file.type, 'Content-Length': body.length, ...(isPacked ? { 'Content-Encoding': packed.encoding } : {}) }).end(body);
}

/** Files by their address below the folder; read when they are first asked for, and again when the folder was written anew. */
function loadOnce(folder: string): () => Promise<ReadonlyMap<string, StaticFile>> {
  let version = '';
  let loaded: Promise<ReadonlyMap<string, StaticFile>> = Promise.resolve(new Map());
  return async () => {
    const found = await versionOf(folder);
    if (found !== version) {
      version = found;
      loaded = load(folder);
    }
    return loaded;
  };
}

async function versionOf(folder: string): Promise<string> {
  const times = await Promise.all(
    [folder, join(folder, 'index.html'), join(folder, 'manifest.json')].map((path) =>
      stat(path).then(
        ({ mtimeMs }) => String(mtimeMs),
        () => '-',
      ),
    ),
  );
  return times.join(' ');
}

async function load(folder: string): Promise<ReadonlyMap<string, StaticFile>> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true }).catch(() => []);
  const paths = entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
  const files = await Promise.all(paths.map(async (path): Promise<[string, StaticFile]> => [relative(folder, path).split(sep).join('/').replace(/\.br$/, ''), await readStatic(path)]));
  return new Map(files);
}

async function readStatic(path: string): Promise<StaticFile> {
  const body = await readFile(path);
  const isBrotli = path.endsWith('.br');
  const name = isBrotli ? path.slice(0, -'.br'.length) : path;
  const type = TYPES[/\.([a-z0-9]+)$/.exec(name)?.[1] ?? ''] ?? 'application/octet-stream';
  const sha256 = createHash('sha256')
    .update(isBrotli ? await unpack(body) : body)
    .digest('hex');
  const packed = isBrotli ? { encoding: 'br' as const, body } : COMPRESSIBLE.test(type) && body.length > LEAST_COMPRESSED ? { encoding: 'gzip' as const, body: await compress(body) } : null;
  return { type, sha256, isHashed: HASHED.test(name), body, packed };
}
