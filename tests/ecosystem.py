"""The neuron in tools around scikit-learn: one small, real use of each.

    python tests/ecosystem.py       run every tool that is installed, and print a Markdown table

``tests/test_ecosystem.py`` runs the same uses one by one. A use asserts what the tool returns,
against the neuron's own numbers. It returns a sentence if the tool needs a way round.
"""

from __future__ import annotations

import importlib.metadata
import io
import os
import pickle
import subprocess
import sys
import tempfile
import warnings
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
from sklearn.datasets import load_breast_cancer, load_iris
from sklearn.model_selection import cross_val_score
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import StandardScaler

from skneuron import NeuronClassifier
from skneuron.interop.skops import TRUSTED_TYPES

X, Y = load_breast_cancer(return_X_y=True)
TABLE, _ = load_breast_cancer(return_X_y=True, as_frame=True)
IRIS, SPECIES = load_iris(return_X_y=True)
NEURON = NeuronClassifier().fit(X, Y)
LAYER = NeuronClassifier("probit").fit(IRIS, SPECIES)
MIXED = pd.DataFrame({"kind": np.array(["x", "y", "z"])[SPECIES], "length": IRIS[:, 0]})

#: By distribution on PyPI: its use.
USES: dict[str, Callable[[], str | None]] = {}


def use(distribution: str) -> Callable[[Callable[[], str | None]], Callable[[], str | None]]:
    """Add a use of a distribution to ``USES``."""

    def add(function: Callable[[], str | None]) -> Callable[[], str | None]:
        USES[distribution] = function
        return function

    return add


# --- run elsewhere -------------------------------------------------------------------------


@use("onnxruntime")
def _() -> None:
    from onnxruntime import InferenceSession

    from skneuron.interop.onnx import to_onnx

    session = InferenceSession(to_onnx(LAYER).SerializeToString())
    label, found = session.run(None, {"X": IRIS})
    np.testing.assert_array_equal(label, LAYER.predict(IRIS))
    np.testing.assert_allclose(found, LAYER.predict_proba(IRIS), rtol=0, atol=1e-12)


@use("skl2onnx")
def _() -> str:
    import skl2onnx
    from onnxruntime import InferenceSession

    import skneuron.interop.onnx  # noqa: F401

    pipe = make_pipeline(StandardScaler(), NeuronClassifier()).fit(IRIS, SPECIES)
    model = skl2onnx.to_onnx(pipe, IRIS[:1].astype(np.float32), options={"zipmap": False})
    session = InferenceSession(model.SerializeToString())
    _, found = session.run(None, {"X": IRIS.astype(np.float32)})
    np.testing.assert_allclose(found, pipe.predict_proba(IRIS), rtol=0, atol=2e-6)
    return "`import skneuron.interop.onnx` first"


@use("hummingbird-ml")
def _() -> str:
    from hummingbird.ml import convert

    from skneuron.interop.sklearn import to_logistic_regression

    model = convert(to_logistic_regression(NEURON), "torch", X[:1])
    np.testing.assert_allclose(model.predict_proba(X), NEURON.predict_proba(X), atol=1e-5)
    softmax = NeuronClassifier().fit(IRIS, SPECIES)
    three = to_logistic_regression(softmax)
    # Without this attribute of older versions, it takes scikit-learn's own models for one-vs-rest.
    three.multi_class = "multinomial"
    found = convert(three, "torch", IRIS[:1]).predict_proba(IRIS)
    np.testing.assert_allclose(found, softmax.predict_proba(IRIS), atol=1e-5)
    return "pass `to_logistic_regression(neuron)`; for several classes set its `multi_class = 'multinomial'`"


@use("nyoka")
def _() -> str:
    from nyoka import skl_to_pmml

    from skneuron.interop.sklearn import to_logistic_regression

    pipe = Pipeline([("scale", StandardScaler()), ("model", NeuronClassifier())]).fit(TABLE, Y)
    pipe = Pipeline([("scale", pipe[0]), ("model", to_logistic_regression(pipe[-1]))])
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "model.pmml"
        skl_to_pmml(pipe, list(TABLE.columns), "target", str(file))
        assert "RegressionModel" in file.read_text()
    return "pass `to_logistic_regression(neuron)`"


# --- store ---------------------------------------------------------------------------------


