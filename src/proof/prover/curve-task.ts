import { InternalError } from '../../core/errors.ts';

/** One step of a task, as ffjavascript's engine writes them: variables are places in the module's memory. @source iden3/ffjavascript src/engine_*.js */
type CurveStep =
  | { readonly cmd: 'ALLOCSET'; readonly var: number; readonly buff: Uint8Array }
  | { readonly cmd: 'ALLOC'; readonly var: number; readonly len: number }
  | { readonly cmd: 'SET'; readonly var: number; readonly buff: Uint8Array }
  | { readonly cmd: 'CALL'; readonly fnName: string; readonly params: readonly ({ readonly var: number; readonly offset?: number } | { readonly val: number })[] }
  | { readonly cmd: 'GET'; readonly out: number; readonly var: number; readonly len: number };

/** A piece of curve arithmetic that any thread can do: it starts from nothing and answers with bytes. */
export type CurveTask = readonly CurveStep[];

/** Runs tasks with a module and memory of its own. */
export type CurveTaskRunner = (task: CurveTask) => Uint8Array[];

const PAGE_BYTES = 65_536;
const FIRST_PAGES = 25;
const MOST_PAGES = 32_767;
/** The module keeps the address of its first free byte in the first word of its memory. */
const FREE_AT = 0;
const ALIGNMENT = 8;
/** The module's functions take working memory after the last place and never ask for more: as much again as that place has, and some. */
const WORKING_BYTES = 4_194_304;

/**
 * Makes a runner of the curve's module. What a task allocates is free again after it.
 *
 * @param code the module's bytes, as the engine was built with
 */
export async function openCurveTaskRunner(code: Uint8Array): Promise<CurveTaskRunner> {
  const memory = new WebAssembly.Memory({ initial: FIRST_PAGES, maximum: MOST_PAGES });
  const { instance } = await WebAssembly.instantiate(new Uint8Array(code), { env: { memory } });
  const functions = instance.exports as Readonly<Record<string, (...parameters: number[]) => void>>;
  return (task) => {
    const free = new Uint32Array(memory.buffer)[FREE_AT] ?? 0;
    const out = runSteps(task, { memory, functions });
    new Uint32Array(memory.buffer)[FREE_AT] = free;
    return out;
  };
}

interface Machine {
  readonly memory: WebAssembly.Memory;
  readonly functions: Readonly<Record<string, (...parameters: number[]) => void>>;
}

function runSteps(task: CurveTask, machine: Machine): Uint8Array[] {
  const places: number[] = [];
  const out: Uint8Array[] = [];
  const placeOf = (variable: number): number => places[variable] ?? unknownPlace();
  for (const step of task) {
    switch (step.cmd) {
      case 'ALLOCSET':
        places[step.var] = store(machine.memory, allocate(machine.memory, step.buff.length), step.buff);
        break;
      case 'ALLOC':
        places[step.var] = allocate(machine.memory, step.len);
        break;
      case 'SET':
        store(machine.memory, placeOf(step.var), step.buff);
        break;
      case 'CALL':
        machine.functions[step.fnName]?.(...step.params.map((parameter) => ('val' in parameter ? parameter.val : placeOf(parameter.var) + (parameter.offset ?? 0))));
        break;
      case 'GET':
        out[step.out] = new Uint8Array(machine.memory.buffer, placeOf(step.var), step.len).slice();
        break;
    }
  }
  return out;
}

function allocate(memory: WebAssembly.Memory, bytes: number): number {
  const words = new Uint32Array(memory.buffer);
  const place = Math.ceil((words[FREE_AT] ?? 0) / ALIGNMENT) * ALIGNMENT;
  words[FREE_AT] = place + bytes;
  const missing = place + 2 * bytes + WORKING_BYTES - memory.buffer.byteLength;
  if (missing > 0) memory.grow(Math.ceil(missing / PAGE_BYTES));
  return place;
}

function store(memory: WebAssembly.Memory, place: number, bytes: Uint8Array): number {
  new Uint8Array(memory.buffer).set(bytes, place);
  return place;
}

function unknownPlace(): never {
  throw new InternalError('A curve task reads a place that it never made.');
}
