"""Every heading of docs/troubleshooting.md is part of the message that its cause brings."""

import pickle
import re
import subprocess
import sys
import warnings
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from sklearn.datasets import load_breast_cancer, load_iris
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from skneuron import NeuronClassifier
from skneuron.inference import coefficient_table, influence
from skneuron.solvers import GD

ROOT = Path(__file__).parent.parent
X, Y = load_breast_cancer(return_X_y=True)
Z = StandardScaler().fit_transform(X)
PETALS, SPECIES = load_iris(return_X_y=True)
GATES = [[0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0]]


def _fit(*args, X=Z, y=Y, sample_weight=None, **params):
    return NeuronClassifier(*args, **params).fit(X, y, sample_weight)


def _from_another_version():
    text = pickle.dumps(NeuronClassifier(), protocol=0)
    import skneuron

    pickle.loads(text.replace(skneuron.__version__.encode(), b"0.0.1"))


def _without(module, code):
    """Raise ``ImportError`` with the last line of a process in which the module is missing."""
    done = subprocess.run(
        [sys.executable, "-c", f"import sys; sys.modules[{module!r}] = None\n{code}"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    raise ImportError(done.stderr.splitlines()[-1])


def _huge_mean():
    rng = np.random.default_rng(0)
    x = 1e15 + 4 * rng.integers(-3, 4, 300)
    _fit(
        X=x[:, None], y=(rng.random(300) < 1 / (1 + np.exp(-(x - 1e15) / 4))).astype(int), C=np.inf
    )


def _large_mean_in_float32():
    rng = np.random.default_rng(0)
    data = (rng.normal(size=(200, 2)) + np.array([1e6, 0.0])).astype(np.float32)
    _fit(X=data, y=(data[:, 0] - 1e6 + rng.normal(size=200) > 0).astype(int))


def _too_long_steps():
    rng = np.random.default_rng(0)
    data = rng.standard_normal((2000, 2))
    y = (data.sum(axis=1) + rng.standard_normal(2000) > 2.85).astype(int)
    _fit("relu", X=data, y=y, solver=GD(learning_rate=10.0, momentum=0.0))


def _wide_offset():
    rng = np.random.default_rng(0)
    data, y = (rng.random((300, 6)) < 0.4).astype(float), (rng.random(300) < 0.5).astype(int)
    NeuronClassifier(C=np.inf).fit(data, y, offset=1e5 * rng.normal(size=300))


CAUSES = {
    "hardly improve the objective": _wide_offset,
    "max_iter ended the fit": lambda: _fit(max_iter=2),
    "A hyperplane separates": lambda: _fit(C=np.inf),
    "float32 cannot hold": _large_mean_in_float32,
    "the terms of w·x + b cancel": _huge_mean,
    "the learning rate is too large": lambda: _fit(
        "identity", solver=GD(learning_rate=1e6, momentum=0.0)
    ),
    "the neuron is dead": _too_long_steps,
    "samples stay on the wrong side": lambda: _fit("step", X=GATES, y=[0, 1, 1, 0]),
    "have zero sample weight": lambda: _fit(sample_weight=Y * 1.0),
    "early_stopping=True has no effect": lambda: _fit(
        X=[[1.0], [2.0], [3.0]], y=[0, 0, 1], early_stopping=True
    ),
    "was pickled with": _from_another_version,
    "got an unexpected keyword argument": lambda: NeuronClassifier(penalty="l1"),
    "Invalid parameter": lambda: NeuronClassifier().set_params(penalty="l1"),
    "got C=": lambda: _fit(C=-1.0),
    "needs second derivatives": lambda: _fit("relu", solver="newton"),
    "warm_start=True": lambda: _fit(warm_start=True).fit(Z[:, :3], Y),
    "the classes of the first call": lambda: (
        NeuronClassifier().partial_fit(Z, Y, classes=[0, 1]).partial_fit(Z, Y + 1)
    ),
    "sample_weight has shape": lambda: _fit(sample_weight=np.ones(3)),
    "inconsistent numbers of samples": lambda: _fit(y=Y[1:]),
    "Expected 2D array, got 1D array instead": lambda: _fit().predict(Z[0]),
    "has no likelihood": lambda: coefficient_table(_fit("relu"), Z, Y),
    "solver='saga'": lambda: _fit(solver="saga"),
    "has no attribute 'predict_proba'": lambda: _fit("relu").predict_proba(Z),
    "cannot take l1_ratio": lambda: _fit(solver="lbfgs", l1_ratio=0.5),
    "contains NaN": lambda: _fit(X=np.where(Z > 5, np.nan, Z)),
    "could not convert string to float": lambda: _fit(X=[["a"], ["b"]], y=[0, 1]),
    "y should be a 1d array": lambda: _fit(y=np.column_stack([Y, 1 - Y])),
    "Unknown label type": lambda: _fit(y=Y + 0.5),
    "has the type": lambda: _fit(X=pd.DataFrame({"day": pd.to_datetime(["2020-01-01"] * 569)})),
    "has the missing label": lambda: _fit(X=Z[:3], y=["no", None, "yes"]),
    "has labels of the types": lambda: _fit(X=Z[:3], y=["no", 1, "yes"]),
    "one class": lambda: _fit(y=np.zeros(len(Y))),
    "features, but NeuronClassifier is expecting": lambda: _fit().predict(Z[:, :3]),
    "feature names should match": lambda: _fit(
        X=pd.DataFrame({"a": [0.0, 1.0, 2.0]}), y=[0, 1, 0]
    ).predict(pd.DataFrame({"b": [0.0]})),
    "is not fitted yet": lambda: NeuronClassifier().predict(Z),
    "classes=None": lambda: NeuronClassifier().partial_fit(Z, Y),
    "is no feature of X": lambda: _fit(bounds={"age": (0, None)}),
    "overflows float64": lambda: _fit().predict(1e308 * np.sign(_fit().coef_)),
    "a Pipeline": lambda: coefficient_table(
        make_pipeline(StandardScaler(), NeuronClassifier()).fit(X, Y), X, Y
    ),
    "classical inference does not hold": lambda: coefficient_table(_fit(), Z, Y),
    "from the maximum of the likelihood": lambda: coefficient_table(
        NeuronClassifier(C=np.inf).fit(Z[:, :2], Y), 2 * Z[:, :2], Y
    ),
    "have no common likelihood": lambda: coefficient_table(
        NeuronClassifier("probit", C=np.inf).fit(PETALS[:, 1:2], SPECIES), PETALS[:, 1:2], SPECIES
    ),
    "expected two classes": lambda: influence(
        NeuronClassifier(C=np.inf).fit(PETALS[:, 1:2], SPECIES), PETALS[:, 1:2], SPECIES
    ),
    "has no meaning for activation": lambda: coefficient_table(
        NeuronClassifier("probit", C=np.inf).fit(Z[:, :2], Y), Z[:, :2], Y, exponentiate=True
    ),
    "which is not installed": lambda: _without(
        "matplotlib",
        "from skneuron.plotting import ActivationDisplay\n"
        "ActivationDisplay.from_activation('relu')",
    ),
}
HEADINGS = re.findall(
    r"^### `(.*)`$",
    (ROOT / "docs" / "troubleshooting.md").read_text(encoding="utf-8"),
    re.MULTILINE,
)


def test_every_entry_has_a_cause():
    assert HEADINGS
    assert len(set(HEADINGS)) == len(HEADINGS)
    assert set(HEADINGS) == set(CAUSES)


@pytest.mark.parametrize("heading", CAUSES)
def test_message_has_the_heading(heading):
    said = []
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        try:
            CAUSES[heading]()
        except Exception as error:
            said.append(str(error))
    said += [str(warning.message) for warning in caught]
    assert any(heading.lower() in text.lower() for text in said), said
