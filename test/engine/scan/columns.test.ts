import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { Columns } from '../../../src/engine/scan/columns.ts';
import { createJsKernel, openKernel, type ScanKernel } from '../../../src/engine/scan/index.ts';
import { KERNEL_SHA256, KERNEL_WASM } from '../../../src/engine/scan/kernel-module.ts';
import { BLOCKS_A_MARGIN, TABLE_SLOTS } from '../../../src/engine/scan/layout.ts';
import { Passes } from '../../../src/engine/scan/passes.ts';
import { SlotNumbers } from '../../../src/engine/scan/slot-numbers.ts';
import { type Legs, Stage } from '../../../src/engine/scan/stage.ts';
import { usersOf } from '../../chain/counts.ts';
import { type SeededRandom, seededRandom } from '../../chain/seeded-random.ts';
import { compileKernel, formatKernelModule, KERNEL_SOURCE } from '../../fixtures/scan-kernel/compile.ts';

const ACCOUNTS = usersOf(3_000, 60_000);
const SLOTS = 40;
/** Slots beyond those, with hardly any holders. */
const RARE_SLOTS = 20;
const ROUNDS = usersOf(30, 300);

/** Columns with the legs that they ought to hold, by account. */
interface Filled {
  readonly columns: Columns;
  readonly passes: Passes;
  readonly lanes: Map<number, number>;
  readonly legs: Map<number, Legs>;
}

function anyLegs(random: SeededRandom, table: number): Legs {
  const count = random.integer(1, random.integer(0, 9) === 0 ? 30 : 9);
  const slots = Array.from({ length: count }, () => (random.integer(0, 400) === 0 ? SLOTS + random.integer(1, RARE_SLOTS) : random.integer(1, SLOTS)));
  return { table, slots, amounts: slots.map(() => random.pick([0, 5e-324, 1e300, random.next(), random.next() * 1e6, random.next() * 1e20])) };
}

/** Weights of either sign; now and then one that overflows, or none. */
function setAnyWeight(columns: Columns, random: SeededRandom, slot: number): void {
  if (random.integer(0, 60) === 0) columns.tables.flagHolders(slot);
  else columns.tables.set(slot, (random.next() - 0.4) * random.pick([1e-20, 1, 1e10, 1e300]));
}

/** Mostly by a little; at times to anything. */
function moveWeight(columns: Columns, random: SeededRandom, slot: number): void {
  const before = columns.tables.get(slot);
  if (random.integer(0, 9) === 0 || !Number.isFinite(before)) setAnyWeight(columns, random, slot);
  else columns.tables.set(slot, before * (1 + (random.next() - 0.5) * random.pick([1e-9, 1e-4, 0.02])));
}

function fill(kernel: ScanKernel, seed: number, accounts = ACCOUNTS): Filled {
  const random = seededRandom(seed);
  const columns = new Columns(kernel);
  const passes = new Passes(columns);
  const tables = [columns.tables.add(), columns.tables.add()];
  for (const table of tables) for (let slot = 1; slot <= SLOTS + RARE_SLOTS; slot += 1) setAnyWeight(columns, random, slot + table * TABLE_SLOTS);
  const stage = new Stage();
  const legs = new Map<number, Legs>();
  for (let account = 0; account < accounts; account += 1) {
    const made = anyLegs(random, random.integer(0, 3) === 0 ? 1 : 0);
    legs.set(account, made);
    stage.add(account, made);
  }
  const lanes = new Map([...columns.pack(stage)].map((lane, place) => [stage.indexes.at(place), lane]));
  return { columns, passes, lanes, legs };
}

/** Who is flagged by the sums, in the order of the legs as they lie. */
function expectedFlags({ columns, lanes }: Filled): number[] {
  const isFlagged = (lane: number): boolean => {
    const { table, slots, amounts } = columns.read(lane);
    let sum = 0;
    for (const [leg, slot] of slots.entries()) sum += (amounts[leg] ?? 0) * columns.tables.get(slot + table * TABLE_SLOTS);
    return !(sum >= 0);
  };
  return [...lanes].filter(([, lane]) => isFlagged(lane)).map(([account]) => account);
}

