"""Clustered standard errors and corrections against statsmodels and a formula."""

import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm
from scipy.sparse import csr_array
from test_links import LINKS
from textbooks import read

from skneuron import NeuronClassifier
from skneuron.inference import coefficient_table, covariance, goodness_of_fit
from skneuron.plotting import ResidualDisplay


def _panel(link="sigmoid", seed=0, n_clusters=25, size=6):
    """Rows of a person share a random intercept."""
    rng = np.random.default_rng(seed)
    groups = np.repeat(np.arange(n_clusters), size)
    X = rng.normal(size=(len(groups), 2)) + rng.normal(size=n_clusters)[groups, None]
    z = X @ [0.4, -0.3] + 0.2 + 0.6 * rng.normal(size=n_clusters)[groups]
    y = (rng.random(len(z)) < 1 / (1 + np.exp(-z))).astype(int)
    return X, y, groups


def _errors(neuron, *args, **kwargs):
    return np.roll(coefficient_table(neuron, *args, **kwargs)["standard_error"], 1)


@pytest.mark.parametrize(
    ("correction", "use_correction"), [(None, False), ("HC1", True)], ids=["none", "HC1"]
)
@pytest.mark.parametrize("model", [sm.Logit, sm.Probit], ids=["sigmoid", "probit"])
def test_clusters_are_those_of_statsmodels(model, correction, use_correction):
    X, y, groups = _panel()
    link = {"Logit": "sigmoid", "Probit": "probit"}[model.__name__]
    neuron = NeuronClassifier(link, C=np.inf).fit(X, y)
    theirs = model(y, sm.add_constant(X)).fit(
        disp=False, tol=1e-12, maxiter=100, cov_type="cluster",
        cov_kwds={"groups": groups, "use_correction": use_correction},
    )  # fmt: skip
    ours = _errors(neuron, X, y, kind="robust", groups=groups, correction=correction)
    np.testing.assert_allclose(ours, theirs.bse, rtol=1e-7)


@pytest.mark.parametrize("kind", ["robust", "robust-expected"])
@pytest.mark.parametrize("link", LINKS)
def test_clusters_follow_their_formula(link, kind):
    """Zeileis, Koell & Graham, J. Stat. Softw. 95(1), 2020: bread · Σ u_g u_gᵀ · bread."""
    X, y, groups = _panel()
    weights = 1.0 + np.arange(len(y)) % 3
    neuron = NeuronClassifier(link, C=np.inf).fit(X, y, weights)
    design = np.column_stack([np.ones(len(y)), X])
    params = np.append(neuron.intercept_, neuron.coef_)

    def log_likelihood(theta):
        low, high = neuron.activation_.log_proba(design @ theta)
        return np.where(y == 1, high, low)

    step = 1e-5
    jacobian = np.column_stack(
        [(log_likelihood(params + e) - log_likelihood(params - e)) / (2 * step)
         for e in step * np.eye(3)]
    )  # fmt: skip
    names = np.array([f"person {g:02}" for g in groups], dtype=object)
    sums = np.stack([weights[groups == g] @ jacobian[groups == g] for g in range(25)])
    # The inverse of the information, whose own tests compare it with statsmodels.
    of = {"robust": "observed", "robust-expected": "expected"}[kind]
    V = np.asarray(covariance(neuron, X, y, weights, kind=of))
    bread = V[np.ix_([2, 0, 1], [2, 0, 1])]
    expected = np.sqrt(np.diag(bread @ sums.T @ sums @ bread))
    found = _errors(neuron, X, y, weights, kind=kind, groups=names)
    np.testing.assert_allclose(found, expected, rtol=1e-6)
    factor = _errors(neuron, X, y, weights, kind=kind, groups=names, correction="groups") / found
    np.testing.assert_allclose(factor, np.sqrt(25 / 24), rtol=1e-12)


def test_each_row_a_cluster_is_no_cluster():
    X, y, _ = _panel()
    neuron = NeuronClassifier(C=np.inf).fit(X, y)
    for correction in (None, "groups", "HC1"):
        one = covariance(neuron, X, y, kind="robust", correction=correction)
        own = covariance(
            neuron, X, y, kind="robust", correction=correction, groups=np.arange(len(y))
        )
        np.testing.assert_allclose(own, one, rtol=1e-10)
    plain = covariance(neuron, X, y, kind="robust")
    corrected = covariance(neuron, X, y, kind="robust", correction="HC1")
    np.testing.assert_allclose(corrected, plain * 150 / 147, rtol=1e-12)


