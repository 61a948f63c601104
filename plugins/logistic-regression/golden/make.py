"""Writes golden.json: what scikit-learn's LogisticRegression finds on a small data set.

Run from this folder: python make.py (scikit-learn 1.9.1, numpy 2.4).
"""

import json

import numpy as np
from sklearn.linear_model import LogisticRegression

N = 320
rng = np.random.default_rng(20261124)
x = np.round(rng.normal(size=(N, 2)), 4)
distance = rng.integers(80, 4984, size=N)
night = rng.random(N) < 0.3
carrier = rng.integers(0, 6, size=N)
embedding = np.round(rng.normal(size=(N, 3)), 3).astype(np.float32)
weight = np.round(rng.uniform(0, 3, size=N), 2)
onehot = np.eye(6)[carrier]
raw = x @ [1.2, -0.7] + 0.0004 * distance + 0.8 * night + onehot @ [0, 1, -1, 0.5, 0, 2] - 2.2
raw += embedding @ [0.3, 0.0, -0.4]
label = rng.random(N) < 1 / (1 + np.exp(-raw))
features = np.column_stack([x, distance, night, onehot, embedding])

CASES = {
    "defaults": ({}, {}),
    "weak_penalty": ({"c": 100.0}, {"C": 100.0}),
    "strong_penalty": ({"c": 0.01}, {"C": 0.01}),
    "no_intercept": ({"fit_intercept": False}, {"fit_intercept": False}),
    "balanced": ({"class_weight": "balanced"}, {"class_weight": "balanced"}),
    "weighted": ({"weight": "weight"}, {}),
    "weighted_balanced": (
        {"weight": "weight", "class_weight": "balanced"},
        {"class_weight": "balanced"},
    ),
}

cases = []
for name, (params, arguments) in CASES.items():
    model = LogisticRegression(solver="newton-cholesky", tol=1e-12, max_iter=1000, **arguments)
    model.fit(features, label, sample_weight=weight if "weight" in params else None)
    cases.append(
        {
            "name": name,
            "params": params,
            "coefficients": model.coef_[0].tolist(),
            "intercept": float(np.ravel(model.intercept_)[0]),
            "scores": model.predict_proba(features[:20])[:, 1].tolist(),
        }
    )

rows = {
    "x0": x[:, 0].tolist(),
    "x1": x[:, 1].tolist(),
    "distance": distance.tolist(),
    "night": night.tolist(),
    "carrier": carrier.tolist(),
    "embedding": [[round(float(v), 3) for v in row] for row in embedding],
    "weight": weight.tolist(),
    "label": label.tolist(),
}
with open("golden.json", "w") as file:
    json.dump({"rows": rows, "cases": cases}, file, separators=(",", ":"))
    file.write("\n")
