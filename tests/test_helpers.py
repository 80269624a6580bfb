"""Helpers of a pass: order, errors, interrupts, NumPy's error handling, no thread to be had."""

import gc
import os
import signal
import subprocess
import sys
import threading
import time
import warnings
import weakref

import numpy as np
import pytest
from threadpoolctl import threadpool_limits

from skneuron import NeuronClassifier
from skneuron._threads import _parts, blas_on_one_thread, run_parts
from skneuron.activations import Sigmoid

needs_signals = pytest.mark.skipif(not hasattr(signal, "setitimer"), reason="no timer signals")


@pytest.fixture
def inside():
    """A block in which three threads are allowed, on any machine."""
    with threadpool_limits(3, user_api="blas"), blas_on_one_thread():
        yield


def _is_helper():
    return threading.current_thread().name == "skneuron"


class _Meeting:
    """Lets a share of each thread begin before any of them goes on."""

    def __init__(self, n):
        self._barrier = threading.Barrier(n)
        self.threads = set()

    def __call__(self):
        self._barrier.wait(20)
        self.threads.add(threading.get_ident())


def test_each_thread_takes_a_share(inside):
    meeting = _Meeting(3)

    def square(k):
        meeting()
        return k * k

    assert run_parts(square, [1, 2, 3]) == [1, 4, 9]
    assert len(meeting.threads) == 3


def test_the_first_failure_is_raised(inside):
    meeting = _Meeting(3)

    def fail(k):
        meeting()
        if k:
            raise ValueError(k)

    with pytest.raises(ValueError, match=r"^1$"):
        run_parts(fail, [0, 1, 2])


def test_a_failure_keeps_nothing_alive(inside):
    class Rows:
        pass

    rows = Rows()
    alive = weakref.ref(rows)
    meeting = _Meeting(3)

    def fail(k, rows=rows):
        meeting()
        raise ValueError

    gc.disable()
    try:
        with pytest.raises(ValueError, match=r"^$") as caught:
            run_parts(fail, [0, 1, 2])
        del rows, fail, caught
        _wait_until(lambda: alive() is None)
    finally:
        gc.enable()


def _wait_until(condition):
    end = time.monotonic() + 20
    while not condition():
        assert time.monotonic() < end
        time.sleep(1e-3)


@needs_signals
@pytest.mark.parametrize("n_interrupts", [1, 5])
def test_no_thread_works_on_after_an_interrupt(inside, n_interrupts):
    """Not even where further interrupts hit the thread that waits for its helpers."""
    begun, ended, raised = threading.Event(), threading.Event(), []

    def interrupt(*_):
        raised.append(len(raised))
        if len(raised) >= n_interrupts:
            signal.setitimer(signal.ITIMER_REAL, 0)
        raise KeyboardInterrupt

    def work(k):
        if not _is_helper():
            begun.wait(20)
            signal.setitimer(signal.ITIMER_REAL, 0.01, 0.01)
            time.sleep(20)
        elif not begun.is_set():
            begun.set()
            time.sleep(0.3)
            ended.set()

    before = signal.signal(signal.SIGALRM, interrupt)
    try:
        with pytest.raises(KeyboardInterrupt):
            run_parts(work, [0, 1])
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
    assert ended.is_set()
    assert len(raised) == n_interrupts
    assert run_parts(str, [0, 1]) == ["0", "1"]


def test_helpers_handle_overflow_as_the_caller_does(inside):
    meeting, calls = _Meeting(3), []

    def overflow(k):
        meeting()
        return np.exp(np.array([1e3 if _is_helper() else 0.0]))[0]

    with np.errstate(all="ignore"):
        assert run_parts(overflow, [0, 1, 2]) == [1.0, np.inf, np.inf]
    with np.errstate(over="call", call=lambda *given: calls.append(given)):
        assert run_parts(overflow, [0, 1, 2]) == [1.0, np.inf, np.inf]
    assert len(calls) == 2
    with np.errstate(over="raise"), pytest.raises(FloatingPointError):
        run_parts(overflow, [0, 1, 2])


class _Overflowing(Sigmoid):
    """A sigmoid whose value overflows on the way, in helpers too."""

    helped = False

    def log_proba(self, z):
        type(self).helped |= _is_helper()
        np.exp(np.abs(z) + 1e3)
        return super().log_proba(z)


def test_a_large_fit_is_silent_in_every_thread():
    X = np.random.default_rng(0).normal(size=(300_000, 4))
    y = X[:, 0] > 0.3 * X[:, 1]
    with threadpool_limits(3, user_api="blas"), warnings.catch_warnings():
        warnings.simplefilter("error")
        neuron = _fit_with_a_helper(X, y)
    assert _Overflowing.helped
    # The fit is right as well: a fit on one thread has the same coefficients.
    with threadpool_limits(1, user_api="blas"):
        alone = NeuronClassifier(solver="newton").fit(X, y)
    np.testing.assert_allclose(neuron.coef_, alone.coef_, rtol=1e-9)


def _fit_with_a_helper(X, y):
    """Fit until a helper has been quick enough to take a share of the rows."""
    _Overflowing.helped = False
    for _ in range(20):
        neuron = NeuronClassifier(_Overflowing(), solver="newton").fit(X, y)
        if _Overflowing.helped:
            break
    return neuron


def test_without_threads_the_caller_does_all(inside, monkeypatch):
    def start(self):
        raise RuntimeError("can't start new thread")

    helpers = _parts._Helpers()
    monkeypatch.setattr(_parts, "_helpers", helpers)
    monkeypatch.setattr(threading.Thread, "start", start)
    assert run_parts(str, range(5)) == list("01234")
    assert helpers._tasks.empty()


def test_busy_helpers_are_not_waited_for(inside, monkeypatch):
    """A part that runs parts itself, on as many threads as there are, ends."""
    monkeypatch.setattr(_parts, "_helpers", _parts._Helpers())
    monkeypatch.setattr(os, "cpu_count", lambda: 2)

    def outer(k):
        return sum(run_parts(lambda i: k + i, range(4)))

    assert run_parts(outer, range(6)) == [4 * k + 6 for k in range(6)]


def test_a_prediction_at_the_end_of_the_process():
    code = """
import atexit, threading
import numpy as np
from threadpoolctl import threadpool_limits
from skneuron import NeuronClassifier
X = np.random.default_rng(0).normal(size=(300_000, 4))
def predict():
    with threadpool_limits(3, user_api="blas"):
        print(len(NeuronClassifier.from_weights([1.0] * 4).predict_proba(X)))
atexit.register(predict)
"""
    command = [sys.executable, "-W", "error", "-c", code]
    run = subprocess.run(command, capture_output=True, text=True, check=True, timeout=120)
    assert (run.stdout, run.stderr) == ("300000\n", "")
