"""Writes golden.json: what scikit-learn finds on small data sets, overall and by slice.

Run from this folder: python make.py (scikit-learn 1.9.1, numpy 2.4.6).
"""

import json

import numpy as np
from sklearn import metrics as sk

N = 700
COST = {"true_positive": -2.0, "false_positive": 1.0, "true_negative": 0.0, "false_negative": 5.0}
rng = np.random.default_rng(1303)

CASES = {
    # Scores as a model gives them.
    "smooth": lambda: rng.beta(2, 4, size=N),
    # Many ties, and scores on the edges of bins and on the threshold.
    "tied": lambda: np.round(rng.beta(2, 4, size=N), 1),
    # Certain of itself, also where it is wrong: the logarithm is clipped.
    "certain": lambda: np.where(rng.random(N) < 0.3, rng.integers(0, 2, size=N), rng.random(N)),
    # No probabilities.
    "margins": lambda: np.round(rng.normal(size=N), 2),
}


def calibration_error(label, score, n_bins):
    """As sklearn.calibration.calibration_curve bins (upper edges are in)."""
    edges = np.arange(1, n_bins) / n_bins
    bins = np.searchsorted(edges, score)
    error, rows = 0.0, []
    for index in range(n_bins):
        here = bins == index
        if here.any():
            mean, share = score[here].mean(), label[here].mean()
            error += here.mean() * abs(mean - share)
            rows.append([float(mean), float(share), int(here.sum())])
        else:
            rows.append([None, None, 0])
    return error, rows


def measure(label, score, threshold, proper):
    predicted = score >= threshold
    tn, fp, fn, tp = (int(n) for n in sk.confusion_matrix(label, predicted, labels=[0, 1]).ravel())
    two = 0 < label.sum() < len(label)
    total = (
        tp * COST["true_positive"]
        + fp * COST["false_positive"]
        + tn * COST["true_negative"]
        + fn * COST["false_negative"]
    )
    return {
        "accuracy": sk.accuracy_score(label, predicted),
        "balanced_accuracy": sk.balanced_accuracy_score(label, predicted) if two else None,
        "precision": sk.precision_score(label, predicted) if tp + fp else None,
        "recall": sk.recall_score(label, predicted) if tp + fn else None,
        "f1": sk.f1_score(label, predicted) if tp + fp + fn else None,
        "positive_rate": label.mean(),
        "predicted_positive_rate": predicted.mean(),
        "log_loss": sk.log_loss(label, score, labels=[0, 1]) if proper else None,
        "brier_score": sk.brier_score_loss(label, score, labels=[0, 1]) if proper else None,
        "expected_calibration_error": calibration_error(label, score, 10)[0] if proper else None,
        "cost": total / len(label),
        "cost_total": total,
        "roc_auc": sk.roc_auc_score(label, score) if two else None,
        "average_precision": sk.average_precision_score(label, score) if label.any() else None,
    }


cases = []
for name, make in CASES.items():
    score = make()
    proper = name != "margins"
    threshold = 0.5 if name != "tied" else 0.3
    chance = np.clip(score if proper else 1 / (1 + np.exp(-score)), 0.05, 0.9)
    label = rng.random(N) < chance
    carrier = rng.choice(["AA", "B6", "DL", "OO", "UA"], size=N, p=[0.3, 0.2, 0.2, 0.01, 0.29])
    # One carrier is of a single class.
    label[carrier == "DL"] = False
    measured = {"": measure(label, score, threshold, proper)}
    for value in sorted(set(carrier)):
        here = carrier == value
        measured[str(value)] = measure(label[here], score[here], threshold, proper)
    cases.append(
        {
            "name": name,
            "params": {"label": "late", "threshold": threshold, "cost": COST, "slices": ["carrier"]},
            "score": score.tolist(),
            "label": label.astype(int).tolist(),
            "carrier": carrier.tolist(),
            "metrics": measured,
            "bins": calibration_error(label, score, 10)[1] if proper else None,
        }
    )


def plain(value):
    return float(value) if isinstance(value, np.generic) else value


for case in cases:
    case["metrics"] = {
        group: {name: plain(value) for name, value in values.items()}
        for group, values in case["metrics"].items()
    }
with open("golden.json", "w") as file:
    json.dump(cases, file, separators=(",", ":"))
    file.write("\n")
