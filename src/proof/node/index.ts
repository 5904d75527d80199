/**
 * What proves on a machine with Node: snarkjs in a thread. Bundling it brings snarkjs along, which is GPL-3.0.
 *
 * @packageDocumentation
 */
export { openSnarkjsBackend, type SnarkjsBackendOptions } from './snarkjs-backend.ts';
