"""``python -m skneuron``, as a person calls it."""

import bz2
import gzip
import io
import lzma
import re
import subprocess
import sys
import zipfile

import numpy as np
import pandas as pd
import pytest
from sklearn.datasets import load_iris
from sklearn.model_selection import StratifiedKFold, cross_val_predict
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from skneuron import NeuronClassifier
from skneuron.cli import main


@pytest.fixture
def people(tmp_path):
    """A table with numbers, text and holes, and what depends on them."""
    rng = np.random.default_rng(0)
    n = 120
    frame = pd.DataFrame(
        {
            "age": rng.integers(18, 80, n).astype(float),
            "income": rng.lognormal(10, 1, n).round(2),
            "city": rng.choice(["Oslo", "Rome", "Lima"], n),
        }
    )
    score = (frame["age"] - 50) / 10 + (frame["city"] == "Rome") + rng.normal(size=n)
    frame["bought"] = np.where(score > 0, "yes", "no")
    frame.loc[3, "age"] = np.nan
    frame.loc[7, "city"] = np.nan
    path = tmp_path / "people.csv"
    frame.to_csv(path, index=False)
    return path


def _fails(capsys, *arguments):
    """Return the one line on stderr of a call that ends with code 2."""
    assert main([str(a) for a in arguments]) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert err.startswith("skneuron: ")
    assert err.count("\n") == 1
    return err


def _rows(printed):
    """Return the four rows of a report, as numbers if they are."""
    lines = printed.splitlines()
    head = next(i for i, line in enumerate(lines) if line.split()[:1] == ["accuracy"])
    names = re.split(r"\s{2,}", lines[head].strip())
    rows = {}
    for line in lines[head + 1 : head + 5]:
        model, *cells = re.split(r"\s{2,}", line.strip())
        rows[model] = {
            name: float(cell) if re.fullmatch(r"[\d.]+(e[+-]\d+)?", cell) else cell
            for name, cell in zip(names, cells, strict=True)
        }
    return rows


def test_main_job_in_its_own_process():
    done = subprocess.run(
        [sys.executable, "-m", "skneuron"], capture_output=True, text=True, check=True, timeout=120
    )
    assert done.stderr == ""
    assert done.stdout.startswith(
        "Breast cancer data of scikit-learn: 569 rows, 30 columns, 2 classes (0 212, 1 357)"
    )
    rows = _rows(done.stdout)
    assert rows["neuron, raw"]["accuracy"] > 0.94
    assert rows["neuron, raw"]["log loss"] < rows["LogisticRegression, raw"]["log loss"]
    assert rows["neuron, raw"]["ROC AUC"] > 0.98
    assert rows["neuron, raw"]["off by"] < 1e-6 < rows["LogisticRegression, raw"]["off by"]
    assert "ConvergenceWarning" in rows["LogisticRegression, raw"]["warned"]
    assert rows["neuron, raw"]["warned"] == rows["neuron, scaled"]["warned"] == "no"
    for model in ("neuron, scaled", "LogisticRegression, scaled"):
        assert rows[model]["accuracy"] == pytest.approx(0.979, abs=5e-4)
        assert rows[model]["log loss"] == pytest.approx(0.074, abs=5e-4)
    first, second, third = done.stdout.splitlines()[-3:]
    assert first.startswith("1. The penalty needs StandardScaler: it improves")
    assert second.startswith("2. Scaled, both models predict equally well: log loss 0.074 and 0.07")
    assert third.startswith("3. For predictions use scaled LogisticRegression (coefficients 1.")
    for word in ("exact coefficients", "statistics", "links", "bounds", "separation"):
        assert word in third


def test_a_table_of_ones_own(people, tmp_path, capsys):
    out = tmp_path / "out.csv"
    assert main([str(people), "--target", "bought", "--predict", str(out)]) == 0
    printed = capsys.readouterr().out
    assert "120 rows, 3 columns, 2 classes" in printed
    assert "Text, one-hot encoded (1): city" in printed
    assert "2 missing values are filled" in printed
    written = pd.read_csv(out)
    assert list(written) == ["class", "probability", "probability of no", "probability of yes"]
    truth = pd.read_csv(people)["bought"]
    assert (written["class"] == truth).mean() > 0.8
    np.testing.assert_allclose(written["probability of no"] + written["probability of yes"], 1)


