"""The null model, intercept and offset alone, at any event rate and for any link."""

import mpmath as mp
import numpy as np
import pytest
from families import PROBABILITIES
from scipy import optimize, stats
from test_inference import LOG_P, LOG_Q
from test_robit import Robit

from skneuron import NeuronClassifier
from skneuron.activations import Activation, Cauchit, get_activation
from skneuron.inference import goodness_of_fit, likelihood_ratio_test


class Lapse(Activation):
    """A guess rate and a lapse rate of 2 %: f rises from 0.02 to 0.98."""

    def value(self, z):
        return 0.02 + 0.48 * (1 + np.tanh(z / 2))

    def derivative(self, z):
        return 0.24 / np.cosh(np.clip(z / 2, -300, 300)) ** 2

    def log_proba(self, z):
        return np.log(self.value(-z)), np.log(self.value(z))


class Steep(Activation):
    """A Cauchy distribution whose unit is 1e-12."""

    def value(self, z):
        return Cauchit().value(1e12 * z)

    def derivative(self, z):
        return 1e12 * Cauchit().derivative(1e12 * z)

    def log_proba(self, z):
        return Cauchit().log_proba(1e12 * z)


class Uniform(Activation):
    """The distribution function of the numbers between 0 and 1."""

    def value(self, z):
        return np.clip(z, 0.0, 1.0)

    def derivative(self, z):
        return ((z > 0) & (z < 1)) * 1.0

    def log_proba(self, z):
        return np.log(np.clip(1 - z, 0, 1)), np.log(np.clip(z, 0, 1))


LINKS = [*PROBABILITIES, Robit(0.5), Robit(4.0), Lapse(), Steep()]


def _null(activation, y, counts, offset=None, intercept=0.0):
    """Return the fit of a neuron without features, for the null model beside it."""
    neuron = NeuronClassifier.from_weights([0.0], intercept, activation=activation)
    return goodness_of_fit(neuron, np.zeros((len(y), 1)), y, counts, offset=offset)


def _closed_form(events, others):
    """k log(k/n) + (n - k) log((n - k)/n) in 50 digits: f(z) = k/n, whatever f is."""
    with mp.workdps(50):
        k, rest = mp.mpf(events), mp.mpf(others)
        return float(k * mp.log(k / (k + rest)) + rest * mp.log(rest / (k + rest)))


def test_rare_events_of_a_cauchit():
    """It was 1269.6 and 0.966. The null is closed-form, the maximum is SciPy's on values alone."""
    rng = np.random.default_rng(3)
    X = rng.normal(size=(2000, 1))
    y = np.zeros(2000, dtype=int)
    y[:3] = 1
    neuron = NeuronClassifier("cauchit", C=np.inf).fit(X, y)

    def loss(v):
        p = np.arctan2(1.0, -(v[0] * X[:, 0] + v[1])) / np.pi
        return -np.log(np.where(y, p, 1 - p)).sum()

    options = {"xatol": 1e-9, "fatol": 1e-13, "maxiter": 10_000, "maxfev": 10_000}
    best = -optimize.minimize(loss, [0.0, -200.0], method="Nelder-Mead", options=options).fun
    null = _closed_form(3, 1997)
    test = likelihood_ratio_test(neuron, None, X, y)
    assert test.statistic == pytest.approx(2 * (best - null), rel=1e-6)
    assert test.statistic == pytest.approx(0.85, abs=0.005)
    assert test.p_value == pytest.approx(0.357, abs=0.0005)
    fit = goodness_of_fit(neuron, X, y)
    assert fit.null_log_likelihood == pytest.approx(null, rel=1e-12)
    assert fit.mcfadden == pytest.approx(1 - best / null, rel=1e-6)
    assert fit.mcfadden == pytest.approx(0.019, abs=0.0005)


