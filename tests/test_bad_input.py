"""Bad input: one clear sentence, before any work, and the estimator stays as it was."""

import numpy as np
import pandas as pd
import pytest
from sklearn.datasets import load_iris
from sklearn.exceptions import NotFittedError

from skneuron import NeuronClassifier
from skneuron.activations import ACTIVATIONS, LeakyReLU
from skneuron.objective import MemoryRows
from skneuron.solvers import GD, LBFGS, SOLVERS, Perceptron

X, Y = load_iris(return_X_y=True)
X, Y = X[:100], Y[:100]


def _with(value):
    bad = X.copy()
    bad[3, 1] = value
    return bad


def _weights(value):
    weights = np.ones(100)
    weights[5] = value
    return weights


DATA = {
    "nan": ((_with(np.nan), Y), "contains NaN"),
    "infinity": ((_with(np.inf), Y), "contains infinity"),
    "strings": (([["a", "b"], ["c", "d"]], [0, 1]), "could not convert string to float: 'a'"),
    "one_class": ((X, np.zeros(100)), r"one class only, \[0.0\]. Expected .* at least two"),
    "continuous": ((X, np.linspace(0, 1, 100)), "Unknown label type: continuous"),
    "nan_in_y": ((X, np.where(np.arange(100) == 1, np.nan, Y)), "contains NaN"),
    "short_y": ((X, Y[:-1]), r"inconsistent numbers of samples: \[100, 99\]"),
    "wide_y": ((X, np.ones((100, 2))), "y should be a 1d array"),
    "one_dimension": ((X[0], Y[:4]), "Expected 2D array, got 1D array instead"),
    "empty": ((np.empty((0, 2)), []), "0 sample"),
    "negative_weight": ((X, Y, _weights(-1.0)), "Row 5 has the negative sample_weight -1.0"),
    "nan_weight": ((X, Y, _weights(np.nan)), "sample_weight contains NaN"),
    "zero_weights": ((X, Y, np.zeros(100)), "sample_weight is zero for every sample"),
    "short_weights": ((X, Y, np.ones(99)), r"sample_weight has shape \(99,\). Expected \(100,\)"),
    "wide_weights": ((X, Y, np.ones((100, 2))), r"sample_weight has shape \(100, 2\)"),
    "weights_overflow": ((X, Y, np.full(100, 1e308)), "overflows float64"),
}


@pytest.mark.parametrize("case", DATA)
def test_bad_data(case):
    arguments, message = DATA[case]
    neuron = NeuronClassifier()
    with pytest.raises(ValueError, match=message):
        neuron.fit(*arguments)
    assert not [name for name in vars(neuron) if name.endswith("_")]


PARAMETERS = {
    "l1_ratio": [
        (-0.1, r"l1_ratio=-0.1. Expected a number from 0 to 1"),
        ("1", r"l1_ratio='1'. Expected"),
        (None, r"l1_ratio=None. Expected"),
    ],
    "bounds": [
        ((1, 0), r"bounds=\(1, 0\). Expected low <= high"),
        ((None, -np.inf), "Expected low <= high"),
        ("positive", r"bounds='positive'. Expected a pair .* array of shape \(4, 2\)"),
        (np.zeros((3, 2)), r"Expected a pair .* array of shape \(4, 2\)"),
        ([(0, 1), (0, 1), (0, "a"), (0, 1)], r"bounds\[2\]=\(0, 'a'\). Expected a pair"),
        ({"petal": (0, 1)}, "key 'petal' of bounds is no feature of X. Expected a column number below 4"),
        ({0: 1.0}, r"bounds\[0\]=1.0. Expected a pair"),
        ((0, np.nan), "Expected low <= high"),
    ],
    "penalty_factor": [
        ([1.0, 2.0], r"penalty_factor=\[1.0, 2.0\]. Expected None, 4 numbers, one per feature"),
        (1.0, r"penalty_factor=1.0. Expected None, 4 numbers"),
        ("none", r"penalty_factor='none'. Expected None, 4 numbers"),
        (np.ones((4, 2)), "Expected None, 4 numbers"),
        ([1, 1, -1, 1], r"penalty_factor\[2\]=-1. Expected a finite, non-negative number"),
        ([1, np.nan, 1, 1], r"penalty_factor\[1\]=nan. Expected a finite"),
        ([1, "a", 1, 1], r"penalty_factor\[1\]='a'. Expected a finite"),
        ([1, None, 1, 1], r"penalty_factor\[1\]=None. Expected a finite"),
        ({1: np.inf}, r"penalty_factor\[1\]=inf. Expected a finite.*bounds="),
        ({"petal": 0}, "key 'petal' of penalty_factor is no feature of X. Expected a column number below 4"),
    ],
    "bias_reduction": [("median", "bias_reduction='median'. Expected None or 'mean'"), (True, "bias_reduction=True. Expected")],
    "random_state": [(-1, "random_state=-1. Expected None"), ("0", "random_state='0'. Expected")],
    "C": [(-1.0, r"C=-1.0. Expected a positive number or np.inf"), (0, "C=0. Expected"),
          ("1", "C='1'. Expected"), (np.nan, "C=nan. Expected"), (True, "C=True. Expected")],
    "tol": [(-1e-3, "tol=-0.001. Expected None or a non-negative"), (np.inf, "tol=inf"), ("1", "tol=.1.. Expected None or")],
    "max_iter": [(-1, "max_iter=-1. Expected a non-negative integer"), (1.5, "max_iter=1.5")],
    "fit_intercept": [("no", "fit_intercept='no'. Expected True or False")],
    "warm_start": [(2, "warm_start=2. Expected True or False")],
    "verbose": [(-1, "verbose=-1. Expected a non-negative integer")],
    "class_weight": [("equal", "class_weight='equal'. Expected None, 'balanced' or a dict"),
                     ({0: -1.0}, "class_weight=.*Expected finite numbers >= 0")],
    "activation": [("logistic", "activation='logistic'. Expected one of 'sigmoid', 'tanh'"),
                   (LeakyReLU, "Expected one of 'sigmoid'"),
                   (LeakyReLU(2.0), r"alpha=2.0. Expected a number in \[0, 1\]")],
    "loss": [("hinge", "loss='hinge'. Expected one of 'auto', 'log_loss', 'squared_error'")],
    "solver": [("saga", "solver='saga', which only LogisticRegression has. Expected 'auto', one of 'newton', 'subsampled-newton'"),
               (GD, "Expected 'auto', one of 'newton'"),
               (GD(learning_rate=0), "learning_rate=0. Expected 'auto' or a positive, finite"),
               (GD(momentum=1.0), r"momentum=1.0. Expected 'auto' or a number in \[0, 1\)"),
               (LBFGS(memory=0), "memory=0. Expected a positive integer"),
               (Perceptron(patience=0), "patience=0. Expected a positive integer")],
    "early_stopping": [("yes", "early_stopping='yes'. Expected True or False")],
    "validation_fraction": [(1.0, "validation_fraction=1.0. Expected a number between 0 and 1")],
    "n_iter_no_change": [(0, "n_iter_no_change=0. Expected a positive integer")],
    "restart": [(-1, "restart=-1. Expected a non-negative integer")],
}  # fmt: skip


