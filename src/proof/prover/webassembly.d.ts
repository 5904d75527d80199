/** The part of the WebAssembly interface that is used here; without the types of a browser, TypeScript knows none of it. @source https://webassembly.github.io/spec/js-api/ */
declare namespace WebAssembly {
  type Exports = Readonly<Record<string, unknown>>;
  type Imports = Readonly<Record<string, Readonly<Record<string, unknown>>>>;

  class Module {
    private readonly brand: never;
  }

  class Instance {
    readonly exports: Exports;
  }

  class Memory {
    constructor(size: { readonly initial: number; readonly maximum?: number });
    readonly buffer: ArrayBuffer;
    grow(pages: number): number;
  }

  function compile(bytes: Uint8Array<ArrayBuffer>): Promise<Module>;
  function instantiate(module: Module, imports?: Imports): Promise<Instance>;
  function instantiate(bytes: Uint8Array<ArrayBuffer>, imports?: Imports): Promise<{ readonly module: Module; readonly instance: Instance }>;
}
