"""Writes golden.json: the same hashes by the reference implementation's Python bindings.

Run from this folder: python make.py (blake3 1.0.11).
"""

import json

from blake3 import blake3

CONTEXT = "refrain hash-identifier 2025 salt to key v1"
SALTS = ["0123456789abcdef", "ünïcode salt, rotated in May"]
N_BUCKETS = 1000

texts = ["", "alice@example.org", "Zoë", "N14228", "x" * 63, "x" * 64, "x" * 2000]
ints = [0, 1, -1, 42, 2**63 - 1, -(2**63)]
values = [("text", t, b"t" + t.encode()) for t in texts]
values += [("int", i, b"i" + i.to_bytes(8, "little", signed=True)) for i in ints]
values += [("binary", t, b"b" + t.encode()) for t in texts]

cases = []
for salt in SALTS:
    key = blake3(salt.encode(), derive_key_context=CONTEXT).digest()
    for kind, value, message in values:
        digest = blake3(message, key=key).digest()
        first = int.from_bytes(digest[:8], "little")
        cases.append(
            {
                "salt": salt,
                "kind": kind,
                "value": value,
                "hex": digest[:16].hex(),
                "int64": int.from_bytes(digest[:8], "little", signed=True),
                "bucket": first * N_BUCKETS >> 64,
            }
        )

with open("golden.json", "w") as file:
    json.dump({"n_buckets": N_BUCKETS, "cases": cases}, file, separators=(",", ":"), ensure_ascii=False)
    file.write("\n")
