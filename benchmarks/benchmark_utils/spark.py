"""The logistic regression of Spark ML, on as many local cores as the cluster has workers."""

from __future__ import annotations

import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd


@dataclass(frozen=True)
class SparkFit:
    """Coefficients of a fit, in the shapes of scikit-learn."""

    coef_: np.ndarray
    intercept_: np.ndarray
    n_iter: int


def fit_on_spark(X: Any, y: Any, cores: int, tol: float, repeats: int) -> tuple[SparkFit, float]:
    """Return the fit with C=1, and the median of its seconds, of data that Spark has in memory.

    Spark minimizes the mean loss plus ½ λ ‖w‖², so λ = 1/(C n). It gets no data from Dask: the
    chunks go through a file, which the seconds leave out.
    """
    from pyspark.ml.classification import LogisticRegression
    from pyspark.ml.feature import VectorAssembler
    from pyspark.sql import SparkSession

    names = [f"x{k}" for k in range(X.shape[1])]
    session = SparkSession.builder.master(f"local[{cores}]").config("spark.driver.memory", "3g")
    with tempfile.TemporaryDirectory() as folder:
        for k, (rows, labels) in enumerate(zip(X.blocks, y.blocks, strict=True)):
            frame = pd.DataFrame(rows.compute(), columns=names)
            frame.assign(y=labels.compute()).to_parquet(Path(folder) / f"{k:03}.parquet")
        spark = session.getOrCreate()
        table = VectorAssembler(inputCols=names, outputCol="features").transform(
            spark.read.parquet(folder)
        )
        table = table.select("features", "y").repartition(cores).cache()
        n = table.count()
        model = LogisticRegression(
            labelCol="y", regParam=1.0 / n, standardization=False, tol=tol, maxIter=1000
        )
        seconds = []
        for _ in range(repeats):
            start = time.perf_counter()
            fitted = model.fit(table)
            seconds.append(time.perf_counter() - start)
        coef = np.asarray(fitted.coefficients.toArray())[None]
        found = SparkFit(coef, np.array([fitted.intercept]), fitted.summary.totalIterations)
        spark.stop()
    return found, float(np.median(seconds))