def test_rows_of_weight_zero_are_no_cluster():
    X, y, groups = _panel()
    weights = (groups > 0) * 1.0
    neuron = NeuronClassifier(C=np.inf).fit(X, y, weights)
    arguments = {"kind": "robust", "correction": "HC1"}
    found = covariance(neuron, X, y, weights, groups=groups, **arguments)
    kept = groups > 0
    expected = covariance(neuron, X[kept], y[kept], groups=groups[kept], **arguments)
    np.testing.assert_allclose(found, expected, rtol=1e-9)


def test_arguments_that_cannot_work():
    X, y, groups = _panel()
    neuron = NeuronClassifier(C=np.inf).fit(X, y)
    cases = [
        ({"groups": groups}, "groups changes robust.*kind='robust'"),
        ({"correction": "HC1"}, "correction changes robust"),
        ({"kind": "robust", "correction": "HC4"}, "correction='HC4'. Expected None"),
        ({"kind": "robust", "groups": groups[1:]}, "149 labels. Expected 150"),
        ({"kind": "robust", "groups": np.zeros(150)}, "one cluster"),
        ({"kind": "robust", "groups": np.append(groups[1:], np.nan)}, "no label in row 149"),
        ({"kind": "robust", "groups": [None, *groups[1:]]}, "no label in row 0"),
        ({"kind": "robust", "groups": "person"}, r"groups='person'.*groups=data\['person'\]"),
        (
            {"kind": "robust", "groups": np.stack([groups, groups], axis=1)},
            r"groups has shape \(150, 2\)",
        ),
        ({"kind": "robust", "groups": ["a", *groups[1:].tolist()]}, "groups has labels of the"),
    ]
    for arguments, match in cases:
        with pytest.raises(ValueError, match=match):
            coefficient_table(neuron, X, y, **arguments)
    few, labels = np.array([[0.0], [0.0], [1.0], [1.0]]), [0, 1, 0, 1]
    small = NeuronClassifier(C=np.inf).fit(few[:2], labels[:2])
    with pytest.raises(ValueError, match="divides by n - k"):
        covariance(
            NeuronClassifier(C=np.inf).fit(few, labels, np.full(4, 0.5)), few, labels,
            np.full(4, 0.5), kind="robust", correction="HC1",
        )  # fmt: skip
    assert small.coef_.shape == (1, 1)


@pytest.mark.parametrize("missing", [float("nan"), None, pd.NA, pd.NaT, np.datetime64("NaT")])
def test_a_missing_label_is_no_cluster_and_no_class(missing):
    X, y, groups = _panel()
    names = [f"person {g}" for g in groups[1:]]
    neuron = NeuronClassifier(C=np.inf).fit(X, y)
    for labels in (names, groups[1:].tolist()):
        for listed in ([missing, *labels], pd.Series([missing, *labels], dtype=object)):
            with pytest.raises(ValueError, match="groups has no label in row 0"):
                covariance(neuron, X, y, kind="robust", groups=listed)
    # A list of text and NaN becomes an array of the strings "b" and "nan".
    words = NeuronClassifier(C=np.inf).fit(X, np.where(y == 1, "nan", "b"))
    labels = ["b" if label == 0 else missing for label in y]
    row = int(np.argmax(y == 1))
    for function in (covariance, goodness_of_fit, ResidualDisplay.from_estimator):
        with pytest.raises(ValueError, match=f"y has the missing label .* in row {row}"):
            function(words, X, labels)


def test_lists_arrays_and_categories_are_the_same_clusters():
    X, y, groups = _panel()
    neuron = NeuronClassifier(C=np.inf).fit(X, y)
    expected = covariance(neuron, X, y, kind="robust", groups=groups)
    names = [f"person {g}" for g in groups]
    days = np.datetime64("2020-01-01") + groups
    for labels in (names, np.array(names), pd.Categorical(names), groups.tolist(), days,
                   pd.Series(groups, dtype=object), pd.Series(groups, dtype="Int64")):  # fmt: skip
        found = covariance(neuron, X, y, kind="robust", groups=labels)
        np.testing.assert_allclose(found, expected, rtol=1e-12)


# --- few clusters ---------------------------------------------------------------------------------

FORMULAS = {
    ("birthwt", "jackknife"): ("low", ["age", "lwt", "smoke", "ht", "ui"]),
    ("birthwt", "equal"): ("low", ["race", "smoke", "ht"]),
    ("crabs", "jackknife"): ("y", ["width", "weight"]),
    ("crabs", "equal"): ("y", ["width"]),
}