@use("skops")
def _() -> str:
    import skops.io

    for neuron in (NEURON, NeuronClassifier(l1_ratio=1.0).fit(X, Y).sparsify()):
        data = skops.io.dumps(make_pipeline(StandardScaler(), neuron))
        loaded = skops.io.loads(data, trusted=TRUSTED_TYPES)[-1]
        np.testing.assert_array_equal(loaded.predict_proba(X), neuron.predict_proba(X))
    return "`trusted=skneuron.interop.skops.TRUSTED_TYPES`"


@use("mlflow")
def _() -> str:
    import mlflow

    before = Path.cwd()
    with tempfile.TemporaryDirectory() as folder:
        os.chdir(folder)
        try:
            mlflow.set_tracking_uri(f"sqlite:///{folder}/runs.db")
            with mlflow.start_run():
                info = mlflow.sklearn.log_model(
                    NEURON,
                    name="neuron",
                    skops_trusted_types=TRUSTED_TYPES,
                    pip_requirements=["skneuron"],
                )
            loaded = mlflow.sklearn.load_model(info.model_uri)
            np.testing.assert_array_equal(loaded.coef_, NEURON.coef_)
            found = mlflow.pyfunc.load_model(info.model_uri).predict(X)
            np.testing.assert_array_equal(found, NEURON.predict(X))
        finally:
            os.chdir(before)
    return "`skops_trusted_types=skneuron.interop.skops.TRUSTED_TYPES`"


@use("cloudpickle")
def _() -> None:
    import cloudpickle

    data = cloudpickle.dumps(NEURON)
    code = "import sys, pickle; print(repr(float(pickle.load(sys.stdin.buffer).coef_[0, 0])))"
    other = subprocess.run(
        [sys.executable, "-c", code], input=data, capture_output=True, check=True
    )
    assert float(other.stdout) == NEURON.coef_[0, 0]
    np.testing.assert_array_equal(pickle.loads(data).predict(X), NEURON.predict(X))


@use("joblib")
def _() -> None:
    import joblib

    file = io.BytesIO()
    joblib.dump(NEURON, file)
    file.seek(0)
    np.testing.assert_array_equal(joblib.load(file).coef_, NEURON.coef_)


# --- explain -------------------------------------------------------------------------------


@use("shap")
def _() -> None:
    import shap

    explainer = shap.LinearExplainer(NEURON, X[:100])
    values = explainer.shap_values(X[:5])
    np.testing.assert_allclose(
        values.sum(axis=1) + explainer.expected_value, NEURON.decision_function(X[:5])
    )
    permuted = shap.Explainer(LAYER.predict_proba, IRIS[:50])(IRIS[:3])
    total = permuted.values.sum(axis=1) + permuted.base_values
    np.testing.assert_allclose(total, LAYER.predict_proba(IRIS[:3]), atol=1e-9)


@use("eli5")
def _() -> str:
    import eli5

    from skneuron.interop.sklearn import to_logistic_regression

    model = to_logistic_regression(NEURON)
    text = eli5.format_as_text(eli5.explain_weights(model, top=40))
    assert f"{NEURON.coef_[0, 26]:+.3f}" in text
    assert "probability" in eli5.format_as_text(eli5.explain_prediction(model, X[0]))
    return "pass `to_logistic_regression(neuron)`"


@use("yellowbrick")
def _() -> str:
    import matplotlib as mpl
    import matplotlib.pyplot as plt

    mpl.use("Agg")
    from yellowbrick.classifier import ROCAUC, ConfusionMatrix
    from yellowbrick.model_selection import FeatureImportances

    for display in (ROCAUC, ConfusionMatrix):
        shown = display(NeuronClassifier(), force_model=True)
        shown.fit(X, Y)
        assert shown.score(X, Y) > 0.9
        plt.close("all")
    importances = FeatureImportances(NeuronClassifier())
    importances.fit(X, Y)
    assert len(importances.feature_importances_) == 30
    plt.close("all")
    return "`force_model=True`, as for all classifiers of scikit-learn 1.9"


# --- prepare, search, combine ----------------------------------------------------------------


@use("imbalanced-learn")
def _() -> None:
    from imblearn.ensemble import BalancedBaggingClassifier
    from imblearn.over_sampling import SMOTE
    from imblearn.pipeline import make_pipeline as balanced

    assert balanced(SMOTE(random_state=0), NeuronClassifier()).fit(X, Y).score(X, Y) > 0.93
    bag = BalancedBaggingClassifier(NeuronClassifier(), random_state=0).fit(X, Y)
    assert bag.score(X, Y) > 0.93


@use("category_encoders")
def _() -> None:
    from category_encoders import OneHotEncoder, TargetEncoder

    for encoder in (OneHotEncoder(cols=["kind"]), TargetEncoder(cols=["kind"])):
        pipe = make_pipeline(encoder, NeuronClassifier())
        assert pipe.fit(MIXED, SPECIES > 0).score(MIXED, SPECIES > 0) == 1


