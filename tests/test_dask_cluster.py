"""Dask with worker processes: the same bits, and faults of workers and of the scheduler."""

import _thread
import os
import signal
import subprocess
import sys
import threading
import tracemalloc

import numpy as np
import pytest

from skneuron import NeuronClassifier
from skneuron.design import DaskExecutor

dask = pytest.importorskip("dask")
distributed = pytest.importorskip("distributed")

import dask.array as da  # noqa: E402

# Processes that are killed leave warnings of Dask's own.
pytestmark = pytest.mark.filterwarnings("ignore")

RNG = np.random.default_rng(0)
X = RNG.normal(size=(16_000, 4))
Y = (X.sum(axis=1) + RNG.logistic(size=len(X)) > 0).astype(int)
OWN = NeuronClassifier(random_state=0).fit(X, Y)


@pytest.fixture(scope="module")
def client():
    options = {"n_workers": 2, "threads_per_worker": 1, "dashboard_address": None}
    with distributed.LocalCluster(**options) as cluster, distributed.Client(cluster) as client:
        yield client


def _spread(client):
    spread = da.from_array(X, chunks=(2000, 4)).persist(), da.from_array(Y, chunks=2000).persist()
    distributed.wait(spread, timeout=60)
    return spread


def _fit(spread):
    return NeuronClassifier(random_state=0).fit(*spread)


def _in_round(monkeypatch, number, action):
    """Call an action at the start of a round."""
    original, rounds = DaskExecutor.map, []

    def counted(self, function, *parts):
        rounds.append(function)
        if len(rounds) == number:
            action()
        return original(self, function, *parts)

    monkeypatch.setattr(DaskExecutor, "map", counted)
    return rounds


def _kill(client, n_workers):
    for process in sorted(client.run(os.getpid).values())[:n_workers]:
        os.kill(process, signal.SIGKILL)


def test_one_task_per_worker_thread_and_the_bits_of_one_process(client, monkeypatch):
    sizes = []
    original = DaskExecutor._tasks

    def counted(self, function, parts):
        tasks = original(self, function, parts)
        sizes.append(len(tasks))
        return tasks

    monkeypatch.setattr(DaskExecutor, "_tasks", counted)
    spread = _spread(client)
    neuron = _fit(spread)
    assert set(sizes) == {2}
    with dask.config.set(scheduler="sync"):
        other = _fit((da.from_array(X, chunks=(2000, 4)), da.from_array(Y, chunks=2000)))
    np.testing.assert_array_equal(neuron.coef_, other.coef_)
    np.testing.assert_array_equal(neuron.intercept_, other.intercept_)
    np.testing.assert_array_equal(
        neuron.predict_proba(spread[0]).compute(), neuron.predict_proba(X)
    )
    assert neuron.score(*spread) == neuron.score(X, Y)


@pytest.mark.parametrize(
    ("number", "phase"), [(1, "labels"), (2, "moments"), (3, "sample"), (5, "pass")]
)
def test_a_killed_worker_changes_nothing(client, monkeypatch, number, phase):
    client.wait_for_workers(2, timeout=60)
    spread = _spread(client)
    rounds = _in_round(monkeypatch, number, lambda: _kill(client, 1))
    neuron = _fit(spread)
    assert len(rounds) >= number
    np.testing.assert_allclose(neuron.coef_, OWN.coef_, rtol=1e-12)


def test_data_that_no_worker_can_compute_again(client, monkeypatch):
    client.wait_for_workers(2, timeout=60)
    parts = client.scatter([X[:8000], X[8000:]])
    arrays = [da.from_delayed(dask.delayed(np.asarray)(p), (8000, 4), float) for p in parts]
    spread = da.concatenate(arrays), da.from_array(Y, chunks=8000)
    np.testing.assert_allclose(_fit(spread).coef_, OWN.coef_, rtol=1e-12)
    _in_round(monkeypatch, 4, lambda: _kill(client, 2))
    neuron = NeuronClassifier(random_state=0)
    with pytest.raises(RuntimeError, match=r"Dask has lost a block.*X\.persist\(\)"):
        neuron.fit(*spread)
    assert not hasattr(neuron, "coef_")


