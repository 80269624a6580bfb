"""A user's own distribution function: Student's t of scipy.stats, three methods long."""

import numpy as np
import pytest
from scipy import optimize, stats
from sklearn.model_selection import GridSearchCV
from sklearn.utils.estimator_checks import estimator_checks_generator
from textbooks import TABLES

from skneuron import NeuronClassifier
from skneuron.activations import Activation


class Robit(Activation):
    """Student's t (Liu, 2004): between cauchit, df = 1, and probit, df to infinity."""

    def __init__(self, df=4.0):
        self.df = df

    def value(self, z):
        return stats.t.cdf(z, self.df)

    def derivative(self, z):
        return stats.t.pdf(z, self.df)

    def log_proba(self, z):
        return stats.t.logsf(z, self.df), stats.t.logcdf(z, self.df)


@pytest.mark.parametrize("name", ["vaso", "spector, logit", "infert", "beetles, logit"])
@pytest.mark.parametrize("df", [1.0, 3.0, 8.0])
def test_maximum_is_the_one_that_scipy_finds(name, df):
    X, y, weights = TABLES[name].load()
    X = np.asarray(X, float)
    neuron = NeuronClassifier(Robit(df), C=np.inf).fit(X, y, weights)
    assert neuron.converged_
    scale = X.std(axis=0)

    def loss(v):
        z = X / scale @ v[:-1] + v[-1]
        return -weights @ np.where(y == 1, stats.t.logcdf(z, df), stats.t.logsf(z, df))

    # On values alone, from a point beside the neuron's weights; it stops at half of the digits.
    ours = np.append(neuron.coef_[0] * scale, neuron.intercept_)
    found = optimize.minimize(
        loss,
        0.95 * ours,
        method="Nelder-Mead",
        options={"xatol": 1e-9, "fatol": 1e-14, "maxiter": 20_000, "maxfev": 20_000},
    )
    np.testing.assert_allclose(ours, found.x, rtol=1e-6)
    assert neuron.objective_ * weights.sum() == pytest.approx(found.fun, rel=1e-12)


def test_one_degree_of_freedom_is_cauchit_and_many_are_probit():
    X, y, _ = TABLES["spector, logit"].load()
    for df, link, rtol in ((1.0, "cauchit", 1e-6), (1e8, "probit", 1e-6)):
        robit = NeuronClassifier(Robit(df), C=np.inf).fit(X, y)
        known = NeuronClassifier(link, C=np.inf).fit(X, y)
        np.testing.assert_allclose(robit.coef_, known.coef_, rtol=rtol)


def test_degrees_of_freedom_are_searched_like_any_parameter():
    X, y, _ = TABLES["birthwt"].load()
    grid = {"activation__df": [1.0, 4.0, 30.0]}
    search = GridSearchCV(NeuronClassifier(Robit()), grid, scoring="neg_log_loss").fit(X, y)
    assert search.best_estimator_.activation_.df == search.best_params_["activation__df"]


@pytest.mark.parametrize(
    ("estimator", "check"),
    estimator_checks_generator(NeuronClassifier(Robit())),
    ids=lambda value: getattr(getattr(value, "func", None), "__name__", "robit"),
)
@pytest.mark.filterwarnings("ignore::sklearn.exceptions.SkipTestWarning")
# One check trims a class by sample weights: the neuron then predicts the other class only.
@pytest.mark.filterwarnings("ignore::skneuron.fitting.AbsentClassWarning")
def test_check(estimator, check):
    """scikit-learn's own. None of them may reduce the neuron to the default activation."""
    check(estimator)
    assert isinstance(estimator.activation, Robit)
    assert not [name for name in vars(estimator) if name.endswith("_")]