@pytest.mark.parametrize(
    ("name", "value", "message"),
    [(name, value, message) for name, cases in PARAMETERS.items() for value, message in cases],
)
def test_bad_parameters(name, value, message):
    with pytest.raises(ValueError, match=message):
        NeuronClassifier(**{name: value}).fit(X, Y)


def test_every_parameter_is_checked():
    assert set(PARAMETERS) == set(NeuronClassifier().get_params(deep=False))


def test_unknown_names_list_every_known_one():
    for parameter, known in (("activation", ACTIVATIONS), ("solver", SOLVERS)):
        with pytest.raises(ValueError, match="Expected") as caught:
            NeuronClassifier(**{parameter: "nothing"}).fit(X, Y)
        assert all(repr(name) in str(caught.value) for name in known)


INCOMPATIBLE = [
    ({"activation": "step", "solver": "gd"}, "needs an activation with a slope, and Step has none"),
    (
        {"activation": "step", "solver": "newton"},
        "needs an activation with a slope, and Step has none",
    ),
    (
        {"activation": "relu", "solver": "newton"},
        "needs second derivatives, and ReLU is not smooth",
    ),
    ({"solver": "perceptron"}, "uses the perceptron rule and cannot train Sigmoid"),
    ({"activation": "relu", "loss": "log_loss"}, "needs a distribution function, and ReLU is none"),
    (
        {"activation": "step", "loss": "squared_error"},
        "needs an activation with a slope, and Step has none",
    ),
]


@pytest.mark.parametrize(("params", "message"), INCOMPATIBLE)
def test_incompatible_parts(params, message):
    with pytest.raises(ValueError, match=message):
        NeuronClassifier(**params).fit(X, Y)


def test_prediction_before_and_beside_the_fit():
    with pytest.raises(NotFittedError, match="not fitted yet"):
        NeuronClassifier().predict(X)
    neuron = NeuronClassifier().fit(X, Y)
    with pytest.raises(ValueError, match="X has 2 features, but NeuronClassifier is expecting 4"):
        neuron.predict(X[:, :2])
    frame = pd.DataFrame(X, columns=list("abcd"))
    neuron.fit(frame, Y)
    with pytest.raises(ValueError, match="feature names should match"):
        neuron.predict(frame.rename(columns={"a": "z"}))
    with pytest.raises(ValueError, match="w·x \\+ b overflows float64 in row 0"):
        NeuronClassifier.from_weights([1e300, -1e300]).predict([[1e300, 1e300]])


def test_probability_is_gated_and_says_why():
    for params in (
        {"activation": "relu"},
        {"activation": "step"},
        {"loss": "squared_error"},
    ):
        neuron = NeuronClassifier(**params)
        assert not hasattr(neuron, "predict_proba")
        assert not hasattr(neuron, "predict_log_proba")
        with pytest.raises(AttributeError) as caught:
            _ = neuron.predict_proba
        reason = str(caught.value.__cause__ or caught.value)
        assert "no likelihood" in reason
        assert "CalibratedClassifierCV" in reason


