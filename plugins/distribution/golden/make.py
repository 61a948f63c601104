"""Writes golden.json: what SciPy and Evidently find on small windows.

Run from this folder: python make.py (scipy 1.17.1, numpy 2.4.6, pandas 2.3.3, evidently 0.7.23,
which does not run with pandas 3).
"""

import json

import numpy as np
import pandas as pd
from evidently.legacy.calculations.stattests import registry
from evidently.legacy.core import ColumnType
from scipy import stats
from scipy.spatial import distance

rng = np.random.default_rng(1611)


def normal(n, mean, sd):
    return np.round(rng.normal(mean, sd, size=n), 3)


def choice(n, p):
    return rng.choice(["AA", "B6", "DL", "EV", "OO", "UA"][: len(p)], size=n, p=p)


NUMERIC = {
    "same": (normal(400, 0, 1), normal(300, 0, 1)),
    "shifted": (normal(400, 0, 1), normal(300, 0.4, 1)),
    "far": (normal(200, 0, 1), normal(150, 3, 1)),
    "unequal": (normal(1000, 10, 2), normal(37, 10, 2)),
    "equal_rows": (normal(250, 0, 1), normal(250, 0.1, 1.2)),
    "tied": (rng.poisson(8, 500).astype(float), rng.poisson(9, 800).astype(float)),
    "few_distinct": (rng.poisson(1, 900) * 1.0, np.minimum(rng.poisson(1.3, 700), 4) * 1.0),
    "four_values": (rng.integers(0, 4, 500) * 1.0, rng.integers(0, 4, 400) * 1.0),
    "large_mean": (normal(1100, 1e6, 1), normal(900, 1e6 + 0.05, 1)),
    "long": (normal(1200, 0, 1), normal(1200, 0.05, 1.05)),
    "constant": (np.full(300, 7.0), np.full(200, 7.0)),
    "was_constant": (np.full(300, 7.0), np.append(np.full(199, 7.0), 8.0)),
}
CATEGORICAL = {
    "same": (choice(500, [0.4, 0.3, 0.2, 0.1]), choice(450, [0.4, 0.3, 0.2, 0.1])),
    "shifted": (choice(500, [0.4, 0.3, 0.2, 0.1]), choice(450, [0.2, 0.3, 0.2, 0.3])),
    "new": (choice(600, [0.5, 0.3, 0.2]), choice(450, [0.4, 0.3, 0.15, 0.05, 0.05, 0.05])),
    "binary": (choice(600, [0.5, 0.5]), choice(450, [0.56, 0.44])),
    "long": (choice(3000, [0.4, 0.3, 0.2, 0.1]), choice(2450, [0.38, 0.3, 0.2, 0.12])),
    "long_binary": (choice(3000, [0.4, 0.6]), choice(2450, [0.38, 0.62])),
}


def quantile_cells(reference, current):
    edges = np.unique(np.quantile(reference, np.arange(1, 10) / 10, method="inverted_cdf"))

    def count(x):
        return np.bincount(np.searchsorted(edges, x), minlength=len(edges) + 1)

    return count(reference), count(current)


def histogram_cells(reference, current):
    if len(np.unique(reference)) <= 20:
        values = np.unique(np.concatenate([reference, current]))
        return [np.array([(x == v).sum() for v in values]) for x in (reference, current)]
    edges = np.histogram_bin_edges(np.concatenate([reference, current]), bins="sturges")
    return [np.histogram(x, edges)[0] for x in (reference, current)]


def from_counts(reference, current):
    p, q = reference / reference.sum(), current / current.sum()
    return {
        "jensen_shannon": distance.jensenshannon(p, q),
        "hellinger": np.sqrt(max(0.0, 1 - np.sqrt(p * q).sum())),
        "total_variation": abs(p - q).sum() / 2,
        "l_infinity": abs(p - q).max(),
    }


def psi(reference, current):
    p, q = reference / reference.sum(), current / current.sum()
    p, q = np.maximum(p, 1e-4), np.maximum(q, 1e-4)
    return ((q - p) * np.log(q / p)).sum()


def chi_square(reference, current):
    table = np.array([reference, current])
    result = stats.chi2_contingency(table, correction=False)
    return result.statistic, result.pvalue


def counts_of(reference, current):
    values = np.unique(np.concatenate([reference, current]))
    return [np.array([(x == v).sum() for v in values]) for x in (reference, current)]


def evidently(reference, current, kind):
    """What Evidently chooses by default, and what it finds."""
    names = {
        "ks": "ks",
        "wasserstein": "wasserstein",
        "jensenshannon": "jensen_shannon",
        "chisquare": "chi_square",
        "z": "z_test",
    }
    reference, current = pd.Series(reference), pd.Series(current)
    test = registry.get_stattest(reference, current, kind, None)
    found = test(reference, current, kind, None)
    return {
        "measure": names[test.name],
        "score": found.drift_score,
        "drifted": bool(found.drifted),
        "threshold": found.actual_threshold,
    }


cases = []
for name, (reference, current) in NUMERIC.items():
    ks = stats.ks_2samp(reference, current)
    values = from_counts(*histogram_cells(reference, current))
    values["psi"] = psi(*quantile_cells(reference, current))
    norm = max(np.std(reference), 0.001)
    values["wasserstein"] = stats.wasserstein_distance(reference, current) / norm
    tests = {"ks": (ks.statistic, ks.pvalue)}
    if len(np.unique(np.concatenate([reference, current]))) <= 20:
        tests["chi_square"] = chi_square(*counts_of(reference, current))
    case = {"kind": "numeric", "values": values, "tests": tests}
    case["evidently"] = evidently(reference, current, ColumnType.Numerical)
    cases.append((name, reference, current, case))
for name, (reference, current) in CATEGORICAL.items():
    counts = counts_of(reference, current)
    values = from_counts(*counts)
    values["psi"] = psi(*counts)
    tests = {"chi_square": chi_square(*counts)}
    case = {"kind": "categorical", "values": values, "tests": tests}
    case["evidently"] = evidently(reference, current, ColumnType.Categorical)
    cases.append((name, reference, current, case))

# The asymptotic probability, for more rows than are worth keeping: D and what SciPy makes of it.
asymptotic = []
for n, m, d in [(20_000, 30_000, 0.01), (336_000, 54_000, 0.004), (12_000, 900, 0.05)]:
    effective = np.round(n * m / (n + m))
    asymptotic.append([n, m, d, float(stats.kstwo.sf(d, effective))])

tails = {
    "chi_square": [
        [x, k, float(stats.chi2.sf(x, k))]
        for k in [1, 2, 3, 15, 99, 4000]
        for x in [1e-3, 0.5, 1, 5, 20, 99, 120, 300, 3900, 4400]
    ],
    "normal": [[z, float(2 * stats.norm.sf(z))] for z in [0, 0.1, 1, 1.96, 3, 6, 12]],
}


def plain(value):
    if isinstance(value, dict):
        return {key: plain(item) for key, item in value.items()}
    if isinstance(value, (tuple, list)):
        return [plain(item) for item in value]
    return value.item() if isinstance(value, np.generic) else value


def rows(window):
    """Numbers in their order; of categories, how often each occurs."""
    if window.dtype.kind == "U":
        return {str(value): int((window == value).sum()) for value in np.unique(window)}
    return window.tolist()


out = {
    "cases": [
        {"name": name, "reference": rows(r), "current": rows(c), **plain(case)}
        for name, r, c, case in cases
    ],
    "asymptotic": asymptotic,
    "tails": tails,
}
with open("golden.json", "w") as file:
    json.dump(out, file, separators=(",", ":"))
    file.write("\n")
