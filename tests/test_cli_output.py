"""``python -m skneuron`` with closed streams and odd destinations."""

import errno
import os
import signal
import stat
import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest
from command_line import labelled_table

from skneuron.cli import _main, main

COMMAND = [sys.executable, "-m", "skneuron"]


posix = pytest.mark.skipif(os.name != "posix", reason="pipes and links of POSIX")


@pytest.fixture
def table(tmp_path):
    return labelled_table(tmp_path / "table.csv")


@pytest.fixture
def no_work(monkeypatch):
    """Fail if a table is read or a model is fitted."""

    def refuse(*args):
        raise AssertionError("the command began to work")

    monkeypatch.setattr(_main, "read_csv", refuse)
    monkeypatch.setattr(_main, "compare", refuse)


def _run(*arguments, **streams):
    """Run the command in a process of its own, with output that is buffered as usual."""
    environment = {key: os.environ[key] for key in os.environ if key != "PYTHONUNBUFFERED"}
    streams = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE} | streams
    return subprocess.run(
        [*COMMAND, *map(str, arguments)], text=True, timeout=120, env=environment, **streams
    )


def _closed_pipe():
    """Return the end of a pipe that nobody reads."""
    read, write = os.pipe()
    os.close(read)
    return write


@posix
@pytest.mark.parametrize("arguments", [[], ["--help"], ["--version"], ["FILE", "--predict", "OUT"]])
def test_a_pipe_that_is_closed_ends_quietly(table, tmp_path, arguments):
    """As in ``python -m skneuron | head -1``: 141 is 128 + SIGPIPE, the code of other commands."""
    out = tmp_path / "out.csv"
    if arguments[:1] == ["FILE"]:
        arguments = [table, "--target", "y", "--predict", out]
    done = _run(*arguments, stdout=_closed_pipe())
    assert (done.returncode, done.stderr) == (141, "")
    # The predictions are written although nobody reads the report.
    assert out.exists() == (len(arguments) > 2)
    assert not out.exists() or len(pd.read_csv(out)) == 60


@posix
@pytest.mark.parametrize("arguments", [["none.csv", "--target", "y"], ["--nonsense"]])
def test_errors_that_nobody_reads(arguments):
    """The code is 2 all the same, and the error does not go to the standard output."""
    done = _run(*arguments, stderr=_closed_pipe())
    assert (done.returncode, done.stdout) == (2, "")
    write = _closed_pipe()
    assert _run(*arguments, stdout=write, stderr=write).returncode == 2
    closed = ["sh", "-c", 'exec "$@" 2>&-', "sh", *COMMAND, *arguments]
    done = subprocess.run(closed, capture_output=True, text=True, timeout=120)
    assert (done.returncode, done.stdout, done.stderr) == (2, "", "")


@posix
def test_all_streams_closed(table, tmp_path):
    out = tmp_path / "out.csv"
    arguments = [str(table), "--target", "y", "--predict", str(out)]
    closed = ["sh", "-c", 'exec "$@" <&- >&- 2>&-', "sh", *COMMAND, *arguments]
    assert subprocess.run(closed, timeout=120).returncode == 0
    # No text of the report got into the file that may have the number of a closed stream.
    assert len(pd.read_csv(out)) == 60


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="no full device")
@pytest.mark.parametrize("arguments", [[], ["--help"]])
def test_a_report_that_cannot_be_written(arguments):
    with open("/dev/full", "w") as full:
        done = _run(*arguments, stdout=full)
    assert done.returncode == 1
    assert done.stderr == "skneuron: the output cannot be written: No space left on device\n"


def test_a_report_in_ascii(table, monkeypatch):
    """What the encoding of the standard output lacks is escaped; no table is refused for it."""
    monkeypatch.setenv("PYTHONIOENCODING", "ascii")
    done = _run(table, "--target", "y", "--activation", "step")
    assert (done.returncode, done.stderr) == (0, "")
    assert "  \\u2013  " in done.stdout


@posix
def test_an_interrupt_ends_quietly(tmp_path):
    """130 is 128 + SIGINT; the table is a pipe, so that the moment of the interrupt is known."""
    path = tmp_path / "table.csv"
    os.mkfifo(path)
    command = [*COMMAND, str(path), "--target", "y"]
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    # To open the table waits until the command reads it.
    # A shell's background job ignores interrupts, and so would its children.
    listen = {"preexec_fn": lambda: signal.signal(signal.SIGINT, signal.SIG_DFL)}
    with subprocess.Popen(command, **pipes, **listen) as process, open(path, "w"):
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=60)
    assert (process.returncode, out, err) == (130, b"", b"")


