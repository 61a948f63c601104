"""Writes golden.json: what scikit-learn's Ridge finds on a small data set.

Run from this folder: python make.py (scikit-learn 1.9.1, numpy 2.4).
"""

import json

import numpy as np
from sklearn.linear_model import LinearRegression, Ridge

N = 240
rng = np.random.default_rng(1129)
x = np.round(rng.normal(size=(N, 2)), 4)
year = rng.integers(1990, 2026, size=N)
night = rng.random(N) < 0.3
carrier = rng.integers(0, 5, size=N)
weight = np.round(rng.uniform(0, 2, size=N), 2)
onehot = np.eye(5)[carrier]
label = x @ [3.0, -1.5] + 0.2 * (year - 2000) + 4 * night + onehot @ [1, 0, -2, 5, 3] + 7
label = np.round(label + rng.normal(size=N), 4)
features = np.column_stack([x, year, night, onehot])

CASES = {
    "defaults": ({}, Ridge(solver="cholesky")),
    "strong_penalty": ({"alpha": 50.0}, Ridge(alpha=50.0, solver="cholesky")),
    "no_intercept": (
        {"fit_intercept": False, "alpha": 0.1},
        Ridge(alpha=0.1, fit_intercept=False, solver="cholesky"),
    ),
    "weighted": ({"weight": "weight"}, Ridge(solver="cholesky")),
    # The one-hot group and the intercept depend on each other: predictions are compared alone.
    "no_penalty": ({"alpha": 0.0}, LinearRegression()),
}

cases = []
for name, (params, model) in CASES.items():
    model.fit(features, label, sample_weight=weight if "weight" in params else None)
    cases.append(
        {
            "name": name,
            "params": params,
            "coefficients": None if name == "no_penalty" else model.coef_.tolist(),
            "intercept": float(model.intercept_),
            "r2": float(
                model.score(features, label, sample_weight=weight if "weight" in params else None)
            ),
            "predictions": model.predict(features[:20]).tolist(),
        }
    )

rows = {
    "x0": x[:, 0].tolist(),
    "x1": x[:, 1].tolist(),
    "year": year.tolist(),
    "night": night.tolist(),
    "carrier": carrier.tolist(),
    "weight": weight.tolist(),
    "label": label.tolist(),
}
with open("golden.json", "w") as file:
    json.dump({"rows": rows, "cases": cases}, file, separators=(",", ":"))
    file.write("\n")
