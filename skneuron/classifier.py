"""The estimator."""

from __future__ import annotations

from typing import Any, Literal, Self

import numpy as np
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.utils import Tags

from skneuron.activations import Activation
from skneuron.fitting._callbacks import FRAMES, CallbackSupportMixin, FitTasks, with_callbacks
from skneuron.fitting._draft import Draft
from skneuron.fitting._fit import LearningMixin
from skneuron.fitting._versioned import VersionedMixin
from skneuron.prediction._from_weights import fitted_attributes
from skneuron.prediction._tracing import TracingMixin
from skneuron.results import Status
from skneuron.solvers import Solver

__all__ = ["NeuronClassifier"]


class NeuronClassifier(
    VersionedMixin,
    CallbackSupportMixin,
    LearningMixin,
    TracingMixin,
    ClassifierMixin,
    BaseEstimator,
):  # type: ignore[misc]
    """One artificial neuron, ``y = f(w·x + b)``, or a layer of K for K classes.

    It minimizes the objective of scikit-learn's ``LogisticRegression``::

        F(w, b) = (1/S) Σᵢ sᵢ ℓ(yᵢ, w·xᵢ + b) + 1/(C·S) [(1-ρ)/2 ‖w‖² + ρ ‖w‖₁],   S = Σᵢ sᵢ

    with sᵢ the sample weight times the class weight and ρ the ``l1_ratio``. The bias is not
    penalised, and weights can have bounds. With
    ``activation="sigmoid"`` it *is* logistic regression. Columns need no scaling: the
    solvers scale them and return weights for the columns as given.

    Parameters
    ----------
    activation : str or Activation, default="sigmoid"
        Name of one of :data:`skneuron.activations.ACTIVATIONS`, an object such as
        ``LeakyReLU(alpha=0.2)``, or one of a subclass of your own.
    loss : {"auto", "log_loss", "squared_error"}, default="auto"
        ``"auto"`` is the log loss for a distribution function, squared error for
        another differentiable activation, and the perceptron rule for ``"step"``.
    C : float, default=1.0
        Inverse strength of the penalty, positive; ``np.inf`` for none. It has no
        effect on ``"step"``, whose mistakes do not depend on the length of w.
    l1_ratio : float, default=0.0
        Share of the L1 penalty, from 0 (ridge) to 1 (lasso). Weights of little use are
        then exactly zero.
    fit_intercept : bool, default=True
        Whether the neuron has a bias.
    class_weight : dict, "balanced" or None, default=None
        Factor of the sample weights by class; "balanced" makes the classes' sums equal.
    bounds : (low, high), array-like of shape (n_features, 2), dict or None, default=None
        Interval of each weight in ``coef_``: a pair for all, one per feature, or a dict
        from feature name (column number, if X has no names) to pair. None in a pair is no
        bound; ``(0, None)`` makes a weight excitatory only, ``(None, 0)`` inhibitory only.
    solver : str or Solver, default="auto"
        ``"newton"``, ``"subsampled-newton"``, ``"newton-cg"``, ``"working-set"``,
        ``"lbfgs"``, ``"gd"``, ``"sgd"``, ``"adam"``, ``"perceptron"``,
        ``"online-perceptron"``, an object such as
        ``GD(learning_rate=0.1)`` (only an object has parameters to search, as
        ``solver__learning_rate``), or ``"auto"``: the perceptron rule for "step",
        gradient descent for the rectifiers, else Newton, on subsamples first where there
        are many rows, with a Hessian for several steps above 200 parameters; above 2,000
        parameters Newton-CG, or working sets for an L1 penalty or bounds.
    tol : float or None, default=None
        Relative gap to reach; None is the solver's own, 1e-18 but for ``"sgd"`` (1e-8) and
        ``"adam"`` (1e-6). The gap is the estimated excess of F over its minimum, as a share of
        F at zero weights. It is estimated from the gradient, ½ gᵀH⁻¹g, and can be far
        smaller than the rounding of F; weights err by its square root, so 1e-18 gives
        about eight digits of them.
    max_iter : int, default=10000
        Largest number of iterations of the solver.
    early_stopping : bool, default=False
        Whether to stop when the validation loss has not fallen for ``n_iter_no_change``
        iterations, and to keep the weights of the lowest one. The validation set is
        ``X_val`` of ``fit``, or a random share of each class that is not learned from.
        If a class has one sample only, the fit has no early stopping, and warns.
    validation_fraction : float, default=0.1
        That share, if ``fit`` gets no ``X_val``.
    n_iter_no_change : int, default=5
        Iterations without a lower validation loss that end the fit.
    restart : int, default=0
        How often a dead neuron (``"relu"`` with no sample of z > 0) starts anew from random
        weights; ``history_`` is that of the last attempt. A neuron that is still dead is
        warned of.
    warm_start : bool, default=False
        Whether ``fit`` starts from the coefficients of the last fit. On the same data the
        solver continues as if it had not ended, except ``"lbfgs"`` and solvers that draw rows.
    random_state : int, RandomState instance or None, default=None
        Draws the subsamples on which large fits begin. It changes the way, and the answer
        by no more than ``tol`` allows.
    verbose : int, default=0
        Print one line every ``verbose`` iterations.

    Attributes
    ----------
    classes_ : ndarray of shape (n_classes,)
    coef_ : ndarray of shape (1, n_features) or (n_classes, n_features)
        Weights w, in the dtype of X.
    intercept_ : ndarray of shape (1,) or (n_classes,)
        Bias b.
    n_features_in_ : int
    feature_names_in_ : ndarray of shape (n_features,)
        Only if X had column names.
    activation_ : Activation
    loss_, solver_ : str
        What ``"auto"`` has chosen.
    n_iter_ : int
        Iterations; of the slowest neuron where one-vs-rest trains K.
    objective_ : float
        F at the weights; the sum over the neurons for one-vs-rest. For ``"step"`` the
        weighted share of misclassified samples, those on the line included.
    gap_ : float
        Relative gap reached, see ``tol``.
    converged_ : bool
        Whether ``tol`` was reached, or no step in float64 lowers F any further and the gap is
        below 1e-13. The rounding of float32 weights may add up to 1e-8.
    history_ : dict of str to ndarray of shape (n_iterations,)
        ``objective``, ``gradient_norm`` and ``step`` (lengths, on scaled columns),
        ``n_passes`` (over X, since the fit began) and ``seconds`` after each iteration;
        ``saturation``, the share of samples whose slope f'(z) is below 1e-3 of the largest
        (on 1,000 rows at most), and with a validation set ``validation_loss``, its mean
        loss without penalty; for ``"step"`` ``mistakes`` (samples on the wrong side or on the
        line) and ``margin`` (distance of the one worst off, negative on the wrong side);
        ``pandas.DataFrame(neuron.history_)`` works.
        A fit that did not converge returns the best weights on its way, not the last.
        For one-vs-rest objectives and seconds are added up over the neurons.

    Notes
    -----
    More than two classes: softmax for the sigmoid's log loss, the same model as
    ``LogisticRegression``; for every other activation one neuron per class against the
    rest, its probabilities normalised.

    Examples
    --------
    >>> from sklearn.datasets import load_breast_cancer
    >>> from skneuron import NeuronClassifier
    >>> X, y = load_breast_cancer(return_X_y=True)
    >>> neuron = NeuronClassifier().fit(X, y)
    >>> neuron.converged_, neuron.solver_
    (True, 'newton')
    >>> round(neuron.score(X, y), 3)
    0.958
    """

    def __init__(
        self,
        activation: str | Activation = "sigmoid",
        *,
        loss: Literal["auto", "log_loss", "squared_error"] = "auto",
        C: float = 1.0,
        l1_ratio: float = 0.0,
        fit_intercept: bool = True,
        class_weight: dict[Any, float] | Literal["balanced"] | None = None,
        bounds: Any = None,
        solver: str | Solver = "auto",
        tol: float | None = None,
        max_iter: int = 10_000,
        early_stopping: bool = False,
        validation_fraction: float = 0.1,
        n_iter_no_change: int = 5,
        restart: int = 0,
        warm_start: bool = False,
        random_state: int | np.random.RandomState | None = None,
        verbose: int = 0,
    ) -> None:
        self.activation = activation
        self.loss = loss
        self.C = C
        self.l1_ratio = l1_ratio
        self.fit_intercept = fit_intercept
        self.class_weight = class_weight
        self.bounds = bounds
        self.solver = solver
        self.tol = tol
        self.max_iter = max_iter
        self.early_stopping = early_stopping
        self.validation_fraction = validation_fraction
        self.n_iter_no_change = n_iter_no_change
        self.restart = restart
        self.warm_start = warm_start
        self.random_state = random_state
        self.verbose = verbose

    # --- learning --------------------------------------------------------------------

    @with_callbacks  # type: ignore[untyped-decorator]
    def fit(
        self,
        X: Any,
        y: Any,
        sample_weight: Any = None,
        *,
        offset: Any = None,
        X_val: Any = None,
        y_val: Any = None,
        sample_weight_val: Any = None,
        offset_val: Any = None,
    ) -> Self:
        """Learn weights and bias.

        Parameters
        ----------
        X : array-like or CSR/CSC matrix of shape (n_samples, n_features)
            Finite numbers; dense float32 and float64 are read as they lie in memory. Rows
            are copied only to leave out those of zero weight.
        y : array-like of shape (n_samples,)
            Class labels, of at least two classes.
        sample_weight : array-like of shape (n_samples,), default=None
            Non-negative weights; a weight of 2 is the same as the sample twice.
        offset : array-like of shape (n_samples,), default=None
            Added to each pre-activation, z = w·x + b + offset: an exposure that is known, or
            the z of an earlier model. For more than two classes (n_samples, n_classes). It is
            not remembered: predictions get theirs.
        X_val : array-like or CSR/CSC matrix of shape (n_val, n_features), default=None
            Validation set: its loss is in ``history_``, and decides with
            ``early_stopping``. In a pipeline ``transform_input=["X_val"]`` sends it
            through the steps before.
        y_val : array-like of shape (n_val,), default=None
        sample_weight_val : array-like of shape (n_val,), default=None
        offset_val : array-like of shape (n_val,) or (n_val, n_classes), default=None
            Needed for a validation set if there is an ``offset``.

        Returns
        -------
        self

        Raises
        ------
        ValueError
            If a parameter, X, y or the weights cannot work. The estimator is then as it
            was before.
        KeyboardInterrupt
            If the user interrupts the fit. The neuron then has the weights of the last
            finished iteration; before the first one it is as it was.

        Warns
        -----
        AbsentClassWarning
            If all samples of a class have zero weight. The neuron then never predicts this
            class, unless it has no intercept.
        EarlyStoppingWarning
            If early stopping is asked for and a class has one sample only to hold out.
        ConvergenceWarning
            If the fit ended before the gap ``tol`` was reached; it names the gap.
        SeparationWarning
            If a hyperplane separates the classes and ``C`` is 1e8 or more: the log loss of a
            probability activation has no minimum then. It names the features. With
            ``C=np.inf`` the fit stops, and is not ``converged_``.
        """
        draft = Draft(self)
        tasks = FitTasks(draft, X, y, sample_weight, offset)
        validation = X_val, y_val, sample_weight_val, offset_val
        learned = draft.copy._learn_all(X, y, sample_weight, offset, validation, tasks)
        draft.take_over()
        tasks.end()
        if Status.INTERRUPTED in learned.layer.statuses:
            raise KeyboardInterrupt(Status.INTERRUPTED.value)
        self._warn_of(learned, 3 + FRAMES)
        return self

    def partial_fit(
        self,
        X: Any,
        y: Any,
        classes: Any = None,
        sample_weight: Any = None,
        *,
        offset: Any = None,
    ) -> Self:
        """Learn from one chunk of a stream, and remember a summary of it.

        Each chunk is solved together with a quadratic that stands for all before it (its
        curvature is a matrix up to 2,000 parameters, a diagonal above), so that one pass
        comes close to ``fit`` on all rows; see docs/streams.md. The penalty counts once. For
        ``"step"`` there is no summary: the perceptron rule goes on from its last weights.

        Parameters
        ----------
        X : array-like or CSR/CSC matrix of shape (n_samples, n_features)
        y : array-like of shape (n_samples,)
            Not every class need be among them.
        classes : array-like of shape (n_classes,), default=None
            All labels that the stream may bring. Needed on the first call, unless the
            neuron is fitted; ``fit`` leaves no summary, and a stream after it begins anew
            from its weights.
        sample_weight : array-like of shape (n_samples,), default=None
        offset : array-like of shape (n_samples,) or (n_samples, n_classes), default=None
            As for ``fit``.

        Returns
        -------
        self
            ``n_samples_seen_`` counts the rows; ``objective_``, ``gap_`` and ``history_``
            are those of the chunk with the summary.

        Raises
        ------
        ValueError
            If anything cannot work, among it ``class_weight="balanced"``. The stream is
            then as it was, and can go on.

        Warns
        -----
        AbsentClassWarning
            On the first chunk, if ``class_weight`` gives zero to a class.

        Examples
        --------
        >>> from sklearn.datasets import load_breast_cancer
        >>> from skneuron import NeuronClassifier
        >>> X, y = load_breast_cancer(return_X_y=True)
        >>> neuron = NeuronClassifier()
        >>> for first in range(0, 569, 100):
        ...     rows = slice(first, first + 100)
        ...     neuron = neuron.partial_fit(X[rows], y[rows], classes=[0, 1])
        >>> neuron.n_samples_seen_
        569
        """
        draft = Draft(self)
        learned = draft.copy._learn_chunk(X, y, classes, sample_weight, offset)
        draft.take_over()
        self._warn_of(learned, 3)
        return self

    @classmethod
    def from_weights(
        cls,
        coef: Any,
        intercept: Any = 0.0,
        *,
        activation: str | Activation = "sigmoid",
        classes: Any = (0, 1),
        feature_names: Any = None,
    ) -> Self:
        """Return a fitted neuron that has these weights.

        Parameters
        ----------
        coef : array-like of shape (n_features,) or (n_neurons, n_features), or dict
            A dict of weights by feature name, or a pandas Series indexed by them, as other
            packages return them, brings its ``feature_names``.
        intercept : float or array-like of shape (n_neurons,), default=0.0
        activation : str or Activation, default="sigmoid"
        classes : array-like of shape (n_classes,), default=(0, 1)
            Sorted labels: two for one neuron, as many as neurons otherwise.
        feature_names : array-like of str of shape (n_features,), default=None

        Returns
        -------
        NeuronClassifier
            Without ``n_iter_``, ``gap_`` and the other traces of a fit.

        Raises
        ------
        ValueError
            If shapes do not fit together or a weight is not finite.

        Examples
        --------
        Three inputs, three weights and a bias, by hand: z = 0.1, f(z) = 0.5250.

        >>> from skneuron import NeuronClassifier
        >>> neuron = NeuronClassifier.from_weights([0.2, 0.8, -0.5], intercept=0.4)
        >>> neuron.activate([[1.0, 0.5, 1.8]]).round(4).tolist()
        [0.525]
        """
        neuron = cls(activation=activation)
        fitted = fitted_attributes(coef, intercept, activation, classes, feature_names)
        neuron.__dict__.update(fitted)
        return neuron

    def __sklearn_is_fitted__(self) -> bool:
        return hasattr(self, "coef_")

    def __sklearn_tags__(self) -> Tags:
        tags = super().__sklearn_tags__()
        tags.input_tags.sparse = True
        return tags