def _iris(path):
    X, y = load_iris(return_X_y=True)
    pd.DataFrame(X, columns=list("abcd")).assign(species=y).to_csv(path, index=False)
    return X, y, make_pipeline(StandardScaler(), NeuronClassifier("probit", C=10))


def test_predictions_of_the_file_itself_are_out_of_fold(tmp_path, capsys):
    X, y, neuron = _iris(tmp_path / "iris.csv")
    out = tmp_path / "out.csv"
    call = [str(tmp_path / "iris.csv"), "--target", "species", "--predict", str(out)]
    assert main([*call, "--activation", "probit", "--C", "10"]) == 0
    assert "Wrote the out-of-fold predictions of 150 rows" in capsys.readouterr().out
    folds = StratifiedKFold(5, shuffle=True, random_state=0)
    expected = cross_val_predict(neuron, X, y, cv=folds, method="predict_proba")
    written = pd.read_csv(out)
    np.testing.assert_array_equal(written["class"], expected.argmax(axis=1))
    proba = written[["probability of 0", "probability of 1", "probability of 2"]]
    np.testing.assert_allclose(proba, expected, atol=1e-9)


def test_predictions_of_a_saved_model_are_those_of_the_estimator(tmp_path, capsys):
    X, y, neuron = _iris(tmp_path / "iris.csv")
    model, out = tmp_path / "model.joblib", tmp_path / "out.csv"
    call = [str(tmp_path / "iris.csv"), "--target", "species", "--save", str(model)]
    assert main([*call, "--activation", "probit", "--C", "10"]) == 0
    assert f"NEW.csv --model {model} --predict OUT.csv" in capsys.readouterr().out
    new = tmp_path / "new.csv"
    pd.DataFrame(X[::-1], columns=list("abcd")).to_csv(new, index=False, sep=";", decimal=",")
    assert main([str(new), "--model", str(model), "--predict", str(out)]) == 0
    assert "Wrote the predictions of 150 rows" in capsys.readouterr().out
    neuron.fit(X, y)
    # The separator and the decimal mark are the same as in the file of the rows.
    written = pd.read_csv(out, sep=";", decimal=",")
    np.testing.assert_array_equal(written["class"], neuron.predict(X[::-1]))
    proba = written[["probability of 0", "probability of 1", "probability of 2"]]
    np.testing.assert_allclose(proba, neuron.predict_proba(X[::-1]), atol=1e-9)


@pytest.mark.filterwarnings("ignore:The solver 'perceptron' did not converge")
def test_without_a_likelihood_decisions_are_written(people, tmp_path, capsys):
    out = tmp_path / "out.csv"
    call = [str(people), "--target", "bought", "--activation", "step", "--predict", str(out)]
    assert main(call) == 0
    rows = _rows(capsys.readouterr().out)
    assert rows["neuron, scaled"]["log loss"] == "–"
    assert list(pd.read_csv(out)) == ["class", "decision"]


def test_missing_file_and_column(people, tmp_path, capsys):
    assert "no such file" in _fails(capsys, tmp_path / "none.csv", "--target", "bought")
    message = _fails(capsys, people, "--target", "sold")
    assert "no column 'sold'. Expected one of age, income, city, bought" in message


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("a,b\n1,x\n2,x\n", "The target 'b' has one class only, x. Expected at least two."),
        (
            "a,b\n1,x\ntwo,y\n3,x\n4,y\n",
            "line 3, column 'a' is 'two'. Expected a number. Read it as missing: --na=two, or",
        ),
        ("a,b\n1,x\n2,\n", "The target 'b' has one class only, x"),
        ("a,b\n1,x\n\n\nz,x\n3,y\n4,y\n", "line 5, column 'a' is 'z'"),
        ("a,b\n1,2,x\n3,4,y\n", "cannot be read as CSV"),
        ("a,b\n1,x\ninf,y\n3,x\n4,y\n", "line 3, column 'a' is infinite"),
        ("a,b\n1,0.5\n2,0.7\n3,0.1\n", "The target 'b' has 3 different values. Expected classes"),
        ("a,b\n1,x\n2,y,z,w\n", "cannot be read as CSV"),
        ("b\nx\ny\nx\ny\n", "has no column but 'b'"),
        ("a,b\n", "has no rows"),
        ("a,b\n1,\n2,\n", "The target 'b'"),
        ("", "cannot be read as CSV: No columns to parse from file"),
        (
            "a,b\n1,x\n2,y z\n3,x\n",
            "The target 'b': class 'y z' has one row only. Expected at least two rows of each "
            "class. Leave such rows out: --na='y z'",
        ),
    ],
)
def test_what_can_be_wrong_with_a_file(tmp_path, capsys, text, message):
    path = tmp_path / "bad.csv"
    path.write_text(text)
    assert message in _fails(capsys, path, "--target", "b")


