import * as z from 'zod';
import { ERROR_TABLE } from '../core/errors.ts';
import { listOperations, type PlacedOperation } from './contract/operations.ts';
import { NAMED_SHAPES } from './contract/shapes.ts';

/** The style of the documentation: a file of its own, for the page allows nothing inline. */
export const DOCS_CSS = `:root{color-scheme:light dark;--line:#8884;--soft:#8881;font:16px/1.55 system-ui,sans-serif}
body{max-width:60rem;margin:0 auto;padding:1.5rem}
h1{margin-bottom:.2rem}h2{margin-top:2.5rem;border-bottom:1px solid var(--line)}
details{border:1px solid var(--line);border-radius:.5rem;margin:.6rem 0;padding:.5rem .9rem}
summary{cursor:pointer;overflow-wrap:anywhere}summary code{font-weight:600}
code,pre{font-family:ui-monospace,monospace;font-size:.92em}
pre{background:var(--soft);padding:.7rem;border-radius:.4rem;white-space:pre-wrap;overflow-wrap:anywhere}
table{border-collapse:collapse;width:100%;display:block;overflow-x:auto}
th,td{text-align:left;vertical-align:top;padding:.3rem .7rem .3rem 0;border-bottom:1px solid var(--line)}
dl{display:grid;grid-template-columns:max-content 1fr;gap:.3rem 1rem}dt{font-weight:600}dd{margin:0}
.method{display:inline-block;min-width:4.2rem}a:focus-visible,summary:focus-visible{outline:3px solid #48f}`;

/** What holds for all operations. */
const ABOUT = [
  [
    'Who may',
    'Without API keys the service is for this machine alone. `plimsoll serve keys create <name> --scopes read,plan` makes one; send it as `Authorization: Bearer plk_…`. What a key makes is its own.',
  ],
  ['Failures', 'are `application/problem+json` with a `code` of the table below, `retryable`, and what to do about it in `detail`. Nothing of the request is repeated.'],
  ['Limits', '`RateLimit` says what is left; 429 and 503 say in `Retry-After` when to come again. A body has at most 2,000,000 bytes.'],
  ['Repeating', 'Where `Idempotency-Key` is taken, the same key with the same body is one request. Answers with an `ETag` take `If-None-Match`. `X-Request-Id` comes back.'],
] as const;
const TAGS: Readonly<Record<PlacedOperation['tag'], string>> = { risk: 'Risk', plans: 'Plans', opportunities: 'Opportunities', proofs: 'Proofs', events: 'Events', service: 'Service' };

/** Writes the documentation for people, from the same table as the OpenAPI document. */
export function renderDocs(version: string): string {
  const operations = listOperations();
  const sections = Object.entries(TAGS).map(
    ([tag, title]) =>
      `<h2 id="${tag}">${title}</h2>${operations
        .filter((operation) => operation.tag === tag)
        .map(renderOperation)
        .join('')}`,
  );
  const errors = Object.entries(ERROR_TABLE).map(
    ([code, { status, meaning, retryable }]) => `<tr id="${code}"><td><code>${code}</code></td><td>${status}</td><td>${retryable ? 'yes' : 'no'}</td><td>${escape(meaning)}</td></tr>`,
  );
  return `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width,initial-scale=1"><title>Plimsoll API</title><link rel="stylesheet" href="/docs.css"></head>
<body><header><h1>Plimsoll API</h1><p>Version ${escape(version)} · <a href="/openapi.json">OpenAPI 3.1</a> · <a href="/">page</a></p></header>
<main><p>Amounts, ratios and US dollars are decimal strings. A health factor is a string, or <code>null</code> without debt. A report with a gap is <code>incomplete</code>, never <code>safe</code>.
Transactions leave unsigned: the service never holds a key.</p>
<dl>${ABOUT.map(([term, text]) => `<dt>${escape(term)}</dt><dd>${prose(text)}</dd>`).join('')}</dl>
<nav aria-label="Subjects"><ul>${Object.entries(TAGS)
    .map(([tag, title]) => `<li><a href="#${tag}">${title}</a></li>`)
    .join('')}<li><a href="#errors">Errors</a></li></ul></nav>
${sections.join('\n')}
<h2 id="errors">Errors</h2><table><thead><tr><th>code</th><th>status</th><th>try again</th><th>meaning</th></tr></thead><tbody>${errors.join('')}</tbody></table></main></body></html>
`;
}