/** Of every two blocks, to the bit. */
function marginsOf({ columns }: Filled): Uint32Array[] {
  return columns.chunks
    .map(({ margins, blocks }) => columns.arena.singles(margins, blocks / BLOCKS_A_MARGIN))
    .map((singles) => Uint32Array.from(singles, (margin) => new Uint32Array(Float32Array.of(margin).buffer)[0] ?? 0));
}

const sorted = (values: readonly number[]): number[] => values.toSorted((a, b) => a - b);
const contentOf = ({ slots, amounts }: Legs): string[] => slots.map((slot, leg) => `${slot} ${amounts[leg]}`).toSorted();

describe('kernel', () => {
  test('default: the bytes in the repository are what its source compiles to, in no more than 150 lines', async () => {
    expect(readFileSync(KERNEL_SOURCE, 'utf8').split('\n').length).toBeLessThanOrEqual(150);
    const module = formatKernelModule(await compileKernel());
    expect(module).toContain(KERNEL_SHA256);
    expect(module).toContain(KERNEL_WASM);
  });

  test('default: this machine runs it', async () => {
    expect((await openKernel()).name).toBe('wasm-simd');
  });

  test('property: WebAssembly and JavaScript give the same flags bit for bit, with sums that overflow, and those that a plain loop gives', async () => {
    for (let seed = 0; seed < 3; seed += 1) {
      const [fast, plain] = [fill(await openKernel(), seed), fill(createJsKernel(), seed)];
      // The first update screens all and measures margins.
      for (const one of [fast, plain]) expect(one.passes.screenMoved([]).kind).toBe('all');
      const flagged = fast.passes.listFlagged();
      expect(flagged).toEqual(plain.passes.listFlagged());
      expect(sorted(flagged)).toEqual(expectedFlags(fast));
      expect(flagged.length).toBeGreaterThan(ACCOUNTS / 10);
      expect(flagged.length).toBeLessThan((ACCOUNTS * 9) / 10);
      for (const pass of [(one: Filled) => one.passes.screenMoved([]).kind, (one: Filled) => one.passes.screenAll().kind]) {
        expect(pass(fast)).toBe(pass(plain));
        expect(fast.passes.listFlagged()).toEqual(flagged);
        expect(plain.passes.listFlagged()).toEqual(flagged);
      }
      expect(marginsOf(fast)).toEqual(marginsOf(plain));
    }
  });
});

