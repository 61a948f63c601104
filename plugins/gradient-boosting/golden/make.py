"""Writes golden.json: what scikit-learn's HistGradientBoosting finds on a small data set.

Run from this folder: python make.py (scikit-learn 1.9.1, numpy 2.4).
"""

import json

import numpy as np
from sklearn.ensemble import HistGradientBoostingClassifier, HistGradientBoostingRegressor
from sklearn.metrics import log_loss, root_mean_squared_error, roc_auc_score

N, N_TRAIN = 1400, 1000
rng = np.random.default_rng(255)
x = np.round(rng.normal(size=(N, 3)), 3)
x[rng.random(N) < 0.15, 2] = np.nan
hour = rng.integers(0, 24, size=N)
night = rng.random(N) < 0.4
carrier = rng.integers(0, 4, size=N)
onehot = np.eye(4)[carrier]
raw = np.where(np.isnan(x[:, 2]), 1.5, x[:, 2] ** 2) - 1.0 * (hour > 17) + x[:, 0] * x[:, 1]
raw += onehot @ [0.5, -0.5, 0, 1] + 0.7 * night - 0.8
label = rng.random(N) < 1 / (1 + np.exp(-1.5 * raw))
amount = np.round(10 * raw + rng.normal(size=N) * 3, 3)
features = np.column_stack([x, hour, night, onehot])
train, test = slice(0, N_TRAIN), slice(N_TRAIN, N)

CASES = {
    "classification": ({"n_trees": 60}, {"max_iter": 60}),
    "classification_small_leaves": (
        {"n_trees": 30, "min_samples_leaf": 2, "l2": 1.0, "max_depth": 3, "max_bins": 16},
        {
            "max_iter": 30,
            "min_samples_leaf": 2,
            "l2_regularization": 1.0,
            "max_depth": 3,
            "max_bins": 16,
        },
    ),
    "regression": ({"n_trees": 80}, {"max_iter": 80}),
    "regression_slow": (
        {"n_trees": 40, "learning_rate": 0.05, "max_leaves": 8},
        {"max_iter": 40, "learning_rate": 0.05, "max_leaf_nodes": 8},
    ),
}


def nodes_of(model, tree):
    """The nodes of a tree in preorder."""
    return [
        {
            "is_leaf": bool(node["is_leaf"]),
            "feature": int(node["feature_idx"]),
            "threshold": float(min(node["num_threshold"], 1e300)),
            "missing_left": bool(node["missing_go_to_left"]),
            "value": float(node["value"]),
        }
        for node in model._predictors[tree][0].nodes
    ]


cases = []
for name, (params, arguments) in CASES.items():
    is_classification = name.startswith("classification")
    kind = HistGradientBoostingClassifier if is_classification else HistGradientBoostingRegressor
    model = kind(early_stopping=False, **arguments)
    target = label if is_classification else amount
    model.fit(features[train], target[train])
    if is_classification:
        scores = model.predict_proba(features[test])[:, 1]
        metrics = {
            "roc_auc": float(roc_auc_score(target[test], scores)),
            "log_loss": float(log_loss(target[test], scores)),
        }
    else:
        scores = model.predict(features[test])
        metrics = {"rmse": float(root_mean_squared_error(target[test], scores))}
    cases.append(
        {
            "name": name,
            "params": params | {"objective": name.split("_")[0]},
            "metrics": metrics,
            "scores": [round(float(score), 9) for score in scores],
            "first_tree": nodes_of(model, 0),
        }
    )

rows = {
    "x0": x[:, 0].tolist(),
    "x1": x[:, 1].tolist(),
    "x2": [None if np.isnan(v) else v for v in x[:, 2]],
    "hour": hour.tolist(),
    "night": night.tolist(),
    "carrier": carrier.tolist(),
    "label": label.tolist(),
    "amount": amount.tolist(),
}
with open("golden.json", "w") as file:
    json.dump({"n_train": N_TRAIN, "rows": rows, "cases": cases}, file, separators=(",", ":"))
    file.write("\n")
