import { parentPort } from 'node:worker_threads';
import { type Group, type MultiplyGenerator, openCurveModule, prepareGenerator } from './fixed-base.ts';
import { CHUNK_SCALARS, type MultiplyRequest } from './multiply-generator.ts';

const curve = await openCurveModule();
const prepared = new Map<Group, MultiplyGenerator>();

parentPort?.on('message', ({ group, scalars }: MultiplyRequest) => {
  const multiply = prepared.get(group) ?? prepareGenerator(curve, group, CHUNK_SCALARS);
  prepared.set(group, multiply);
  const points = multiply(scalars);
  parentPort?.postMessage(points, [points.buffer]);
});
