"""Writes golden.json: what scikit-learn's SimpleImputer fills in.

Run from this folder: python make.py (scikit-learn 1.9.1, numpy 2.4.6).
"""

import json

import numpy as np
from sklearn.impute import SimpleImputer

rng = np.random.default_rng(12)


def holes(values, share):
    """The values as a list, a share of them None."""
    gone = rng.random(len(values)) < share
    return [None if g else v for g, v in zip(gone, values.tolist())]


numbers = {
    "floats": holes(rng.normal(12.5, 40.0, 61).round(3), 0.2),
    "even number of floats": holes(rng.exponential(3.0, 40).round(2), 0.0) + [None, None],
    "large mean": holes(1e9 + rng.normal(0.0, 1.0, 50).round(3), 0.1),
    "integers": holes(rng.integers(-5, 6, 70), 0.3),
    "one value": [None, None, 7, None],
    "ties": [3, 1, None, 1, 3, 2],
}
texts = {
    "texts": holes(rng.choice(np.array(["EWR", "JFK", "LGA", "ZRH"]), 50, p=[0.2, 0.4, 0.3, 0.1]), 0.2),
    "tied texts": ["b", "a", None, "b", "a", "c"],
}

cases = []
for name, values in numbers.items():
    column = np.array([np.nan if v is None else v for v in values], dtype=float).reshape(-1, 1)
    for strategy in ("mean", "median", "most_frequent", "constant"):
        arguments = {"fill_value": -1} if strategy == "constant" else {}
        output = SimpleImputer(strategy=strategy, **arguments).fit_transform(column).ravel()
        params = {"columns": ["x"], "strategy": strategy, **arguments}
        cases.append({"name": name, "params": params, "input": values, "output": output.tolist()})
for name, values in texts.items():
    column = np.array(values, dtype=object).reshape(-1, 1)
    for strategy in ("most_frequent", "constant"):
        arguments = {"fill_value": "unknown"} if strategy == "constant" else {}
        imputer = SimpleImputer(missing_values=None, strategy=strategy, **arguments)
        output = imputer.fit_transform(column).ravel()
        params = {"columns": ["x"], "strategy": strategy, **arguments}
        cases.append({"name": name, "params": params, "input": values, "output": output.tolist()})

with open("golden.json", "w") as file:
    json.dump(cases, file, separators=(",", ":"))
    file.write("\n")
