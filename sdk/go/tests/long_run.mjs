// Calls an export of a core module thousands of times, as a host would, and checks that its memory
// stops growing: `node tests/long_run.mjs core.wasm`, where core.wasm is examples/zscore.
import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'

const CALLS = 2000
const ROWS = 8192

let memory, now = 1_000_000_000n
const view = () => new DataView(memory.buffer)
// What preview1.wat does, as far as this run needs it.
const stub = new Proxy({
  clock_time_get(_, __, at) { view().setBigUint64(at, now += 1000n, true); return 0 },
  random_get(at, n) { new Uint8Array(memory.buffer, at, n).fill(7); return 0 },
  args_sizes_get(a, b) { view().setUint32(a, 0, true); view().setUint32(b, 0, true); return 0 },
  environ_sizes_get(a, b) { view().setUint32(a, 0, true); view().setUint32(b, 0, true); return 0 },
  fd_prestat_get: () => 8,
  proc_exit(code) { throw new Error(`exit ${code}`) },
}, { get: (known, name) => known[name] ?? (() => 0) })

const module = await WebAssembly.compile(await readFile(process.argv[2]))
const names = WebAssembly.Module.imports(module).map(({ name }) => name)
const imports = Object.fromEntries(names.map(name => [name, stub[name]]))
const { exports } = await WebAssembly.instantiate(module, { wasi_snapshot_preview1: imports })
memory = exports.memory
exports._initialize()
const call = (name, ...args) => exports[`refrain:transform/plugin@0.1.0#${name}`](...args)
const alloc = (align, size) => exports.cabi_realloc(0, 0, align, size)

function text(value) {
  const bytes = new TextEncoder().encode(value)
  const at = alloc(1, bytes.length)
  new Uint8Array(memory.buffer, at, bytes.length).set(bytes)
  return [at, bytes.length]
}

function schema() {
  const [name, length] = text('x')
  const at = alloc(4, 16)
  for (const [offset, value] of [[0, name], [4, length], [12, 0]]) view().setUint32(at + offset, value, true)
  view().setUint16(at + 8, 2, true) // float64, not nullable
  return [at, 1]
}

function batch() {
  const values = alloc(8, ROWS * 8)
  new Float64Array(memory.buffer, values, ROWS).fill(1.5)
  const at = alloc(4, 28)
  new Uint8Array(memory.buffer, at, 28).fill(0)
  view().setUint8(at, 2)
  view().setUint32(at + 4, values, true)
  view().setUint32(at + 8, ROWS, true)
  view().setUint32(at + 20, 1, true)
  return [ROWS, at, 1]
}

const ok = at => assert.equal(view().getUint8(at), 0, 'an error came back')
ok(call('fit-start', ...text('{"columns":["x"]}'), ...schema(), 0n))
for (let i = 0; i < CALLS; i++) ok(call('fit-update', ...batch()))
const state = call('fit-finish')
ok(state)
const saved = new Uint8Array(memory.buffer, view().getUint32(state + 4, true), view().getUint32(state + 8, true)).slice()
assert.equal(new DataView(saved.buffer).getBigUint64(0, true), BigInt(CALLS * ROWS))
const at = alloc(1, saved.length)
new Uint8Array(memory.buffer, at, saved.length).set(saved)
ok(call('apply-start', ...text('{"columns":["x"]}'), ...schema(), at, saved.length))
const sizes = []
for (let i = 0; i < CALLS; i++) {
  ok(call('apply', ...batch()))
  sizes.push(memory.buffer.byteLength)
}
console.log(`${2 * CALLS} calls: ${sizes[CALLS / 2] / 2 ** 20} MiB half way, ${sizes[CALLS - 1] / 2 ** 20} MiB at the end`)
assert.equal(sizes[CALLS - 1], sizes[CALLS / 2])
