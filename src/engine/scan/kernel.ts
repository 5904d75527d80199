import { createJsKernel } from './kernel-js.ts';
import { KERNEL_WASM } from './kernel-module.ts';
import type { ScanKernel } from './layout.ts';

/** Pages that a 32-bit memory can have. */
const MOST_PAGES = 65_536;

/** The kernel for this machine: WebAssembly with SIMD, or plain JavaScript where the machine has none. Each book needs one of its own. */
export async function openKernel(): Promise<ScanKernel> {
  try {
    return await openWasmKernel();
  } catch (error) {
    // A machine without SIMD refuses to compile the module.
    if (error instanceof Error && error.name === 'CompileError') return createJsKernel();
    throw error;
  }
}

async function openWasmKernel(): Promise<ScanKernel> {
  const memory = new WebAssembly.Memory({ initial: 1, maximum: MOST_PAGES });
  const instance = await WebAssembly.instantiate(await WebAssembly.compile(decodeBase64(KERNEL_WASM)), { book: { memory } });
  return {
    name: 'wasm-simd',
    memory,
    screenAll: instance.exports['screenAll'] as ScanKernel['screenAll'],
    screenListed: instance.exports['screenListed'] as ScanKernel['screenListed'],
    screenNear: instance.exports['screenNear'] as ScanKernel['screenNear'],
    measure: instance.exports['measure'] as ScanKernel['measure'],
  };
}

function decodeBase64(text: string): Uint8Array<ArrayBuffer> {
  return Uint8Array.from(atob(text), (character) => character.charCodeAt(0));
}