@use("feature_engine")
def _() -> None:
    from feature_engine.encoding import OneHotEncoder
    from feature_engine.selection import RecursiveFeatureElimination

    assert (
        make_pipeline(OneHotEncoder(), NeuronClassifier()).fit(MIXED, SPECIES).score(MIXED, SPECIES)
        == 1
    )
    selection = RecursiveFeatureElimination(NeuronClassifier(), threshold=0.01, cv=3)
    assert selection.fit_transform(TABLE.iloc[:, :5], Y).shape[1] < 5


@use("optuna")
def _() -> None:
    import optuna

    optuna.logging.set_verbosity(optuna.logging.WARNING)

    def mean_score(trial: optuna.Trial) -> float:
        neuron = NeuronClassifier(
            trial.suggest_categorical("activation", ["sigmoid", "probit"]),
            C=trial.suggest_float("C", 1e-3, 1e3, log=True),
        )
        return float(cross_val_score(neuron, X, Y, cv=3).mean())

    study = optuna.create_study(direction="maximize", sampler=optuna.samplers.RandomSampler(seed=0))
    study.optimize(mean_score, n_trials=4)
    assert study.best_value > 0.93


@use("MAPIE")
def _() -> None:
    from mapie.classification import SplitConformalClassifier
    from sklearn.linear_model import LogisticRegression

    sets = []
    for model in (NeuronClassifier(), LogisticRegression(solver="newton-cholesky", tol=1e-10)):
        model.fit(X[:200], Y[:200])
        conformal = SplitConformalClassifier(model, confidence_level=0.9, prefit=True)
        _, found = conformal.conformalize(X[200:400], Y[200:400]).predict_set(X[400:])
        sets.append(found)
    np.testing.assert_array_equal(sets[0], sets[1])


# --- streams and clusters --------------------------------------------------------------------


@use("river")
def _() -> None:
    from river import compat, stream

    learner = compat.convert_sklearn_to_river(NeuronClassifier(), classes=[0, 1])
    rows = list(stream.iter_array(IRIS[:100][::3], SPECIES[:100][::3].tolist()))
    for x, label in rows:
        learner.learn_one(x, label)
    assert np.mean([learner.predict_one(x) == label for x, label in rows]) > 0.9
    chunk = pd.DataFrame(IRIS[:100], columns=list("abcd"))
    chunks = compat.convert_sklearn_to_river(NeuronClassifier(), classes=[0, 1])
    chunks.learn_many(chunk, pd.Series(SPECIES[:100]))
    assert (chunks.predict_many(chunk) == SPECIES[:100]).mean() == 1


@use("dask-ml")
def _() -> None:
    import dask.array as da
    from dask_ml.wrappers import Incremental, ParallelPostFit

    data, labels = da.from_array(X, chunks=(100, 30)), da.from_array(Y, chunks=100)
    found = ParallelPostFit(NeuronClassifier()).fit(X, Y).predict_proba(data).compute()
    np.testing.assert_allclose(found, NEURON.predict_proba(X), rtol=0, atol=1e-9)
    stream = Incremental(NeuronClassifier()).fit(data, labels, classes=[0, 1])
    assert stream.score(X, Y) > 0.93


# --- the table -------------------------------------------------------------------------------


def version_of(distribution: str) -> str | None:
    """Return the version that is installed, None if the distribution is missing."""
    try:
        return importlib.metadata.version(distribution)
    except importlib.metadata.PackageNotFoundError:
        return None


def row(distribution: str) -> tuple[str, bool]:
    """Run a use. Return the row of the table, and whether the use worked."""
    version = version_of(distribution)
    if version is None:
        return f"| {distribution} | — | not installed | — |", True
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            way_round = USES[distribution]()
    except Exception as error:
        text = f"{type(error).__name__}: {error}".split("\n")[0]
        return f"| {distribution} | {version} | {text} | — |", False
    works = "works" if way_round is None else "works, adapted"
    return f"| {distribution} | {version} | {works} | {way_round or '—'} |", True


def main() -> int:
    """Print the table. Return 1 if a use fails."""
    print("| Tool | Version | Result | Argument or conversion |\n|---|---|---|---|")
    worked = True
    for distribution in USES:
        line, works = row(distribution)
        worked = worked and works
        print(line, flush=True)
    return int(not worked)


if __name__ == "__main__":
    sys.exit(main())
