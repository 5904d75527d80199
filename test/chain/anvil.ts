import { type ChildProcess, spawn } from 'node:child_process';
import { createRequire } from 'node:module';
import { createServer } from 'node:net';
import { arch, platform } from 'node:os';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { InternalError } from '../../src/core/errors.ts';

/** A contract's refusal: `reason` is its error string, `Panic(0x11)`, or the raw data where there is another error. */
export class Reverted extends Error {
  readonly data: string;

  constructor(data: string) {
    super(`reverted with ${data}`);
    this.data = data;
  }
}

/** One transaction as anvil reports it. */
export interface Receipt {
  readonly status: string;
  readonly contractAddress: string | null;
  readonly blockNumber: string;
  readonly logs: readonly { readonly address: string; readonly topics: readonly string[]; readonly data: string }[];
}

/** One RPC request. */
export interface Request {
  readonly method: string;
  readonly params: readonly unknown[];
}

type Answer = { readonly id: number; readonly result?: unknown; readonly error?: { readonly message: string; readonly data?: unknown } };

const GAS = '0xe4e1c0';
const BATCH = 500;
/** Runs anvil and kills it when its own input closes: also when the test's process is killed, which runs no exit handler there. */
const KEEPER = `
const anvil = require('node:child_process').spawn(process.argv[1], process.argv.slice(2), { stdio: 'ignore' });
const end = () => { anvil.kill('SIGKILL'); process.exit(); };
process.stdin.on('close', end).on('error', end).resume();
anvil.on('exit', () => process.exit());
`;

/** A chain of its own on a free port, killed when the process ends, however it ends. Time stands still between transactions unless it is moved. */
export class Anvil {
  readonly #url: string;
  readonly #keeper: ChildProcess;
  #lastId = 0;

  /** Where it listens. */
  get url(): string {
    return this.#url;
  }

  private constructor(url: string, keeper: ChildProcess) {
    this.#url = url;
    this.#keeper = keeper;
  }

  /** Starts a chain. @throws {InternalError} where another chain answers at the port, or none does within ten seconds. */
  static async start(hardfork: string): Promise<Anvil> {
    const port = await findFreePort();
    const args = ['--port', String(port), '--silent', '--order', 'fifo', '--gas-limit', '30000000', '--hardfork', hardfork, '--timestamp', '1760000000'];
    const keeper = spawn(process.execPath, ['-e', KEEPER, binaryPath(), ...args], { stdio: ['pipe', 'ignore', 'ignore'] });
    const anvil = new Anvil(`http://127.0.0.1:${port}`, keeper);
    await anvil.#untilReady();
    await anvil.request('anvil_setBlockTimestampInterval', [0]);
    await anvil.request('anvil_autoImpersonateAccount', [true]);
    await anvil.request('evm_setAutomine', [false]);
    return anvil;
  }

  /** Ends the chain. */
  stop(): void {
    this.#keeper.stdin?.end();
  }