def _itself(table):
    return table


def _by_dots(table):
    return table.parent / "." / ".." / table.parent.name / table.name


def _hard_link(table):
    os.link(table, table.with_name("hard.csv"))
    return table.with_name("hard.csv")


def _symbolic_link(table):
    table.with_name("link.csv").symlink_to(table.name)
    return table.with_name("link.csv")


def _link_of_a_link(table):
    table.with_name("second.csv").symlink_to(_symbolic_link(table))
    return table.with_name("second.csv")


def _in_a_linked_directory(table):
    table.with_name("linked").symlink_to(table.parent)
    return table.with_name("linked") / table.name


@posix
@pytest.mark.parametrize(
    "name",
    [_itself, _by_dots, _hard_link, _symbolic_link, _link_of_a_link, _in_a_linked_directory],
)
def test_predictions_never_replace_the_table(table, name, no_work, capsys):
    """By no other name of the table, and to no other name that the table is read by."""
    before, other = table.read_bytes(), name(table)
    for file, out in ((table, other), (other, table)):
        with pytest.raises(SystemExit) as caught:
            main([str(file), "--target", "y", "--predict", str(out)])
        assert caught.value.code == 2
        err = capsys.readouterr().err
        assert "is FILE.csv itself" in err
        assert err.count("\n") == 1
    assert table.read_bytes() == before


@pytest.mark.skipif(not os.path.exists("/dev/stdin"), reason="no /dev/stdin")
@pytest.mark.parametrize("stdin", ["/dev/stdin", "/dev/fd/0"])
def test_the_standard_input_is_a_name_of_the_table(table, stdin):
    before = table.read_bytes()
    for file, out in ((stdin, table), (table, stdin)):
        with open(table) as stream:
            done = _run(file, "--target", "y", "--predict", out, stdin=stream)
        assert done.returncode == 2
        assert done.stdout == ""
        assert "is FILE.csv itself" in done.stderr
    assert table.read_bytes() == before


@pytest.mark.skipif(not os.path.exists("/dev/stdout"), reason="no /dev/stdout")
@pytest.mark.parametrize("kind", ["file", "pipe"])
def test_predictions_do_not_go_where_the_report_goes(table, tmp_path, kind):
    with open(tmp_path / "report.txt", "w") as report:
        stream = report if kind == "file" else subprocess.PIPE
        done = _run(table, "--target", "y", "--predict", "/dev/stdout", stdout=stream)
    assert done.returncode == 2
    assert "/dev/stdout is the standard output of this command" in done.stderr


@posix
def test_a_table_from_a_pipe(table):
    with open(table) as stream, subprocess.Popen(["cat"], stdin=stream, stdout=-1) as cat:
        done = _run("/dev/stdin", "--target", "y", stdin=cat.stdout)
    assert (done.returncode, done.stderr) == (0, "")
    assert "/dev/stdin: 60 rows" in done.stdout


@posix
@pytest.mark.parametrize(
    ("out", "message"),
    [
        ("", "The path after --predict is empty. Expected the name of a file"),
        (".", "is a directory"),
        ("{}", "is a directory"),
        ("{}/", "is a directory"),
        ("{}/new/", "is a directory"),
        ("{}/none/out.csv", "cannot be written: there is no directory"),
        ("{}/table.csv/out.csv", "cannot be written: "),
        ("{}/loop", "cannot be written: "),
        ("{}/" + "x" * 300, "cannot be written: "),
        ("{}/a\0b", "cannot be written: "),
        ("http://localhost/out.csv", "cannot be written: there is no directory"),
        ("s3://bucket/out.csv", "cannot be written: there is no directory"),
        ("{}/none\n/out.csv", r"none\n/out.csv cannot be written"),
    ],
)
def test_destinations_are_checked_before_the_fit(table, out, message, no_work, capsys):
    table.with_name("loop").symlink_to("loop")
    before = sorted(os.listdir(table.parent))
    out = out.format(table.parent)
    assert main([str(table), "--target", "y", "--predict", out]) == 2
    printed, err = capsys.readouterr()
    assert message in err
    assert (printed, err.count("\n")) == ("", 1)
    assert sorted(os.listdir(table.parent)) == before


