"""``python -m skneuron`` with saved models, predictions, and conclusions about other models."""

import warnings

import joblib
import numpy as np
import pandas as pd
import pytest
from command_line import (  # noqa: F401
    DATA,
    error_of,
    iris_table,
    numbers_as_text,
    one_thread,
    report_of,
    towns_table,
)

from skneuron.cli import ColumnParser, main


def test_a_saved_model_reads_files_as_they_stand(tmp_path, capsys):
    """Another separator, another decimal mark, a new town, a hole, further columns."""
    path, model, out = (tmp_path / name for name in ("iris.csv", "iris.joblib", "out.csv"))
    frame = numbers_as_text(towns_table("western"), np.random.default_rng(0)).reset_index(drop=True)
    frame.insert(0, "id", [f"{i:04d}" for i in range(100)])
    frame.to_csv(path, index=False)
    report_of(capsys, path, "--target", "kind", "--save", model)
    pipeline = joblib.load(model)
    assert type(pipeline[0]) is ColumnParser
    # No cell of the table is in the file of the model, apart from categories.
    assert not hasattr(pipeline[0], "columns_")
    cells = pd.read_csv(path, dtype=str)
    expected = pipeline.predict_proba(cells)
    assert (pipeline.predict(cells) == frame["kind"]).mean() > 0.9

    new = frame.drop(columns=["kind", "spent", "visits", "rate", "limit"]).assign(more=1)
    for name in ("spent", "visits", "rate", "limit"):
        new[name] = frame[name].map(lambda text: text.translate(str.maketrans(",.", ".,")))
    new.to_csv(tmp_path / "new.csv", index=False, sep=";", decimal=",", encoding="utf-16")
    assert main([str(tmp_path / "new.csv"), "--model", str(model), "--predict", str(out)]) == 0
    assert "100 rows, read as semicolon-separated utf-16 text, decimal commas" in (
        capsys.readouterr().out
    )
    # The predictions have the separator and the decimal mark of the file that was read.
    written = pd.read_csv(out, dtype={"id": str}, sep=";", decimal=",")
    assert written["id"].tolist() == frame["id"].tolist()
    np.testing.assert_allclose(
        written[["probability of versicolor", "probability of virginica"]], expected, atol=1e-12
    )

    new = frame.head(3).assign(town=["Oslo", "", "Málaga"], hours=["", "1", "?"])
    new.to_csv(tmp_path / "new.csv", index=False)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert main([str(tmp_path / "new.csv"), "--model", str(model), "--predict", str(out)]) == 0
    assert len(pd.read_csv(out)) == 3


@pytest.mark.parametrize(
    ("sep", "decimal"), [(",", "."), (";", ","), ("\t", ","), ("|", "."), (",", ",")]
)
def test_predictions_have_the_format_of_the_file(tmp_path, capsys, sep, decimal):
    path, out = tmp_path / "iris.csv", tmp_path / "out.csv"
    frame = iris_table().head(60).assign(name=[f"no {i}{sep} {i}" for i in range(60)])
    frame.to_csv(path, index=False, sep=sep, decimal=decimal)
    report_of(capsys, path, "--target", "kind", "--predict", out)
    # Decimal commas between commas as separators would be ambiguous.
    mark = "." if sep == decimal else decimal
    written = pd.read_csv(out, sep=sep, decimal=mark)
    assert written["name"].tolist() == frame["name"].tolist()
    both = written[["probability of versicolor", "probability of virginica"]]
    np.testing.assert_allclose(both.sum(axis=1), 1)


def test_files_that_do_not_fit_a_saved_model(tmp_path, capsys):
    path, model, out = (tmp_path / name for name in ("iris.csv", "iris.joblib", "out.csv"))
    iris_table().to_csv(path, index=False)
    report_of(capsys, path, "--target", "kind", "--save", model)
    new = tmp_path / "new.csv"
    call = [new, "--model", model, "--predict", out]
    assert "new.csv: no such file" in error_of(capsys, *call)
    iris_table().drop(columns="sepal width").to_csv(new, index=False)
    message = error_of(capsys, *call)
    assert "has no column 'sepal width'. Expected the columns of the table that the" in message
    iris_table().astype(object).replace(4.9, "wide").to_csv(new, index=False)
    assert "is 'wide'. Expected a number" in error_of(capsys, *call)
    assert "--model needs --predict OUT.csv" in error_of(capsys, new, "--model", model)
    assert "is MODEL itself" in error_of(capsys, new, "--model", model, "--predict", model)
    assert not out.exists()
    missing = [new, "--model", tmp_path / "none", "--predict", out]
    assert "none: no such file. Expected a model that --save has written" in error_of(
        capsys, *missing
    )
    assert "cannot be read as a model" in error_of(capsys, new, "--model", new, "--predict", out)
    joblib.dump({"a": 1}, model)
    assert "has a dict. Expected the pipeline that --save writes" in error_of(capsys, *call)


def test_predictions_of_the_file_itself_were_not_fitted_on_the_row(tmp_path, capsys):
    """A column that memorises each row gains nothing."""
    rng = np.random.default_rng(0)
    frame = pd.DataFrame(rng.normal(size=(60, 55)), columns=[f"x{i}" for i in range(55)])
    frame["y"] = rng.choice(["no", "yes"], 60)
    path, out, model = tmp_path / "noise.csv", tmp_path / "out.csv", tmp_path / "noise.joblib"
    frame.to_csv(path, index=False)
    report_of(capsys, path, "--target", "y", "--predict", out, "--save", model)
    assert (pd.read_csv(out)["class"] == frame["y"]).mean() < 0.75
    assert (joblib.load(model).predict(frame) == frame["y"]).mean() > 0.95


@pytest.mark.parametrize("activation", ["sigmoid", "step", "relu", "cloglog"])
def test_the_conclusion_of_other_models(tmp_path, capsys, activation):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        report = report_of(
            capsys, DATA / "birthwt.csv", "--target", "low", "--activation", activation
        )
    third = report.splitlines()[-1]
    assert third.endswith("use the neuron.")
    assert ("With step the neuron is another model" in report) == (activation == "step")
    report = report_of(capsys, DATA / "birthwt.csv", "--target", "low", "--C", "inf")
    assert "1. C=inf has no penalty" in report
    assert report.splitlines()[-1].endswith("use the neuron.")
    report = report_of(capsys, "--C", "inf")
    assert "2. The neuron found separated classes. Without a penalty no coeff" in report
    assert (
        "3. For finite coefficients and good probabilities use a penalty, for example: --C 1"
        in report
    )
