import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { promisify } from 'node:util';
import { brotliDecompressSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { isPlimsollError, type PlimsollError } from '../../../src/core/errors.ts';
import { loadKeys, type OpenedKeys } from '../../../src/proof/keys/load-keys.ts';
import { parseManifest } from '../../../src/proof/keys/manifest.ts';
import { openSnarkjsBackend } from '../../../src/proof/node/snarkjs-backend.ts';
import type { ProveProgress, ProverBackend } from '../../../src/proof/prover/backend.ts';
import { openGroth16Verifier } from '../../../src/proof/prover/verify-groth16.ts';
import { openWorkerBackend, type ProverThreadEvents } from '../../../src/proof/prover/worker-backend.ts';
import type { ProverRequest } from '../../../src/proof/prover/worker-messages.ts';
import { sampleInputs } from '../../bench/proof/sample.ts';
import { TINY_INPUTS, TINY_SIGNALS } from '../keys/tiny-circuit.ts';
import { openTinyKeys } from './open-tiny.ts';

const ARTIFACTS = new URL('../../../circuits/artifacts/', import.meta.url);
const SECRET = '20080515000000000777';

let keys: OpenedKeys;
let backend: ProverBackend;
beforeAll(async () => {
  keys = await openTinyKeys();
  backend = openSnarkjsBackend({ threads: 2 });
});
afterAll(() => backend.close());

async function failureOf(work: Promise<unknown>): Promise<PlimsollError> {
  const error: unknown = await work.then(
    () => null,
    (thrown: unknown) => thrown,
  );
  if (isPlimsollError(error)) return error;
  throw new Error(`no failure of Plimsoll's: ${String(error)}`);
}

describe('openSnarkjsBackend', () => {
  test('default: a proof that verifies, and its stages in order', async () => {
    const seen: ProveProgress[] = [];
    const { proof, publicSignals } = await backend.prove({ keys, inputs: TINY_INPUTS, onProgress: (progress) => seen.push(progress) });
    expect(publicSignals).toEqual(TINY_SIGNALS);
    expect(openGroth16Verifier(keys.vkey)(proof, publicSignals)).toBe(true);
    expect([...new Set(seen.map(({ stage }) => stage))]).toEqual(['load', 'witness', 'prove', 'done']);
    expect(seen.map(({ share }) => share)).toEqual(seen.map(({ share }) => share).toSorted((a, b) => a - b));
    expect([seen.at(0)?.share, seen.at(-1)?.share]).toEqual([0, 1]);
  });

  test('behavior: two proofs of one statement differ, so that they do not show it is the same', async () => {
    const [first, second] = [await backend.prove({ keys, inputs: TINY_INPUTS }), await backend.prove({ keys, inputs: TINY_INPUTS })];
    expect(first.proof.a).not.toEqual(second.proof.a);
  });

  test('behavior: a full M-attested wallet, with the shipped development keys', async () => {
    const file = (name: string): Buffer => readFileSync(new URL(name, ARTIFACTS));
    const shipped = loadKeys({
      manifest: parseManifest(JSON.parse(file('manifest.json').toString())),
      instance: 'M-attested',
      wasm: brotliDecompressSync(file('M-attested/circuit.wasm.br')),
      zkey: brotliDecompressSync(file('M-attested/circuit.zkey.br')),
      vkey: file('M-attested/vkey.json'),
      environment: { chainId: 31_337, production: false, allowDevelopment: true },
    });
    const { proof, publicSignals } = await backend.prove({ keys: shipped, inputs: sampleInputs('M-attested') });
    const verifies = openGroth16Verifier(shipped.vkey);
    expect(verifies(proof, publicSignals)).toBe(true);
    expect(verifies(proof, publicSignals.with(5, (publicSignals[5] ?? 0n) + 1n))).toBe(false);
  });

  test('behavior: jobs run one at a time in their order, and a failed one does not hold up the next', async () => {
    const order: string[] = [];
    const note = (name: string) => (progress: ProveProgress) => {
      if (progress.stage === 'load' || progress.stage === 'done') order.push(`${name} ${progress.stage}`);
    };
    const jobs = [
      backend.prove({ keys, inputs: TINY_INPUTS, onProgress: note('a') }),
      backend.prove({ keys, inputs: { ...TINY_INPUTS, root: '8' }, onProgress: note('b') }),
      backend.prove({ keys, inputs: TINY_INPUTS, onProgress: note('c') }),
    ];
    expect((await Promise.allSettled(jobs)).map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled']);
    expect(order).toEqual(['a load', 'a done', 'b load', 'c load', 'c done']);
  });

  test.each<[string, Record<string, string | string[]>, string]>([
    ['a false statement', { ...TINY_INPUTS, root: SECRET }, 'STATEMENT_FALSE'],
    ['a number that is none', { ...TINY_INPUTS, root: `${SECRET}.5` }, 'INTERNAL'],
    ['a number beyond the field', { ...TINY_INPUTS, root: `${SECRET}${SECRET}${SECRET}${SECRET}` }, 'INTERNAL'],
    ['too many values', { ...TINY_INPUTS, root: [SECRET, SECRET] }, 'INTERNAL'],
    ['an input that there is not', { ...TINY_INPUTS, [`x${SECRET.length}`]: SECRET }, 'INTERNAL'],
    ['an input missing', Object.fromEntries(Object.entries(TINY_INPUTS).slice(1)), 'INTERNAL'],
  ])('error: %s, without its value in the message', async (_, inputs, code) => {
    const failure = await failureOf(backend.prove({ keys, inputs }));
    expect(failure.code).toBe(code);
    expect(`${failure.message} ${JSON.stringify(failure.fields)} ${failure.stack}`).not.toContain(SECRET);
  });

  test('error: an aborted job ends at once with its reason, and the next one is proved', async () => {
    const abort = new AbortController();
    const reason = new DOMException('not any more', 'AbortError');
    const job = backend.prove({
      keys,
      inputs: TINY_INPUTS,
      signal: abort.signal,
      onProgress: ({ stage }) => {
        if (stage === 'prove') abort.abort(reason);
      },
    });
    await expect(job).rejects.toBe(reason);
    await expect(backend.prove({ keys, inputs: TINY_INPUTS, signal: AbortSignal.abort(reason) })).rejects.toBe(reason);
    expect((await backend.prove({ keys, inputs: { ...TINY_INPUTS, coverage: '77' } })).publicSignals).toEqual(TINY_SIGNALS.with(1, 77n));
  });

  test('error: a progress callback that throws fails its own job with what it threw', async () => {
    const thrown = new DOMException('no screen', 'InvalidStateError');
    const onProgress = ({ stage }: ProveProgress): void => {
      if (stage === 'prove') throw thrown;
    };
    await expect(backend.prove({ keys, inputs: TINY_INPUTS, onProgress })).rejects.toBe(thrown);
    expect((await backend.prove({ keys, inputs: { ...TINY_INPUTS, coverage: '78' } })).publicSignals).toEqual(TINY_SIGNALS.with(1, 78n));
  });

  test('error: a thread that dies is a failure worth trying again, and says nothing of the inputs', async () => {
    const dying = openSnarkjsBackend({ threads: 1, script: new URL('./fakes/dying-thread.ts', import.meta.url) });
    const failure = await failureOf(dying.prove({ keys, inputs: { ...TINY_INPUTS, root: SECRET } }));
    expect([failure.code, failure.retryable]).toEqual(['PROVER_FAILED', true]);
    expect(`${failure.message} ${failure.stack} ${String(failure.cause)}`).not.toContain(SECRET);
    await dying.close();
  });

  test('behavior: a closed backend proves no more', async () => {
    const closed = openSnarkjsBackend({ threads: 1 });
    const running = closed.prove({ keys, inputs: TINY_INPUTS });
    const waiting = closed.prove({ keys, inputs: TINY_INPUTS });
    const failures = Promise.all([failureOf(running), failureOf(waiting)]);
    await closed.close();
    expect((await failures).map(({ code }) => code)).toEqual(['PROVER_FAILED', 'PROVER_FAILED']);
    expect((await failureOf(closed.prove({ keys, inputs: TINY_INPUTS }))).code).toBe('PROVER_FAILED');
  });

  test.each(['close', 'leave'])('behavior: the process ends after a proof, whether the backend is closed or left (%s)', async (ending) => {
    const script = new URL('./fakes/prove-once.ts', import.meta.url).pathname;
    const { stdout } = await promisify(execFile)(process.execPath, [script, ending], { timeout: 50_000 });
    expect(stdout).toBe('proved\n');
  });
});

describe('openWorkerBackend', () => {
  test('behavior: keys are sent once, and again to a new worker after the first has died', async () => {
    const sent: string[] = [];
    let current: ProverThreadEvents | null = null;
    const answered = { proof: made(), publicSignals: [] };
    const worker = openWorkerBackend('fake', (events) => {
      current = events;
      const post = (request: ProverRequest): void => {
        sent.push(request.kind);
        queueMicrotask(() => events.reply(request.kind === 'load' ? { kind: 'loaded' } : { kind: 'proof', proof: answered }));
      };
      return { post, end: async () => {} };
    });
    const died = (): void => current?.died();
    expect(await worker.prove({ keys, inputs: {} })).toBe(answered);
    await worker.prove({ keys, inputs: {} });
    died();
    await worker.prove({ keys, inputs: {} });
    expect(sent).toEqual(['load', 'prove', 'prove', 'load', 'prove']);
  });

  test('error: aborted or closed while the keys are on their way', async () => {
    const abort = new AbortController();
    const reason = new DOMException('not any more', 'AbortError');
    const start = (onLoad: () => void, isSilent: () => boolean) =>
      openWorkerBackend('fake', (events) => {
        const post = (request: ProverRequest): void => {
          if (isSilent()) return;
          events.reply(request.kind === 'load' ? { kind: 'loaded' } : { kind: 'proof', proof: { proof: made(), publicSignals: [] } });
          if (request.kind === 'load') onLoad();
        };
        return { post, end: async () => {} };
      });
    await expect(
      start(
        () => abort.abort(reason),
        () => false,
      ).prove({ keys, inputs: {}, signal: abort.signal }),
    ).rejects.toBe(reason);
    let isClosed = false;
    const close = (): void => {
      isClosed = true;
      void closing.close();
    };
    const closing: ProverBackend = start(close, () => isClosed);
    expect((await failureOf(closing.prove({ keys, inputs: {} }))).code).toBe('PROVER_FAILED');
  });
});

function made(): Awaited<ReturnType<ProverBackend['prove']>>['proof'] {
  return {
    a: [0n, 0n],
    b: [
      [0n, 0n],
      [0n, 0n],
    ],
    c: [0n, 0n],
  };
}
