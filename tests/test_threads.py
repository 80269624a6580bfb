"""The BLAS limit: interrupts at each step, threads side by side, forks, limits of the user."""

import random
import signal
import sys
import threading
import time

import numpy as np
import pytest
from blas import counts
from threadpoolctl import threadpool_limits

from skneuron import NeuronClassifier
from skneuron._threads import _blocks, blas_as_allowed, blas_on_one_thread, share_out
from skneuron._threads._blocks import Blocks
from skneuron._threads._libraries import Library
from skneuron._threads._limit import Limit
from skneuron.activations import Sigmoid


class _Interrupter:
    """Raises ``KeyboardInterrupt`` at one step of some files, counted from 0 on."""

    def __init__(self, step, files, *, opcodes):
        self.left, self._files, self._opcodes = step, files, opcodes
        self.place = None

    def _trace(self, frame, event, _):
        if not frame.f_code.co_filename.endswith(self._files):
            return None
        frame.f_trace_opcodes = self._opcodes
        if event in ("opcode", "line", "call"):
            if self.left == 0:
                self.place = f"{frame.f_code.co_name}:{frame.f_lineno} ({event})"
                raise KeyboardInterrupt
            self.left -= 1
        return self._trace

    def __enter__(self):
        self._before = sys.gettrace()
        sys.settrace(self._trace)
        return self

    def __exit__(self, *_):
        sys.settrace(self._before)


def _interrupted_everywhere(function, files, *, opcodes, least=20, stride=1):
    """Call the function, each time interrupted some steps later, and yield after each call.

    The exception, and the frames of its traceback, live until the next call.
    """
    step = 0
    while True:
        interrupter = _Interrupter(step, files, opcodes=opcodes)
        try:
            with interrupter:
                function()
        except KeyboardInterrupt as interrupt:
            yield interrupter.place, interrupt
        if interrupter.left > 0 and interrupter.place is None:
            assert step > least
            return
        step += stride


_FILES = ("_threads/_blocks.py", "_threads/_limit.py")


def _enter_and_leave():
    with blas_on_one_thread():
        assert set(counts()) == {1}
        with blas_as_allowed():
            pass


@pytest.mark.parametrize("opcodes", [False, True])
def test_an_interrupt_at_any_step_leaves_nothing(two_threads, monkeypatch, opcodes):
    monkeypatch.setattr(_blocks, "_LOST", 0.05)
    for place, interrupt in _interrupted_everywhere(_enter_and_leave, _FILES, opcodes=opcodes):
        assert counts() == two_threads, place
        assert len(share_out(100, at_least=10)) == 1, place
        _enter_and_leave()
        assert counts() == two_threads, place
        assert interrupt.__traceback__ is not None


def test_other_threads_go_on_after_any_interrupt(two_threads, monkeypatch):
    """An interrupt may even hit the line that releases the lock: nobody waits for ever."""
    monkeypatch.setattr(_blocks, "_LOST", 0.05)
    for where, _ in _interrupted_everywhere(_enter_and_leave, _FILES, opcodes=False):
        other = threading.Thread(target=_enter_and_leave, daemon=True)
        other.start()
        other.join(20)
        assert not other.is_alive(), where
        assert counts() == two_threads, where


class _Fake:
    """A BLAS library with one limit per process, or one per thread; it can be interrupted."""

    def __init__(self, threads, *, own=False):
        self._first = threads
        self._of = threading.local() if own else type("Process", (), {})()
        self.interrupts = iter(())
        self.library = Library(self.get, self.set)

    def get(self):
        return getattr(self._of, "threads", self._first)

    def set(self, threads):
        when = next(self.interrupts, None)
        if when == "before":
            raise KeyboardInterrupt
        self._of.threads = threads
        if when == "after":
            raise KeyboardInterrupt


