"""Entry point of ``python -m skneuron``."""

from __future__ import annotations

import sys

from skneuron.cli import main, run

if __name__ == "__main__":
    sys.exit(run(main))