function renderOperation(operation: PlacedOperation): string {
  const { id, method, path, summary, description, scope, body } = operation;
  const fields = [...rowsOf('path', operation.params?.shape), ...rowsOf('query', operation.query?.shape)];
  const answers = Object.entries(operation.answers).map(([status, { description: what, schema, text }]) => {
    const name = schema === null ? '' : (NAMED_SHAPES.get(schema)?.id ?? '');
    return `<li><code>${status}</code> ${escape(what)}${name === '' ? '' : ` (<code>${name}</code>)`}${text === undefined ? '' : ` as <code>${text}</code>`}</li>`;
  });
  return `<details id="${id}"><summary><code class="method">${method.toUpperCase()}</code> <code>${escape(path)}</code> — ${escape(summary)}</summary>
<p>${prose(description)}</p>${scope === null ? '' : `<p>Scope: <code>${scope}</code></p>`}
${fields.length === 0 ? '' : `<table><thead><tr><th>parameter</th><th>in</th><th>meaning</th></tr></thead><tbody>${fields.join('')}</tbody></table>`}
${body === undefined ? '' : renderBody(body)}
<ul>${answers.join('')}</ul><pre>${escape(curlOf(operation))}</pre></details>`;
}

/** A body with its fields; documents that are published on their own have their schemas elsewhere. */
function renderBody(body: z.ZodType): string {
  const name = NAMED_SHAPES.get(body)?.id ?? 'JSON';
  const written = z.toJSONSchema(body, { io: 'input', unrepresentable: 'any' });
  const required = new Set(written.required);
  const rows = Object.entries(written.properties ?? {}).map(([field, schema]) => {
    const { description = '', default: otherwise } = typeof schema === 'object' ? schema : {};
    const when = otherwise !== undefined ? `<code>${escape(JSON.stringify(otherwise))}</code>` : required.has(field) ? 'required' : '';
    return `<tr><td><code>${escape(field)}</code></td><td>${when}</td><td>${prose(description)}</td></tr>`;
  });
  const table = rows.length === 0 ? '' : `<table><thead><tr><th>field</th><th>default</th><th>meaning</th></tr></thead><tbody>${rows.join('')}</tbody></table>`;
  return `<p>Body: <code>${name}</code> (<a href="/openapi.json">schema</a>)</p>${table}`;
}

/** Text in which what stands between backticks is code. */
function prose(text: string): string {
  return escape(text).replaceAll(/`([^`]+)`/g, '<code>$1</code>');
}

function rowsOf(place: string, shape: Readonly<Record<string, { readonly description?: string | undefined }>> = {}): string[] {
  return Object.entries(shape).map(([name, field]) => `<tr><td><code>${escape(name)}</code></td><td>${place}</td><td>${prose(describeField(field))}</td></tr>`);
}

function describeField(field: { readonly description?: string | undefined }): string {
  const inner = 'unwrap' in field && typeof field.unwrap === 'function' ? (field.unwrap() as { readonly description?: string }) : null;
  return field.description ?? inner?.description ?? '';
}

function curlOf({ id, method, path, example, body }: PlacedOperation): string {
  const filled = Object.entries(example?.params ?? {}).reduce((text, [name, value]) => text.replace(`{${name}}`, value), path);
  const query = new URLSearchParams({ ...example?.query }).toString();
  const given = example?.body ?? (body === undefined ? null : '@request.json');
  const data = given === null ? '' : ` -H 'content-type: application/json' -d ${typeof given === 'string' ? given : `'${JSON.stringify(given)}'`}`;
  const verb = method === 'get' ? (id === 'streamEvents' ? '-N ' : '') : `-X ${method.toUpperCase()} `;
  return `curl ${verb}'http://localhost:8080${filled}${query === '' ? '' : `?${query}`}'${data}`;
}

function escape(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;');
}
