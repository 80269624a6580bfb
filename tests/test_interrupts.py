"""Interrupts and forks at random moments of ``fit`` and ``partial_fit``.

The counts are small in CI. By hand, with the counts of a release:

    SKNEURON_INTERRUPTS=300 SKNEURON_FORKS=100 SKNEURON_LINES=100000 \
        python -m pytest tests/test_interrupts.py
"""

import faulthandler
import os
import pickle
import random
import signal
import sys
import threading
import time
from collections import Counter
from pathlib import Path

import numpy as np
import pytest
from blas import counts

import skneuron
from skneuron import NeuronClassifier
from skneuron.results import History

pytestmark = [
    pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning"),
    pytest.mark.filterwarnings("ignore:.*fork:DeprecationWarning"),
]

INTERRUPTS = int(os.environ.get("SKNEURON_INTERRUPTS", "40"))
FORKS = int(os.environ.get("SKNEURON_FORKS", "10"))
LINES = int(os.environ.get("SKNEURON_LINES", "10"))

# Seconds after which a child process counts as hung.
_HUNG = 60.0


def _data(n, d, n_classes=2):
    rng = np.random.default_rng(0)
    X = rng.normal(size=(n, d))
    return X, (X @ rng.normal(size=(d, n_classes)) + rng.gumbel(size=(n, n_classes))).argmax(1)


SMALL, WIDE, MANY, LARGE = (200, 4), (400, 30), (3_000, 5), (150_000, 20)

CASES = {
    "newton": ({}, SMALL),
    "softmax": ({}, (*SMALL, 3)),
    "one neuron per class": ({"activation": "probit"}, (*SMALL, 3)),
    "l1": ({"l1_ratio": 1.0}, WIDE),
    "working-set": ({"l1_ratio": 1.0, "solver": "working-set"}, WIDE),
    "lbfgs": ({"solver": "lbfgs"}, WIDE),
    "newton-cg": ({"solver": "newton-cg"}, WIDE),
    "gd": ({"solver": "gd", "max_iter": 30}, SMALL),
    "sgd": ({"solver": "sgd", "max_iter": 4}, MANY),
    "adam": ({"solver": "adam", "max_iter": 4}, MANY),
    "perceptron": ({"activation": "step", "max_iter": 30}, SMALL),
    "relu": ({"activation": "relu", "max_iter": 30}, SMALL),
    "early stopping": ({"early_stopping": True}, SMALL),
    "large": ({}, LARGE),
    "large softmax": ({}, (60_000, 20, 3)),
}


class _Fit:
    """A fit, or the second chunk of a stream, and what it leads to if nothing interrupts it."""

    def __init__(self, name, *, stream, shape=None):
        params, own_shape = CASES[name]
        X, y = self._X, self._y = _data(*(shape or own_shape))
        self._stream, self._half = stream, len(self._y) // 2
        neuron = NeuronClassifier(random_state=0, **params)
        if stream:
            neuron.partial_fit(X[: self._half], y[: self._half], classes=np.unique(y))
        self._begun = pickle.dumps(neuron)
        self.expected = self.begun()
        started = time.perf_counter()
        self.run(self.expected)
        self.seconds = time.perf_counter() - started

    def begun(self):
        """Return an estimator before the fit."""
        return pickle.loads(self._begun)

    def run(self, neuron):
        """Fit, or learn the chunk."""
        if self._stream:
            neuron.partial_fit(self._X[self._half :], self._y[self._half :])
        else:
            neuron.fit(self._X, self._y)

    def check(self, neuron, before, n_finished=None):
        """Check an interrupted estimator: as it was, or as of the last finished iteration."""
        is_as_before = _state(neuron) == before
        if not is_as_before:
            assert len(neuron.history_["objective"]) == neuron.n_iter_.max() > 0
            assert np.all(np.isfinite(neuron.coef_))
            neuron.predict(self._X[:3])
            if self._stream:
                # A chunk is learned as a whole or not at all.
                np.testing.assert_array_equal(neuron.coef_, self.expected.coef_)
                return
        if n_finished and not self._stream:
            assert not is_as_before
        self.run(neuron)
        np.testing.assert_array_equal(neuron.coef_, self.expected.coef_)


def _state(neuron):
    return pickle.dumps(sorted(vars(neuron).items()))


ALL = [(name, stream) for name in CASES for stream in (False, True) if name != "early stopping"]
ALL.append(("early stopping", False))


