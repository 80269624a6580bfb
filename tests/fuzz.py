"""Draw problems and settings at random, fit them, and assert what must hold of every fit.

Run ``python tests/fuzz.py --seeds 10000 --first 0 --jobs 2``. Each violation is one line that
starts with its seed; ``python tests/fuzz.py --seeds 1 --first SEED`` repeats it. The summary says
how often each assertion was reached, so that you notice an assertion that never was. A long run
is resumed with ``--first``: the last line of progress says where.
"""

from __future__ import annotations

import os

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

import argparse
import signal
import sys
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager

import numpy as np
from fuzzing.attempt import Report
from fuzzing.checks import check_seed
from fuzzing.draw import Problem, draw

# CPU seconds after which a seed is given up. A fit may take 5 s, and a seed has two, or three: each
# is timed alone. The search for the minimum that it is compared with takes 100 s for 1,000
# parameters.
CPU_LIMIT = 200

# Seconds on the clock after which a seed is given up, for fits that wait instead of compute.
CLOCK_LIMIT = 1000

# Seeds that a process takes at a time.
_CHUNK = 20


class TooSlow(BaseException):
    """Raised by the alarm; no ``except Exception`` catches it."""


@contextmanager
def alarm() -> Iterator[None]:
    """Raise ``TooSlow`` after the limits, on systems that have these signals."""
    if not hasattr(signal, "SIGVTALRM"):
        yield
        return

    def ring(*_: object) -> None:
        raise TooSlow

    signals = (signal.SIGVTALRM, signal.SIGALRM)
    before = [signal.signal(number, ring) for number in signals]
    signal.setitimer(signal.ITIMER_VIRTUAL, CPU_LIMIT)
    signal.setitimer(signal.ITIMER_REAL, CLOCK_LIMIT)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_VIRTUAL, 0)
        signal.setitimer(signal.ITIMER_REAL, 0)
        for number, handler in zip(signals, before, strict=True):
            signal.signal(number, handler)


def run(seed: int) -> tuple[Problem, Report]:
    """Return the problem of a seed, and what its fit has shown."""
    problem = draw(seed)
    np.random.seed(seed % 2**32)  # noqa: NPY002 - whatever draws from it does so reproducibly
    try:
        with alarm():
            return problem, check_seed(problem)
    except TooSlow:
        report = Report()
        report.check("time", False, f"not ended after {CPU_LIMIT} s")
        return problem, report
    except Exception as error:
        # Not of the fit, whose exceptions are looked at: the fuzzer itself has a fault.
        report = Report()
        report.check("the fuzzer works", False, f"{type(error).__name__}: {error}")
        return problem, report


def lines(seed: int) -> tuple[list[str], Report]:
    """Return a line for each violation of a seed, and its report."""
    problem, report = run(seed)
    return [
        f"seed={seed} kind={kind!r}: {text} | {problem}" for kind, text in report.violations
    ], report


def several(
    seeds: list[int],
) -> tuple[list[int], list[str], Counter[str], Counter[str], Counter[str]]:
    """Return lines and counts of some seeds: kinds of violation, assertions reached, notes."""
    out: list[str] = []
    kinds, reached, notes = Counter(), Counter(), Counter()
    for seed in seeds:
        found, report = lines(seed)
        out += found
        kinds.update({kind for kind, _ in report.violations})
        reached.update(report.reached)
        notes.update(report.notes)
    return seeds, out, kinds, reached, notes


def main() -> int:
    """Run the command line; return 1 if there was a violation."""
    parser = argparse.ArgumentParser(description="Fit random problems and check every fit.")
    parser.add_argument("--seeds", type=int, default=300, help="number of seeds")
    parser.add_argument("--first", type=int, default=0, help="first seed")
    parser.add_argument("--jobs", type=int, default=1, help="number of processes")
    args = parser.parse_args()
    if args.seeds == 1:
        print(draw(args.first))
    start = time.monotonic()
    last = args.first + args.seeds
    chunks = [list(range(k, min(k + _CHUNK, last))) for k in range(args.first, last, _CHUNK)]
    kinds, reached, notes = Counter(), Counter(), Counter()
    with ProcessPoolExecutor(args.jobs) as pool:
        results = pool.map(several, chunks) if args.jobs > 1 else map(several, chunks)
        for seeds, out, *counts in results:
            print(*out, sep="\n", end="\n" if out else "", flush=True)
            print(f"seeds up to {seeds[-1]} done", file=sys.stderr, flush=True)
            for total, part in zip((kinds, reached, notes), counts, strict=True):
                total.update(part)
    print(f"\n{args.seeds} seeds from {args.first} in {time.monotonic() - start:.0f} s")
    print("assertion: reached, seeds in violation")
    for kind in sorted(reached):
        print(f"  {kind}: {reached[kind]}, {kinds[kind]}")
    print("notes")
    for note, count in notes.most_common():
        print(f"  {note}: {count}")
    return int(bool(kinds))


if __name__ == "__main__":
    raise SystemExit(main())