describe.each([
  ['WebAssembly', openKernel],
  ['JavaScript', async () => createJsKernel()],
] as const)('columns on %s', (_, open) => {
  test('default: legs come back as they were put in, wherever they were laid', async () => {
    const { columns, lanes, legs } = fill(await open(), 11);
    expect(new Set(lanes.values()).size).toBe(legs.size);
    for (const [account, made] of legs) {
      const lane = lanes.get(account) ?? expect.fail('no lane');
      expect(columns.accountAt(lane)).toBe(account);
      expect(contentOf(columns.read(lane))).toEqual(contentOf(made));
    }
  });

  test('property: screening what moved, after any changes, gives what screening all gives, whichever way is taken', async () => {
    const filled = fill(await open(), 12);
    const { columns, passes, lanes, legs } = filled;
    const random = seededRandom(13);
    passes.screenAll();
    const kinds = { all: 0, near: 0, holders: 0 };
    for (let round = 0; round < ROUNDS; round += 1) {
      for (let change = random.integer(0, 20); change > 0; change -= 1) changeOne(filled, random);
      const moved = Array.from({ length: random.integer(0, 2) }, () => random.pick([random.integer(1, SLOTS), SLOTS + random.integer(1, RARE_SLOTS)]) + TABLE_SLOTS * random.integer(0, 1));
      for (const slot of moved) moveWeight(columns, random, slot);
      kinds[passes.screenMoved(moved).kind] += 1;
      const flagged = sorted(passes.listFlagged());
      expect(flagged).toEqual(sorted(expectedFlags(filled)));
      passes.screenAll();
      expect(sorted(passes.listFlagged())).toEqual(flagged);
    }
    expect(Math.min(kinds.all, kinds.near, kinds.holders)).toBeGreaterThan(0);
    for (const [account, lane] of columns.repack()) lanes.set(account, lane);
    for (const [account, made] of legs) expect(contentOf(columns.read(lanes.get(account) ?? 0))).toEqual(contentOf(made));
    passes.screenMoved([]);
    expect(sorted(passes.listFlagged())).toEqual(sorted(expectedFlags(filled)));
  });

  test('behavior: margins leave out no account that a change can reach, and are not asked about accounts and weights that they were not measured at', async () => {
    // Slot 1 is collateral, slot 2 debt; accounts are between 0 and 200 % above the threshold. Slot 3 has one holder, slot 4 none.
    const count = 4_000;
    const excess = (account: number): number => 1 + (2 * account) / count;
    const columns = new Columns(await open());
    const passes = new Passes(columns);
    columns.tables.add();
    const stage = new Stage();
    for (let account = 0; account < count; account += 1) {
      const rare = account === 17 ? { slots: [3], amounts: [1e-9] } : { slots: [], amounts: [] };
      stage.add(account, { table: 0, slots: [1, 2, ...rare.slots], amounts: [excess(account), 1, ...rare.amounts] });
    }
    const setWeights = (collateral: number, debt: number): void => {
      for (const [at, weight] of [collateral, debt, 1, -1].entries()) columns.tables.set(at + 1, weight);
    };
    setWeights(1, -1);
    const lanes = columns.pack(stage);
    expect(passes.screenMoved([]).kind).toBe('all');
    for (const [collateral, debt] of [
      [1, -1.0001],
      [0.99, -1.01],
      [0.9701, -1.029],
      [0.96, -1.04],
      [1.04, -1],
      [1, -1],
    ] as const) {
      setWeights(collateral, debt);
      expect(passes.screenMoved([1, 2]).kind).toBe('near');
      const accounts = Array.from({ length: count }, (_, account) => account);
      expect(sorted(passes.listFlagged())).toEqual(accounts.filter((account) => excess(account) * collateral + debt < 0));
    }
    // Another account in a lane that was far from the threshold.
    columns.replace(lanes[3_900] ?? 0, { table: 0, slots: [1, 2], amounts: [1, 1.2] });
    expect(passes.screenMoved([]).kind).toBe('near');
    expect(passes.listFlagged()).toEqual([3_900]);
    // A weight that is none, and one that was 0.
    columns.tables.flagHolders(3);
    expect(passes.screenMoved([3]).kind).toBe('holders');
    expect(sorted(passes.listFlagged())).toEqual([17, 3_900]);
    columns.tables.set(3, 1);
    expect(passes.screenMoved([3]).kind).toBe('near');
    expect(passes.listFlagged()).toEqual([3_900]);
    // A holder that came after the holders were indexed, found by a later move of its slot.
    columns.replace(lanes[3_950] ?? 0, { table: 0, slots: [1, 4], amounts: [1, 0.5] });
    expect(passes.screenMoved([]).kind).toBe('near');
    columns.tables.set(4, -3);
    expect(passes.screenMoved([4]).kind).toBe('holders');
    expect(sorted(passes.listFlagged())).toEqual([3_900, 3_950]);
  });

  test('behavior: margins are measured anew once weights that moved away have had many blocks screened, and not for accounts that are near anyway', async () => {
    const count = 4_096;
    const columns = new Columns(await open());
    const passes = new Passes(columns);
    columns.tables.add();
    columns.tables.set(1, 1);
    columns.tables.set(2, -1);
    const stage = new Stage();
    // A quarter stands at the threshold, the rest between 0 and 200 % above.
    for (let account = 0; account < count; account += 1) stage.add(account, { table: 0, slots: [1, 2], amounts: [account < count / 4 ? 1 : 1 + (2 * account) / count - 0.498, 1] });
    columns.pack(stage);
    const first = passes.screenMoved([]);
    expect(first).toEqual({ kind: 'all', blocks: columns.blocks + count / 4 / 4 });
    for (let tick = 0; tick < 10; tick += 1) expect(passes.screenMoved([1])).toEqual({ kind: 'near', blocks: count / 4 / 4 });
    columns.tables.set(1, 1.04);
    const drifted = Array.from({ length: 60 }, () => passes.screenMoved([1]));
    expect(drifted[0]?.kind).toBe('near');
    expect(drifted.filter(({ kind }) => kind === 'all').length).toBe(1);
    expect(drifted.at(-1)?.blocks).toBeLessThan(drifted[0]?.blocks ?? 0);
    expect(passes.listFlagged()).toEqual([]);
  });

  test('behavior: a table added after accounts were packed keeps its weights when all are packed again', async () => {
    const { columns } = fill(await open(), 14, 50);
    const table = columns.tables.add();
    columns.tables.set(7 + table * TABLE_SLOTS, -2.5);
    columns.insert(50, { table, slots: [7], amounts: [3] });
    const lane = columns.repack().get(50) ?? expect.fail('lost');
    expect(columns.read(lane)).toEqual({ table, slots: [7], amounts: [3] });
    expect(columns.tables.get(7 + table * TABLE_SLOTS)).toBe(-2.5);
  });

  test('bad input: NaN, infinities and negative amounts are refused at the door, and leave nothing behind', async () => {
    const filled = fill(await open(), 15, 50);
    const { columns, lanes } = filled;
    const before = columns.read(lanes.get(3) ?? 0);
    for (const amount of [Number.NaN, Number.POSITIVE_INFINITY, -1, Number.NEGATIVE_INFINITY]) {
      const legs = { ...before, amounts: before.amounts.map(() => amount) };
      expect(() => columns.insert(99, legs)).toThrow(/amounts are finite numbers of at least 0/);
      expect(() => columns.replace(lanes.get(3) ?? 0, legs)).toThrow(/amounts are finite/);
      const stage = new Stage();
      stage.add(99, legs);
      expect(() => columns.pack(stage)).toThrow(/amounts are finite/);
    }
    expect(columns.read(lanes.get(3) ?? 0)).toEqual(before);
    for (const weight of [Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY]) expect(() => columns.tables.set(3, weight)).toThrow(/weights are finite numbers/);
  });
});

