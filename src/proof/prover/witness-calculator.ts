import { InternalError, PlimsollError } from '../../core/errors.ts';
import { FIELD_MODULUS } from '../modulus.ts';
import type { CircuitInputs } from './backend.ts';

/** What circom's module exports. Numbers pass through a shared window of eight 32-bit words. @source iden3/circom code_producers, wasm_elements */
interface CircuitModule {
  readonly memory: WebAssembly.Memory;
  init(checks: number): void;
  getSharedRWMemoryStart(): number;
  getFieldNumLen32(): number;
  getInputSize(): number;
  getInputSignalSize(hashHigh: number, hashLow: number): number;
  setInputSignal(hashHigh: number, hashLow: number, at: number): void;
  getWitnessSize(): number;
  getWitness(at: number): void;
}

const FIELD_WORDS = 8;
const WORD_BITS = 32n;
const WORD_MASK = 0xffff_ffffn;
/** FNV-1a with 64 bits: how circom names input signals. */
const FNV = { offset: 0xcbf2_9ce4_8422_2325n, prime: 0x100_0000_01b3n, mask: 0xffff_ffff_ffff_ffffn } as const;
/** The file: magic, version 2, two sections; header (field width, modulus, count), values. @source iden3/snarkjs src/wtns_utils.js */
const WTNS = { magic: 0x736e_7477, version: 2, headerBytes: 76, fieldBytes: 32 } as const;

/**
 * Compiles a circuit's witness program, to be run any number of times. Each run starts with memory of its own, so nothing of one proof is left for the next.
 *
 * @param wasm circom 2's module
 * @throws {PlimsollError} INTERNAL where the bytes are no such module
 */
export async function openWitnessCalculator(wasm: Uint8Array): Promise<(inputs: CircuitInputs) => Promise<Uint8Array>> {
  let compiled: WebAssembly.Module;
  try {
    compiled = await WebAssembly.compile(new Uint8Array(wasm));
  } catch {
    throw new InternalError('The witness program of the circuit cannot be compiled.');
  }
  return async (inputs) => computeWitness(await instantiate(compiled), inputs);
}

/**
 * Sets the inputs and collects every wire, in the .wtns form.
 *
 * @throws {PlimsollError} STATEMENT_FALSE where a constraint does not hold: which one, and the values, stay untold
 */
function computeWitness(circuit: CircuitModule, inputs: CircuitInputs): Uint8Array {
  circuit.init(0);
  const window = new Uint32Array(circuit.memory.buffer, circuit.getSharedRWMemoryStart(), FIELD_WORDS);
  let set = 0;
  for (const [name, value] of Object.entries(inputs)) set += setInput(circuit, window, { name, values: typeof value === 'string' ? [value] : value });
  const size = circuit.getInputSize();
  if (set !== size) throw new InternalError(`The circuit takes ${size} inputs, and ${set} were given.`);
  return collectWitness(circuit, window);
}

function setInput(circuit: CircuitModule, window: Uint32Array, { name, values }: { readonly name: string; readonly values: readonly string[] }): number {
  const hash = hashName(name);
  const [high, low] = [Number(hash >> WORD_BITS) | 0, Number(hash & WORD_MASK) | 0];
  const size = circuit.getInputSignalSize(high, low);
  if (size !== values.length) throw new InternalError(`The circuit takes ${Math.max(0, size)} values of its input ${name}, and ${values.length} were given.`);
  values.forEach((value, at) => {
    writeNumber(window, parseField(value, name));
    try {
      circuit.setInputSignal(high, low, at);
    } catch {
      // The module stops at the first constraint that does not hold; it would say which line and sometimes which value.
      throw new PlimsollError('STATEMENT_FALSE', 'The statement does not hold for these positions, or the inputs do not belong together. Nothing was proved.');
    }
  });
  return size;
}

function collectWitness(circuit: CircuitModule, window: Uint32Array): Uint8Array {
  const count = circuit.getWitnessSize();
  const bytes = new Uint8Array(WTNS.headerBytes + count * WTNS.fieldBytes);
  const words = new Uint32Array(bytes.buffer);
  words.set([WTNS.magic, WTNS.version, 2, 1, 8 + WTNS.fieldBytes, 0, WTNS.fieldBytes]);
  const modulusAt = 7;
  writeNumber(words.subarray(modulusAt, modulusAt + FIELD_WORDS), FIELD_MODULUS);
  const valueBytes = BigInt(count * WTNS.fieldBytes);
  words.set([count, 2, Number(valueBytes & WORD_MASK), Number(valueBytes >> WORD_BITS)], modulusAt + FIELD_WORDS);
  const valuesAt = WTNS.headerBytes / Uint32Array.BYTES_PER_ELEMENT;
  for (let at = 0; at < count; at += 1) {
    circuit.getWitness(at);
    words.set(window, valuesAt + at * FIELD_WORDS);
  }
  return bytes;
}

async function instantiate(compiled: WebAssembly.Module): Promise<CircuitModule> {
  const stop = (): never => {
    throw new InternalError('The circuit stopped.');
  };
  const ignore = (): void => {};
  const runtime = { exceptionHandler: stop, printErrorMessage: ignore, writeBufferMessage: ignore, showSharedRWMemory: ignore };
  try {
    const { exports } = await WebAssembly.instantiate(compiled, { runtime });
    return requireCircuit(exports);
  } catch {
    throw new InternalError('The witness program of the circuit cannot be run: it is not a circom 2 module over BN254.');
  }
}

function requireCircuit(exports: WebAssembly.Exports): CircuitModule {
  const circuit = exports as WebAssembly.Exports & CircuitModule;
  if (!(circuit.memory instanceof WebAssembly.Memory) || circuit.getFieldNumLen32() !== FIELD_WORDS) throw new InternalError('not a circom 2 module over BN254');
  return circuit;
}

/** @throws {PlimsollError} INTERNAL naming the input, never its value */
function parseField(text: string, name: string): bigint {
  const value = /^(?:0|[1-9][0-9]{0,77})$/.test(text) ? BigInt(text) : null;
  if (value === null || value >= FIELD_MODULUS) throw new InternalError(`A value of the input ${name} is not a field element.`);
  return value;
}

function writeNumber(words: Uint32Array, value: bigint): void {
  for (let at = 0; at < FIELD_WORDS; at += 1) words[at] = Number((value >> (WORD_BITS * BigInt(at))) & WORD_MASK);
}

function hashName(name: string): bigint {
  let hash: bigint = FNV.offset;
  for (const byte of new TextEncoder().encode(name)) hash = ((hash ^ BigInt(byte)) * FNV.prime) & FNV.mask;
  return hash;
}
