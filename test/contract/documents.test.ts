import { readdirSync, readFileSync } from 'node:fs';
import { getVariableValues, Kind, type OperationDefinitionNode, parse, validate } from 'graphql';
import { describe, expect, test } from 'vitest';
import type { GraphDialect, RowQuery } from '../../src/core/source.ts';
import type { MirrorQuery } from '../../src/protocols/protocol.ts';
import { PROTOCOLS } from '../../src/protocols/registry.ts';
import { createDocuments, SUBGRAPHS_ROOT } from '../../src/sources/documents.ts';
import { buildApiSchema } from '../../src/sources/recorded/api-schema.ts';
import { OWNER, STRANGER } from './protocol-fixture.ts';

interface Use {
  readonly deployment: string;
  readonly dialect: GraphDialect;
  readonly query: RowQuery;
}

const documents = createDocuments();
const folders = readdirSync(SUBGRAPHS_ROOT, { withFileTypes: true })
  .filter((entry) => entry.isDirectory() && readdirSync(new URL(`${entry.name}/`, SUBGRAPHS_ROOT)).includes('queries.graphql'))
  .map((entry) => entry.name);

/** Every query that any deployment's discovery or mirror plans. */
const uses: readonly Use[] = PROTOCOLS.flatMap((protocol) =>
  protocol.deployments.flatMap((deployment) => {
    const { subgraph } = deployment;
    if (subgraph === null) return [];
    const mirrored = (protocol.mirror?.(deployment).queries ?? []).flatMap(variantsOf);
    return [...protocol.discover(deployment, [OWNER, STRANGER]), ...mirrored].map((query) => ({ deployment: deployment.id, dialect: subgraph.dialect, query }));
  }),
);

/** A mirror's read of a kind of rows, those of what changed, and that by id. */
function variantsOf(query: MirrorQuery): readonly RowQuery[] {
  const changes = query.changes.map(({ by, operation }) => ({ ...query, name: `mirrored ${query.name}, ${by}`, operation, variables: { ...query.variables, since: by === 'update-block' ? '1' : 1 } }));
  const byId = query.byId === null ? [] : [{ ...query, name: `mirrored ${query.name}, by id`, operation: query.byId, variables: { ids: ['0xab'] } }];
  return [{ ...query, name: `mirrored ${query.name}` }, ...changes, ...byId];
}

/** What the source adds to the variables of a query, by dialect. */
const PAGING: Readonly<Record<GraphDialect, Readonly<Record<string, unknown>>>> = {
  'graph-node': { first: 1_000, last: '', block: { hash: `0x${'ab'.repeat(32)}` } },
  subsquid: { limit: 500, offset: 0 },
};

/** Documents that no protocol's discovery reads: the source that does, and its dialect. */
const READ_ELSEWHERE: ReadonlyMap<string, { readonly file: string; readonly dialect: GraphDialect }> = new Map([
  ['uniswap-v3', { file: 'src/sources/uniswap-v3.ts', dialect: 'graph-node' }],
  ['solvency-registry', { file: 'src/sources/solvency-registry.ts', dialect: 'graph-node' }],
]);

/** The operations that some code names, and the dialects it reads them in. */
function readersOf(folder: string): { readonly dialects: readonly GraphDialect[]; readonly operations: readonly string[] } {
  const own = uses.filter((use) => use.query.documents === folder);
  const elsewhere = READ_ELSEWHERE.get(folder);
  if (elsewhere === undefined) return { dialects: [...new Set(own.map((use) => use.dialect))], operations: own.map((use) => use.query.operation) };
  const text = readFileSync(new URL(`../${elsewhere.file}`, SUBGRAPHS_ROOT), 'utf8');
  const named = text.includes(`documents: '${folder}'`) ? [...text.matchAll(/operation: '(\w+)'/g)].flatMap(([, name]) => name ?? []) : [];
  return { dialects: [elsewhere.dialect], operations: named };
}

describe.each(folders)('subgraphs/%s', (folder) => {
  const { dialects, operations } = readersOf(folder);

  test('default: it is read, in one dialect', () => {
    expect(dialects, `nobody reads subgraphs/${folder}: a protocol's discovery must, or a source that READ_ELSEWHERE names`).toHaveLength(1);
  });

  test('behavior: every document validates against the API of its excerpt', () => {
    const text = readFileSync(new URL(`${folder}/queries.graphql`, SUBGRAPHS_ROOT), 'utf8');
    for (const dialect of dialects) expect(validate(buildApiSchema(documents.schema(folder), dialect), parse(text)).map((error) => error.message)).toEqual([]);
  });

  test('behavior: no operation is left over, and none is missing', () => {
    expect(documents.operationNames(folder).toSorted()).toEqual([...new Set(operations)].toSorted());
  });
});

describe('every query that discovery or a mirror plans', () => {
  const unique = [...new Map(uses.map((use) => [`${use.deployment} ${use.query.name}`, use])).values()];

  test('default', () => {
    expect(unique.length).toBe(uses.length);
    expect(uses.length).toBeGreaterThan(PROTOCOLS.length);
  });

  test.each(unique.map((use) => [`${use.deployment} ${use.query.name}`, use] as const))('behavior: %s takes the paging variables, the pin and its own, and no other', (_name, { dialect, query }) => {
    const operation = documents.operation(query.documents, query.operation);
    expect(operation.roots).toEqual([query.root]);
    const given = { ...query.variables, ...PAGING[dialect] };
    expect([...operation.variables].toSorted()).toEqual(Object.keys(given).toSorted());
    const definition = parse(operation.text).definitions.find((entry) => entry.kind === Kind.OPERATION_DEFINITION);
    const values = getVariableValues(buildApiSchema(documents.schema(query.documents), dialect), definition?.variableDefinitions ?? [], given);
    expect(values.errors).toBeUndefined();
    expect(selectedFields(definition)).toContain('id');
  });
});

function selectedFields(definition: OperationDefinitionNode | undefined): readonly string[] {
  const [root] = definition?.selectionSet.selections ?? [];
  return root?.kind === Kind.FIELD ? (root.selectionSet?.selections.flatMap((entry) => (entry.kind === Kind.FIELD ? [entry.name.value] : [])) ?? []) : [];
}
