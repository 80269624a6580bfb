"""
The neuron is logistic regression
=================================

Both models minimize the same objective. On standardized features they predict equally well.
On raw features the default ``LogisticRegression`` ends before it converges. The last column is the
largest difference from the converged coefficients, as a fraction of the largest coefficient.
"""

import warnings

import numpy as np
from sklearn.datasets import load_breast_cancer, load_wine
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import StratifiedKFold, cross_validate
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from skneuron import NeuronClassifier

folds = StratifiedKFold(5, shuffle=True, random_state=0)
models = {"LogisticRegression": LogisticRegression(), "NeuronClassifier": NeuronClassifier()}

for load in (load_breast_cancer, load_wine):
    X, y = load(return_X_y=True)
    print(f"{load.__name__.removeprefix('load_')}, {X.shape[0]} samples × {X.shape[1]} features")
    print(f"{'':35} accuracy  log loss  warnings  error of coefficients")
    for scaling in ([], [StandardScaler()]):
        # Newton's method with a tight tolerance gives the reference.
        exact = make_pipeline(
            *scaling, LogisticRegression(solver="newton-cholesky", tol=1e-12, max_iter=1000)
        )
        coef = exact.fit(X, y)[-1].coef_
        for name, model in models.items():
            pipeline = make_pipeline(*scaling, model)
            with warnings.catch_warnings(record=True) as caught:
                warnings.simplefilter("always")
                scores = cross_validate(
                    pipeline, X, y, cv=folds, scoring=["accuracy", "neg_log_loss"]
                )
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                error = np.abs(pipeline.fit(X, y)[-1].coef_ - coef).max() / np.abs(coef).max()
            accuracy = scores["test_accuracy"].mean()
            log_loss = -scores["test_neg_log_loss"].mean()
            label = ("StandardScaler, " if scaling else "") + name
            print(f"{label:35} {accuracy:8.3f}  {log_loss:8.3f}  {len(caught):8}  {error:8.1e}")
    print()

# tanh is the same model with another unit of z: (1 + tanh z) / 2 = sigmoid(2z). Without a
# penalty its coefficients are half as large.
X, y = load_breast_cancer(return_X_y=True)
sigmoid = NeuronClassifier("sigmoid", C=np.inf).fit(X[:, :3], y)
tanh = NeuronClassifier("tanh", C=np.inf).fit(X[:, :3], y)
print(
    "sigmoid coefficients divided by tanh coefficients:", (sigmoid.coef_ / tanh.coef_).round(9)[0]
)

# sphinx_gallery_thumbnail_path = "images/boundary.png"