@pytest.mark.parametrize("kind", ["jackknife", "HC2", "HC3"])
@pytest.mark.parametrize("weights", ["ones", "counts"])
@pytest.mark.parametrize("link", ["logit", "probit", "cloglog"])
@pytest.mark.parametrize("table", ["birthwt", "crabs"])
def test_few_clusters_are_those_of_r(table, link, weights, kind):
    """The cluster jackknife by glm.fit and vcovCL of R 4.2.2, recorded by tests/r_clusters.R."""
    recorded, data = read("r_clusters"), read(table)
    is_row = (recorded[["table", "link", "weights", "type"]] == [table, link, weights, kind]).all(
        axis=1
    )
    expected = recorded[is_row].set_index("term")
    label, columns = FORMULAS[table, "jackknife" if kind == "jackknife" else "equal"]
    X, y = data[columns], data[label]
    groups = np.floor(data["age" if table == "birthwt" else "width"])
    sample_weight = 1.0 + np.arange(len(y)) % 3
    if kind != "jackknife":
        groups = X.astype(str).agg(" ".join, axis=1)
        sample_weight = 1.0 + np.floor(X.iloc[:, 0]) % 3
    if weights == "ones":
        sample_weight = None
    activation = {"logit": "sigmoid"}.get(link, link)
    neuron = NeuronClassifier(activation, C=np.inf, tol=1e-18).fit(X, y, sample_weight)
    correction = "HC2" if kind == "HC2" else "HC3"
    found = coefficient_table(
        neuron, X, y, sample_weight, kind="robust-expected", groups=groups, correction=correction
    ).loc[expected.index]
    np.testing.assert_allclose(found["estimate"], expected["value"], rtol=1e-8)
    np.testing.assert_allclose(found["standard_error"], expected["error"], rtol=1e-8)


@pytest.mark.parametrize("link", LINKS)
def test_few_clusters_follow_the_formula_of_bell_and_mccaffrey(link):
    """W^(1/2) (I - H)^-1/2 W^(1/2) r for a hat matrix H of all rows, with sparse X."""
    X, y, groups = _panel()
    weights = 1.0 + np.arange(len(y)) % 3
    neuron = NeuronClassifier(link, C=np.inf).fit(X, y, weights)
    design, z = np.column_stack([X, np.ones(len(y))]), X @ neuron.coef_[0] + neuron.intercept_
    p = neuron.predict_proba(X)[:, 1]
    step = 1e-6
    shifted = [np.exp(neuron.activation_.log_proba(z + e)[1]) for e in (step, -step)]
    density = (shifted[0] - shifted[1]) / (2 * step)
    working = weights * density**2 / (p * (1 - p))
    pearson = np.sqrt(weights) * (y - p) / np.sqrt(p * (1 - p))
    rows = np.sqrt(working)[:, None] * design
    V = np.linalg.inv(rows.T @ rows)
    for correction, power in {"HC2": -0.5, "HC3": -1.0}.items():
        meat = np.zeros((3, 3))
        for g in np.unique(groups):
            own = rows[groups == g]
            values, vectors = np.linalg.eigh(np.eye(len(own)) - own @ V @ own.T)
            score = own.T @ (vectors @ (values**power * (vectors.T @ pearson[groups == g])))
            meat += np.outer(score, score)
        found = covariance(
            neuron, csr_array(X), y, weights, kind="robust-expected", groups=groups,
            correction=correction,
        )  # fmt: skip
        np.testing.assert_allclose(found, V @ meat @ V, rtol=1e-6)


def test_one_cluster_alone_determines_a_coefficient():
    X, y, groups = _panel()
    X = np.column_stack([X, (groups == 7) * 1.0])
    neuron = NeuronClassifier(C=np.inf).fit(X, y)
    for correction in ("HC2", "HC3"):
        arguments = {"kind": "robust", "groups": groups, "correction": correction}
        with pytest.raises(ValueError, match=r"that of row 42, alone determine.*'HC1'"):
            covariance(neuron, X, y, **arguments)
    with pytest.raises(ValueError, match=r"no groups.*np.arange"):
        covariance(neuron, X, y, kind="robust", correction="HC3")
    three = NeuronClassifier(C=np.inf).fit(X[:, :2], groups % 3)
    with pytest.raises(ValueError, match="for two classes"):
        covariance(three, X[:, :2], groups % 3, kind="robust", groups=groups, correction="HC3")