@pytest.mark.parametrize("seed", range(200))
def test_a_limit_follows_from_its_holders(seed):
    """Holders come and go in any order, a user sets limits, interrupts hit the library."""
    rng = random.Random(seed)
    expected = rng.choice([1, 2, 4])
    fake = _Fake(expected)
    fake.interrupts = (rng.choice([None, None, None, "before", "after"]) for _ in range(10**6))
    limit, holders = Limit(fake.library), set()
    for _ in range(100):
        action = rng.choice(["enter", "leave", "leave", "set"])
        if action == "set":
            expected = rng.choice([2, 3, 4])
            fake._of.threads = expected
            continue
        came = object()
        if action == "enter":
            holders.add(came)
        elif holders:
            holders.remove(rng.choice(sorted(holders, key=id)))
        while True:
            try:
                limit.settle(holders)
                break
            except KeyboardInterrupt:
                # The block of an interrupted holder ends.
                holders.discard(came)
        if came in holders:
            assert (fake.get(), limit.allowed) == (1, expected)
        if not holders:
            assert (fake.get(), limit.allowed) == (expected, 1)


def test_a_block_inside_of_raised_limits_gives_them_back():
    """The user's own code in a fit may allow more threads, and predict meanwhile."""
    fake = _Fake(2)
    blocks = Blocks(lambda: ([fake.library], []))
    with blocks.block(holds=True):
        assert (fake.get(), blocks.allowed) == (1, 2)
        fake.set(4)
        with blocks.block(holds=True):
            assert (fake.get(), blocks.allowed) == (1, 4)
        assert fake.get() == 4
        fake.set(1)
    assert fake.get() == 2


def test_code_of_the_user_has_its_own_threads():
    fake = _Fake(4)
    blocks = Blocks(lambda: ([fake.library], []))
    for chosen in (1, 2, 4):
        with blocks.block(holds=True), blocks.block(holds=True):
            with blocks.block(holds=False):
                before = fake.get()
                with blocks.block(holds=True):
                    assert fake.get() == 1
                assert fake.get() == before
                fake.set(chosen)
            assert (fake.get(), blocks.allowed) == (1, chosen)
        assert fake.get() == chosen
    assert before == 2


def test_libraries_with_a_limit_per_thread():
    """As MKL has them: a thread limits itself only, in whatever order threads leave."""
    shared, own = _Fake(4), _Fake(3, own=True)
    blocks = Blocks(lambda: ([shared.library], [own.library]))
    inside, leave = threading.Event(), threading.Event()
    seen = []

    def other():
        with blocks.block(holds=True):
            seen.append((shared.get(), own.get(), blocks.allowed))
            inside.set()
            leave.wait(20)
        seen.append((shared.get(), own.get()))

    thread = threading.Thread(target=other)
    with blocks.block(holds=True):
        thread.start()
        inside.wait(20)
        assert (shared.get(), own.get(), blocks.allowed) == (1, 1, 3)
    assert (shared.get(), own.get()) == (1, 3)
    leave.set()
    thread.join()
    assert seen == [(1, 1, 3), (4, 3)]