# Hypothesis has a callback of the garbage collector, in which Python ignores an interrupt.
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
@pytest.mark.skipif(not hasattr(signal, "setitimer"), reason="no timer signals")
def test_interrupts_at_random_moments(two_threads):
    def interrupt(*_):
        raise KeyboardInterrupt

    rng, hits, errors = random.Random(0), 0, np.geterr()
    fits = [_Fit(name, stream=stream) for name, stream in ALL]
    handler = signal.signal(signal.SIGALRM, interrupt)
    try:
        while hits < INTERRUPTS:
            fit = rng.choices(fits, [1 / (0.1 + fit.seconds) for fit in fits])[0]
            neuron = fit.begun()
            before, was_hit = _state(neuron), True
            try:
                signal.setitimer(signal.ITIMER_REAL, 1e-6 + rng.random() * fit.seconds)
                fit.run(neuron)
                signal.setitimer(signal.ITIMER_REAL, 0)
                was_hit = False
            except KeyboardInterrupt:
                hits += 1
            assert counts() == two_threads
            assert np.geterr() == errors
            if was_hit:
                fit.check(neuron, before)
                assert counts() == two_threads
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, handler)


class _Line:
    """Raises ``KeyboardInterrupt`` at the n-th visit of a line of the package."""

    def __init__(self, line=None, visit=0):
        self._line, self._visit = line, visit
        self.visits = Counter()

    def __enter__(self):
        self._before = sys.gettrace()
        sys.settrace(self._trace)
        return self

    def __exit__(self, *_):
        sys.settrace(self._before)

    def _trace(self, frame, event, _):
        if not frame.f_code.co_filename.startswith(_PACKAGE):
            return None
        if event == "line":
            line = frame.f_code.co_filename[len(_PACKAGE) :], frame.f_lineno
            self.visits[line] += 1
            if line == self._line and self.visits[line] == self._visit:
                raise KeyboardInterrupt
        return self._trace


_PACKAGE = str(Path(skneuron.__file__).parent)

# Here the layer is complete. Between these few lines and the assignment there is no way back from
# an interrupt that is raised at the very beginning of one of them.
_TAKE_OVER = ("draft.take_over()", "try:", "self.estimator.__dict__ =")


@pytest.mark.parametrize(("name", "stream"), [case for case in ALL if "large" not in case[0]])
def test_interrupts_at_lines(monkeypatch, two_threads, name, stream):
    """If an iteration is finished, the estimator has its weights, wherever the interrupt hits."""
    finished, add, errors = [], History.add, np.geterr()

    def added(self, *args, **params):
        try:
            add(self, *args, **params)
        finally:
            finished.append(self._finished[0])

    monkeypatch.setattr(History, "add", added)
    fit = _Fit(name, stream=stream, shape=(100, 4, *CASES[name][1][2:]))
    neuron = fit.begun()
    with _Line() as lines:
        fit.run(neuron)
    places = [(line, visit) for line, visits in lines.visits.items() for visit in {1, visits}]
    for line, visit in random.Random(0).sample(places, min(LINES, len(places))):
        text = Path(_PACKAGE + line[0]).read_text().splitlines()[line[1] - 1]
        is_draft = line[0] in ("/fitting/_draft.py", "/classifier.py")
        if is_draft and any(part in text for part in _TAKE_OVER):
            continue
        neuron = fit.begun()
        before = _state(neuron)
        finished.clear()
        with pytest.raises(KeyboardInterrupt), _Line(line, visit):
            fit.run(neuron)
        assert (counts(), np.geterr()) == (two_threads, errors), (line, visit)
        try:
            fit.check(neuron, before, max(finished, default=0))
        except AssertionError:
            raise AssertionError((line, visit)) from None


class _Once:
    """Raises ``KeyboardInterrupt`` at one call of a function."""

    def __init__(self, function, call):
        self._function, self._left = function, call

    def __call__(self, *args, **params):
        self._left -= 1
        if self._left == 0:
            raise KeyboardInterrupt
        return self._function(*args, **params)


