import { type DocumentNode, execute, GraphQLError, parse, validate } from 'graphql';
import * as z from 'zod';
import type { GraphDialect } from '../../core/source.ts';
import { apiSchemaOf } from './api-schema.ts';
import type { RecordedSubgraph } from './dataset.ts';
import { type EntityModel, parseEntityModel } from './entity-model.ts';
import { graphNodeResolver } from './graph-node-resolver.ts';
import { openSnapshots, type Snapshots } from './snapshots.ts';
import { subsquidResolver } from './subsquid-resolver.ts';

const requestBody = z.object({
  query: z.string(),
  variables: z.record(z.string(), z.unknown()).nullish(),
  operationName: z.string().nullish(),
});

/** Answers one parsed request body with a value for JSON. */
export type AnswerRequest = (body: unknown) => Promise<unknown>;

/**
 * Makes the GraphQL endpoint of a recorded subgraph.
 *
 * @param sdl the excerpt that the recording follows
 * @throws {InvalidFile} where the excerpt cannot be used
 */
export function createGraphEndpoint(recorded: RecordedSubgraph, sdl: string): AnswerRequest {
  const model = parseEntityModel(sdl, `subgraphs/${recorded.schema}/schema.graphql`);
  const [deployment = recorded.schema] = recorded.deployments;
  return answerFrom(openSnapshots(recorded, model), { model, dialect: recorded.dialect, deployment });
}

/** Answers from snapshots, recorded or made. `deployment` is what `_meta` calls itself. */
export function answerFrom(snapshots: Snapshots, { model, dialect, deployment }: { readonly model: EntityModel; readonly dialect: GraphDialect; readonly deployment: string }): AnswerRequest {
  const schema = apiSchemaOf(model, dialect);
  const fieldResolver = dialect === 'graph-node' ? graphNodeResolver(model, snapshots, deployment) : subsquidResolver(model, snapshots);
  const known = new Map<string, DocumentNode | readonly GraphQLError[]>();

  function prepare(query: string): DocumentNode | readonly GraphQLError[] {
    const prepared = known.get(query) ?? checkDocument(query);
    known.set(query, prepared);
    return prepared;
  }
  function checkDocument(query: string): DocumentNode | readonly GraphQLError[] {
    try {
      const document = parse(query);
      const errors = validate(schema, document);
      return errors.length === 0 ? document : errors;
    } catch (error) {
      return [error instanceof GraphQLError ? error : new GraphQLError('The query cannot be parsed')];
    }
  }

  return async (body) => {
    const request = requestBody.safeParse(body);
    if (!request.success) return { errors: [{ message: 'The request body needs a query' }] };
    const { query, variables, operationName } = request.data;
    const document = prepare(query);
    if (!('kind' in document)) return { errors: document.map((error) => error.toJSON()) };
    return execute({ schema, document, variableValues: variables ?? {}, operationName: operationName ?? null, fieldResolver });
  };
}
