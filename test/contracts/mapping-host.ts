import { readFileSync } from 'node:fs';
import { getBytes, hexlify, Interface, type InterfaceAbi } from 'ethers';
import { InternalError } from '../../src/core/errors.ts';

/** A log as a node tells it, with its block's time. */
export interface ChainLog {
  readonly address: string;
  readonly topics: readonly string[];
  readonly data: string;
  readonly logIndex: string;
  readonly transactionHash: string;
  readonly blockNumber: string;
  /** Unix seconds. */
  readonly timestamp: bigint;
}

/** A value of an entity's field: numbers that need more than 32 bits are bigints. */
export type Stored = string | number | bigint | boolean | null;
/** Entities by type and id. */
export type EntityStore = Map<string, Map<string, Readonly<Record<string, Stored>>>>;

/** One data source of a built subgraph. */
export interface MappingModule {
  readonly wasm: string;
  readonly abi: InterfaceAbi;
  /** The exported handler by the event's name. */
  readonly handlers: ReadonlyMap<string, string>;
}

/** @source graphprotocol/graph-tooling packages/ts/global/global.ts (TypeId), common/value.ts and chain/ethereum.ts (ValueKind) */
const TYPES = {
  String: 0,
  ArrayBuffer: 1,
  Uint8Array: 6,
  ArrayEventParam: 19,
  ArrayEntries: 21,
  EventParam: 23,
  Transaction: 24,
  Block: 25,
  EthereumValue: 30,
  StoreValue: 31,
  Event: 33,
  Entry: 34,
  Map: 36,
};
const ETHEREUM = { address: 0, fixedBytes: 1, uint: 4 };
const STORE = { string: 0, int: 1, bool: 3, none: 5, bigint: 7 };

interface Exports {
  readonly memory: WebAssembly.Memory;
  readonly __new: (size: number, classId: number) => number;
  readonly id_of_type: (type: number) => number;
  readonly _start: () => void;
  readonly [handler: string]: unknown;
}

/** Runs the mappings of one data source over logs, in order, as an indexer does: a stand-in for graph-node with the few calls that they need. */
export async function runMappings(module: MappingModule, logs: readonly ChainLog[], store: EntityStore): Promise<void> {
  const memory = new MappingMemory(() => exports);
  const bigint = (a: number, b: number, compute: (a: bigint, b: bigint) => bigint) => memory.putBigint(compute(memory.getBigint(a), memory.getBigint(b)));
  const imports = {
    env: { abort: (message: number) => fail(message === 0 ? 'abort' : memory.getString(message)) },
    conversion: {
      'typeConversion.bytesToHex': (bytes: number) => memory.putString(hexlify(memory.getBytes(bytes))),
      'typeConversion.bigIntToString': (value: number) => memory.putString(memory.getBigint(value).toString()),
    },
    numbers: {
      'bigDecimal.toString': () => fail('no decimals are expected'),
      'bigInt.mod': (a: number, b: number) => bigint(a, b, (x, y) => x % y),
      'bigInt.rightShift': (a: number, bits: number) => memory.putBigint(memory.getBigint(a) >> BigInt(bits)),
    },
    index: {
      'store.get': (type: number, id: number) => {
        const entity = store.get(memory.getString(type))?.get(memory.getString(id));
        return entity === undefined ? 0 : memory.putEntity(entity);
      },
      'store.set': (type: number, id: number, entity: number) => {
        const rows = store.get(memory.getString(type)) ?? new Map<string, Readonly<Record<string, Stored>>>();
        rows.set(memory.getString(id), memory.getEntity(entity));
        store.set(memory.getString(type), rows);
      },
    },
  };
  const { instance } = await WebAssembly.instantiate(readFileSync(module.wasm), imports);
  const exports = instance.exports as unknown as Exports;
  exports._start();
  const abi = new Interface(module.abi as string);
  for (const log of logs) handle(exports, memory, module, abi, log);
}

function handle(exports: Exports, memory: MappingMemory, module: MappingModule, abi: Interface, log: ChainLog): void {
  const parsed = abi.parseLog({ topics: [...log.topics], data: log.data });
  const handler = exports[module.handlers.get(parsed?.name ?? '') ?? ''];
  if (parsed === null || typeof handler !== 'function') return;
  const params = parsed.fragment.inputs.map(({ name, type }, at) => memory.putRecord(TYPES.EventParam, [memory.putString(name), memory.putParameter(type, parsed.args[at] as unknown)]));
  const zero = memory.putBigint(0n);
  const none = memory.putBytes(new Uint8Array(32));
  const block = [none, none, none, none, none, none, none, memory.putBigint(BigInt(log.blockNumber)), zero, zero, memory.putBigint(log.timestamp), zero, zero, 0, 0];
  const transaction = [memory.putBytes(getBytes(log.transactionHash)), zero, none, 0, zero, zero, zero, none, zero];
  const event = [
    memory.putBytes(getBytes(log.address)),
    memory.putBigint(BigInt(log.logIndex)),
    zero,
    0,
    memory.putRecord(TYPES.Block, block),
    memory.putRecord(TYPES.Transaction, transaction),
    memory.putArray(TYPES.ArrayEventParam, params),
    0,
  ];
  handler(memory.putRecord(TYPES.Event, event));
}

