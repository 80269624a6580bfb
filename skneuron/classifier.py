"""The estimator: its parameters, its documentation, and its methods from top to bottom."""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from typing import Any, Literal, Self

import numpy as np
from numpy.typing import ArrayLike
from scipy.sparse import csr_array
from sklearn.base import ClassifierMixin
from sklearn.utils import Tags
from sklearn.utils.metaestimators import available_if
from sklearn.utils.validation import check_is_fitted

from skneuron._common import (
    AnyArray,
    Bounds,
    DeviceMatrix,
    FloatArray,
    MatrixLike,
    PenaltyFactor,
    is_dask,
)
from skneuron.activations import Activation
from skneuron.fitting._absent_classes import learn_present, train_present
from skneuron.fitting._callbacks import FRAMES, CallbackSupportMixin, FitTasks, with_callbacks
from skneuron.fitting._draft import Draft
from skneuron.fitting._estimator_base import EstimatorBase
from skneuron.fitting._fit import (
    NumpyErrorsRestored,
    absent_class_warnings,
    convergence_warnings,
    fitted_attributes,
    forget_fit,
    hold_out,
    last_fit,
    model_attributes,
    report_to,
    run_again_if_interrupted,
)
from skneuron.fitting._result import FitResult
from skneuron.fitting._row_by_row import check_device_settings, supports_devices
from skneuron.fitting._spread import check_spread_data, check_spread_settings
from skneuron.fitting._spread_stream import learn_blocks
from skneuron.fitting._spread_validation import check_any_validation_set
from skneuron.fitting._train import Reached
from skneuron.prediction._from_weights import attributes_from_weights
from skneuron.prediction._outputs import Outputs, has_likelihood
from skneuron.prediction._predict import accuracy, outputs, predicted_labels
from skneuron.prediction._trace import Trace
from skneuron.prediction._tracing import trace_of
from skneuron.results import Status
from skneuron.solvers import Solver
from skneuron.validation import (
    Homes,
    can_stream,
    check_chunk,
    check_classes,
    check_parameters,
    check_training_data,
    check_validation_set,
    dense_coef,
    host_copy,
    in_numpy,
    require_bias_reducible,
    with_bounds,
    with_known_parameters,
    with_penalty_factor,
)

__all__ = ["NeuronClassifier"]


