"""scikit-learn's own checks: every activation with every solver that trains it, every loss."""

import os
import subprocess
import sys

import pytest
from families import trainable
from sklearn.utils.estimator_checks import estimator_checks_generator

from skneuron import NeuronClassifier
from skneuron.activations import ACTIVATIONS
from skneuron.solvers import SOLVERS

SAME_TO_SEVEN_DIGITS = (
    "check_sample_weight_equivalence_on_dense_data",
    "check_sample_weight_equivalence_on_sparse_data",
)

# What they look at is done before a solver is asked, or without one: parameters, tags, copies,
# the form of X and y. Sparse formats all become CSR or CSC, of which test_hostile.py hands some
# to every solver. They are run with one solver per activation and one activation per solver.
BLIND_TO_SOLVERS = {
    "check_array_api_input",
    "check_classifiers_one_label",
    "check_classifiers_one_label_sample_weights",
    "check_classifiers_regression_target",
    "check_complex_data",
    "check_dict_unchanged",
    "check_do_not_raise_errors_in_init_or_set_param",
    "check_dont_overwrite_parameters",
    "check_dtype_object",
    "check_estimator_cloneable",
    "check_estimator_repr",
    "check_estimator_sparse_array",
    "check_estimator_sparse_matrix",
    "check_estimator_sparse_tag",
    "check_estimator_tags_renamed",
    "check_estimators_empty_data_messages",
    "check_estimators_fit_returns_self",
    "check_estimators_nan_inf",
    "check_estimators_overwrite_params",
    "check_estimators_partial_fit_n_features",
    "check_estimators_unfitted",
    "check_f_contiguous_array_estimator",
    "check_fit1d",
    "check_fit2d_predict1d",
    "check_fit_check_is_fitted",
    "check_fit_score_takes_y",
    "check_get_params_invariance",
    "check_mixin_order",
    "check_n_features_in",
    "check_n_features_in_after_fitting",
    "check_no_attributes_set_in_init",
    "check_parameters_default_constructible",
    "check_positive_only_tag_during_fit",
    "check_requires_y_none",
    "check_sample_weights_list",
    "check_sample_weights_not_an_array",
    "check_sample_weights_not_overwritten",
    "check_sample_weights_pandas_series",
    "check_sample_weights_shape",
    "check_set_params",
    "check_supervised_y_no_nan",
    "check_valid_tag_types",
}


def _estimators():
    """Every solver on every activation; the second loss of an activation with "auto" only.

    Solvers never see which loss they minimize but through its flags, and a loss never who
    asks; that every solver gives a finite answer on every loss is what test_hostile.py sees.
    """
    out = [NeuronClassifier()]
    for activation, loss, solver in trainable():
        if loss != "auto":
            solver = "auto"
        neuron = NeuronClassifier(activation, loss=loss, solver=solver)
        if solver == "working-set":
            # Without an L1 penalty or bounds it is Newton under another name.
            neuron.set_params(l1_ratio=0.5)
        elif solver in SOLVERS and "mistakes" in SOLVERS[solver].needs:
            # Data of the checks that no line separates are gone over until patience ends.
            neuron.set_params(max_iter=100)
        out.append(neuron)
    return list({repr(neuron): neuron for neuron in out}.values())


def _expected_failures(neuron):
    if neuron.solver != "online-perceptron":
        return {}
    reason = (
        "a row of weight 2 is corrected twice as far; the row twice is looked at again after the "
        "first correction, and both follow others in an order of their own"
    )
    return dict.fromkeys(SAME_TO_SEVEN_DIGITS, reason)


def _checks():
    """Return what to parametrize by: (estimator, check), some marked as expected to fail."""
    out, seen = [], set()
    for neuron in _estimators():
        news = {("activation", neuron.activation), ("solver", neuron.solver)} - seen
        seen |= news
        for pair in estimator_checks_generator(
            neuron, expected_failed_checks=_expected_failures(neuron), mark="xfail"
        ):
            _, check = getattr(pair, "values", pair)
            if news or check.func.__name__ not in BLIND_TO_SOLVERS:
                out.append(pair)
    return out


def _name(value):
    if isinstance(value, NeuronClassifier):
        return repr(value)
    settings = ",".join(f"{name}={setting}" for name, setting in value.keywords.items())
    return f"{value.func.__name__}({settings})"


def test_the_blind_checks_are_some_of_those_that_are_run():
    """A name that is misspelled would silently thin nothing; some are not in every version."""
    names = {check.func.__name__ for _, check in estimator_checks_generator(NeuronClassifier())}
    assert len(names & BLIND_TO_SOLVERS) >= len(BLIND_TO_SOLVERS) - 3
    assert {"check_classifiers_train", *SAME_TO_SEVEN_DIGITS} <= names - BLIND_TO_SOLVERS


# The checks fit non-separable data with the perceptron and plateaus with squared
# error; that such a fit says so is right, and tested elsewhere.
@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
@pytest.mark.filterwarnings("ignore::sklearn.exceptions.SkipTestWarning")
# One check trims a class by sample weights: the neuron then predicts the other class only.
@pytest.mark.filterwarnings("ignore::skneuron.fitting.AbsentClassWarning")
@pytest.mark.parametrize(("estimator", "check"), _checks(), ids=_name)
def test_check(estimator, check):
    assert isinstance(estimator, NeuronClassifier)
    streams = estimator.solver in SOLVERS and SOLVERS[estimator.solver].streams
    if streams and check.func.__name__ in SAME_TO_SEVEN_DIGITS:
        # Stochastic solvers do not go to the end by themselves: a tighter tol brings it.
        estimator.set_params(tol=1e-22)
    check(estimator)


def test_checks_with_the_array_api_of_scipy():
    """SciPy reads the variable at its import. So the checks run in a process of their own."""
    code = (
        "import warnings\n"
        "warnings.simplefilter('ignore')\n"
        "from sklearn.utils.estimator_checks import check_estimator\n"
        "from skneuron import NeuronClassifier, NeuronClassifierCV\n"
        "from skneuron.activations import ACTIVATIONS\n"
        # The perceptron passes over data that no hyperplane separates until its patience ends.
        "short = {'step': {'max_iter': 100}}\n"
        "models = [NeuronClassifier(name, **short.get(name, {})) for name in ACTIVATIONS]\n"
        "for model in (*models, NeuronClassifierCV(Cs=2, cv=2)):\n"
        "    results = check_estimator(model, on_skip=None)\n"
        "    print(sum(result['status'] == 'passed' for result in results))"
    )
    run = subprocess.run(
        [sys.executable, "-c", code],
        env=os.environ | {"SCIPY_ARRAY_API": "1"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert run.returncode == 0, run.stderr
    counts = [int(count) for count in run.stdout.split()]
    assert len(counts) == len(ACTIVATIONS) + 1
    assert min(counts) > 50
