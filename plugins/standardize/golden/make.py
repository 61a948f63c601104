"""Writes standardize.json: what scikit-learn's StandardScaler answers. Run with scikit-learn 1.9."""
import json
import pathlib

import numpy as np
from sklearn.preprocessing import StandardScaler

rng = np.random.default_rng(7)
columns = {
    "ordinary": rng.normal(12.5, 40.0, 150).round(3),
    "large mean": 1e9 + rng.normal(0.0, 1.0, 100).round(3),
    "constant": np.full(40, 0.1),
    "with nulls": np.where(rng.random(90) < 0.3, np.nan, rng.exponential(3.0, 90).round(3)),
}
cases = []
for x in columns.values():
    for params in ({}, {"with_mean": False}, {"with_std": False}):
        y = StandardScaler(**params).fit_transform(x.reshape(-1, 1)).ravel()
        none = lambda values: [None if np.isnan(v) else float(v) for v in values]
        cases.append({"params": {"columns": ["x"], **params}, "input": none(x), "output": none(y)})
pathlib.Path(__file__).with_name("standardize.json").write_text(json.dumps(cases) + "\n")
