"""Messages: three plain sentences with a value and a remedy, and tables of 80 characters."""

import ast
import inspect
import re
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from sklearn.base import clone
from sklearn.datasets import load_breast_cancer
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV, cross_val_score
from sklearn.multiclass import OneVsRestClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

import skneuron
from skneuron import NeuronClassifier, NeuronClassifierCV
from skneuron._common import one_of, shown, wrong_value
from skneuron.fitting._result import FitResult
from skneuron.inference import Table, coefficient_table
from skneuron.results import Status

PACKAGE = Path(skneuron.__file__).parent
X, Y = load_breast_cancer(return_X_y=True)
X = StandardScaler().fit_transform(X)

# --- the texts of the source ----------------------------------------------------------

# Reasons that another message includes.
FRAGMENTS = ("it needs the package", "the archive has")


def _text(node):
    """Return a literal or an f-string with {} for each value, None for another expression."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return node.value
    if isinstance(node, ast.JoinedStr):
        parts = [part.value if isinstance(part, ast.Constant) else "{}" for part in node.values]
        return "".join(parts)
    return None


def _raised():
    """Yield the place and the text of every error with a text in its ``raise`` statement."""
    for path in sorted(PACKAGE.rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Raise) and isinstance(node.exc, ast.Call) and node.exc.args:
                text = _text(node.exc.args[0])
                if text is not None:
                    yield f"{path.relative_to(PACKAGE)}:{node.lineno}", text


RAISED = dict(_raised())
COMMANDS = {place for place in RAISED if place.startswith("cli/")}


def test_the_walk_finds_the_messages():
    assert len(RAISED) > 100
    assert len(COMMANDS) > 15


@pytest.mark.parametrize("place", RAISED)
def test_no_message_starts_with_an_assignment(place):
    assert not re.match(r"[\w{}]+=", RAISED[place])


@pytest.mark.parametrize("place", sorted(set(RAISED) - COMMANDS))
def test_a_message_has_two_or_three_sentences(place):
    """The problem, the expected values, and the remedy. Arguments keep their small letters."""
    text = RAISED[place]
    if text in ("{}", "The fit {}."):
        return
    assert re.match(r"[A-Z{]|([a-z_.]+ )+(has|is|needs|cannot|was)\b", text)
    sentences = re.split(r"(?<=[.)])\s+(?=[A-Z{])", text)
    assert 2 <= len(sentences) <= 3
    assert not re.search(r"[:;] (expected|use)\b", text)
    assert text.endswith((".", "{}")) or "python -m pip" in sentences[-1]


@pytest.mark.parametrize("place", sorted(COMMANDS))
def test_a_message_of_the_command_line_says_what_was_expected(place):
    text = RAISED[place]
    assert text.startswith(FRAGMENTS) or re.search(r"[.:] ", text) or text == "{}"
    assert not re.search(r"[:;] expected\b", text)


def test_sentences_about_a_value():
    assert (
        wrong_value("top", 0, "at least 1", "top=20")
        == "Got top=0. Expected at least 1. Use for example top=20."
    )
    assert one_of(["a", "b"]) == "one of 'a', 'b'"
    long = shown(pd.DataFrame(np.ones((50, 20))))
    assert len(long) == 200
    assert "\n" not in long
    assert long.endswith("...")


@pytest.mark.parametrize("status", Status)
def test_each_failure_has_a_remedy(status):
    """Failed fits warn. The finding comes first, and the remedy last."""
    result = FitResult(X[:1], X[:1, 0], 1.0, 1.0, 0.5, 1, [status], "newton", {}, [])
    finding, _, remedy = status.value.partition(". ")
    assert not finding.endswith(".")
    assert bool(remedy) == (result.failure is not None)
    assert re.match(r"[A-Z]", remedy or "None")


# --- code for LogisticRegression ------------------------------------------------------

OWN = set(inspect.signature(NeuronClassifier).parameters)
# All versions: multi_class, penalty and n_jobs are or will be removed from scikit-learn.
FOREIGN = sorted(
    (set(inspect.signature(LogisticRegression).parameters) - OWN)
    | {"penalty", "n_jobs", "dual", "multi_class", "intercept_scaling"}
)


def test_the_signature_has_every_parameter():
    assert list(inspect.signature(NeuronClassifier).parameters)[:2] == ["activation", "loss"]
    assert set(NeuronClassifier().get_params()) == OWN
    assert clone(NeuronClassifier("probit", C=2.0)).get_params()["C"] == 2.0


@pytest.mark.parametrize("name", FOREIGN)
def test_a_parameter_of_logistic_regression_names_its_equal(name):
    wanted = rf"'{name}'.*Expected.*(Use|Delete)"
    for call in (
        lambda: NeuronClassifier(**{name: 1}),
        lambda: NeuronClassifier().set_params(**{name: 1}),
        lambda: make_pipeline(NeuronClassifier()).set_params(**{f"neuronclassifier__{name}": 1}),
        lambda: GridSearchCV(NeuronClassifier(), {name: [1]}).fit(X, Y),
        lambda: GridSearchCV(
            make_pipeline(NeuronClassifier()), {f"neuronclassifier__{name}": [1]}
        ).fit(X, Y),
    ):
        with pytest.raises((TypeError, ValueError), match=wanted) as caught:
            call()
        assert "Expected one of" not in str(caught.value)
    with pytest.raises(TypeError, match="got an unexpected keyword argument"):
        NeuronClassifier(**{name: 1})


@pytest.mark.parametrize(
    ("penalty", "params"),
    [
        ("l1", {"l1_ratio": 1.0}),
        ("elasticnet", {"l1_ratio": 0.5}),
        (None, {"C": np.inf}),
        ("none", {"C": np.inf}),
    ],
)
def test_the_equal_of_a_penalty_can_be_pasted(penalty, params):
    with pytest.raises(TypeError) as caught:
        NeuronClassifier(penalty=penalty)
    code = re.search(r"NeuronClassifier\(\w+=[\w.]+\)", str(caught.value)).group()
    assert eval(code).get_params() == NeuronClassifier(**params).get_params()


@pytest.mark.parametrize(
    ("params", "call"),
    [
        (
            {
                "penalty": "l1",
                "solver": "saga",
                "C": 0.1,
                "multi_class": "multinomial",
                "n_jobs": -1,
            },
            "NeuronClassifier(C=0.1, l1_ratio=1.0)",
        ),
        ({"penalty": None, "C": 0.1, "max_iter": 500}, "NeuronClassifier(C=np.inf, max_iter=500)"),
        ({"penalty": "elasticnet", "l1_ratio": 0.3}, "NeuronClassifier(l1_ratio=0.3)"),
        ({"penalty": "l2", "n_jobs": 2}, "NeuronClassifier()"),
        ({"multi_class": "ovr", "C": 2.0}, "OneVsRestClassifier(NeuronClassifier(C=2.0))"),
    ],
)
def test_the_whole_call_can_be_pasted(params, call):
    with pytest.raises(TypeError) as caught:
        NeuronClassifier(**params)
    message = str(caught.value)
    assert message.endswith(f"Use {call}.")
    assert all(f"'{name}'" in message for name in params if name not in OWN)
    assert ("'saga'" in message) == (params.get("solver") == "saga")
    eval(call)


def test_a_missing_l1_ratio():
    with pytest.raises(ValueError, match=r"l1_ratio=None\. .*l1_ratio=0\.0: delete it\."):
        NeuronClassifier(l1_ratio=None).fit(X, Y)


def test_a_penalty_in_a_grid():
    with pytest.raises(ValueError, match=r"use 'l1_ratio': \[1\.0, 0\.0\]"):
        GridSearchCV(NeuronClassifier(), {"penalty": ["l1", "l2"]}).fit(X, Y)


def test_one_versus_rest_can_be_pasted():
    with pytest.raises(TypeError) as caught:
        NeuronClassifier(multi_class="ovr")
    code = str(caught.value).rpartition("Use ")[2].rstrip(".")
    assert isinstance(eval(code), OneVsRestClassifier)


def test_a_search_gets_the_names_of_its_own_parameters():
    with pytest.raises(TypeError, match=r"Use NeuronClassifierCV\(cv=3, l1_ratios=\[1\.0\]\)"):
        NeuronClassifierCV(penalty="l1", solver="saga", cv=3)
    with pytest.raises(TypeError, match=r"Expected C and l1_ratios.*l1_ratios=\[0\.5\]"):
        NeuronClassifierCV(penalty="elasticnet")


def test_the_default_penalty_is_deleted():
    with pytest.raises(TypeError, match=r"Delete penalty, because l1_ratio=0\.0 is the default"):
        NeuronClassifier(penalty="l2")


@pytest.mark.parametrize("solver", ["liblinear", "newton-cholesky", "sag", "saga"])
def test_a_solver_of_logistic_regression_is_left_out(solver):
    neuron = NeuronClassifier(solver=solver)
    with pytest.raises(ValueError, match=f"Got solver='{solver}'.*Leave solver=\"auto\""):
        neuron.fit(X, Y)
    with pytest.raises(ValueError, match='Leave solver="auto"'):
        cross_val_score(neuron, X, Y, error_score="raise")


def test_a_misspelled_name_shows_the_right_one():
    with pytest.raises(TypeError, match=r"'l1ratio'.*Use l1_ratio=0\.5"):
        NeuronClassifier(l1ratio=0.5)
    with pytest.raises(ValueError, match=r"'sovler'.*Use solver='gd'"):
        NeuronClassifier().set_params(sovler="gd")
    with pytest.raises(ValueError, match=r"Use for example activation='leaky_relu'"):
        NeuronClassifier("LeakyReLU").fit(X, Y)
    with pytest.raises(ValueError, match=r"Use for example activation='sigmoid'"):
        NeuronClassifier("logistic").fit(X, Y)


def test_a_subclass_may_have_such_a_parameter():
    class Own(NeuronClassifier):
        def __init__(self, penalty="l2", C=1.0):
            super().__init__(C=C)
            self.penalty = penalty

    assert clone(Own("l1")).set_params(penalty="l2").fit(X, Y).converged_


# --- the table of coefficients --------------------------------------------------------

LONG = "a name of more than a hundred characters, as an encoder makes it from the text of a cell: "


def _hard_table():
    """A table with long names, negative and huge numbers, and notes."""
    rng = np.random.default_rng(0)
    data = pd.DataFrame({"worst fractal dimension": X[:, 0], "tiny": X[:, 1] * -1e-9})
    data[f"{LONG}yes"] = rng.normal(size=len(Y)) * 1e12
    data[f"{LONG}no"] = rng.normal(size=len(Y))
    data["constant"] = 1.0
    return coefficient_table(NeuronClassifier(C=np.inf).fit(data, Y), data, Y)


def _columns_in(text, names):
    """Whether each column name, on one line or on two, and each note is in the text."""
    parts = {part for name in names for part in re.findall(r"[a-z]+_?", name)}
    return parts <= set(re.findall(r"[a-z]+_?", text))


@pytest.mark.parametrize("extra", [{}, {"odds_ratio": np.exp(-700.0)}])
def test_a_printed_table_has_every_column_in_80_characters(extra, capsys):
    table = _hard_table()
    for name, value in extra.items():
        table.insert(1, name, value)
    plain = Table({name: table[name].to_numpy() for name in table}, list(table.index))
    for printed in (table, plain):
        print(printed)
        text = capsys.readouterr().out
        assert max(map(len, text.splitlines())) <= 80
        assert "\\" not in text
        assert _columns_in(text, table.columns)
        assert "note of constant: collinear with intercept" in text
        for estimate in table["estimate"].dropna():
            assert f"{estimate:.4g}" in text
        rows = [line for line in text.splitlines() if line.startswith("a na")]
        assert len(rows) == 2 * (1 + bool(extra))
        assert len({row[:16] for row in rows}) == 2


def test_the_table_of_a_real_fit_is_one_block():
    """Ten features with names of up to 22 characters."""
    data = load_breast_cancer(as_frame=True)
    names = list(data.data.columns)[:10]
    features = data.data[names]
    table = coefficient_table(
        NeuronClassifier(C=np.inf).fit(features, data.target), features, data.target
    )
    text = str(table)
    assert len(text.splitlines()) <= 14
    assert max(map(len, text.splitlines())) <= 80
    for name in names:
        assert any(line.startswith(name[:6]) for line in text.splitlines())


def test_a_long_table_shows_both_ends():
    table = _hard_table()
    many = pd.concat([table] * 20)
    assert type(many) is type(table)
    with pd.option_context("display.max_rows", 20, "display.min_rows", 6):
        lines = str(many).splitlines()
    assert lines[-1] == "(114 rows in the middle not shown)"
    assert sum("constant" in line for line in lines) <= 4


def test_collinear_rows_name_the_remedy():
    data = pd.DataFrame({"a": [0.0, 1, 0, 1, 0, 1], "y": [0, 1, 1, 0, 0, 1]})
    both = data[["a"]].assign(b=1 - data["a"])
    neuron = NeuronClassifier(C=np.inf).fit(both, data["y"])
    table = coefficient_table(neuron, both, data["y"])
    assert str(table).endswith("OneHotEncoder(drop='first').")
    assert str(Table({n: table[n].to_numpy() for n in table}, list(table.index))).endswith("').")
    neuron = NeuronClassifier(C=np.inf).fit(data[["a"]], data["y"])
    assert "OneHotEncoder" not in str(coefficient_table(neuron, data[["a"]], data["y"]))
