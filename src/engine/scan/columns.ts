import { InternalError, InvalidArgument } from '../../core/errors.ts';
import { Arena } from './arena.ts';
import { Holders } from './holders.ts';
import { BLOCK_BYTES_PER_LEG, BLOCKS_A_MARGIN, BLOCKS_AT_ONCE, type Chunk, LANES, type ScanKernel, TABLE_BYTES, TABLE_SLOTS } from './layout.ts';
import { type LegOrder, type PackedGroup, planPacking } from './packing.ts';
import { type Legs, Stage } from './stage.ts';
import { WeightTables } from './weight-tables.ts';

/** Blocks of a chunk that single accounts are put into. */
const OVERFLOW_BLOCKS = 64;
/** What the account of an unused lane is. */
export const NO_ACCOUNT = 0xffff_ffff;

/** Bytes that the columns take. */
export interface ColumnBytes {
  /** Amounts and slot ids, with the lanes that are free. */
  readonly legs: number;
  /** What else there is for accounts: masks, margins, which account a lane holds, which blocks a slot has. */
  readonly overhead: number;
  /** Weight tables. */
  readonly tables: number;
}

/**
 * The book as a kernel reads it: weights by slot, and each account's legs in a lane, a quarter of a block. It knows no rules.
 */
export class Columns {
  readonly kernel: ScanKernel;
  readonly arena: Arena;
  readonly tables: WeightTables;
  private readonly chunkList: Chunk[] = [];
  private readonly free = new Map<string, number[]>();
  private accountOfLane = new Uint32Array(0);
  private holderIndex = new Holders(0, () => {});
  /** Blocks that got a slot after the holders were indexed. */
  private readonly lateBlocks = new Map<number, Set<number>>();
  /** Blocks whose legs changed after the last screen. */
  readonly changed = new Set<number>();
  /** Whether no screen has been over the packed accounts. */
  isUnscreened = false;
  private mark = 0;

  constructor(kernel: ScanKernel) {
    this.kernel = kernel;
    this.arena = new Arena(kernel.memory);
    this.tables = new WeightTables(this.arena);
  }

  /** In order of their blocks. */
  get chunks(): readonly Chunk[] {
    return this.chunkList;
  }

  /** How many blocks there are. */
  get blocks(): number {
    const last = this.chunkList.at(-1);
    return last === undefined ? 0 : last.firstBlock + last.blocks;
  }

  get holders(): Holders {
    return this.holderIndex;
  }

  /** Blocks that hold a slot besides those that the index lists. */
  lateHolders(slot: number): ReadonlySet<number> {
    return this.lateBlocks.get(slot) ?? NO_BLOCKS;
  }

  /** The account in a lane, or {@link NO_ACCOUNT}. */
  accountAt(lane: number): number {
    return this.accountOfLane[lane] ?? NO_ACCOUNT;
  }

  /**
   * Lays out many accounts at once, those with the same slots together, behind what is there.
   *
   * @returns the lane of each, in the stage's order
   * @throws {InvalidArgument} for an amount that is negative or not finite; then nothing is laid out
   */
  pack(stage: Stage): Uint32Array {
    for (let leg = 0; leg < stage.amounts.length; leg += 1) requireAmount(stage.amounts.at(leg));
    this.mark ||= this.arena.mark;
    const lanes = new Uint32Array(stage.count);
    const { groups, orderOf } = planPacking(stage);
    this.isUnscreened = true;
    for (const group of groups) this.packGroup(stage, { group, orderOf, lanes });
    this.indexHolders();
    return lanes;
  }

  /** Lays out all accounts again, without the gaps that changes have left. @returns the lane of each account by its index. */
  repack(): ReadonlyMap<number, number> {
    const stage = new Stage();
    for (let lane = 0; lane < this.accountOfLane.length; lane += 1) if (this.accountAt(lane) !== NO_ACCOUNT) stage.add(this.accountAt(lane), this.read(lane));
    this.tables.release(this.mark);
    this.chunkList.length = 0;
    this.free.clear();
    this.changed.clear();
    const lanes = this.pack(stage);
    return new Map([...lanes].map((lane, place) => [stage.indexes.at(place), lane]));
  }