@pytest.mark.parametrize("call", [1, 2, 3])
@pytest.mark.parametrize("place", ["as_stored", "combine", "choose_solver", "on_validation_set"])
@pytest.mark.parametrize("params", [{}, {"activation": "probit"}, {"early_stopping": True}])
def test_an_interrupt_between_solvers_keeps_their_results(monkeypatch, params, place, call):
    """Of the neurons of a layer those that have converged are as they would be anyway."""
    X, y = _data(*SMALL, 3)
    neuron = NeuronClassifier(random_state=0, **params)
    expected = NeuronClassifier(random_state=0, **params).fit(X, y)
    home = {
        "choose_solver": skneuron.fitting._subproblems,
        "on_validation_set": skneuron.fitting._subproblems.Subproblem,
    }.get(place, skneuron.fitting._train)
    once = _Once(getattr(home, place), call)
    monkeypatch.setattr(home, place, lambda *args: once(*args))
    try:
        neuron.fit(X, y)
    except KeyboardInterrupt:
        pass
    else:
        # That many calls there are not.
        assert once._left > 0
        return
    if place in ("choose_solver", "on_validation_set") and call == 1:
        assert not hasattr(neuron, "coef_")
        return
    n_converged = {"as_stored": call, "combine": 3}.get(place, call - 1)
    if "activation" not in params:
        # A softmax layer is solved for at once.
        n_converged = 3
    np.testing.assert_array_equal(neuron.coef_[:n_converged], expected.coef_[:n_converged])
    if n_converged == 3:
        for name, column in expected.history_.items():
            if name != "seconds":
                np.testing.assert_array_equal(neuron.history_[name], column)


def test_a_second_interrupt_may_hit_the_gap(monkeypatch):
    """The first ends the solver, the second the objective of its last iteration."""
    X, y = _data(*SMALL)
    add = History.add

    def interrupted(self, *args, **params):
        add(self, *args, **params)
        if len(self) == 2:
            raise KeyboardInterrupt

    monkeypatch.setattr(History, "add", interrupted)
    once = _Once(skneuron.solvers._solver.value_and_gap, 1)
    monkeypatch.setattr(skneuron.solvers._solver, "value_and_gap", once)
    neuron = NeuronClassifier()
    with pytest.raises(KeyboardInterrupt):
        neuron.fit(X, y)
    assert neuron.n_iter_.max() == 2


class _Fitters:
    """Threads that fit until they are asked to stop."""

    def __init__(self, fits):
        self._fits, self._stop, self.failures = fits, False, []
        self._threads = [threading.Thread(target=self._work, args=(k,)) for k in range(2)]

    def _work(self, seed):
        rng = random.Random(seed)
        try:
            while not self._stop:
                fit = rng.choice(self._fits)
                fit.run(fit.begun())
        except Exception as failure:
            self.failures.append(failure)

    def __enter__(self):
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_):
        self._stop = True
        for thread in self._threads:
            thread.join()


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no forks on this system")
def test_forks_at_random_moments(two_threads):
    """While other threads fit: no child hangs, and each has its BLAS threads back."""
    names = ["newton", "one neuron per class", "l1", "sgd", "large"]
    fits = [_Fit(name, stream=stream) for name in names for stream in (False, True)]
    rng, failed = random.Random(0), Counter()

    def child(fit):
        if counts() != two_threads:
            return "limits at the begin"
        neuron = fit.begun()
        fit.run(neuron)
        neuron.predict(fit._X)
        if not np.array_equal(neuron.coef_, fit.expected.coef_):
            return "coefficients"
        return None if counts() == two_threads else "limits at the end"

    def fork():
        time.sleep(rng.random() * 0.02)
        outcome = _outcome_in_child(child, rng.choice(fits))
        if outcome is not None:
            failed[outcome] += 1

    with _Fitters(fits) as fitters:
        for k in range(FORKS):
            if k % 2:
                fork()
            else:
                forking = threading.Thread(target=fork)
                forking.start()
                forking.join()
    assert not failed
    assert not fitters.failures
    assert counts() == two_threads


def _outcome_in_child(function, *args):
    """Fork, call the function in the child, and return what it returns: a text or None."""
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            faulthandler.dump_traceback_later(_HUNG / 2, exit=True)
            text = function(*args) or "well"
        except BaseException as failure:
            text = repr(failure)
        os.write(writer, text.encode())
        os._exit(0)
    os.close(writer)
    end = time.monotonic() + _HUNG
    while os.waitpid(child, os.WNOHANG)[0] == 0:
        if time.monotonic() > end:
            os.kill(child, signal.SIGKILL)
            os.waitpid(child, 0)
            break
        time.sleep(1e-3)
    with os.fdopen(reader) as pipe:
        text = pipe.read() or "hung"
    return None if text == "well" else text
