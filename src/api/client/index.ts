/**
 * A client of the service, for browsers and Node: every operation by name, with the types of the OpenAPI document.
 *
 * @packageDocumentation
 */
export { type ErrorCode, isPlimsollError, PlimsollError } from '../../core/errors.ts';
export type { Clock, Fetch } from '../../sources/clock.ts';
export type { Answer, Body, Params, Query } from '../contract/operations.ts';
export type { OperationId } from '../contract/paths.ts';
export { type CallInput, type CallResult, type Client, type ClientOptions, createClient } from './client.ts';
export type { Problem } from './problem.ts';
export type { StreamedEvent, StreamInput, StreamState } from './stream.ts';