  async #untilReady(): Promise<void> {
    for (let attempt = 0; attempt < 200; attempt += 1) {
      const block = await this.request('eth_blockNumber', []).catch(() => null);
      if (block === '0x0') return;
      if (block !== null) throw new InternalError(`another chain, at block ${String(block)}, answers at ${this.#url}`);
      await sleep(50);
    }
    throw new InternalError(`anvil did not start at ${this.#url}`);
  }

  /** One RPC call. @throws {Reverted} where a contract reverted. */
  async request(method: string, params: readonly unknown[]): Promise<unknown> {
    const [answer] = await this.#post([{ method, params }]);
    return resultOf(answer);
  }

  /** Many RPC calls in a few HTTP requests, answered in order. A revert is an answer. */
  async batch(requests: readonly Request[]): Promise<readonly (unknown | Reverted)[]> {
    const results: unknown[] = [];
    for (let from = 0; from < requests.length; from += BATCH) {
      const answers = await this.#post(requests.slice(from, from + BATCH));
      results.push(...answers.map(resultOrRevert));
    }
    return results;
  }

  async #post(requests: readonly Request[]): Promise<readonly Answer[]> {
    const first = this.#lastId + 1;
    this.#lastId += requests.length;
    const body = requests.map((request, at) => ({ jsonrpc: '2.0', id: first + at, ...request }));
    const response = await fetch(this.#url, { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) });
    const answers = (await response.json()) as Answer[];
    return [...answers].sort((a, b) => a.id - b.id);
  }

  /** Sends a transaction and waits for its receipt. @throws {Reverted} */
  async send(from: string, to: string | null, data: string): Promise<Receipt> {
    const transaction = { from, data, gas: GAS, ...(to === null ? {} : { to }) };
    const receipt = await this.#mined(transaction);
    if (receipt.status === '0x1') return receipt;
    await this.request('eth_call', [{ from, data, to }, 'latest']);
    throw new Reverted('out of gas or state-dependent');
  }

  /** Mining is asked for with each transaction: left to itself, anvil forgets some that come soon after an evm_revert. */
  async #mined(transaction: object): Promise<Receipt> {
    const hash = await this.request('eth_sendTransaction', [transaction]);
    for (let attempt = 0; attempt < 100; attempt += 1) {
      await this.request('evm_mine', []);
      const receipt = (await this.request('eth_getTransactionReceipt', [hash])) as Receipt | null;
      if (receipt !== null) return receipt;
      await sleep(1);
    }
    throw new InternalError(`the transaction ${String(hash)} was not mined`);
  }

  /** A call at the latest block. @throws {Reverted} */
  async call(from: string, to: string, data: string): Promise<string> {
    return String(await this.request('eth_call', [{ from, to, data, gas: GAS }, 'latest']));
  }

  /** Gives an address ether to pay gas with. */
  async fund(address: string): Promise<void> {
    await this.request('anvil_setBalance', [address, '0x56bc75e2d63100000']);
  }

  /** Mines one block `seconds` later. evm_increaseTime has no effect while the block interval is 0. */
  async wait(seconds: number): Promise<void> {
    const target = (await this.time()) + BigInt(seconds);
    await this.request('evm_setNextBlockTimestamp', [Number(target)]);
    await this.request('evm_mine', []);
    const reached = await this.time();
    if (reached !== target) throw new InternalError(`the chain stands at ${reached} instead of ${target}`);
  }

  /** Unix seconds of the latest block, which the next transaction's block shares. */
  async time(): Promise<bigint> {
    const block = (await this.request('eth_getBlockByNumber', ['latest', false])) as { readonly timestamp: string };
    return BigInt(block.timestamp);
  }

  /** Runs `body` and takes back everything that it did to the chain. */
  async undone<T>(body: () => Promise<T>): Promise<T> {
    const snapshot = await this.request('evm_snapshot', []);
    try {
      return await body();
    } finally {
      await this.request('evm_revert', [snapshot]);
    }
  }
}

function resultOf(answer: Answer | undefined): unknown {
  const result = resultOrRevert(answer);
  if (result instanceof Reverted) throw result;
  return result;
}

function resultOrRevert(answer: Answer | undefined): unknown {
  if (answer === undefined) throw new InternalError('anvil left a request unanswered');
  if (answer.error === undefined) return answer.result;
  const { message, data } = answer.error;
  if (typeof data === 'string') return new Reverted(data);
  if (/revert/i.test(message)) return new Reverted('0x');
  throw new InternalError(`anvil: ${message}`);
}

function binaryPath(): string {
  const cpu = arch() === 'arm64' ? 'arm64' : 'amd64';
  const system = platform() === 'win32' ? 'win32' : platform();
  const name = `@foundry-rs/anvil-${system}-${cpu}`;
  const manifest = createRequire(import.meta.url).resolve(`${name}/package.json`);
  return join(dirname(manifest), 'bin', system === 'win32' ? 'anvil.exe' : 'anvil');
}

async function findFreePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      server.close(() => (address !== null && typeof address === 'object' ? resolve(address.port) : reject(new InternalError('no port'))));
    });
  });
}
