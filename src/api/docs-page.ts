import { ERROR_TABLE } from '../core/errors.ts';
import { listOperations, type PlacedOperation } from './contract/operations.ts';
import { NAMED_SHAPES } from './contract/shapes.ts';

/** The style of the documentation: a file of its own, for the page allows nothing inline. */
export const DOCS_CSS = `:root{color-scheme:light dark;--line:#8884;--soft:#8881;font:16px/1.55 system-ui,sans-serif}
body{max-width:60rem;margin:0 auto;padding:1.5rem}
h1{margin-bottom:.2rem}h2{margin-top:2.5rem;border-bottom:1px solid var(--line)}
details{border:1px solid var(--line);border-radius:.5rem;margin:.6rem 0;padding:.5rem .9rem}
summary{cursor:pointer}summary code{font-weight:600}
code,pre{font-family:ui-monospace,monospace;font-size:.92em}
pre{background:var(--soft);padding:.7rem;border-radius:.4rem;overflow-x:auto}
table{border-collapse:collapse;width:100%;display:block;overflow-x:auto}
th,td{text-align:left;vertical-align:top;padding:.3rem .7rem .3rem 0;border-bottom:1px solid var(--line)}
.method{display:inline-block;min-width:4.2rem}a:focus-visible,summary:focus-visible{outline:3px solid #48f}`;

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
Failures are <code>application/problem+json</code> with a code of the table below. Lists of operations by subject:</p>
<nav><ul>${Object.entries(TAGS)
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
<p>${escape(description)}</p>${scope === null ? '' : `<p>Scope: <code>${scope}</code></p>`}
${fields.length === 0 ? '' : `<table><thead><tr><th>parameter</th><th>in</th><th></th></tr></thead><tbody>${fields.join('')}</tbody></table>`}
${body === undefined ? '' : `<p>Body: <code>${NAMED_SHAPES.get(body)?.id ?? 'JSON'}</code> (<a href="/openapi.json">schema</a>)</p>`}
<ul>${answers.join('')}</ul><pre>${escape(curlOf(operation))}</pre></details>`;
}

function rowsOf(place: string, shape: Readonly<Record<string, { readonly description?: string | undefined }>> = {}): string[] {
  return Object.entries(shape).map(([name, field]) => `<tr><td><code>${escape(name)}</code></td><td>${place}</td><td>${escape(describeField(field))}</td></tr>`);
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