  /** Puts one account into a free lane and returns the lane. @throws {InvalidArgument} for an amount that is negative or not finite. */
  insert(index: number, legs: Legs): number {
    const lanes = this.freeLanes(legs.table, legs.slots.length);
    if (lanes.length === 0) this.addChunk(legs.table, legs.slots.length, { blocks: OVERFLOW_BLOCKS, taken: 0 });
    const lane = lanes.at(-1);
    if (lane === undefined) throw new InternalError('a new chunk has no free lane');
    this.write(lane, legs);
    lanes.pop();
    this.accountOfLane[lane] = index;
    return lane;
  }

  /** Writes other legs into an account's lane; false where their number or table is another, so that they need another lane. */
  replace(lane: number, legs: Legs): boolean {
    const chunk = this.chunkOf(lane);
    if (chunk.table !== legs.table || chunk.legs !== legs.slots.length) return false;
    this.write(lane, legs);
    return true;
  }

  /** Empties a lane. */
  remove(lane: number): void {
    const { table, legs } = this.chunkOf(lane);
    const nothing = Array.from({ length: legs }, () => 0);
    this.write(lane, { table, slots: nothing, amounts: nothing });
    this.accountOfLane[lane] = NO_ACCOUNT;
    this.freeLanes(table, legs).push(lane);
  }

  /** The legs in a lane. */
  read(lane: number): Legs {
    const chunk = this.chunkOf(lane);
    const { amounts, ids } = this.blockOf(chunk, lane);
    const legs = Array.from({ length: chunk.legs }, (_, leg) => leg * LANES + (lane % LANES));
    return { table: chunk.table, slots: legs.map((leg) => ids[leg] ?? 0), amounts: legs.map((leg) => amounts[leg] ?? 0) };
  }

  get bytes(): ColumnBytes {
    const legs = this.chunkList.reduce((total, chunk) => total + chunk.blocks * chunk.legs * BLOCK_BYTES_PER_LEG, 0);
    return { legs, overhead: (1 + 4 / BLOCKS_A_MARGIN) * this.blocks + this.accountOfLane.byteLength + this.holderIndex.bytes, tables: this.tables.count * TABLE_BYTES };
  }

  private packGroup(stage: Stage, { group, orderOf, lanes }: { readonly group: PackedGroup; readonly orderOf: LegOrder; readonly lanes: Uint32Array }): void {
    if (group.legs === 0) throw new InternalError('an account without legs has no lane');
    const blocks = Math.ceil(group.members.length / LANES);
    const chunk = this.addChunk(group.table, group.legs, { blocks: 4 * Math.ceil(blocks / 4), taken: group.members.length });
    const amounts = this.arena.doubles(chunk.at, chunk.blocks * 5 * chunk.legs);
    const ids = this.arena.halves(chunk.at, chunk.blocks * 20 * chunk.legs);
    group.members.forEach((place, at) => {
      const [block, side] = [Math.floor(at / LANES), at % LANES];
      lanes[place] = chunk.firstBlock * LANES + at;
      this.accountOfLane[chunk.firstBlock * LANES + at] = stage.indexes.at(place);
      orderOf(place).forEach((from, leg) => {
        amounts[block * 5 * chunk.legs + leg * LANES + side] = stage.amounts.at(from);
        ids[(block * 20 + 16) * chunk.legs + leg * LANES + side] = stage.slots.at(from);
      });
    });
  }

  private addChunk(table: number, legs: number, { blocks, taken }: { readonly blocks: number; readonly taken: number }): Chunk {
    const firstBlock = this.blocks;
    const masks = this.arena.allocate(BLOCKS_AT_ONCE * Math.ceil(blocks / BLOCKS_AT_ONCE));
    const margins = this.allocateMargins(blocks);
    const chunk = { table, legs, firstBlock, blocks, masks, margins, at: this.arena.allocate(blocks * legs * BLOCK_BYTES_PER_LEG) };
    this.chunkList.push(chunk);
    const lanes = new Uint32Array(this.blocks * LANES).fill(NO_ACCOUNT);
    lanes.set(this.accountOfLane.subarray(0, firstBlock * LANES));
    this.accountOfLane = lanes;
    const free = this.freeLanes(table, legs);
    for (let lane = this.blocks * LANES - 1; lane >= firstBlock * LANES + taken; lane -= 1) free.push(lane);
    return chunk;
  }

