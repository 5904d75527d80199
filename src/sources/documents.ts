import { readFileSync } from 'node:fs';
import { Kind, parse, print, separateOperations } from 'graphql';
import { InternalError, InvalidFile } from '../core/errors.ts';

/** One named operation with the fragments that it uses. */
export interface Operation {
  readonly text: string;
  readonly name: string;
  /** The names of its variables, without `$`. */
  readonly variables: ReadonlySet<string>;
  /** The response keys of its top-level fields. */
  readonly roots: readonly string[];
}

/** The GraphQL documents under subgraphs/. */
export interface Documents {
  /** The schema excerpt of a folder. @throws {InvalidFile} */
  schema(folder: string): string;
  /** One operation of a folder's queries. @throws {InvalidFile} @throws {InternalError} where no operation has the name */
  operation(folder: string, name: string): Operation;
  /** The names of all operations of a folder's queries. @throws {InvalidFile} */
  operationNames(folder: string): readonly string[];
}

/** The folder of the package's own documents; src/sources and dist/sources are both two levels below the package. */
export const SUBGRAPHS_ROOT: URL = new URL('../../subgraphs/', import.meta.url);

/**
 * Opens the documents under `root`. Files are read at first use, once, and without yielding, so that requests which start together stay
 * together.
 */
export function createDocuments(root: URL = SUBGRAPHS_ROOT): Documents {
  const schemas = new Map<string, string>();
  const queries = new Map<string, ReadonlyMap<string, Operation>>();
  const operationsOf = (folder: string) => remember(queries, folder, () => parseOperations(readText(root, folder, 'queries.graphql'), folder));
  return {
    schema: (folder) => remember(schemas, folder, () => readText(root, folder, 'schema.graphql')),
    operationNames: (folder) => [...operationsOf(folder).keys()],
    operation(folder, name) {
      const operation = operationsOf(folder).get(name);
      if (operation === undefined) throw new InternalError(`subgraphs/${folder}/queries.graphql has no operation "${name}"`);
      return operation;
    },
  };
}

function readText(root: URL, folder: string, file: string): string {
  if (!/^[a-z0-9]+(?:-[a-z0-9]+)*$/.test(folder)) throw new InternalError(`"${folder}" is not a folder of subgraphs/`);
  try {
    return readFileSync(new URL(`${folder}/${file}`, root), 'utf8');
  } catch {
    throw new InvalidFile(`subgraphs/${folder}/${file} cannot be read. Install the package again, or add the file.`, { file: `subgraphs/${folder}/${file}` });
  }
}

function parseOperations(text: string, folder: string): ReadonlyMap<string, Operation> {
  const operations = new Map<string, Operation>();
  for (const [name, document] of Object.entries(separateOperations(parseDocument(text, folder)))) {
    const definition = document.definitions.find((entry) => entry.kind === Kind.OPERATION_DEFINITION);
    if (definition === undefined || name === '') throw new InvalidFile(`subgraphs/${folder}/queries.graphql: every operation needs a name.`);
    operations.set(name, {
      text: print(document),
      name,
      variables: new Set(definition.variableDefinitions?.map((entry) => entry.variable.name.value)),
      roots: definition.selectionSet.selections.flatMap((entry) => (entry.kind === Kind.FIELD ? [(entry.alias ?? entry.name).value] : [])),
    });
  }
  return operations;
}

function parseDocument(text: string, folder: string): ReturnType<typeof parse> {
  try {
    return parse(text);
  } catch (error) {
    const problem = error instanceof Error ? error.message : 'not understood';
    throw new InvalidFile(`subgraphs/${folder}/queries.graphql is not GraphQL: ${problem}`, { file: `subgraphs/${folder}/queries.graphql` });
  }
}

function remember<T>(cache: Map<string, T>, key: string, make: () => T): T {
  const known = cache.get(key);
  if (known !== undefined) return known;
  const made = make();
  cache.set(key, made);
  return made;
}