/** Objects of AssemblyScript in the module's memory: records of 32-bit words, byte arrays behind a view, strings of 16-bit units with their size before them. */
class MappingMemory {
  readonly #exports: () => Exports;

  constructor(exports: () => Exports) {
    this.#exports = exports;
  }

  #view(): DataView {
    return new DataView(this.#exports().memory.buffer);
  }

  #make(type: number, size: number): number {
    const exports = this.#exports();
    return exports.__new(size, exports.id_of_type(type));
  }

  putRecord(type: number, words: readonly number[]): number {
    const at = this.#make(type, words.length * 4);
    for (const [index, word] of words.entries()) this.#view().setUint32(at + index * 4, word, true);
    return at;
  }

  putString(text: string): number {
    const at = this.#make(TYPES.String, text.length * 2);
    for (let index = 0; index < text.length; index += 1) this.#view().setUint16(at + index * 2, text.charCodeAt(index), true);
    return at;
  }

  getString(at: number): string {
    const length = this.#view().getUint32(at - 4, true) / 2;
    return Array.from({ length }, (_, index) => String.fromCharCode(this.#view().getUint16(at + index * 2, true))).join('');
  }

  putBytes(bytes: Uint8Array): number {
    const buffer = this.#make(TYPES.ArrayBuffer, bytes.length);
    new Uint8Array(this.#exports().memory.buffer, buffer, bytes.length).set(bytes);
    return this.putRecord(TYPES.Uint8Array, [buffer, buffer, bytes.length]);
  }

  getBytes(at: number): Uint8Array {
    return new Uint8Array(this.#exports().memory.buffer, this.#view().getUint32(at + 4, true), this.#view().getUint32(at + 8, true)).slice();
  }

  /** Little-endian, of two's complement: only natural numbers occur, so a byte of zero goes behind a high bit. */
  putBigint(value: bigint): number {
    const hex = value.toString(16);
    return this.putBytes(new Uint8Array([...getBytes(`0x${hex.length % 2 === 0 ? '' : '0'}${hex}`).reverse(), 0]));
  }

  getBigint(at: number): bigint {
    return BigInt(hexlify(this.getBytes(at).reverse()));
  }

  putArray(type: number, items: readonly number[]): number {
    const buffer = this.putRecord(TYPES.ArrayBuffer, items);
    return this.putRecord(type, [buffer, buffer, items.length * 4, items.length]);
  }

  /** A tagged value: the kind, and eight bytes behind it. */
  #putTagged(type: number, kind: number, payload: number): number {
    const at = this.putRecord(type, [kind, 0, 0, 0]);
    this.#view().setBigInt64(at + 8, BigInt(payload), true);
    return at;
  }

  putParameter(type: string, value: unknown): number {
    if (type === 'address') return this.#putTagged(TYPES.EthereumValue, ETHEREUM.address, this.putBytes(getBytes(String(value))));
    if (type === 'bytes32') return this.#putTagged(TYPES.EthereumValue, ETHEREUM.fixedBytes, this.putBytes(getBytes(String(value))));
    return this.#putTagged(TYPES.EthereumValue, ETHEREUM.uint, this.putBigint(BigInt(String(value))));
  }

  putEntity(entity: Readonly<Record<string, Stored>>): number {
    const entries = Object.entries(entity).map(([key, value]) => this.putRecord(TYPES.Entry, [this.putString(key), this.#putStored(value)]));
    return this.putRecord(TYPES.Map, [this.putArray(TYPES.ArrayEntries, entries)]);
  }

  #putStored(value: Stored): number {
    if (value === null) return this.#putTagged(TYPES.StoreValue, STORE.none, 0);
    if (typeof value === 'string') return this.#putTagged(TYPES.StoreValue, STORE.string, this.putString(value));
    if (typeof value === 'bigint') return this.#putTagged(TYPES.StoreValue, STORE.bigint, this.putBigint(value));
    return this.#putTagged(TYPES.StoreValue, typeof value === 'boolean' ? STORE.bool : STORE.int, Number(value));
  }

  getEntity(at: number): Readonly<Record<string, Stored>> {
    const view = this.#view();
    const entries = view.getUint32(at, true);
    const [start, length] = [view.getUint32(entries + 4, true), view.getUint32(entries + 12, true)];
    const addresses = Array.from({ length }, (_, index) => view.getUint32(start + index * 4, true));
    return Object.fromEntries(addresses.map((entry) => [this.getString(view.getUint32(entry, true)), this.#getStored(view.getUint32(entry + 4, true))]));
  }

  #getStored(at: number): Stored {
    const kind = this.#view().getUint32(at, true);
    const payload = this.#view().getInt32(at + 8, true);
    if (kind === STORE.none) return null;
    if (kind === STORE.string) return this.getString(payload);
    if (kind === STORE.bigint) return this.getBigint(payload);
    if (kind === STORE.bool) return payload !== 0;
    return kind === STORE.int ? payload : fail(`a value of kind ${kind} is not expected`);
  }
}

function fail(problem: string): never {
  throw new InternalError(`mapping: ${problem}`);
}