@pytest.mark.parametrize(
    "spoil",
    [
        lambda n: n.fit(_with(np.nan), Y),
        lambda n: n.fit(X[:, :2], np.zeros(100)),
        lambda n: n.set_params(C=-1).fit(X, Y),
        lambda n: n.fit(X, Y, np.zeros(100)),
        lambda n: n.set_params(warm_start=True).fit(X[:, :2], Y),
    ],
)
def test_a_refused_fit_leaves_the_last_one_as_it_was(spoil):
    neuron = NeuronClassifier().fit(pd.DataFrame(X, columns=list("abcd")), Y)
    before = {k: v for k, v in vars(neuron).items() if k.endswith("_")}
    with pytest.raises(ValueError, match=r"."):
        spoil(neuron)
    after = {k: v for k, v in vars(neuron).items() if k.endswith("_")}
    assert before.keys() == after.keys()
    assert all(after[k] is before[k] for k in before)


@pytest.mark.parametrize("solver", SOLVERS)
def test_keyboard_interrupt_leaves_the_last_fit_usable(solver, monkeypatch):
    activation = "step" if "perceptron" in solver else "sigmoid"
    neuron = NeuronClassifier(activation, solver=solver).fit(X, Y)
    before = neuron.predict(X)
    calls = []
    original = SOLVERS[solver]._solve

    def interrupted(self, objective, params, budget, history):
        real = MemoryRows.sums

        def one_pass(*args, **kwargs):
            calls.append(1)
            if len(calls) == 2:
                raise KeyboardInterrupt
            return real(*args, **kwargs)

        monkeypatch.setattr(MemoryRows, "sums", one_pass)
        return original(self, objective, params, budget, history)

    monkeypatch.setattr(SOLVERS[solver], "_solve", interrupted)
    with pytest.raises(KeyboardInterrupt):
        neuron.fit(X[:, :3], 1 - Y)
    assert len(calls) == 2
    assert neuron.n_features_in_ == 4
    np.testing.assert_array_equal(neuron.predict(X), before)


def test_from_weights_refuses_what_does_not_fit():
    for arguments, message in (
        (([[1.0, 2.0], [3.0, 4.0]],), r"Expected 1 row\(s\) of coefficients for the 2 classes"),
        (([1.0, np.nan],), "NaN or infinity"),
        (([1.0], [1.0, 2.0]), "intercept has 2 values. Expected 1"),
    ):
        with pytest.raises(ValueError, match=message):
            NeuronClassifier.from_weights(*arguments)
    with pytest.raises(ValueError, match="sorted, different labels"):
        NeuronClassifier.from_weights([1.0], classes=[1, 0])
    with pytest.raises(ValueError, match=r"feature_names has shape \(1,\). Expected \(2,\)"):
        NeuronClassifier.from_weights([1.0, 2.0], feature_names=["a"])


@pytest.mark.parametrize("as_columns", [False, True])
def test_fractions_and_counts_name_grouped(as_columns):
    fractions = np.linspace(0, 1, len(X))
    y = np.column_stack([np.arange(len(X)), np.ones(len(X), int)]) if as_columns else fractions
    phrase = "y should be a 1d array" if as_columns else "Unknown label type: continuous"
    hint = r"X, y, w = skneuron\.grouped\(X, successes, trials\)"
    with pytest.raises(ValueError, match=f"{phrase}.*{hint}"):
        NeuronClassifier().fit(X, y)
    with pytest.raises(ValueError, match="Unknown label type") as caught:
        NeuronClassifier().fit(X, 5 * fractions)
    assert "grouped" not in str(caught.value)


def test_errors_of_scikit_learn_end_with_a_remedy():
    holes = X.copy()
    holes[3, 1] = np.nan
    cases = [
        (lambda: NeuronClassifier().fit(holes, Y), r"contains NaN \(row 3, column 1\)\. Expected"),
        (lambda: NeuronClassifier().fit(X, Y[1:]), r"\[100, 99\]\. Expected one label per row"),
        (lambda: NeuronClassifier().fit(X[0], Y[:4]), r"X has shape \(4,\)\. Reshape your data: "),
        (lambda: NeuronClassifier().fit(X, Y + 0.5 * Y), r"y > np\.median\(y\)\.$"),
        (lambda: NeuronClassifier().fit(X, np.where(Y == 0, np.nan, Y)), r"~pandas\.isna\(y\)"),
        (lambda: NeuronClassifier(class_weight={7: 1}).fit(X, Y), "Expected a number for each"),
        (lambda: NeuronClassifier().fit(X, Y).predict(X[:, :2]), "Pass the features of the fit"),
    ]
    for call, match in cases:
        with pytest.raises(ValueError, match=match) as caught:
            call()
        assert "\n" not in str(caught.value)
