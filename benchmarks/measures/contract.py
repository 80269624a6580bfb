"""The names of the objective that solvers use, and the names that the documentation lists."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

from measures.sources import Source


def _annotated(annotation: ast.expr | None) -> bool:
    """Whether a type is ``Objective``, ``Objective | None`` or a name such as ``RowsObjective``."""
    if annotation is None:
        return False
    types = re.split(r"\s*\|\s*", ast.unparse(annotation).strip("'"))
    return any(re.fullmatch(r"\w*Objective(Protocol)?", one) for one in types)


class _Finder:
    """Follows objectives through the solvers by their types.

    An expression is an objective if it is a parameter, attribute or result that is annotated as
    one, or if an objective has been assigned to it. Attributes are known by their names alone.
    """

    def __init__(self, solvers: Iterable[Source], makers: set[str]) -> None:
        self._functions = [
            node
            for source in solvers
            for node in ast.walk(source.tree)
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        ]
        self._makers = makers | {one.name for one in self._functions if _annotated(one.returns)}
        self._attributes = {
            node.target.id
            for source in solvers
            for one in ast.walk(source.tree)
            if isinstance(one, ast.ClassDef)
            for node in one.body
            if isinstance(node, ast.AnnAssign)
            and isinstance(node.target, ast.Name)
            and _annotated(node.annotation)
        }

    def names(self) -> set[str]:
        """Return every attribute that a solver reads of an objective."""
        used: set[str] = set()
        n_known = -1
        # Attributes that one class sets are read by others: repeat until no more are found.
        while n_known != len(self._attributes):
            n_known = len(self._attributes)
            for function in self._functions:
                used |= self._names_in(function)
        return used

    def _names_in(self, function: ast.FunctionDef | ast.AsyncFunctionDef) -> set[str]:
        given = function.args.posonlyargs + function.args.args + function.args.kwonlyargs
        known = {one.arg for one in given if _annotated(one.annotation)}
        for _ in range(2):  # a name may be assigned after a loop has read it
            for name, value in _assignments(function):
                if self._is_objective(value, known):
                    if isinstance(name, ast.Name):
                        known.add(name.id)
                    elif isinstance(name, ast.Attribute):
                        self._attributes.add(name.attr)
        return {
            node.attr
            for node in ast.walk(function)
            if isinstance(node, ast.Attribute) and self._is_objective(node.value, known)
        }

    def _is_objective(self, node: ast.expr, known: set[str]) -> bool:
        if isinstance(node, ast.Name):
            return node.id in known
        if isinstance(node, ast.Attribute):
            return node.attr in self._attributes
        if isinstance(node, ast.Call):
            function = node.func
            if isinstance(function, ast.Name):
                return function.id in self._makers
            return isinstance(function, ast.Attribute) and function.attr in self._makers
        if isinstance(node, ast.IfExp):
            return self._is_objective(node.body, known) or self._is_objective(node.orelse, known)
        return isinstance(node, ast.NamedExpr) and self._is_objective(node.value, known)


def _assignments(function: ast.AST) -> Iterator[tuple[ast.expr, ast.expr]]:
    """Yield the target and the value of each assignment, of tuples element by element."""
    for node in ast.walk(function):
        if isinstance(node, ast.Assign):
            for target in node.targets:
                if isinstance(target, ast.Tuple) and isinstance(node.value, ast.Tuple):
                    yield from zip(target.elts, node.value.elts, strict=False)
                else:
                    yield target, node.value
        elif isinstance(node, ast.AnnAssign | ast.NamedExpr) and node.value is not None:
            yield node.target, node.value


def names_in_solvers(sources: Mapping[str, Source]) -> set[str]:
    """Return the names of an objective that the modules in ``solvers/`` use."""
    makers = {
        node.name
        for source in sources.values()
        if source.unit == "objective"
        for node in ast.walk(source.tree)
        if isinstance(node, ast.FunctionDef) and _annotated(node.returns)
    }
    return _Finder([one for one in sources.values() if one.unit == "solvers"], makers).names()


def names_in_docs(sources: Mapping[str, Source], docs: Path) -> set[str]:
    """Return the names of the objective in the section "Add a solver" of the documentation."""
    defined = {
        node.name if isinstance(node, ast.FunctionDef) else node.attr
        for source in sources.values()
        if source.unit == "objective"
        for node in ast.walk(source.tree)
        if isinstance(node, ast.FunctionDef | ast.Attribute)
    }
    listed: set[str] = set()
    for page in sorted(docs.rglob("*.md")):
        section = re.search(
            r"^## Add a solver$(.*?)(?=^## |\Z)", page.read_text("utf-8"), re.M | re.S
        )
        if section:
            listed |= set(re.findall(r"`(\w+)`", section[1]))
    return listed & defined
