// Runs the exported functions of test files under Node's test runner:
//     node vendor/refrain/testing/run.mjs tests/plugin.ts
// A test fails by a failed `assert`, or by any other trap.
import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { dirname, join, relative } from "node:path";
import test from "node:test";
import { fileURLToPath } from "node:url";

import asc from "assemblyscript/asc";

const lib = join(dirname(fileURLToPath(import.meta.url)), "..", "lib");

/** Compiles a file and answers the module's bytes. */
export async function compile(files, options) {
  let wasm;
  const writeFile = (name, contents) => {
    if (name.endsWith(".wasm")) wasm = contents;
  };
  const read = (name, folder) => readFile(join(folder, name), "utf8").catch(() => null);
  const flags = ["--lib", relative(process.cwd(), lib), "--runtime", "minimal", ...options];
  const io = { readFile: read, writeFile };
  const { error, stderr } = await asc.main([...files, ...flags, "--outFile", "test.wasm"], io);
  assert.equal(error, null, stderr.toString());
  return wasm;
}

function text(memory, address) {
  if (address === 0) return "";
  const length = new Uint32Array(memory.buffer)[(address - 4) >>> 2] >>> 1;
  return String.fromCharCode(...new Uint16Array(memory.buffer, address, length));
}

/** Instantiates a module whose failed assertions become exceptions. */
export async function instantiate(wasm) {
  let memory;
  const abort = (message, file, line) => {
    throw new Error(`${text(memory, message)} (${text(memory, file)}:${line})`);
  };
  const { instance } = await WebAssembly.instantiate(wasm, { env: { abort } });
  memory = instance.exports.memory;
  return instance.exports;
}

for (const file of process.argv.slice(2)) {
  const wasm = await compile([file], ["--debug"]);
  for (const { name, kind } of WebAssembly.Module.exports(new WebAssembly.Module(wasm))) {
    if (kind !== "function" || name.startsWith("__")) continue;
    // Each test gets an instance of its own, as each piece of work does.
    test(name.replaceAll("_", " "), async () => (await instantiate(wasm))[name]());
  }
}
