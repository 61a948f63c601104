#!/usr/bin/env python3
"""The flights pipeline as a data scientist would write it: pandas and scikit-learn, in memory.

Reads the same files as `examples/flights/pipeline.yaml` and does the same work: as-of join of the
weather, impute, scale, one-hot, logistic regression on January to October, evaluation on November
and December, overall and by carrier and by origin. Prints one line of JSON.
"""

import argparse
import json
import pathlib
import time

import numpy as np
import pandas as pd
import sklearn
from sklearn.compose import ColumnTransformer
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import (
    accuracy_score,
    average_precision_score,
    brier_score_loss,
    f1_score,
    log_loss,
    precision_score,
    recall_score,
    roc_auc_score,
)
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler

NUMBERS = ["distance", "hour", "temp", "humid", "wind_speed", "visib", "pressure"]
CATEGORIES = ["carrier", "origin"]
WEATHER = ["temp", "humid", "wind_speed", "visib", "pressure"]
TOLERANCE = pd.Timedelta("3h")
N_BINS = 10

DATA = pathlib.Path(__file__).resolve().parents[2] / "examples" / "flights" / "data"


def read(data):
    """Both files whole, as `import` does: every column is parsed, not the needed ones alone."""
    flights = pd.read_csv(data / "flights.csv.gz", parse_dates=["time_hour"])
    weather = pd.read_csv(data / "weather.csv.gz", parse_dates=["time_hour"])
    return flights, weather


def join(flights, weather):
    """Each flight with the last weather at its airport, at most three hours old."""
    flights = flights.sort_values("time_hour", kind="stable")
    weather = weather.sort_values("time_hour", kind="stable")[["origin", "time_hour", *WEATHER]]
    return pd.merge_asof(
        flights, weather, on="time_hour", by="origin", direction="backward", tolerance=TOLERANCE
    )


def label(joined):
    """Flights that arrived, and whether they were late."""
    labelled = joined[joined["arr_delay"].notna()]
    return labelled, (labelled["arr_delay"] > 15).astype(int)


def model():
    """Impute by the mean, scale, one-hot; then scikit-learn's default L2 logistic regression."""
    numbers = Pipeline([("impute", SimpleImputer(strategy="mean")), ("scale", StandardScaler())])
    features = ColumnTransformer(
        [("numbers", numbers, NUMBERS), ("categories", OneHotEncoder(handle_unknown="ignore"), CATEGORIES)]
    )
    return Pipeline([("features", features), ("classifier", LogisticRegression(max_iter=1000))])


def expected_calibration_error(late, score):
    """Ten equal-width bins, weighted by their rows."""
    bins = np.minimum((score * N_BINS).astype(int), N_BINS - 1)
    rows = np.bincount(bins, minlength=N_BINS)
    gap = np.abs(
        np.bincount(bins, weights=score, minlength=N_BINS)
        - np.bincount(bins, weights=late, minlength=N_BINS)
    )
    return float(gap.sum() / rows.sum())


def metrics(late, score):
    """The metrics of one slice; those that one class alone does not define are null."""
    said = score >= 0.5
    both = 0 < late.sum() < len(late)
    return {
        "n_rows": int(len(late)),
        "roc_auc": float(roc_auc_score(late, score)) if both else None,
        "average_precision": float(average_precision_score(late, score)) if both else None,
        "accuracy": float(accuracy_score(late, said)),
        "precision": float(precision_score(late, said, zero_division=0)),
        "recall": float(recall_score(late, said, zero_division=0)),
        "f1": float(f1_score(late, said, zero_division=0)),
        "log_loss": float(log_loss(late, score, labels=[0, 1])),
        "brier_score": float(brier_score_loss(late, score)),
        "expected_calibration_error": expected_calibration_error(late, score),
    }


def evaluate(holdout, late, score):
    """All rows, then each carrier and each origin."""
    late = late.to_numpy()
    slices = []
    for column in CATEGORIES:
        values = holdout[column].to_numpy()
        for value in sorted(set(values)):
            rows = values == value
            slices.append({column: value, **metrics(late[rows], score[rows])})
    return {**metrics(late, score), "slices": slices}


class Stages:
    """Wall seconds by stage."""

    def __init__(self):
        self.seconds = {}
        self.began = self.last = time.perf_counter()

    def done(self, name):
        now = time.perf_counter()
        self.seconds[name] = round(now - self.last, 3)
        self.last = now

    def total(self):
        return round(self.last - self.began, 3)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=pathlib.Path, default=DATA, help="folder of the CSV files")
    arguments = parser.parse_args()

    stages = Stages()
    flights, weather = read(arguments.data)
    stages.done("read")
    joined = join(flights, weather)
    stages.done("join")
    labelled, late = label(joined)
    train = (labelled["time_hour"].dt.month <= 10).to_numpy()
    stages.done("label")
    fitted = model().fit(labelled[train], late[train])
    stages.done("fit")
    score = fitted.predict_proba(labelled[~train])[:, 1]
    report = evaluate(labelled[~train], late[~train], score)
    stages.done("evaluate")

    print(
        json.dumps(
            {
                "pandas": pd.__version__,
                "scikit_learn": sklearn.__version__,
                "n_rows_train": int(train.sum()),
                "n_rows_holdout": int((~train).sum()),
                "seconds": stages.seconds,
                "seconds_total": stages.total(),
                "metrics": report,
            }
        )
    )


if __name__ == "__main__":
    main()