  /** Infinite beyond the chunk's own, as far as a kernel looks. */
  private allocateMargins(blocks: number): number {
    const [own, all] = [blocks / BLOCKS_A_MARGIN, (BLOCKS_AT_ONCE / BLOCKS_A_MARGIN) * Math.ceil(blocks / BLOCKS_AT_ONCE)];
    const margins = this.arena.allocate(4 * all);
    this.arena.singles(margins, all).fill(Number.POSITIVE_INFINITY, own);
    return margins;
  }

  private freeLanes(table: number, legs: number): number[] {
    const key = `${table} ${legs}`;
    const lanes = this.free.get(key) ?? [];
    this.free.set(key, lanes);
    return lanes;
  }

  private write(lane: number, legs: Legs): void {
    const chunk = this.chunkOf(lane);
    const { amounts, ids } = this.blockOf(chunk, lane);
    const block = Math.floor(lane / LANES);
    for (const amount of legs.amounts) requireAmount(amount);
    legs.slots.forEach((slot, leg) => {
      const at = leg * LANES + (lane % LANES);
      amounts[at] = legs.amounts[leg] ?? 0;
      if (ids[at] !== slot && slot !== 0) this.addLate(slot + chunk.table * TABLE_SLOTS, block);
      ids[at] = slot;
    });
    this.arena.singles(chunk.margins, chunk.blocks / BLOCKS_A_MARGIN)[Math.floor((block - chunk.firstBlock) / BLOCKS_A_MARGIN)] = Number.NaN;
    this.changed.add(block);
  }

  private addLate(slot: number, block: number): void {
    const blocks = this.lateBlocks.get(slot);
    if (blocks === undefined) this.lateBlocks.set(slot, new Set([block]));
    else blocks.add(block);
  }

  private chunkOf(lane: number): Chunk {
    const block = Math.floor(lane / LANES);
    let [low, high] = [0, this.chunkList.length - 1];
    while (low < high) {
      const middle = Math.ceil((low + high) / 2);
      if ((this.chunkList[middle]?.firstBlock ?? 0) <= block) low = middle;
      else high = middle - 1;
    }
    const chunk = this.chunkList[low];
    if (chunk === undefined || block >= chunk.firstBlock + chunk.blocks) throw new InternalError(`lane ${lane} is in no chunk`);
    return chunk;
  }

  private blockOf({ at, legs, firstBlock }: Chunk, lane: number): { readonly amounts: Float64Array; readonly ids: Uint16Array } {
    const start = at + (Math.floor(lane / LANES) - firstBlock) * legs * BLOCK_BYTES_PER_LEG;
    return { amounts: this.arena.doubles(start, LANES * legs), ids: this.arena.halves(start + 8 * LANES * legs, LANES * legs) };
  }

  private indexHolders(): void {
    this.lateBlocks.clear();
    let slots = 0;
    for (const chunk of this.chunkList) this.visitChunk(chunk, (_, slot) => (slots = Math.max(slots, slot + 1)));
    this.holderIndex = new Holders(slots, (visit) => {
      for (const chunk of this.chunkList) this.visitChunk(chunk, visit);
    });
  }

  private visitChunk({ at, blocks, legs, firstBlock, table }: Chunk, visit: (block: number, slot: number) => void): void {
    const ids = this.arena.halves(at, blocks * 20 * legs);
    for (let block = 0; block < blocks; block += 1) {
      for (let id = (block * 20 + 16) * legs; id < (block + 1) * 20 * legs; id += 1) {
        const slot = ids[id] ?? 0;
        if (slot !== 0) visit(firstBlock + block, slot + table * TABLE_SLOTS);
      }
    }
  }
}

const NO_BLOCKS: ReadonlySet<number> = new Set();

function requireAmount(amount: number): void {
  if (amount >= 0 && Number.isFinite(amount)) return;
  throw new InvalidArgument(`An amount of ${amount} cannot be screened; amounts are finite numbers of at least 0.`);
}