@pytest.mark.parametrize("seed", range(3))
def test_threads_side_by_side_lose_nothing(two_threads, seed):
    wrong = []

    def work(rng):
        for _ in range(100):
            with blas_on_one_thread():
                if set(counts()) != {1} or len(share_out(100, at_least=10)) != 2:
                    wrong.append(counts())
                time.sleep(rng.random() * 1e-4)
            time.sleep(rng.random() * 1e-4)

    threads = [threading.Thread(target=work, args=(random.Random(seed + k),)) for k in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not wrong
    assert counts() == two_threads


@pytest.mark.skipif(not hasattr(signal, "setitimer"), reason="no timer signals")
def test_a_signal_handler_may_predict(two_threads):
    """Whatever it interrupts, entering a block or leaving it."""
    neuron, calls = NeuronClassifier.from_weights([1.0]), []

    def predict(*_):
        calls.append(neuron.predict([[1.0]]))
        signal.setitimer(signal.ITIMER_REAL, 1e-4)

    before = signal.signal(signal.SIGALRM, predict)
    try:
        signal.setitimer(signal.ITIMER_REAL, 1e-4)
        while len(calls) < 500:
            with blas_on_one_thread():
                pass
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
    assert counts() == two_threads


def test_a_thread_that_has_fitted_keeps_no_hold_on_the_limits():
    """Since 3.8 threadpoolctl lets one thread set limits, as long as it keeps them."""
    fitted, end = threading.Event(), threading.Event()

    def fit():
        with blas_on_one_thread():
            pass
        fitted.set()
        end.wait(20)

    thread = threading.Thread(target=fit)
    thread.start()
    fitted.wait(20)
    with threadpool_limits(3, user_api="blas"):
        assert set(counts()) == {3}
        with blas_on_one_thread():
            assert set(counts()) == {1}
        assert set(counts()) == {3}
    end.set()
    thread.join()


def _in_thread(function, *args, **params):
    thread = threading.Thread(target=function, args=args, kwargs=params)
    thread.start()
    thread.join()


def test_a_limit_that_another_thread_sets_meanwhile_stays(two_threads):
    with blas_on_one_thread():
        _in_thread(threadpool_limits, 3, user_api="blas")
        with blas_on_one_thread():
            assert set(counts()) == {1}
    assert set(counts()) == {3}


def test_a_limit_around_the_begin_of_a_fit_ends_within(two_threads):
    begun, end = threading.Event(), threading.Event()

    def limited():
        with threadpool_limits(3, user_api="blas"):
            begun.set()
            end.wait(20)

    thread = threading.Thread(target=limited)
    thread.start()
    begun.wait(20)
    with blas_on_one_thread():
        end.set()
        thread.join()
    assert counts() == two_threads


class _Limiting(Sigmoid):
    """An activation that sets limits of its own while a neuron learns."""

    def value(self, z):
        with threadpool_limits(3, user_api="blas"):
            NeuronClassifier.from_weights([1.0]).predict([[1.0]])
            assert set(counts()) == {3}
        return super().value(z)


def test_an_activation_may_set_limits(two_threads):
    X = np.linspace(-1, 1, 50)[:, None]
    NeuronClassifier(_Limiting(), loss="squared_error", solver="lbfgs", max_iter=3, tol=1e-3).fit(
        X, X[:, 0] > 0.1
    )
    assert counts() == two_threads


@pytest.mark.parametrize("chosen", [1, 2, 3])
def test_a_callback_may_set_limits(two_threads, chosen):
    pytest.importorskip("sklearn.callback")
    from skneuron.fitting import StopAfter

    seen = []

    class Limiting(StopAfter):
        def on_fit_task_end(self, estimator, context):
            seen.append(counts())
            threadpool_limits(chosen, user_api="blas")
            return super().on_fit_task_end(estimator, context)

    X = np.random.default_rng(0).normal(size=(100, 2))
    neuron = NeuronClassifier().set_callbacks(Limiting(iterations=2))
    neuron.fit(X, X[:, 0] + X[:, 1] ** 2 > 1)
    assert seen[0] == two_threads
    assert set(counts()) == {chosen}


def test_numpy_errors_are_as_before_after_an_interrupt():
    """An interrupt between the lines of ``np.errstate`` would leave them changed."""

    def fit():
        with blas_on_one_thread(), np.errstate(all="ignore"):
            pass

    before = np.geterr()
    for place, _ in _interrupted_everywhere(fit, "_ufunc_config.py", opcodes=True, least=1):
        assert np.geterr() == before, place


@pytest.mark.parametrize("method", ["fit", "partial_fit", "predict_proba"])
def test_an_interrupt_of_a_method_keeps_numpy_errors(method):
    X = np.random.default_rng(0).normal(size=(40, 2))
    y = (X[:, 0] > 0.2).astype(int)
    neuron = NeuronClassifier("probit").fit(X, y)

    def run():
        getattr(neuron, method)(X, *([] if method == "predict_proba" else [y]))

    before, stride = np.geterr(), 1 if method == "predict_proba" else 7
    for place, _ in _interrupted_everywhere(run, "_ufunc_config.py", opcodes=False, stride=stride):
        assert np.geterr() == before, place
