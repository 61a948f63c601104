// A long run does not grow: a thousand calls through the canonical ABI, as the host makes them.
import assert from "node:assert/strict";
import test from "node:test";

import { compile, instantiate } from "../testing/run.mjs";

const ROWS = 1000;

test("a thousand updates take no more memory than a few", async () => {
  const files = ["examples/zscore/src/plugin.ts", "lib/refrain/exports/transform.ts"];
  const plugin = await instantiate(await compile(files, ["-O3"]));
  const put = (bytes) => {
    const address = plugin.cabi_realloc(0, 0, 8, bytes.byteLength);
    new Uint8Array(plugin.memory.buffer).set(new Uint8Array(bytes.buffer), address);
    return address;
  };
  const call = (name, ...args) => {
    const answer = plugin[`transform__${name}`](...args);
    assert.equal(new Uint8Array(plugin.memory.buffer)[answer], 0, name);
    plugin[`cabi_post_transform__${name}`](answer);
  };
  const utf8 = new TextEncoder();
  const name = put(utf8.encode("x"));
  const field = put(new Uint32Array([name, 1, 2, 0]));
  const params = utf8.encode('{"columns":["x"]}');
  call("fit_start", put(params), params.length, field, 1, 0n);

  let early;
  for (let i = 0; i < 1000; i++) {
    const values = put(new Float64Array(ROWS + (i % 7)).fill(i));
    const column = put(new Uint32Array([2, values, ROWS, 0, 0, 8, 0]));
    call("fit_update", ROWS, column, 1);
    call("fit_save");
    if (i === 10) early = plugin.memory.buffer.byteLength;
  }
  assert.equal(plugin.memory.buffer.byteLength, early);
});
