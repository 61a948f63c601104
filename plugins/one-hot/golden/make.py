"""Writes golden.json: what scikit-learn's OneHotEncoder makes of small columns.

Run from this folder: python make.py (scikit-learn 1.9.1, numpy 2.4.6).
"""

import json
import warnings

import numpy as np
from sklearn.preprocessing import OneHotEncoder

warnings.simplefilter("ignore")
rng = np.random.default_rng(5)
carriers = np.array(["UA", "AA", "B6", "DL", "EV", "é9"])
COLUMNS = {
    "text": rng.choice(carriers, 40, p=[0.3, 0.25, 0.2, 0.15, 0.05, 0.05]).tolist(),
    "text with nulls": rng.choice(np.array(["b", "a", None, "c"], dtype=object), 30).tolist(),
    "integers": rng.integers(-2, 3, 30).tolist(),
    "booleans": (rng.random(12) < 0.4).tolist(),
    "two texts": ["no", "yes", "no", "no"],
}
ARGUMENTS = [
    {},
    {"drop": "first"},
    {"drop": "if_binary"},
    {"min_frequency": 6},
    {"min_frequency": 0.15},
    {"max_categories": 3},
    {"max_categories": 1},
    {"max_categories": 3, "min_frequency": 4, "drop": "first"},
    {"handle_unknown": "ignore"},
    {"handle_unknown": "infrequent_if_exist", "max_categories": 3},
    {"handle_unknown": "infrequent_if_exist"},
]
UNKNOWN = {"text": "ZZ", "text with nulls": "z", "integers": 99, "two texts": "perhaps"}

cases = []
for name, values in COLUMNS.items():
    for arguments in ARGUMENTS:
        encoder = OneHotEncoder(sparse_output=False, **arguments)
        array = lambda values: np.array(values, dtype=object).reshape(-1, 1)
        encoder.fit(array(values))
        rows = list(dict.fromkeys(values))
        if arguments.get("handle_unknown", "error") != "error" and name in UNKNOWN:
            rows.append(UNKNOWN[name])
        output = encoder.transform(array(rows)).astype(int)
        params = {"columns": ["x"], "handle_null": "category", **arguments}
        cases.append(
            {"name": name, "params": params, "fit": values, "rows": rows, "output": output.tolist()}
        )

with open("golden.json", "w") as file:
    json.dump(cases, file, separators=(",", ":"), ensure_ascii=False)
    file.write("\n")