@pytest.mark.parametrize("link", LINKS, ids=repr)
@pytest.mark.parametrize("beside", [None, 0.0, -3.7, 1e4])
def test_without_an_offset_it_is_the_mean_of_y(link, beside):
    """An offset that is one number changes the intercept and nothing else."""
    rates = [0.03, 0.5, 0.9]
    # Before SciPy 1.12 the logarithms of Student's t are logarithms of a rounded number below 1.
    is_rounded = isinstance(link, Robit) and stats.t.logcdf(1e5, 4.0) == np.log(
        stats.t.cdf(1e5, 4.0)
    )
    if not isinstance(link, Lapse) and not is_rounded:
        rates += [1e-12, 1e-9, 1e-4, 1 - 1e-3, 1 - 1e-9]
    for rate in rates:
        counts = np.array([1e12 * rate, 1e12 * (1 - rate)])
        offset = None if beside is None else np.full(2, beside)
        fit = _null(link, [1, 0], counts, offset)
        expected = _closed_form(*counts)
        assert fit.null_log_likelihood == pytest.approx(expected, rel=1e-11)
        assert fit.null_deviance == pytest.approx(-2 * expected, rel=1e-11)


@pytest.mark.parametrize("link", PROBABILITIES)
@pytest.mark.parametrize("spread", [0.1, 1.0, 20.0])
def test_with_an_offset_it_is_the_root_of_the_score(link, spread):
    """Found by halving in 40 digits. The cauchit has a single root if offsets are similar."""
    if link == "cauchit" and spread > 1:
        spread = 0.5
    offset = spread * np.array([-1.1, -0.3, 0.2, 0.9])
    for rate in (1e-9, 1e-4, 0.2, 0.5, 1 - 1e-6):
        events = 1e10 * rate * np.array([0.4, 0.1, 0.3, 0.2])
        others = 1e10 * (1 - rate) * np.array([0.1, 0.4, 0.2, 0.3])
        y, counts = np.repeat([1, 0], 4), np.append(events, others)
        found = _null(link, y, counts, np.tile(offset, 2)).null_log_likelihood
        with mp.workdps(40):
            rows = [[mp.mpf(float(v)) for v in row] for row in (offset, events, others)]

            def total(b, rows=rows):
                parts = zip(*rows, strict=True)
                return mp.fsum(k * LOG_P[link](b + o) + m * LOG_Q[link](b + o) for o, k, m in parts)

            low, high = mp.mpf(-1), mp.mpf(1)
            while mp.diff(total, low) < 0:
                low *= 2
            while mp.diff(total, high) > 0:
                high *= 2
            while high - low > 1e-20 * (abs(low) + abs(high)):
                middle = (low + high) / 2
                if mp.diff(total, middle) > 0:
                    low = middle
                else:
                    high = middle
            expected = float(total(low))
        assert found == pytest.approx(expected, rel=1e-12)


def _by_grid(activation, y, counts, offset, grid):
    """Return the maximum over a grid of intercepts, and over ever finer grids around the best."""

    def total(b):
        low, high = activation.log_proba(b[:, None] + offset)
        return (counts * np.where(y == 1, high, low)).sum(axis=1)

    with np.errstate(over="ignore"):
        values = total(grid)
        best = values.max()
        for k in np.argsort(values)[-3:]:
            finer = grid[[max(k - 1, 0), min(k + 1, len(grid) - 1)]]
            for _ in range(25):
                finer = np.linspace(finer[0], finer[-1], 9)
                top = int(np.argmax(total(finer)))
                best = max(best, total(finer[[top]])[0])
                finer = finer[[max(top - 1, 0), min(top + 1, 8)]]
    return best