def test_bytes_that_are_no_text(tmp_path, capsys):
    path = tmp_path / "bad.csv"
    path.write_bytes(b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR" + bytes(range(256)) * 4)
    assert "cannot be read as CSV" in _fails(capsys, path, "--target", "b")


def _zip(text):
    """Return the bytes of a zip archive of one file."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("people.csv", text)
    return buffer.getvalue()


COMPRESSED = {
    "gz": gzip.compress,
    "bz2": bz2.compress,
    "xz": lzma.compress,
    "zip": _zip,
    "tar": bytes,
    "tar.gz": bytes,
    "zst": bytes,
}


@pytest.mark.parametrize("ending", COMPRESSED)
@pytest.mark.parametrize("fault", ["cut", "turned", "plain"])
def test_compressed_files_that_are_broken(people, tmp_path, capsys, ending, fault):
    """Each decompressor raises errors of its own kind, EOFError and LZMAError among them."""
    text = people.read_bytes()
    whole = COMPRESSED[ending](text)
    middle = len(whole) // 2
    broken = {
        "cut": whole[:middle],
        "turned": whole[:middle] + bytes(255 - byte for byte in whole[middle : middle + 9]),
        "plain": text,
    }[fault]
    path = tmp_path / f"bad.csv.{ending}"
    path.write_bytes(broken)
    assert "cannot be read as CSV: " in _fails(capsys, path, "--target", "bought")


def test_paths_that_are_no_files(tmp_path, capsys):
    for path, message in [
        ("", "'': no such file"),
        (tmp_path, "is a directory. Expected a CSV file"),
        (tmp_path / ("x" * 300), "cannot be read: File name too long"),
        ("a\0b", r"a\x00b cannot be read: embedded null byte"),
        ("none\n\x1b[31m.csv", r"none\n\x1b[31m.csv: no such file"),
        ("\udcff.csv", r"\udcff.csv: no such file"),
    ]:
        assert message in _fails(capsys, path, "--target", "y")


def test_messages_are_short_and_of_one_line(tmp_path, capsys):
    """Whatever the cells and the names of columns are."""
    path = tmp_path / "bad.csv"
    path.write_text("a,b\n1,x\n2,y\n3,y\n" + "w" * 100_000 + ",x\n")
    message = _fails(capsys, path, "--target", "b")
    assert "line 5, column 'a' is 'www" in message
    assert "www'. Expected a number. Leave the column out: --drop a" in message
    assert len(message) < 200
    path.write_text('"a\n\x1b[31m\u2028","' + "c" * 1000 + '",b\n1,2,x\n')
    message = _fails(capsys, path, "--target", "z")
    assert r"Expected one of a\n\x1b[31m\u2028, ccc" in message
    assert len(message) <= 512


def test_coefficients_that_are_all_zero(people, capsys):
    """Of a largest coefficient of zero, no difference is a fraction; once NumPy warned."""
    assert main([str(people), "--target", "bought", "--C", "1e-300"]) == 0
    rows = _rows(capsys.readouterr().out)
    assert {row["off by"] for row in rows.values()} == {"–"}


def test_output_that_cannot_be_written(people, tmp_path, capsys):
    target = tmp_path / "none" / "out.csv"
    assert main([str(people), "--target", "bought", "--predict", str(target)]) == 2
    assert "cannot be written" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--target", "y"], "--target goes with a FILE.csv"),
        (["file.csv"], "needs --target COLUMN"),
        (["a.csv", "--target", "y", "--predict", "./a.csv"], "is FILE.csv itself"),
        (["--activation", "nothing"], "invalid choice: 'nothing'"),
        (["--C", "-1"], "'-1'. Expected a positive number or inf"),
    ],
)
def test_arguments_that_do_not_go_together(arguments, message, capsys):
    with pytest.raises(SystemExit) as caught:
        main(arguments)
    assert caught.value.code == 2
    assert message in capsys.readouterr().err


def test_every_activation_runs(people, capsys):
    from skneuron.activations import ACTIVATIONS

    for activation in ACTIVATIONS:
        assert main([str(people), "--target", "bought", "--activation", activation]) == 0
        assert f"NeuronClassifier({activation})" in capsys.readouterr().out
