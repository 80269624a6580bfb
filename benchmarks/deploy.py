"""Size of a saved model, and time of a prediction, by format: the tables of docs/deploying.md."""

from __future__ import annotations

import argparse
import io
import json
import pickle
from collections.abc import Callable
from functools import partial

import cloudpickle
import joblib
import numpy as np
import skl2onnx
import skops.io
from onnxruntime import InferenceSession, SessionOptions
from sklearn.datasets import load_breast_cancer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import StandardScaler
from threadpoolctl import threadpool_limits

from benchmark_utils.machine import describe
from benchmark_utils.rounds import by_turns, table
from skneuron import NeuronClassifier
from skneuron.interop.onnx import to_onnx

_CALLS = 200


def saved(model: Pipeline) -> dict[str, int]:
    """Return the number of bytes of a pipeline in each format."""
    file = io.BytesIO()
    joblib.dump(model, file)
    neuron = model[-1]
    content = {"coef": neuron.coef_.tolist(), "intercept": neuron.intercept_.tolist()}
    return {
        "pickle": len(pickle.dumps(model)),
        "joblib": len(file.getvalue()),
        "cloudpickle": len(cloudpickle.dumps(model)),
        "skops": len(skops.io.dumps(model)),
        "ONNX": len(_onnx(model)),
        "JSON with coefficients": len(json.dumps(content)),
    }


def _onnx(model: Pipeline) -> bytes:
    types = [("X", skl2onnx.common.data_types.DoubleTensorType([None, model.n_features_in_]))]
    converted = skl2onnx.convert_sklearn(model, initial_types=types, options={"zipmap": False})
    return bytes(converted.SerializeToString())


def _session(content: bytes) -> InferenceSession:
    options = SessionOptions()
    options.intra_op_num_threads = 1
    return InferenceSession(content, options, providers=["CPUExecutionProvider"])


def predictors(model: Pipeline, peer: Pipeline) -> dict[str, Callable[[np.ndarray], object]]:
    """Return functions from X to probabilities."""
    scaler, neuron = model
    whole = _session(_onnx(model))
    alone = _session(to_onnx(neuron).SerializeToString())
    coef = neuron.coef_[0] / scaler.scale_
    intercept = neuron.intercept_[0] - coef @ scaler.mean_
    return {
        "LogisticRegression in a pipeline": peer.predict_proba,
        "NeuronClassifier in a pipeline": model.predict_proba,
        "the pipeline in ONNX Runtime": lambda X: whole.run(None, {"X": X}),
        "NeuronClassifier": neuron.predict_proba,
        "the neuron in ONNX Runtime": lambda X: alone.run(None, {"X": X}),
        "the formula in NumPy": lambda X: 1 / (1 + np.exp(-(X @ coef + intercept))),
    }


def main() -> None:
    """Measure and print the tables."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=9)
    args = parser.parse_args()
    X, y = load_breast_cancer(return_X_y=True)
    model = make_pipeline(StandardScaler(), NeuronClassifier()).fit(X, y)
    peer = make_pipeline(StandardScaler(), LogisticRegression()).fit(X, y)
    print(describe() + "\n")
    sizes, theirs = saved(model), saved(peer)
    rows = [[name, f"{size:,}", f"{theirs[name]:,}"] for name, size in sizes.items()]
    print(table(["format", "neuron, bytes", "LogisticRegression, bytes"], rows) + "\n")
    times: dict[str, list[str]] = {}
    with threadpool_limits(1):
        for n_rows in (1, 1000):
            data = np.resize(X, (n_rows, X.shape[1]))
            calls = {
                name: partial(_repeat, predict, data)
                for name, predict in predictors(model, peer).items()
            }
            for name, seconds in by_turns(calls, args.rounds).items():
                times.setdefault(name, [name]).append(f"{seconds / _CALLS * 1e3:.3f}")
    print(table(["prediction", "1 row, ms", "1,000 rows, ms"], list(times.values())))


def _repeat(predict: Callable[[np.ndarray], object], data: np.ndarray) -> None:
    for _ in range(_CALLS):
        predict(data)


if __name__ == "__main__":
    main()
