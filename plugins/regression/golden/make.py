"""Writes golden.json: what scikit-learn finds on small data sets, overall and by slice.

Run from this folder: python make.py (scikit-learn 1.9.1, numpy 2.4.6).
"""

import json

import numpy as np
from sklearn import metrics as sk

N = 501
ALPHAS = [0.1, 0.5, 0.9]
rng = np.random.default_rng(1729)


def measure(label, prediction):
    varies = len(np.unique(label)) > 1
    pinball = [sk.mean_pinball_loss(label, prediction, alpha=alpha) for alpha in ALPHAS]
    return {
        "mean_absolute_error": sk.mean_absolute_error(label, prediction),
        "mean_squared_error": sk.mean_squared_error(label, prediction),
        "root_mean_squared_error": sk.root_mean_squared_error(label, prediction),
        "r2_score": sk.r2_score(label, prediction) if varies else None,
        "mean_absolute_percentage_error": (
            sk.mean_absolute_percentage_error(label, prediction) if label.all() else None
        ),
        "median_absolute_error": sk.median_absolute_error(label, prediction),
        "max_error": sk.max_error(label, prediction),
        "mean_error": float(np.mean(prediction - label)),
        "mean_pinball_loss": float(np.mean(pinball)),
    }, pinball


CASES = {
    # Minutes of delay: whole, some of them 0.
    "delays": lambda: np.round(rng.exponential(20, size=N) - 10),
    "large": lambda: np.round(1e7 + rng.normal(0, 3, size=N), 3),
}
cases = []
for name, make in CASES.items():
    label = make()
    prediction = np.round(label * 0.5 + label.mean() * 0.5 + rng.normal(1, 4, size=N), 3)
    hour = rng.choice([5, 9, 17, 23], size=N, p=[0.3, 0.4, 0.298, 0.002])
    label[hour == 5] = label[0] + 0.5
    measured = {"": measure(label, prediction)[0]}
    for value in sorted(set(hour)):
        measured[str(value)] = measure(label[hour == value], prediction[hour == value])[0]
    cases.append(
        {
            "name": name,
            "label": label.tolist(),
            "prediction": prediction.tolist(),
            "hour": hour.tolist(),
            "metrics": measured,
            "pinball": measure(label, prediction)[1],
        }
    )


def plain(value):
    if isinstance(value, dict):
        return {key: plain(item) for key, item in value.items()}
    if isinstance(value, list):
        return [plain(item) for item in value]
    return value.item() if isinstance(value, np.generic) else value


with open("golden.json", "w") as file:
    json.dump({"alphas": ALPHAS, "cases": plain(cases)}, file, separators=(",", ":"))
    file.write("\n")