@pytest.mark.skipif(os.name != "posix" or os.geteuid() == 0, reason="root may write everything")
@pytest.mark.parametrize("what", ["directory", "file"])
def test_permissions_are_checked_before_the_fit(table, tmp_path, what, no_work, capsys):
    home = tmp_path / "home"
    home.mkdir()
    out = home / "out.csv"
    out.write_text("mine\n")
    protected, mode = (home, 0o500) if what == "directory" else (out, 0o400)
    protected.chmod(mode)
    try:
        assert main([str(table), "--target", "y", "--predict", str(out)]) == 2
    finally:
        protected.chmod(0o700)
    assert "out.csv cannot be written: Permission denied" in capsys.readouterr().err
    assert out.read_text() == "mine\n"


def test_a_file_that_may_not_be_written(table, tmp_path, monkeypatch, no_work, capsys):
    """As the test above, which root cannot run: the answer of the system is put in its place."""
    out = tmp_path / "out.csv"
    out.write_text("mine\n")
    monkeypatch.setattr(os, "access", lambda path, mode: False)
    assert main([str(table), "--target", "y", "--predict", str(out)]) == 2
    assert "cannot be written: Permission denied" in capsys.readouterr().err


@pytest.mark.parametrize("existing", [True, False])
def test_a_file_is_replaced_when_the_new_one_is_complete(
    table, tmp_path, existing, monkeypatch, capsys
):
    """A disk that gets full leaves the file of before, and no draft."""
    out = tmp_path / "out.csv"
    if existing:
        out.write_text("mine\n")
    before = sorted(os.listdir(tmp_path))
    real = pd.DataFrame.to_csv

    def fill(frame, path, **options):
        if len(frame):
            Path(path).write_text("half a fi")
            raise OSError(errno.ENOSPC, "No space left on device")
        real(frame, path, **options)

    monkeypatch.setattr(pd.DataFrame, "to_csv", fill)
    assert main([str(table), "--target", "y", "--predict", str(out)]) == 2
    assert "out.csv cannot be written: No space left on device" in capsys.readouterr().err
    assert sorted(os.listdir(tmp_path)) == before
    assert not existing or out.read_text() == "mine\n"
    monkeypatch.setattr(pd.DataFrame, "to_csv", real)
    assert main([str(table), "--target", "y", "--predict", str(out)]) == 0
    assert len(pd.read_csv(out)) == 60
    assert sorted(os.listdir(tmp_path)) == sorted({*before, "out.csv"})


@posix
def test_a_file_keeps_its_permissions_and_a_link_its_place(table, tmp_path):
    out, link, other = tmp_path / "out.csv", tmp_path / "link.csv", tmp_path / "new.csv"
    out.write_text("old\n")
    out.chmod(0o640)
    link.symlink_to(out)
    assert main([str(table), "--target", "y", "--predict", str(link)]) == 0
    assert link.is_symlink()
    assert len(pd.read_csv(out)) == 60
    assert stat.S_IMODE(out.stat().st_mode) == 0o640
    (tmp_path / "dangling.csv").symlink_to(other)
    assert main([str(table), "--target", "y", "--predict", str(tmp_path / "dangling.csv")]) == 0
    (tmp_path / "plain").write_text("")
    assert other.stat().st_mode == (tmp_path / "plain").stat().st_mode


@posix
def test_devices_and_pipes_are_written_not_replaced(table, tmp_path):
    assert main([str(table), "--target", "y", "--predict", os.devnull]) == 0
    assert stat.S_ISCHR(os.stat(os.devnull).st_mode)
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    with subprocess.Popen(["cat", str(pipe)], stdout=subprocess.PIPE, text=True) as cat:
        assert main([str(table), "--target", "y", "--predict", str(pipe)]) == 0
        assert cat.communicate(timeout=60)[0].count("\n") == 61
    assert stat.S_ISFIFO(pipe.stat().st_mode)


def test_compressed_by_the_ending_of_the_name(table, tmp_path):
    plain, small = tmp_path / "out.csv", tmp_path / "out.csv.gz"
    for out in (plain, small):
        assert main([str(table), "--target", "y", "--predict", str(out)]) == 0
    assert small.read_bytes()[:2] == b"\x1f\x8b"
    pd.testing.assert_frame_equal(pd.read_csv(small), pd.read_csv(plain))
