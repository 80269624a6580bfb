"""The estimator that chooses ``C`` and ``l1_ratio`` by cross-validation."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterable
from functools import wraps
from typing import Any, Concatenate, Literal, ParamSpec, Self

import numpy as np
from numpy.typing import ArrayLike
from sklearn.base import ClassifierMixin
from sklearn.model_selection import BaseCrossValidator
from sklearn.utils.metadata_routing import MetadataRouter
from sklearn.utils.metaestimators import available_if
from sklearn.utils.parallel import Parallel, delayed
from sklearn.utils.validation import check_is_fitted

from skneuron._common import AnyArray, Bounds, FloatArray, MatrixLike, PenaltyFactor, is_dask
from skneuron.activations import Activation
from skneuron.classifier import NeuronClassifier
from skneuron.fitting._callbacks import (
    FRAMES,
    CallbackSupportMixin,
    FoldTasks,
    SearchTasks,
    with_callbacks,
)
from skneuron.fitting._draft import Draft
from skneuron.fitting._estimator_base import EstimatorBase
from skneuron.fitting._fit import NumpyErrorsRestored, forget_fit
from skneuron.fitting._spread import check_spread_labels, check_spread_settings
from skneuron.fitting._train import columns_of
from skneuron.paths._all_folds import solve_folds_at_once
from skneuron.paths._fits import data_of, first_of_each_kind
from skneuron.paths._folds import FoldResult, fitted_neuron, solve_fold
from skneuron.paths._grid import check_Cs, check_l1_ratios, data_grid
from skneuron.paths._leave_one_out import check_leave_one_out, is_leave_one_out, leave_one_out
from skneuron.paths._routing import routed_arguments, router_of
from skneuron.paths._scores import Scorer, WithOffset, check_scorer, log_loss_score
from skneuron.paths._selection import best_of_fold, check_selection, choose
from skneuron.paths._splits import split
from skneuron.paths._spread_folds import SpreadFolds, check_spread_search
from skneuron.paths._spread_scores import score_on_blocks
from skneuron.prediction._outputs import has_likelihood
from skneuron.solvers import Solver
from skneuron.validation import (
    Samples,
    Settings,
    TrainingData,
    check_finite,
    check_parameters,
    check_samples,
    with_known_parameters,
)

__all__ = ["NeuronClassifierCV"]

_P = ParamSpec("_P")


def _of_the_choice(
    predict: Callable[Concatenate[NeuronClassifier, _P], AnyArray],
) -> Callable[Concatenate[NeuronClassifierCV, _P], AnyArray]:
    """Return the method of a search that calls this method of the chosen neuron."""

    @wraps(predict)
    def method(self: NeuronClassifierCV, /, *args: _P.args, **params: _P.kwargs) -> AnyArray:
        check_is_fitted(self)
        return predict(self.best_estimator_, *args, **params)

    return method


class NeuronClassifierCV(CallbackSupportMixin, ClassifierMixin, EstimatorBase):  # type: ignore[misc]
    """A neuron with ``C`` and ``l1_ratio`` chosen by cross-validation.

    It is the counterpart of scikit-learn's ``LogisticRegressionCV``. For each fold and each
    ``l1_ratio`` it fits a path of penalties, from the strongest on, where each fit starts from
    the last one. Coefficients and scores equal the results of separate fits.

    Parameters
    ----------
    activation : str or Activation, default="sigmoid"
        As in :class:`NeuronClassifier`.
    Cs : int or array-like of shape (n_cs,), default=10
        Values of ``C``. An integer is the number of values on a grid in the units of the data.
        With an L1 penalty the grid starts where the first coefficient enters.
    l1_ratios : array-like of shape (n_l1_ratios,), default=(0.0,)
        Values of ``l1_ratio``.
    cv : int, splitter, iterable of (train, test), "loo" or None, default=None
        Folds, with None for five stratified folds. ``"loo"`` leaves out one sample at a time,
        approximately, with a single fit per C. It needs two classes and a ridge penalty.
    scoring : str, callable or None, default=None
        Score of a fitted neuron on held-out samples; higher is better. None is the exact log loss
        times -1. For neurons without a likelihood None is the accuracy.
    selection : {"best", "one_se"}, default="best"
        ``"best"`` chooses the best mean score. ``"one_se"`` chooses the strongest penalty whose
        mean score is at most one standard error below it, with the same ``l1_ratio``.
    refit : bool, default=True
        Whether to fit the chosen neuron to all samples. False averages the coefficients, the
        ``C`` and the ``l1_ratio`` of each fold's best score, and needs ``selection="best"``.
    n_jobs : int or None, default=None
        Number of processes. A process fits one fold, where the folds are not fitted together. Dask
        collections use the workers instead.
    loss : {"auto", "log_loss", "squared_error"}, default="auto"
        As in :class:`NeuronClassifier`, like all following parameters.
    fit_intercept : bool, default=True
    class_weight : dict, "balanced" or None, default=None
        "balanced" counts the training samples of each fold. Scores do not use class weights.
    bounds : (low, high), array-like of shape (n_features, 2), dict or None, default=None
    penalty_factor : array-like of shape (n_features,), dict or None, default=None
        With a factor of 0, an integer ``Cs`` makes the grid of a ridge.
    solver : str or Solver, default="auto"
    tol : float or None, default=None
    max_iter : int, default=10000
    restart : int, default=0
    random_state : int, RandomState instance or None, default=None
    verbose : int, default=0
        Messages about finished folds, as ``joblib.Parallel`` prints them, where the folds are
        fitted one by one.

    Attributes
    ----------
    C_, l1_ratio_ : float
        The chosen values.
    C_one_se_ : float
        Smallest C whose mean score is within one standard error of the best.
    Cs_ : ndarray of shape (n_cs,)
    l1_ratios_ : ndarray of shape (n_l1_ratios,)
    scores_ : ndarray of shape (n_folds, n_l1_ratios, n_cs)
    mean_scores_ : ndarray of shape (n_l1_ratios, n_cs)
        Means over the folds, weighted by the held-out sample weight.
    standard_errors_ : ndarray of shape (n_l1_ratios, n_cs)
        Standard errors of ``mean_scores_``. They are NaN for a single fold.
    coefs_paths_ : ndarray of shape (n_folds, n_l1_ratios, n_cs, n_neurons, n_features + 1)
        Coefficients, and with ``fit_intercept`` the intercept as the last column.
    n_iter_ : ndarray of shape (n_folds, n_l1_ratios, n_cs)
    gaps_ : ndarray of shape (n_folds, n_l1_ratios, n_cs)
        Relative gap of each fit, see ``gap_`` of :class:`NeuronClassifier`.
    max_leverages_ : ndarray of shape (n_l1_ratios, n_cs)
        Only with ``cv="loo"``: the largest leverage of a sample in each fit.
    best_estimator_ : NeuronClassifier
        The chosen neuron. Pass it to displays, tables and exports.
    classes_ : ndarray of shape (n_classes,)
    coef_, intercept_ : ndarray
        Of the chosen neuron.
    activation_ : Activation
    loss_ : str
    n_features_in_ : int
    feature_names_in_ : ndarray of shape (n_features,)
        Only if X had column names.

    See Also
    --------
    NeuronClassifier : One fit with a given C.
    skneuron.paths.neuron_path : The fits to all samples for several C.

    Notes
    -----
    A fold whose training samples lack a class never predicts this class, as ``NeuronClassifier``
    does with a class of zero sample weight. Of equal scores the strongest penalty is chosen.

    With ``cv="loo"`` the folds of ``scores_`` are the samples of positive weight, and
    ``coefs_paths_``, ``gaps_`` and ``n_iter_`` have the fits to all samples as a single fold.

    Examples
    --------
    >>> from sklearn.datasets import load_breast_cancer
    >>> from sklearn.preprocessing import StandardScaler
    >>> from skneuron import NeuronClassifierCV
    >>> X, y = load_breast_cancer(return_X_y=True)
    >>> search = NeuronClassifierCV(Cs=[0.01, 0.1, 1.0, 10.0])
    >>> search = search.fit(StandardScaler().fit_transform(X), y)
    >>> search.C_, search.l1_ratio_
    (1.0, 0.0)
    """

    classes_: AnyArray
    best_estimator_: NeuronClassifier

    @with_known_parameters
    def __init__(
        self,
        activation: str | Activation = "sigmoid",
        *,
        Cs: int | ArrayLike = 10,
        l1_ratios: ArrayLike = (0.0,),
        cv: int
        | BaseCrossValidator
        | Iterable[tuple[AnyArray, AnyArray]]
        | Literal["loo"]
        | None = None,
        scoring: str | Scorer | None = None,
        selection: Literal["best", "one_se"] = "best",
        refit: bool = True,
        n_jobs: int | None = None,
        loss: Literal["auto", "log_loss", "squared_error"] = "auto",
        fit_intercept: bool = True,
        class_weight: dict[Any, float] | Literal["balanced"] | None = None,
        bounds: Bounds = None,
        penalty_factor: PenaltyFactor = None,
        solver: str | Solver = "auto",
        tol: float | None = None,
        max_iter: int = 10_000,
        restart: int = 0,
        random_state: int | np.random.RandomState | None = None,
        verbose: int = 0,
    ) -> None:
        self.activation = activation
        self.Cs = Cs
        self.l1_ratios = l1_ratios
        self.cv = cv
        self.scoring = scoring
        self.selection = selection
        self.refit = refit
        self.n_jobs = n_jobs
        self.loss = loss
        self.fit_intercept = fit_intercept
        self.class_weight = class_weight
        self.bounds = bounds
        self.penalty_factor = penalty_factor
        self.solver = solver
        self.tol = tol
        self.max_iter = max_iter
        self.restart = restart
        self.random_state = random_state
        self.verbose = verbose

    @with_callbacks  # type: ignore[untyped-decorator]
    def fit(
        self,
        X: MatrixLike,
        y: ArrayLike,
        sample_weight: ArrayLike | None = None,
        *,
        offset: ArrayLike | None = None,
        **params: Any,
    ) -> Self:
        """Fit all folds and penalties, choose among them, and fit the choice to all samples.

        Parameters
        ----------
        X : array-like, CSR/CSC matrix, or Dask array or data frame of shape (n_samples, n_features)
            A Dask collection stays with the workers. It needs a number of folds as ``cv``, and
            ``scoring=None``.
        y : array-like of shape (n_samples,)
        sample_weight : array-like of shape (n_samples,), default=None
            Weights of the fits and of the scores.
        offset : array-like of shape (n_samples,) or (n_samples, n_classes), default=None
            Added to each pre-activation, in fits and in scores.
        **params
            Arguments of the splitter and of the scorer by scikit-learn's metadata routing.
            ``groups`` reaches the splitter without routing, too.

        Returns
        -------
        self

        Raises
        ------
        ValueError
            If a parameter, X, y or the sample weights are not valid, or a score is NaN. The
            estimator is then unchanged.

        Warns
        -----
        ConvergenceWarning, SeparationWarning, AbsentClassWarning, LeverageWarning
            Once for all folds, with the first fit that has the problem.
        """
        draft = Draft(self)
        own = draft.copy
        neuron, owner = self._neuron(), type(self).__name__
        with NumpyErrorsRestored():
            # Check the parameters, then the data.
            Cs = check_Cs(self.Cs, owner)
            l1_ratios = check_l1_ratios(self.l1_ratios, owner)
            check_selection(self.selection, self.refit, owner)
            settings = [
                check_parameters(vars(neuron) | {"l1_ratio": float(ratio)}) for ratio in l1_ratios
            ]
            scorer = check_scorer(self.scoring, owner)
            forget_fit(own.__dict__)
            if is_dask(X) or is_dask(y):
                check_spread_settings(settings[0])
                check_spread_search(self.cv, scorer, params)
            given = X, y, sample_weight, offset
            samples, folds, of_scorer = own._samples_and_folds(given, params)
            names = getattr(own, "feature_names_in_", None)
            data = data_of(neuron, samples, names)
            if folds is None:
                plain = scorer is None and not params and bool(self.refit)
                check_leave_one_out(neuron, data, settings, plain=plain)
            if isinstance(Cs, int):
                Cs = data_grid(Cs, data, settings, columns_of(data, neuron.fit_intercept))
            own.Cs_, own.l1_ratios_ = Cs, l1_ratios
            n_fits = len(l1_ratios) * len(Cs)
            n_folds = 1 if folds is None else len(folds)
            tasks = SearchTasks(self, n_folds, n_fits, bool(self.refit), X, y)
            if isinstance(samples, Samples) and folds is None:
                even = np.ones(len(samples.y)) if samples.weights is None else samples.weights
                held_out = even[even > 0]
                found = [own._leave_one_out(data, settings, names, held_out, tasks.folds[0])]
            else:
                # The rounds of a fold already use all workers of a Dask scheduler.
                n_jobs = self.n_jobs if isinstance(samples, Samples) else 1
                run, pairs = delayed(solve_fold), list(zip(folds or [], tasks.folds, strict=True))
                found = solve_folds_at_once(
                    neuron, samples, pairs, settings, Cs, scorer
                ) or Parallel(n_jobs=n_jobs, verbose=self.verbose)(
                    run(neuron, samples, fold, settings, Cs, names, scorer, of_scorer, task)
                    for fold, task in pairs
                )
                held_out = np.array([fold.held_out_weight for fold in found])
                own.scores_ = np.stack([fold.scores for fold in found])
            own._store_paths(found)
            own._select(held_out)
        notes = [
            (f"first at {fit}" if folds is None else f"first fold {number} at {fit}", note)
            for number, fold in enumerate(found)
            for fit, note in fold.warnings
        ]
        for count, fit, first in first_of_each_kind(notes):
            text = f"{count} of {own.gaps_.size} fits, {fit}: {first}"
            warnings.warn(type(first)(text), stacklevel=2 + FRAMES)
        if self.refit:
            chosen = self._neuron().set_params(C=own.C_, l1_ratio=own.l1_ratio_)
            with tasks.refit(chosen):
                chosen.fit(X, y, sample_weight, offset=offset)
            own._store_neuron(chosen)
        else:
            own._store_neuron(own._average(found, data, names))
        draft.take_over()
        tasks.end()
        return self

    # --- steps of fit ----------------------------------------------------------------

    def _neuron(self) -> NeuronClassifier:
        """Return a neuron with the parameters that all fits have in common."""
        shared = set(NeuronClassifier().get_params(deep=False)) & set(self.get_params(deep=False))
        params = {name: getattr(self, name) for name in shared}
        return NeuronClassifier(**params | {"verbose": 0})

    def _samples_and_folds(
        self, given: tuple[Any, ...], params: dict[str, Any]
    ) -> tuple[Samples | SpreadFolds, list[Any] | None, dict[str, Any]]:
        """Check the samples, set the column attributes, and return what a search needs.

        Returns
        -------
        (Samples or SpreadFolds, folds, arguments of the scorer)
            The folds are None if each sample is one.
        """
        if any(map(is_dask, given[:2])):
            spread = SpreadFolds.of(check_spread_labels(self, *given), self.cv)
            return spread, spread.folds, {}
        samples = check_samples(self, *given)
        check_finite(samples.X)
        of_splitter, of_scorer = routed_arguments(self, samples.weights, params)
        one_each = is_leave_one_out(self.cv, type(self).__name__)
        return samples, None if one_each else split(self.cv, samples, of_splitter), of_scorer

    def _leave_one_out(
        self,
        data: TrainingData,
        settings: list[Settings],
        names: AnyArray | None,
        weights: FloatArray,
        tasks: FoldTasks,
    ) -> FoldResult:
        """Set the scores of all samples, and return the fits to all samples."""
        columns = columns_of(data, self.fit_intercept)
        loo = leave_one_out(data, settings, self.Cs_, columns, names, weights, tasks)
        self.scores_, self.max_leverages_ = loo.scores, loo.max_leverages
        return loo.fits

    def _store_paths(self, found: list[FoldResult]) -> None:
        """Set the attributes of the paths.

        Raises
        ------
        ValueError
            If a score is NaN.
        """
        if np.isnan(self.scores_).any():
            number, _, position = np.argwhere(np.isnan(self.scores_))[0]
            raise ValueError(
                f"The score of fold {number} at C={self.Cs_[position]:.6g} is NaN, with "
                f"scoring={self.scoring!r}. Expected a number for each fold. Use a splitter whose "
                "folds have all classes, or scoring=None."
            )
        self.gaps_ = np.stack([fold.gaps for fold in found])
        self.n_iter_ = np.stack([fold.n_iter for fold in found])
        coefs = np.stack([fold.coefs for fold in found])
        if self.fit_intercept:
            intercepts = np.stack([fold.intercepts for fold in found])
            coefs = np.concatenate([coefs, intercepts[..., None]], axis=-1)
        self.coefs_paths_ = coefs

    def _select(self, held_out_weights: FloatArray) -> None:
        """Set means, standard errors and the choice."""
        choice = choose(self.scores_, held_out_weights, self.Cs_)
        self.mean_scores_, self.standard_errors_ = choice.mean, choice.standard_error
        self.C_one_se_ = float(self.Cs_[choice.one_se[1]])
        ratio, position = choice.one_se if self.selection == "one_se" else choice.best
        self.C_, self.l1_ratio_ = float(self.Cs_[position]), float(self.l1_ratios_[ratio])

    def _average(
        self, found: list[FoldResult], data: TrainingData, names: AnyArray | None
    ) -> NeuronClassifier:
        """Return a neuron with the means of each fold's best coefficients, C and l1_ratio."""
        best = [best_of_fold(fold.scores, self.Cs_) for fold in found]
        ratios, positions = np.transpose(best)
        self.C_ = float(self.Cs_[positions].mean())
        self.l1_ratio_ = float(self.l1_ratios_[ratios].mean())
        pairs = list(zip(found, best, strict=True))
        coef = np.mean([fold.coefs[at] for fold, at in pairs], axis=0)
        intercept = np.mean([fold.intercepts[at] for fold, at in pairs], axis=0)
        neuron = self._neuron().set_params(C=self.C_, l1_ratio=self.l1_ratio_)
        settings = check_parameters(vars(neuron))
        neuron = fitted_neuron(neuron, data, settings, self.C_, (coef, intercept))
        if names is not None:
            neuron.feature_names_in_ = names
        return neuron

    def _store_neuron(self, neuron: NeuronClassifier) -> None:
        """Set the attributes of the chosen neuron."""
        self.best_estimator_ = neuron
        self.classes_, self.activation_, self.loss_ = (
            neuron.classes_,
            neuron.activation_,
            neuron.loss_,
        )
        self.coef_, self.intercept_ = neuron.coef_, neuron.intercept_

    # --- predict ---------------------------------------------------------------------

    decision_function = _of_the_choice(NeuronClassifier.decision_function)
    predict = _of_the_choice(NeuronClassifier.predict)
    predict_log_proba = available_if(has_likelihood)(
        _of_the_choice(NeuronClassifier.predict_log_proba)
    )
    predict_proba = available_if(has_likelihood)(_of_the_choice(NeuronClassifier.predict_proba))

    def score(
        self,
        X: MatrixLike,
        y: ArrayLike,
        sample_weight: ArrayLike | None = None,
        *,
        offset: ArrayLike | None = None,
        **params: Any,
    ) -> float:
        """Return the score of the chosen neuron by ``scoring``.

        Parameters
        ----------
        X : array-like or CSR/CSC matrix of shape (n_samples, n_features)
        y : array-like of shape (n_samples,)
        sample_weight : array-like of shape (n_samples,), default=None
        offset : array-like of shape (n_samples,) or (n_samples, n_classes), default=None
        **params
            Further arguments of the scorer.

        Returns
        -------
        float
            With ``scoring=None`` the log loss times -1, or the accuracy of a neuron without
            likelihood.

        Raises
        ------
        ValueError
            If y has a label that ``fit`` did not have, with ``scoring=None``.
        """
        check_is_fitted(self)
        scorer = check_scorer(self.scoring, type(self).__name__)
        neuron = self.best_estimator_
        if is_dask(X) or is_dask(y):
            check_spread_search(None, scorer, params)
            return score_on_blocks(neuron, X, y, sample_weight, offset)
        if scorer is not None:
            if sample_weight is not None:
                params = params | {"sample_weight": sample_weight}
            return float(scorer(WithOffset.of(neuron, offset), X, y, **params))
        if self.loss_ != "log_loss":
            return neuron.score(X, y, sample_weight, offset=offset)
        log_proba = neuron.predict_log_proba(X, offset=offset)
        return log_loss_score(log_proba, np.asarray(y), sample_weight, self.classes_)

    def sparsify(self) -> Self:
        """Store ``coef_`` as a SciPy CSR array, as ``NeuronClassifier.sparsify`` does.

        Returns
        -------
        self

        Examples
        --------
        >>> from sklearn.datasets import load_breast_cancer
        >>> from skneuron import NeuronClassifierCV
        >>> X, y = load_breast_cancer(return_X_y=True)
        >>> search = NeuronClassifierCV(Cs=[0.01], l1_ratios=[1.0]).fit(X, y)
        >>> search.sparsify().coef_.nnz
        5
        """
        check_is_fitted(self)
        self.coef_ = self.best_estimator_.sparsify().coef_
        return self

    def densify(self) -> Self:
        """Store ``coef_`` as a NumPy array, as ``fit`` does.

        Returns
        -------
        self
        """
        check_is_fitted(self)
        self.coef_ = self.best_estimator_.densify().coef_
        return self

    # --- scikit-learn ----------------------------------------------------------------

    def get_metadata_routing(self) -> MetadataRouter:
        """Return which arguments of ``fit`` reach the splitter and the scorer.

        Returns
        -------
        MetadataRouter
        """
        return router_of(self, check_scorer(self.scoring, type(self).__name__))

    def __sklearn_is_fitted__(self) -> bool:
        return hasattr(self, "best_estimator_")