class NeuronClassifier(CallbackSupportMixin, ClassifierMixin, EstimatorBase):  # type: ignore[misc]
    """One artificial neuron, ``y = f(w·x + b)``, or K neurons for K classes.

    It minimizes the objective of scikit-learn's ``LogisticRegression``::

        F(w, b) = (1/S) Σᵢ sᵢ ℓ(yᵢ, w·xᵢ + b) + 1/(C·S) [(1-ρ)/2 ‖w‖² + ρ ‖w‖₁],   S = Σᵢ sᵢ

    with sᵢ the sample weight times the class weight and ρ the ``l1_ratio``. The penalty exempts
    the intercept b, and coefficients w can have bounds. With ``activation="sigmoid"`` the model
    *is* logistic regression. Columns need no scaling: the solvers scale the columns, and return
    coefficients on the original scale.

    Parameters
    ----------
    activation : str or Activation, default="sigmoid"
        Name of one of :data:`skneuron.activations.ACTIVATIONS`, an object such as
        ``LeakyReLU(alpha=0.2)``, or an object of your own subclass.
    loss : {"auto", "log_loss", "squared_error"}, default="auto"
        ``"auto"`` is the log loss for a distribution function, squared error for
        another differentiable activation, and the perceptron rule for ``"step"``.
    C : float, default=1.0
        Inverse strength of the penalty, positive. ``np.inf`` is no penalty. ``C`` has no
        effect on ``"step"``, because its errors do not depend on the length of w.
    l1_ratio : float, default=0.0
        Fraction of the L1 penalty, from 0 (ridge) to 1 (lasso). An L1 penalty sets some
        coefficients to exactly zero.
    fit_intercept : bool, default=True
        Whether the neuron has an intercept.
    class_weight : dict, "balanced" or None, default=None
        Factor of the sample weights by class. "balanced" gives all classes the same sum.
    bounds : (low, high), array-like of shape (n_features, 2), dict or None, default=None
        Interval of each coefficient in ``coef_``: a pair for all, one pair per feature, or a dict
        from feature name (column number, if X has no names) to pair. None in a pair is no
        bound. ``(0, None)`` allows excitatory coefficients only, ``(None, 0)`` inhibitory ones.
    penalty_factor : array-like of shape (n_features,), dict or None, default=None
        Factor of each coefficient's penalty, as in R's glmnet: the penalty is Σⱼ fⱼ
        ``[(1-ρ)/2 wⱼ² + ρ |wⱼ|] / (C·S)``. A dict maps feature names (column numbers, if X has no
        names) to factors, and other features have the factor 1. 0 is no penalty. The fit uses the
        factors unchanged, whereas glmnet rescales them to sum to the number of features.
        Factors have no effect on ``"step"``.
    bias_reduction : {"mean"} or None, default=None
        Whether to reduce the mean bias of maximum likelihood estimates (Firth, 1993), for two
        classes and a log loss with ``C=np.inf``. Coefficients are finite, also for separated
        classes. The fit is the root of an adjusted score and no minimum of F: ``gap_`` is half of
        its squared distance in standard errors, over S F(0). See ``docs/bias_reduction.md``.
    solver : str or Solver, default="auto"
        ``"newton"``, ``"subsampled-newton"``, ``"newton-cg"``, ``"working-set"``,
        ``"lbfgs"``, ``"gd"``, ``"sgd"``, ``"adam"``, ``"perceptron"``,
        ``"online-perceptron"``, or an object such as ``GD(learning_rate=0.1)``. Only an object
        has parameters for a search, as ``solver__learning_rate``. ``"auto"`` is the perceptron
        rule for "step", gradient descent for the rectifiers, and otherwise Newton: first on
        subsamples if there are many rows, with one Hessian for several steps above 200
        parameters. Above 2,000 parameters it is Newton-CG, or working sets for an L1 penalty or
        bounds. Newton-CG also serves several hundred features that are sparse or have few samples.
    tol : float or None, default=None
        Relative gap at which the fit has converged. None is the default of the solver: 1e-8 for
        ``"sgd"``, 1e-6 for ``"adam"``, 1e-9 for ``"newton-cg"`` with more than 2,000 coefficients,
        and 1e-18 otherwise. The gap is the estimated excess of F over its minimum, ½ gᵀH⁻¹g from
        the gradient, divided by F at zero coefficients. It can be far below the rounding error of
        F. The relative error of the coefficients is about the square root of the gap, so 1e-18
        stands for about eight correct digits.
    max_iter : int, default=10000
        Maximum number of iterations of the solver. With 0 the fit returns its start: zero
        coefficients, or with ``warm_start`` the coefficients of the last fit.
    early_stopping : bool, default=False
        Whether to stop after ``n_iter_no_change`` iterations without a lower validation loss, and
        to keep the coefficients of the lowest loss. The validation set is ``X_val`` of ``fit``,
        or a random fraction of each class that the fit holds out. If a class has a single
        sample, the fit has no early stopping, and warns.
    validation_fraction : float, default=0.1
        Fraction of each class in the validation set, if ``fit`` gets no ``X_val``.
    n_iter_no_change : int, default=5
        Iterations without a lower validation loss after which the fit stops.
    restart : int, default=0
        Maximum number of restarts of a dead neuron (``"relu"`` with no sample of z > 0) from
        random coefficients. ``history_`` is the history of the last attempt. ``fit`` warns if
        the neuron is still dead.
    warm_start : bool, default=False
        Whether ``fit`` starts from the coefficients of the last fit. On the same data the
        solver continues as if it had not ended, except ``"lbfgs"`` and solvers that sample rows.
    random_state : int, RandomState instance or None, default=None
        Seed of the subsamples with which large fits begin. The seed changes the result by no
        more than ``tol`` allows.
    verbose : int, default=0
        Print one line every ``verbose`` iterations.

    Attributes
    ----------
    classes_ : ndarray of shape (n_classes,)
    coef_ : ndarray of shape (1, n_features) or (n_classes, n_features)
        Coefficients w, in the dtype of X.
    intercept_ : ndarray of shape (1,) or (n_classes,)
        Intercept b.
    n_features_in_ : int
    feature_names_in_ : ndarray of shape (n_features,)
        Only if X had column names.
    activation_ : Activation
    loss_, solver_ : str
        The choice of ``"auto"``.
    n_iter_ : ndarray of shape (1,) or (n_classes,)
        Number of iterations, of each neuron if the fit trains one neuron per class.
    objective_ : float
        F at the coefficients. With one neuron per class, the sum over the neurons. For
        ``"step"`` the weighted fraction of samples on the wrong side of the hyperplane or on it.
    gap_ : float
        Relative gap reached, see ``tol``.
    converged_ : bool
        Whether the gap reached ``tol``, or no step in float64 lowers F any further and the gap is
        below 1e-13. The rounding of float32 coefficients may add up to 1e-8.
    history_ : dict of str to ndarray of shape (n_iterations,)
        ``objective``, ``gradient_norm`` and ``step`` (lengths, on scaled columns),
        ``n_passes`` (passes over all rows since the start) and ``seconds`` after each iteration.
        ``saturation`` is the fraction of samples with a slope f'(z) below 1e-3 of the largest
        slope, on 1,000 rows at most. With a validation set ``validation_loss`` is its mean loss
        without the penalty. ``"step"`` has ``mistakes`` (samples on the wrong side or on the
        hyperplane) and ``margin`` (smallest distance, negative on the wrong side).
        ``pandas.DataFrame(neuron.history_)`` works. A fit that did not converge returns the best
        coefficients of its history, and not always the last. With one neuron per class,
        objectives and seconds are sums over the neurons.

    Notes
    -----
    More than two classes: the sigmoid's log loss becomes the softmax, the same model as
    ``LogisticRegression``. Every other activation has one neuron per class against the
    rest, with normalised probabilities.

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

    classes_: AnyArray
    coef_: AnyArray
    intercept_: AnyArray
    activation_: Activation
    loss_: str
    n_features_in_: int

    @with_known_parameters
    def __init__(
        self,
        activation: str | Activation = "sigmoid",
        *,
        loss: Literal["auto", "log_loss", "squared_error"] = "auto",
        C: float = 1.0,
        l1_ratio: float = 0.0,
        fit_intercept: bool = True,
        class_weight: dict[Any, float] | Literal["balanced"] | None = None,
        bounds: Bounds = None,
        penalty_factor: PenaltyFactor = None,
        bias_reduction: Literal["mean"] | None = None,
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
        self.penalty_factor = penalty_factor
        self.bias_reduction = bias_reduction
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

    # --- fit -------------------------------------------------------------------------

    @with_callbacks  # type: ignore[untyped-decorator]
    def fit(
        self,
        X: MatrixLike,
        y: ArrayLike,
        sample_weight: ArrayLike | None = None,
        *,
        offset: ArrayLike | None = None,
        X_val: MatrixLike | None = None,
        y_val: ArrayLike | None = None,
        sample_weight_val: ArrayLike | None = None,
        offset_val: ArrayLike | None = None,
    ) -> Self:
        """Fit coefficients and intercept.

        Parameters
        ----------
        X : array-like, CSR/CSC matrix, or Dask array or data frame of shape (n_samples, n_features)
            Finite numbers. The fit reads dense float32 and float64 without a copy, in any memory
            order. Only rows of zero weight make a copy of the other rows necessary. A Dask
            collection stays with the workers, with y and the other arguments (see docs/dask.md).
        y : array-like of shape (n_samples,)
            Class labels, of at least two classes.
        sample_weight : array-like of shape (n_samples,), default=None
            Non-negative sample weights. A sample weight of 2 equals the same sample twice.
        offset : array-like of shape (n_samples,), default=None
            Added to each pre-activation, z = w·x + b + offset: a known exposure, or the z of
            another model. For more than two classes (n_samples, n_classes). The neuron does not
            store the offset, and predictions take one of their own.
        X_val : array-like or CSR/CSC matrix of shape (n_val, n_features), default=None
            Validation set. Its loss is in ``history_``, and decides with ``early_stopping``. In a
            pipeline ``transform_input=["X_val"]`` sends it through the earlier steps.
        y_val : array-like of shape (n_val,), default=None
        sample_weight_val : array-like of shape (n_val,), default=None
        offset_val : array-like of shape (n_val,) or (n_val, n_classes), default=None
            Required for a validation set if there is an ``offset``.

        Returns
        -------
        self

        Raises
        ------
        ValueError
            If a parameter, X, y or the sample weights are not valid. The estimator is then
            unchanged.
        KeyboardInterrupt
            If the user interrupts the fit. The neuron then has the coefficients of the last
            finished iteration. Before the first iteration it is unchanged.

        Warns
        -----
        AbsentClassWarning
            If all samples of a class have zero weight. The neuron then never predicts this
            class, unless it has no intercept.
        EarlyStoppingWarning
            If early stopping is on and a class has a single sample.
        ConvergenceWarning
            If the fit ended before the gap reached ``tol``. The message has the gap.
        SeparationWarning
            If a hyperplane separates the classes and ``C`` is 1e8 or more: the log loss of a
            probability activation has no minimum then. The message has the features. With
            ``C=np.inf`` the fit stops, and is not ``converged_``.
        """
        # The fit changes the copy only, until the estimator takes all changes over at once.
        draft = Draft(self)
        neuron = draft.copy
        tasks = FitTasks(draft, X, y, sample_weight, offset)
        homes = Homes.of(X, y)
        reached: Reached = {}
        with NumpyErrorsRestored():
            # Check the parameters, then the data.
            settings = check_parameters(vars(self))
            previous = last_fit(vars(self)) if self.warm_start else None
            forget_fit(neuron.__dict__)
            check, check_validation = check_training_data, check_validation_set
            if is_dask(X) or is_dask(y):
                check_spread_settings(settings)
                check, check_validation = check_spread_data, check_any_validation_set
            data = check(neuron, X, y, sample_weight, self.class_weight, offset)
            if isinstance(data.X, DeviceMatrix):
                check_device_settings(settings)
            data = with_bounds(data, self.bounds, neuron._feature_names())
            data = with_penalty_factor(data, self.penalty_factor, neuron._feature_names())
            if settings.bias_reduction is not None:
                require_bias_reducible(data)
            validation = check_validation(
                neuron,
                data.classes,
                X_val,
                y_val,
                sample_weight_val,
                offset_val,
                with_offset=offset is not None,
            )
            notes: list[Warning] = []
            if settings.patience is not None and validation is None:
                data, validation, settings, notes = hold_out(data, settings)
            # Set the model, which callbacks use in the first iteration.
            neuron.__dict__.update(homes.put(model_attributes(data, settings)))
            start = None if previous is None else previous.start(data)
            on_iteration = report_to(tasks, self.verbose)

            def solve_and_store() -> FitResult:
                """Solve, store the result, and return it."""
                result = train_present(
                    data,
                    settings,
                    start=start,
                    validation=validation,
                    on_iteration=on_iteration,
                    states=None if previous is None else previous.states,
                    reached=reached,
                )
                fitted = fitted_attributes(data, result)
                neuron.__dict__.update(homes.put(fitted))
                if self.warm_start:
                    neuron._states = result.states
                draft.take_over()
                return result

            result = run_again_if_interrupted(solve_and_store, reached)
        tasks.end()
        if Status.INTERRUPTED in result.statuses:
            raise KeyboardInterrupt(f"The fit {Status.INTERRUPTED.value}.")
        notes += absent_class_warnings(data, result)
        notes += convergence_warnings(data, settings, result, self._feature_names())
        for note in notes:
            warnings.warn(note, stacklevel=2 + FRAMES)
        return self

    @available_if(can_stream)  # type: ignore[untyped-decorator]
    def partial_fit(
        self,
        X: MatrixLike,
        y: ArrayLike,
        classes: ArrayLike | None = None,
        sample_weight: ArrayLike | None = None,
        *,
        offset: ArrayLike | None = None,
    ) -> Self:
        """Learn from one chunk of a stream, and store a summary of the chunk.

        The solver minimizes the loss of the chunk plus a quadratic summary of all past chunks, so
        that one pass comes close to ``fit`` on all rows (see docs/streams.md). The curvature of
        the summary is a matrix up to 2,000 parameters, and a diagonal above. The penalty is
        applied once. ``"step"`` has no summary: the perceptron rule continues from its last
        coefficients.

        Parameters
        ----------
        X : array-like or CSR/CSC matrix of shape (n_samples, n_features)
            Each block of a Dask collection is a chunk, one after the other, on the workers.
        y : array-like of shape (n_samples,)
            A chunk may lack some of the classes.
        classes : array-like of shape (n_classes,), default=None
            All labels of the stream. Required on the first call, unless the neuron is fitted.
            ``fit`` leaves no summary, and a stream after ``fit`` begins with its coefficients.
        sample_weight : array-like of shape (n_samples,), default=None
            A chunk whose rows all have zero weight leaves the neuron as it was.
        offset : array-like of shape (n_samples,) or (n_samples, n_classes), default=None
            As for ``fit``.

        Returns
        -------
        self
            ``n_samples_seen_`` is the number of rows in all chunks. ``objective_``, ``gap_`` and
            ``history_`` refer to the chunk with the summary.

        Raises
        ------
        ValueError
            If an argument is not valid, or with ``class_weight="balanced"`` or
            ``early_stopping=True``. The stream is then unchanged, and can go on.

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
        neuron = draft.copy
        if is_dask(X) or is_dask(y):
            learned, notes = learn_blocks(self, X, y, classes, sample_weight, offset)
            neuron.__dict__ = learned
            draft.take_over()
            for note in notes:
                warnings.warn(note, stacklevel=2)
            return self
        homes = Homes.of(X, y)
        with NumpyErrorsRestored():
            # Check the parameters, then the data.
            settings = check_parameters(vars(self))
            if settings.patience is not None:
                raise ValueError(
                    "partial_fit cannot use early_stopping=True, because it gets one chunk at a "
                    "time. Expected early_stopping=False. Stop calling partial_fit when the "
                    "score on your own validation set no longer rises."
                )
            previous = last_fit(vars(self))
            labels = check_classes(classes, None if previous is None else previous.classes)
            data = check_chunk(
                neuron,
                X,
                y,
                sample_weight,
                self.class_weight,
                labels,
                offset,
                first=previous is None,
            )
            if data is None:
                return self
            data = with_bounds(data, self.bounds, neuron._feature_names())
            data = with_penalty_factor(data, self.penalty_factor, neuron._feature_names())
            # Solve.
            before = getattr(self, "_stream", None)
            start = None if previous is None else previous.start(data)
            result, stream = learn_present(data, settings, before, start=start)
            # Store.
            neuron.__dict__.pop("_states", None)
            fitted = fitted_attributes(data, result)
            neuron.__dict__.update(homes.put(model_attributes(data, settings) | fitted))
            neuron._stream, neuron.n_samples_seen_ = stream, stream.n_samples
        draft.take_over()
        notes = [] if before else absent_class_warnings(data, result)
        notes += convergence_warnings(data, settings, result, self._feature_names())
        for note in notes:
            warnings.warn(note, stacklevel=2)
        return self

    @classmethod
    def from_weights(
        cls,
        coef: ArrayLike | Mapping[str, float],
        intercept: ArrayLike = 0.0,
        *,
        activation: str | Activation = "sigmoid",
        classes: ArrayLike = (0, 1),
        feature_names: ArrayLike | None = None,
    ) -> Self:
        """Return a fitted neuron with the given coefficients.

        Parameters
        ----------
        coef : array-like of shape (n_features,) or (n_neurons, n_features), or dict
            A dict of coefficients by feature name, or a pandas Series with names as its index,
            also sets ``feature_names``.
        intercept : float or array-like of shape (n_neurons,), default=0.0
        activation : str or Activation, default="sigmoid"
        classes : array-like of shape (n_classes,), default=(0, 1)
            Sorted labels: two for one neuron, otherwise one per neuron.
        feature_names : array-like of str of shape (n_features,), default=None

        Returns
        -------
        NeuronClassifier
            Without ``n_iter_``, ``gap_`` and the other attributes of a fit.

        Raises
        ------
        ValueError
            If the shapes are not consistent, or a coefficient is not finite.

        Examples
        --------
        Three inputs, three coefficients and an intercept, by hand: z = 0.1, f(z) = 0.5250.

        >>> from skneuron import NeuronClassifier
        >>> neuron = NeuronClassifier.from_weights([0.2, 0.8, -0.5], intercept=0.4)
        >>> neuron.activate([[1.0, 0.5, 1.8]]).round(4).tolist()
        [0.525]
        """
        neuron = cls(activation=activation)
        fitted = attributes_from_weights(coef, intercept, activation, classes, feature_names)
        neuron.__dict__.update(fitted)
        return neuron

    # --- predict ---------------------------------------------------------------------

    def decision_function(self, X: MatrixLike, *, offset: ArrayLike | None = None) -> FloatArray:
        """Return the distance of each z from the decision threshold z₀.

        Parameters
        ----------
        X : array-like or CSR/CSC matrix of shape (n_samples, n_features)
        offset : array-like of shape (n_samples,) or (n_samples, n_classes), default=None
            Offset of these samples, as for ``fit``.

        Returns
        -------
        ndarray of shape (n_samples,) or (n_samples, n_classes)
            w·x + b + offset - z₀. For two classes a positive number means ``classes_[1]``.
        """
        return outputs(self, X, Outputs.decision, offset)

    def activate(self, X: MatrixLike, *, offset: ArrayLike | None = None) -> FloatArray:
        """Return the output of the neuron: f(w·x + b), or the softmax.

        Parameters
        ----------
        X : array-like or CSR/CSC matrix of shape (n_samples, n_features)
        offset : array-like of shape (n_samples,) or (n_samples, n_classes), default=None
            Offset of these samples, as for ``fit``.

        Returns
        -------
        ndarray of shape (n_samples,) or (n_samples, n_classes)
        """
        return outputs(self, X, Outputs.activate, offset)

    def predict(self, X: MatrixLike, *, offset: ArrayLike | None = None) -> AnyArray:
        """Return the class of each sample.

        Parameters
        ----------
        X : array-like or CSR/CSC matrix of shape (n_samples, n_features)
        offset : array-like of shape (n_samples,) or (n_samples, n_classes), default=None
            Offset of these samples, as for ``fit``.

        Returns
        -------
        ndarray of shape (n_samples,)
        """
        return predicted_labels(self, X, offset)

    def score(
        self,
        X: MatrixLike,
        y: ArrayLike,
        sample_weight: ArrayLike | None = None,
        *,
        offset: ArrayLike | None = None,
    ) -> float:
        """Return the accuracy.

        Parameters
        ----------
        X : array-like or CSR/CSC matrix of shape (n_samples, n_features)
        y : array-like of shape (n_samples,)
        sample_weight : array-like of shape (n_samples,), default=None
        offset : array-like of shape (n_samples,) or (n_samples, n_classes), default=None
            Offset of these samples, as for ``fit``.

        Returns
        -------
        float
            (Weighted) fraction of the samples that the neuron classifies correctly.
        """
        return accuracy(self, X, y, sample_weight, offset)

    @available_if(has_likelihood)  # type: ignore[untyped-decorator]
    def predict_log_proba(self, X: MatrixLike, *, offset: ArrayLike | None = None) -> FloatArray:
        """Return log-probabilities, accurate even if the probability underflows.

        Parameters
        ----------
        X : array-like or CSR/CSC matrix of shape (n_samples, n_features)
        offset : array-like of shape (n_samples,) or (n_samples, n_classes), default=None
            Offset of these samples, as for ``fit``.

        Returns
        -------
        ndarray of shape (n_samples, n_classes)
            Finite. A logarithm that overflows the dtype, such as log Φ(-1e155), is the most
            negative number of the dtype.
        """
        return outputs(self, X, Outputs.log_proba, offset)

    @available_if(has_likelihood)  # type: ignore[untyped-decorator]
    def predict_proba(self, X: MatrixLike, *, offset: ArrayLike | None = None) -> FloatArray:
        """Return the probability of each class.

        Parameters
        ----------
        X : array-like or CSR/CSC matrix of shape (n_samples, n_features)
        offset : array-like of shape (n_samples,) or (n_samples, n_classes), default=None
            Offset of these samples, as for ``fit``.

        Returns
        -------
        ndarray of shape (n_samples, n_classes)
            Columns in the order of ``classes_``. Rows sum to 1. A probability that underflows the
            dtype is its smallest positive number, so that no class is impossible.
        """
        return outputs(self, X, Outputs.proba, offset)

    def trace(self, x: MatrixLike, *, offset: ArrayLike | None = None) -> Trace:
        """Return one sample's forward pass, step by step.

        Parameters
        ----------
        x : array-like of shape (n_features,) or (1, n_features)
            One sample. A row of a CSR/CSC matrix, a DataFrame or a Series works, too.
        offset : float or array-like of shape (n_classes,), default=None

        Returns
        -------
        Trace
            ``print`` shows it as a table.

        Raises
        ------
        ValueError
            If x is not one sample with the features of the fit, or not finite.

        Examples
        --------
        >>> from skneuron import NeuronClassifier
        >>> neuron = NeuronClassifier.from_weights({"rain": 1.5, "wind": -0.5}, 0.25)
        >>> trace = neuron.trace([2.0, 3.0])
        >>> trace.terms.tolist(), trace.z.tolist(), trace.predicted
        ([[3.0, -1.5]], [1.75], 1)
        """
        check_is_fitted(self)
        return trace_of(host_copy(self), in_numpy(x), in_numpy(offset))

    # --- scikit-learn ----------------------------------------------------------------

    def sparsify(self) -> Self:
        """Store ``coef_`` as a SciPy CSR array, which is smaller if most coefficients are zero.

        All methods and tools of skneuron work as before, and with the same numbers.

        Returns
        -------
        self

        Examples
        --------
        >>> from sklearn.datasets import load_breast_cancer
        >>> from skneuron import NeuronClassifier
        >>> X, y = load_breast_cancer(return_X_y=True)
        >>> neuron = NeuronClassifier(l1_ratio=1.0, C=0.01).fit(X, y).sparsify()
        >>> neuron.coef_.shape, neuron.coef_.nnz
        ((1, 30), 5)
        """
        check_is_fitted(self)
        self.coef_ = csr_array(dense_coef(self))
        return self

    def densify(self) -> Self:
        """Store ``coef_`` and the other arrays as NumPy arrays, as ``fit`` does for X in NumPy.

        Returns
        -------
        self
        """
        check_is_fitted(self)
        self.__dict__.update(vars(host_copy(self)))
        self.coef_ = dense_coef(self)
        return self

    def _feature_names(self) -> AnyArray | None:
        return getattr(self, "feature_names_in_", None)

    def __sklearn_is_fitted__(self) -> bool:
        return hasattr(self, "coef_")

    def __sklearn_tags__(self) -> Tags:
        tags = super().__sklearn_tags__()
        tags.classifier_tags.multi_class = getattr(self, "bias_reduction", None) is None
        of = (getattr(self, name, None) for name in ("solver", "activation", "bias_reduction"))
        tags.array_api_support = supports_devices(*of)
        return tags