def _interrupted(spread, monkeypatch):
    """Return the neuron of a fit that was interrupted in a round, None if the interrupt was lost.

    Python ignores an interrupt that hits a destructor, and a round of Dask ends with many.
    """
    interrupt = threading.Timer(0.001, _thread.interrupt_main)
    with monkeypatch.context() as patch:
        rounds = _in_round(patch, 7, interrupt.start)
        neuron = NeuronClassifier(random_state=0)
        try:
            neuron.fit(*spread)
            threading.Event().wait(2)
        except KeyboardInterrupt:
            assert len(rounds) >= 7
            return neuron
    assert neuron.converged_
    return None


def test_an_interrupt_keeps_the_last_iteration_and_the_cluster(client, monkeypatch):
    client.wait_for_workers(2, timeout=60)
    spread = _spread(client)
    neurons = (_interrupted(spread, monkeypatch) for _ in range(5))
    neuron = next(neuron for neuron in neurons if neuron is not None)
    assert neuron.n_iter_[0] >= 1
    assert np.abs(neuron.coef_ - OWN.coef_).max() < 0.1
    np.testing.assert_allclose(_fit(spread).coef_, OWN.coef_, rtol=1e-12)


def test_the_client_needs_less_memory_than_X(client):
    # Each pass makes X anew on the workers: 80 MB.
    n, chunk = 500_000, 25_000
    spread = da.random.default_rng(0).normal(size=(n, 20), chunks=(chunk, 20))
    noise = da.random.default_rng(1).logistic(size=n, chunks=chunk)
    y = (spread @ np.full(20, 0.2) + noise > 0).astype(int)
    tracemalloc.start()
    try:
        neuron = NeuronClassifier(random_state=0).fit(spread, y)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert neuron.converged_
    assert neuron.history_["n_passes"][-1] < 6
    assert peak < spread.nbytes / 4


LOST = """
import subprocess, sys
import dask.array as da, numpy as np
from distributed import Client, wait
from skneuron import NeuronClassifier
from skneuron.design import DaskExecutor
command = [sys.executable, "-m", "distributed.cli.dask_scheduler", "--port", "0"]
command += ["--no-dashboard", "--scheduler-file", sys.argv[1]]
scheduler = subprocess.Popen(command)
worker = None
try:
    with Client(scheduler_file=sys.argv[1], timeout=60) as client:
        command = [sys.executable, "-m", "distributed.cli.dask_worker", "--no-dashboard"]
        worker = subprocess.Popen([*command, "--scheduler-file", sys.argv[1]])
        client.wait_for_workers(1)
        X = np.random.default_rng(0).normal(size=(16000, 4))
        spread = da.from_array(X, chunks=(2000, 4)).persist()
        y = da.from_array((X[:, 0] > X[:, 1] - X[:, 2] ** 3).astype(int), chunks=2000).persist()
        wait([spread, y])
        rounds, original = [], DaskExecutor.map
        def counted(self, function, *parts):
            rounds.append(function)
            if len(rounds) == 4:
                scheduler.kill()
            return original(self, function, *parts)
        DaskExecutor.map = counted
        try:
            NeuronClassifier(random_state=0).fit(spread, y)
        except RuntimeError as error:
            print(error, flush=True)
finally:
    scheduler.kill()
    if worker is not None:
        worker.kill()
"""


def test_a_scheduler_that_goes_away(tmp_path):
    command = [sys.executable, "-c", LOST, str(tmp_path / "scheduler.json")]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
    assert "Dask has lost a block, a worker or its scheduler" in done.stdout, done.stderr[-2000:]
