"""What the package defines: constants, methods, parameters, functions with many branches."""

from __future__ import annotations

import ast
import json
import re
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path

from measures.sources import Source

#: A function or method.
Function = ast.FunctionDef | ast.AsyncFunctionDef


def _is_number(node: ast.expr) -> bool:
    """Whether an expression is a number, arithmetic of numbers, or a tuple of numbers."""
    if isinstance(node, ast.Constant):
        return isinstance(node.value, int | float) and not isinstance(node.value, bool)
    if isinstance(node, ast.UnaryOp):
        return _is_number(node.operand)
    if isinstance(node, ast.BinOp):
        return _is_number(node.left) and _is_number(node.right)
    return isinstance(node, ast.Tuple) and all(map(_is_number, node.elts))


def exported(sources: Mapping[str, Source]) -> set[str]:
    """Return the names in ``__all__`` of every module without an underscore in its path."""
    names: set[str] = set()
    for source in sources.values():
        if not any(part.startswith("_") for part in source.name.split(".")):
            for node in source.tree.body:
                if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "__all__":
                    names |= set(ast.literal_eval(node.value))
    return names


def numeric_constants(sources: Mapping[str, Source], unit: str) -> tuple[list[str], list[str]]:
    """Return the private numeric constants of a folder, and the lines that define several.

    A constant is private if no public module exports it, with or without an underscore.
    """
    public = exported(sources)
    constants, shared_lines = [], []
    for source in sources.values():
        if source.unit != unit:
            continue
        for node in source.tree.body:
            if not isinstance(node, ast.Assign | ast.AnnAssign) or node.value is None:
                continue
            target = node.targets[0] if isinstance(node, ast.Assign) else node.target
            pairs = [(target, node.value)]
            if isinstance(target, ast.Tuple) and isinstance(node.value, ast.Tuple):
                pairs = list(zip(target.elts, node.value.elts, strict=True))
            names = [
                name.id
                for name, value in pairs
                if isinstance(name, ast.Name) and name.id not in public and _is_number(value)
            ]
            constants += [f"{source.path.name}:{node.lineno} {name}" for name in names]
            if len(names) > 1:
                shared_lines.append(f"{source.path.name}:{node.lineno} {', '.join(names)}")
    return constants, shared_lines


def _functions(source: Source) -> Iterator[tuple[str, Function]]:
    """Yield the functions and methods of a module with their dotted names, not nested ones."""

    def walk(node: ast.AST, prefix: str) -> Iterator[tuple[str, Function]]:
        for child in ast.iter_child_nodes(node):
            if isinstance(child, ast.ClassDef):
                yield from walk(child, f"{prefix}{child.name}.")
            elif isinstance(child, Function):
                yield f"{prefix}{child.name}", child

    yield from walk(source.tree, "")


def untyped_selves(sources: Mapping[str, Source]) -> list[str]:
    """Return the methods with ``self: Any``, in which a type checker checks nothing."""
    return [
        f"{source.path.name}:{node.lineno} {name}"
        for source in sources.values()
        for name, node in _functions(source)
        for first in node.args.args[:1]
        if first.arg == "self" and first.annotation and ast.unparse(first.annotation) == "Any"
    ]


def public_parameters(sources: Mapping[str, Source]) -> tuple[int, list[str]]:
    """Return the number of public parameters, and those with a type of ``Any`` or without one.

    These are the parameters of functions, methods and ``__init__`` whose name and class have no
    underscore, in any module. ``Any | None`` counts, ``dict[str, Any]`` does not.
    """
    n_parameters, untyped = 0, []
    for source in sources.values():
        for name, node in _functions(source):
            if any(part.startswith("_") for part in name.removesuffix(".__init__").split(".")):
                continue
            given = node.args.posonlyargs + node.args.args + node.args.kwonlyargs
            given = [one for one in given if one.arg not in ("self", "cls")]
            n_parameters += len(given)
            untyped += [
                f"{source.path.name}:{node.lineno} {name}({one.arg})"
                for one in given
                if one.annotation is None
                or "Any" in re.split(r"\s*\|\s*", ast.unparse(one.annotation))
            ]
    return n_parameters, untyped


def class_definitions(sources: Mapping[str, Source]) -> Iterator[tuple[str, str]]:
    """Yield the name of each class, and the module that defines it."""
    for source in sources.values():
        for node in ast.walk(source.tree):
            if isinstance(node, ast.ClassDef):
                yield node.name, source.name


def branches(package: Path) -> dict[str, int] | None:
    """Return the number of branches of each function with more than one, by ruff's rule C901.

    None if ruff is not installed.
    """
    command = [
        *(sys.executable, "-m", "ruff", "check", str(package), "--isolated", "--select", "C901"),
        *("--config", "lint.mccabe.max-complexity=1", "--output-format", "json"),
    ]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if not done.stdout.startswith("["):
        return None
    found = {}
    for one in json.loads(done.stdout):
        name, n_branches = re.findall(r"`(\w+)` is too complex \((\d+) >", one["message"])[0]
        place = f"{Path(one['filename']).name}:{one['location']['row']} {name}"
        found[f"{place}, {n_branches} branches"] = int(n_branches)
    return found
