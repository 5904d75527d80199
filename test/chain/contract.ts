import { AbiCoder, Interface, type InterfaceAbi, type Result } from 'ethers';
import { InternalError } from '../../src/core/errors.ts';
import { type Anvil, type Receipt, Reverted } from './anvil.ts';
import type { Artifact } from './compile-solidity.ts';

/** One read of many. */
export interface Read {
  readonly contract: Contract;
  readonly method: string;
  readonly args: readonly unknown[];
  readonly from?: string;
}

const NOBODY = '0x00000000000000000000000000000000000000ff';

/** A contract on the test chain. */
export class Contract {
  readonly chain: Anvil;
  /** Lower-case. */
  readonly address: `0x${string}`;
  readonly abi: Interface;

  constructor(chain: Anvil, address: string, abi: Interface | InterfaceAbi) {
    this.chain = chain;
    this.address = address.toLowerCase() as `0x${string}`;
    this.abi = Interface.from(abi);
  }

  /** Reads one method; a single return value comes bare. @throws {Reverted} */
  async read(method: string, ...args: readonly unknown[]): Promise<unknown> {
    const data = await this.chain.call(NOBODY, this.address, this.abi.encodeFunctionData(method, args));
    return bare(this.abi.decodeFunctionResult(method, data));
  }

  /** Sends a transaction from an account. @throws {Reverted} */
  async write(from: string, method: string, ...args: readonly unknown[]): Promise<Receipt> {
    return this.chain.send(from, this.address, this.abi.encodeFunctionData(method, args));
  }

  /** Calls as if it were a transaction: null where it passes, the reason where it reverts. */
  async tryCall(from: string, method: string, ...args: readonly unknown[]): Promise<string | null> {
    try {
      await this.chain.call(from, this.address, this.abi.encodeFunctionData(method, args));
      return null;
    } catch (error) {
      if (error instanceof Reverted) return this.reasonOf(error);
      throw error;
    }
  }

  /** The revert in words: an error string, `Panic(0x11)`, or the name of one of the contract's own errors. */
  reasonOf(error: Reverted, ...others: readonly Interface[]): string {
    if (error.data.startsWith('0x08c379a0')) return String(AbiCoder.defaultAbiCoder().decode(['string'], `0x${error.data.slice(10)}`)[0]);
    if (error.data.startsWith('0x4e487b71')) return `Panic(0x${BigInt(`0x${error.data.slice(10)}`).toString(16)})`;
    for (const abi of [this.abi, ...others]) {
      const found = error.data.length >= 10 ? abi.getError(error.data.slice(0, 10)) : null;
      if (found !== null) return found.name;
    }
    return error.data;
  }

  /** The arguments of the contract's events of one name in a receipt. */
  events(receipt: Receipt, name: string): readonly Result[] {
    return receipt.logs
      .filter((log) => log.address.toLowerCase() === this.address)
      .map((log) => this.abi.parseLog({ topics: [...log.topics], data: log.data }))
      .flatMap((log) => (log?.name === name ? [log.args] : []));
  }
}

/** Reads many methods in few requests, in order. A revert is an answer. */
export async function readMany(chain: Anvil, reads: readonly Read[]): Promise<readonly unknown[]> {
  const requests = reads.map(({ contract, method, args, from = NOBODY }) => ({
    method: 'eth_call',
    params: [{ from, to: contract.address, data: contract.abi.encodeFunctionData(method, args) }, 'latest'],
  }));
  const answers = await chain.batch(requests);
  return answers.map((answer, at) => {
    const read = reads[at];
    if (answer instanceof Reverted || read === undefined) return answer;
    return bare(read.contract.abi.decodeFunctionResult(read.method, String(answer)));
  });
}

/** Puts a contract on the chain. */
export async function deploy(chain: Anvil, from: string, artifact: Artifact, args: readonly unknown[] = [], libraries: Readonly<Record<string, string>> = {}): Promise<Contract> {
  const abi = Interface.from(artifact.abi as InterfaceAbi);
  const data = link(artifact, libraries) + abi.encodeDeploy(args).slice(2);
  const receipt = await chain.send(from, null, data);
  return new Contract(chain, receipt.contractAddress ?? '', abi);
}

function link({ bytecode, links }: Artifact, libraries: Readonly<Record<string, string>>): string {
  let code = bytecode;
  for (const [name, places] of Object.entries(links)) {
    const address = libraries[name];
    if (address === undefined) throw new InternalError(`the library ${name} is not deployed`);
    for (const place of places) {
      const at = 2 + place * 2;
      code = code.slice(0, at) + address.slice(2).toLowerCase() + code.slice(at + 40);
    }
  }
  return code;
}

function bare(result: Result): unknown {
  return result.length === 1 ? result[0] : result;
}
