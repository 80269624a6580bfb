"""
Train on a file larger than memory
==================================

``partial_fit`` reads the file in batches. The file is small here, so that the example is quick. The
features have very different units, and the neuron needs no scaler to converge.
"""

import tempfile
import time
from copy import deepcopy
from pathlib import Path

import numpy as np
from matplotlib import pyplot as plt
from sklearn.metrics import log_loss

from skneuron import NeuronClassifier

N, D, CHUNK = 200_000, 20, 10_000

with tempfile.TemporaryDirectory() as folder:
    path = Path(folder) / "stream.npy"
    rng = np.random.default_rng(0)
    table = np.lib.format.open_memmap(path, mode="w+", dtype=np.float64, shape=(N, D + 1))
    weights = rng.standard_normal(D)
    for first in range(0, N, CHUNK):
        X = rng.standard_normal((CHUNK, D))
        table[first : first + CHUNK, :D] = X * np.geomspace(0.01, 100, D) + np.arange(D)
        table[first : first + CHUNK, D] = X @ weights + rng.logistic(size=CHUNK) > 0
    table.flush()
    del table

    # From now on, only one batch is in memory.
    rows = np.load(path, mmap_mode="r")
    neuron = NeuronClassifier()
    after_chunk = []
    start = time.perf_counter()
    for first in range(0, N, CHUNK):
        chunk = np.array(rows[first : first + CHUNK])
        neuron.partial_fit(chunk[:, :D], chunk[:, D].astype(int), classes=[0, 1])
        after_chunk.append(deepcopy(neuron))
    seconds = time.perf_counter() - start

    X, y = np.array(rows[:, :D]), np.array(rows[:, D]).astype(int)
    whole = NeuronClassifier().fit(X, y)
    best = log_loss(y, whole.predict_proba(X))
    excess = [log_loss(y, seen.predict_proba(X)) - best for seen in after_chunk]
    print(f"{neuron.n_samples_seen_} samples in {N // CHUNK} batches in {seconds:.2f} s")
    print(f"log loss of the fit of all samples  {best:.6f}")
    print(f"difference after one pass           {excess[-1]:.1e}")
    assert excess[-1] < 1e-4

    figure, ax = plt.subplots(figsize=(6, 4), layout="constrained")
    ax.loglog(CHUNK * np.arange(1, len(excess) + 1), excess, "o-")
    ax.set(xlabel="samples", ylabel="log loss minus log loss of the fit of all samples")
