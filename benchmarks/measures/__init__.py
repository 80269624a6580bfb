"""Measures of the code and of its text, for ``structure.py`` and ``prose.py``."""
