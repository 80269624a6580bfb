"""The modules of the package and the imports between them."""

from __future__ import annotations

import ast
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from graphlib import TopologicalSorter
from pathlib import Path
from typing import NamedTuple

import numpy as np
from scipy.sparse import csr_array
from scipy.sparse.csgraph import connected_components

#: For each name the names that it imports.
Graph = Mapping[str, set[str]]


class Source(NamedTuple):
    """One module: its dotted name, file, text and syntax tree."""

    name: str
    path: Path
    text: str
    tree: ast.Module

    @property
    def unit(self) -> str:
        """The module or folder directly inside the package, "" for the package itself."""
        return self.name.partition(".")[2].partition(".")[0]


def read_sources(package: Path) -> dict[str, Source]:
    """Return every module of the package by its dotted name."""
    sources = {}
    for path in sorted(package.rglob("*.py")):
        parts = path.relative_to(package.parent).with_suffix("").parts
        name = ".".join(part for part in parts if part != "__init__")
        text = path.read_text(encoding="utf-8")
        sources[name] = Source(name, path, text, ast.parse(text))
    return sources


def import_graph(sources: Mapping[str, Source]) -> dict[str, set[str]]:
    """Return the imports between modules, wherever they stand in a file.

    Imports inside functions and under ``TYPE_CHECKING`` count. A name that is imported from the
    package itself counts as an import of the module that defines the name.
    """
    root = min(sources, key=len)
    origin = dict(_names(sources[root].tree))
    graph: dict[str, set[str]] = {}
    for name, source in sources.items():
        targets = set()
        for imported, module in _names(source.tree):
            target = f"{module}.{imported}" if f"{module}.{imported}" in sources else module
            targets.add(origin.get(imported, "") if target == root else target)
        graph[name] = targets & sources.keys() - {name}
    return graph


def _names(tree: ast.Module) -> Iterator[tuple[str, str]]:
    """Yield each imported name and the module that it is imported from."""
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and node.module:
            for alias in node.names:
                yield alias.name, node.module
        elif isinstance(node, ast.Import):
            for alias in node.names:
                yield "", alias.name


def unit_graph(sources: Mapping[str, Source]) -> dict[str, set[str]]:
    """Return the imports between the modules and folders directly inside the package."""
    graph = defaultdict(set)
    for name, targets in import_graph(sources).items():
        unit = sources[name].unit
        graph[unit] |= {sources[target].unit for target in targets} - {unit}
    graph.pop("")  # the package only hands names on
    return dict(graph)


def _components(graph: Graph) -> dict[str, int]:
    """Return a number for each name, the same for all names of one circle."""
    names = sorted(graph)
    place = {name: i for i, name in enumerate(names)}
    pairs = np.array([(place[a], place[b]) for a in names for b in graph[a]]).reshape(-1, 2)
    matrix = csr_array((np.ones(len(pairs)), pairs.T), shape=(len(names), len(names)))
    labels = connected_components(matrix, directed=True, connection="strong")[1]
    return dict(zip(names, labels.tolist(), strict=True))


def circles(graph: Graph) -> list[list[str]]:
    """Return each set of names that import each other, directly or through others."""
    groups = defaultdict(list)
    for name, label in _components(graph).items():
        groups[label].append(name)
    return [names for names in groups.values() if len(names) > 1]


def n_levels(graph: Graph) -> int:
    """Return the number of names in the longest chain of imports; a circle counts as one."""
    label = _components(graph)
    below: dict[int, set[int]] = defaultdict(set)
    for name, targets in graph.items():
        below[label[name]] |= {label[target] for target in targets} - {label[name]}
    order = TopologicalSorter(below)
    order.prepare()
    levels = 0
    while order.is_active():
        order.done(*order.get_ready())
        levels += 1
    return levels


def repeated(places: Iterable[tuple[str, str]]) -> list[str]:
    """Return the names that occur in more than one place, with their places."""
    found = defaultdict(set)
    for name, place in places:
        found[name].add(place)
    return [f"{name}: {', '.join(sorted(at))}" for name, at in found.items() if len(at) > 1]