describe('slot numbers', () => {
  test('behavior: numbers begin at 1 within a table, are given out again when freed, and end with the table', () => {
    const numbers = new SlotNumbers(2);
    const all = Array.from({ length: TABLE_SLOTS - 1 }, () => numbers.take());
    expect(all[0]).toBe(2 * TABLE_SLOTS + 1);
    expect(all.at(-1)).toBe(2 * TABLE_SLOTS + TABLE_SLOTS - 1);
    expect(numbers.take()).toBeNull();
    numbers.free(2 * TABLE_SLOTS + 17);
    expect(numbers.take()).toBe(2 * TABLE_SLOTS + 17);
    expect(numbers.take()).toBeNull();
  });
});

/** Adds, replaces or removes one account. */
function changeOne({ columns, lanes, legs }: Filled, random: SeededRandom): void {
  const account = random.pick([...lanes.keys()]);
  const lane = lanes.get(account) ?? 0;
  const made = anyLegs(random, random.integer(0, 1));
  switch (random.integer(0, 2)) {
    case 0: {
      const number = Math.max(...lanes.keys()) + 1;
      lanes.set(number, columns.insert(number, made));
      legs.set(number, made);
      return;
    }
    case 1: {
      if (!columns.replace(lane, made)) {
        columns.remove(lane);
        lanes.set(account, columns.insert(account, made));
      }
      legs.set(account, made);
      return;
    }
    default:
      columns.remove(lane);
      lanes.delete(account);
      legs.delete(account);
  }
}