@pytest.mark.parametrize("seed", range(150))
def test_with_any_offset_it_is_the_best_of_all_intercepts(seed):
    """Offsets and counts over many decades; heavy tails then have several maxima."""
    rng = np.random.default_rng(seed)
    links = [*PROBABILITIES, Robit(0.5), Robit(4.0)]
    link = links[seed % len(links)]
    n = int(rng.integers(2, 9))
    offset = 10 ** rng.uniform(-2, 4) * rng.normal(size=n)
    if seed % 3 == 0:
        offset = rng.choice(offset[:2], n)
    y = np.append([1, 0], rng.integers(0, 2, n - 2))
    counts = 10 ** rng.uniform(-4, 4, n)
    away = np.append(0.0, np.geomspace(1e-6, 1e20, 600))
    grid = np.unique((-offset[:, None] + np.append(-away, away)).ravel())
    expected = _by_grid(get_activation(link), y, counts, offset, grid)
    fit = _null(link, y, counts, offset)
    assert fit.null_log_likelihood == pytest.approx(expected, rel=1e-9)
    # What all offsets have in common, and rows that do not count, change nothing.
    y, counts, offset = np.append(y, 1), np.append(counts, 0.0), np.append(offset, 1e8)
    moved = _null(link, y, counts, offset + 2.0**10)
    assert moved.null_log_likelihood == pytest.approx(expected, rel=1e-9)


@pytest.mark.parametrize("link", LINKS, ids=repr)
def test_with_many_different_offsets(link):
    """More than 1,000 of them are searched less finely."""
    rng = np.random.default_rng(0)
    n, unit = 1500, 1e-12 if isinstance(link, Steep) else 1.0
    offset = unit * rng.random(n)
    y = (rng.random(n) < 0.1).astype(int)
    grid = unit * np.linspace(-10, 2, 200)
    expected = _by_grid(get_activation(link), y, np.ones(n), offset, grid)
    fit = _null(link, y, None, offset)
    assert fit.null_log_likelihood == pytest.approx(expected, rel=1e-10)


def test_without_an_intercept_nothing_is_left_but_the_offset():
    y, offset = np.array([1, 0, 0, 1]), np.array([0.3, -2.0, 4.0, 5.0])
    for link in LINKS:
        neuron = NeuronClassifier.from_weights([0.0], activation=link)
        neuron.set_params(fit_intercept=False)
        fit = goodness_of_fit(neuron, np.ones((4, 1)), y, offset=offset)
        low, high = get_activation(link).log_proba(offset)
        expected = np.where(y == 1, high, low).sum()
        assert fit.null_log_likelihood == pytest.approx(expected, rel=1e-12)


@pytest.mark.parametrize("offset", [None, [0.0, 0.1]])
def test_a_rate_that_f_does_not_reach_has_its_supremum(offset):
    """1 event in 1,000, and f is never below 0.02: the intercept goes to -inf."""
    fit = _null(Lapse(), [1, 0], [1, 999], offset)
    expected = np.log(0.02) + 999 * np.log(0.98)
    assert fit.null_log_likelihood == pytest.approx(expected, rel=1e-12)


@pytest.mark.filterwarnings("ignore:divide by zero")
def test_a_search_that_does_not_converge_is_no_number():
    """Of a distribution on [0, 1], offsets 5 apart leave no intercept with a likelihood above 0."""
    fit = _null(Uniform(), [1, 0], [1, 3], intercept=0.5)
    assert fit.null_log_likelihood == pytest.approx(_closed_form(1, 3), rel=1e-12)
    # b (1 - b - 0.2) is largest at b = 0.4.
    fit = _null(Uniform(), [1, 0], [1, 1], [0.0, 0.2], intercept=0.5)
    assert fit.null_log_likelihood == pytest.approx(2 * np.log(0.4), rel=1e-12)
    with pytest.raises(ValueError, match=r"null model did not converge for activation=Uniform\(\)"):
        _null(Uniform(), [1, 0], [1, 1], [0.0, 5.0], intercept=0.5)


def test_a_null_model_without_an_error_explains_all():
    """With offsets of ±1e3 the sigmoid's log-likelihood is 0 in float64."""
    fit = _null("sigmoid", [1, 0], None, [1e3, -1e3])
    assert (fit.null_log_likelihood, fit.mcfadden) == (0.0, 0.0)
