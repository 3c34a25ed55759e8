"""Reference values for tests of paired differences and overlaps (paired_references.json).

Made with `python3 -m venv v && v/bin/pip install scipy==1.17.1 numpy==2.4.6`, then
`v/bin/python paired_references.py > paired_references.json`. SciPy gives the sign test (binomtest), the
permutation tests (permutation_test of paired samples) and the percentile bootstrap; Holm's correction and
rank-biased overlap are computed here from their definitions, the latter as the sum over 20,000 depths.
"""

import json

import numpy as np
import scipy
from scipy import stats


def flips(differences, **options):
    result = stats.permutation_test(
        (np.array(differences),), np.sum, permutation_type="samples", alternative="two-sided", **options
    )
    return float(result.pvalue)


def holm(p_values):
    p = np.array(p_values)
    order = np.argsort(p, kind="stable")
    adjusted = np.empty(len(p))
    adjusted[order] = np.minimum(1, np.maximum.accumulate(p[order] * (len(p) - np.arange(len(p)))))
    return adjusted.tolist()


def rank_biased_overlap(a, b, persistence):
    """Agreement is observed down to the shorter list's end, s; from there to the longer one's, what the shorter
    would have agrees as its last agreement did; below, the agreement at the end goes on."""
    shorter, longer = sorted((a, b), key=len)
    s, l = len(shorter), len(longer)
    common = lambda d: len(set(shorter[:d]) & set(longer[:d]))
    agreement = [common(d) / d if d <= s else (common(d) + common(s) * (d - s) / s) / d for d in range(1, l + 1)]
    return sum(
        (1 - persistence) * persistence ** (d - 1) * agreement[min(d, l) - 1] for d in range(1, 20001)
    )


random = np.random.default_rng(7)
drawn = [round(float(x), 3) for x in random.normal(0.2, 1.0, 120)]
x, y = random.integers(0, 2, 200), random.integers(0, 2, 200)
bootstrap = stats.bootstrap(
    ((x - y).astype(float),), np.mean, method="percentile", n_resamples=20000, random_state=3, vectorized=True
)
exact = [
    [0.5, -0.25, 1.0, 0.75, 0.0, 1.0, -1.0, 0.5, 0.5, 0.0, 0.25],
    [1.0] * 6,
    [0.3, -0.2, 0.9, -0.4, 0.1, 0.7, 0.6, -0.1, 0.35, 0.45, 0.8, -0.15],
]
lists = [
    ("abcde", "abcde", 0.9), ("abcde", "edcba", 0.9), ("abc", "xyz", 0.8), ("abcd", "bxaycdzw", 0.95),
    ("bxaycdzw", "a", 0.9),
]
values = {
    "made_with": f"scipy {scipy.__version__}, numpy {np.__version__}",
    "sign_test": [
        {"wins": w, "losses": l, "p": stats.binomtest(w, w + l, 0.5).pvalue}
        for w, l in [(0, 1), (5, 5), (8, 2), (3, 17), (60, 40), (1000, 1100), (7, 0)]
    ],
    "exact_sign_flips": [{"differences": d, "p": flips(d, n_resamples=np.inf)} for d in exact],
    "drawn_sign_flips": {
        "differences": drawn, "p": flips(drawn, n_resamples=200000, random_state=1), "draws": 200000,
    },
    "holm": [
        {"p": p, "adjusted": holm(p)}
        for p in [[0.01, 0.04, 0.03, 0.005], [0.5, 0.5, 0.9], [0.0001, 0.0001, 0.2, 0.04, 0.012]]
    ],
    "paired_bootstrap": {
        "a": x.tolist(), "b": y.tolist(),
        "low": float(bootstrap.confidence_interval.low), "high": float(bootstrap.confidence_interval.high),
        "standard_error": float(bootstrap.standard_error),
    },
    "rank_biased_overlap": [
        {"a": list(a), "b": list(b), "persistence": p, "value": rank_biased_overlap(list(a), list(b), p)}
        for a, b, p in lists
    ],
}
print("{\n" + ",\n".join(f"{json.dumps(k)}: {json.dumps(v)}" for k, v in values.items()) + "\n}")
