"""Forks: a child process has its BLAS threads back, whatever the threads of its parent do."""

import faulthandler
import os
import signal
import threading
import time

import numpy as np
import pytest
from blas import counts
from joblib import Parallel, delayed

from skneuron import NeuronClassifier
from skneuron._threads import blas_as_allowed, blas_on_one_thread, run_parts, share_out

pytestmark = [
    pytest.mark.skipif(not hasattr(os, "fork"), reason="no forks on this system"),
    # Python 3.12 warns of a fork in a process with threads, which is what is tested here.
    pytest.mark.filterwarnings("ignore:.*fork:DeprecationWarning"),
]

# Seconds after which a child counts as hung.
_HUNG = 60.0


def _child_ends_well(function):
    """Fork, call the function in the child, and return whether it returned true in time."""
    child = os.fork()
    if child == 0:
        faulthandler.dump_traceback_later(_HUNG / 2, exit=True)
        well = False
        try:
            well = bool(function())
        finally:
            os._exit(0 if well else 1)
    end = time.monotonic() + _HUNG
    while time.monotonic() < end:
        ended, status = os.waitpid(child, os.WNOHANG)
        if ended:
            return os.waitstatus_to_exitcode(status) == 0
        time.sleep(1e-3)
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)
    return False


def _works(expected):
    """Whether limits are as expected, and a block and parts of a pass do what they should."""
    before = counts() == expected and len(share_out(100, at_least=10)) == 1
    with blas_on_one_thread():
        inside = set(counts()) == {1} and len(share_out(100, at_least=10)) == 2
        parts = run_parts(str, range(4)) == list("0123")
    return before and inside and parts and counts() == expected


@pytest.fixture
def other_thread_inside(two_threads):
    """Another thread is in a block, for as long as the test lasts."""
    inside, leave = threading.Event(), threading.Event()

    def stay():
        with blas_on_one_thread():
            inside.set()
            leave.wait(60)

    thread = threading.Thread(target=stay)
    thread.start()
    inside.wait(60)
    yield two_threads
    leave.set()
    thread.join()
    assert counts() == two_threads


def test_a_child_has_its_threads_back(other_thread_inside):
    assert set(counts()) == {1}
    assert _child_ends_well(lambda: _works(other_thread_inside))


def test_a_child_of_the_thread_that_fits_fits_on(two_threads):
    def child():
        return set(counts()) == {1} and len(share_out(100, at_least=10)) == 2

    with blas_on_one_thread():
        assert _child_ends_well(child)
        with blas_as_allowed():
            assert _child_ends_well(lambda: _works(two_threads))
    assert counts() == two_threads


def test_a_block_that_is_open_at_the_fork_ends_in_the_child(other_thread_inside):
    code = None
    with blas_on_one_thread():
        child = os.fork()
        if child:
            code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    if child == 0:
        os._exit(0 if _works(other_thread_inside) else 1)
    assert code == 0
    assert set(counts()) == {1}


def test_a_child_has_helpers_of_its_own(two_threads):
    with blas_on_one_thread():
        run_parts(str, range(4))
    assert _child_ends_well(lambda: _works(two_threads))


def test_a_part_may_fork(two_threads):
    """The helpers stay in the parent: the child runs their parts itself."""
    me, begun = threading.get_ident(), threading.Event()
    child = None

    def fork(k):
        nonlocal child
        if threading.get_ident() == me and child is None:
            begun.wait(10)
            child = os.fork()
        elif k > 1:
            begun.set()
            time.sleep(0.1)
        return k

    with blas_on_one_thread():
        out = run_parts(fork, range(4))
    if child == 0:
        os._exit(0 if out == [0, 1, 2, 3] and _works(two_threads) else 1)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    assert out == [0, 1, 2, 3]


def test_a_child_fits_as_its_parent(other_thread_inside):
    rng = np.random.default_rng(0)
    X = rng.normal(size=(60_000, 20))
    y = X[:, 0] + rng.logistic(size=60_000) > 0
    expected = NeuronClassifier(random_state=0).fit(X, y)

    def child():
        neuron = NeuronClassifier(random_state=0).fit(X, y)
        same = np.array_equal(neuron.coef_, expected.coef_)
        return same and counts() == other_thread_inside

    assert _child_ends_well(child)


def test_processes_of_joblib_fit_beside_a_thread(other_thread_inside):
    rng = np.random.default_rng(0)
    X = rng.normal(size=(500, 4))
    y = X[:, 0] + rng.logistic(size=500) > 0
    expected = NeuronClassifier().fit(X, y).coef_
    with Parallel(n_jobs=2, backend="loky") as parallel:
        neurons = parallel(delayed(NeuronClassifier().fit)(X, y) for _ in range(4))
    for neuron in neurons:
        np.testing.assert_array_equal(neuron.coef_, expected)
    assert set(counts()) == {1}
