"""Public names report a public path, so that pickles and security lists of other tools use it."""

import doctest
import importlib
import io
import pickle
import pkgutil
from types import FunctionType

import pytest
from sklearn.datasets import load_iris

import skneuron
from skneuron import NeuronClassifier
from skneuron.activations import ACTIVATIONS

X, Y = load_iris(return_X_y=True)


def _public_modules():
    """Yield every module without an underscore in its path, the package first."""
    yield skneuron
    for info in pkgutil.walk_packages(skneuron.__path__, "skneuron."):
        if not any(part.startswith("_") for part in info.name.split(".")):
            try:
                yield importlib.import_module(info.name)
            except ImportError:  # an extra that is not installed
                continue


def _public_members():
    """Return every public class and function with its shortest public path."""
    members = {}
    for module in sorted(_public_modules(), key=lambda module: module.__name__.count(".")):
        for name in getattr(module, "__all__", ()):
            member = getattr(module, name)
            if isinstance(member, type | FunctionType):
                members.setdefault(member, f"{module.__name__}.{name}")
    return members


MEMBERS = _public_members()
CLASSES = [member for member in MEMBERS if isinstance(member, type)]


def test_the_walk_finds_the_public_names():
    assert MEMBERS[NeuronClassifier] == "skneuron.NeuronClassifier"
    assert {f"skneuron.activations.{cls.__name__}" for cls in ACTIVATIONS.values()} <= set(
        MEMBERS.values()
    )
    assert len(MEMBERS) > 60


@pytest.mark.parametrize(("member", "path"), MEMBERS.items(), ids=MEMBERS.values())
def test_module_is_public_and_pickles_name_it(member, path):
    assert f"{member.__module__}.{member.__qualname__}" == path
    data = pickle.dumps(member)
    assert path.rpartition(".")[0].encode() in data
    assert b"._" not in data
    assert pickle.loads(data) is member


class _Unpickler(pickle.Unpickler):
    """Keeps the paths of skneuron's classes and functions that a pickle names."""

    def __init__(self, data):
        super().__init__(io.BytesIO(data))
        self.paths = set()

    def find_class(self, module, name):
        if module.split(".")[0] == "skneuron":
            self.paths.add(f"{module}.{name}")
        return super().find_class(module, name)


@pytest.mark.parametrize("activation", ACTIVATIONS)
def test_pickles_of_fitted_neurons_name_public_classes_only(activation):
    neuron = NeuronClassifier(ACTIVATIONS[activation]()).fit(X[:100], Y[:100])
    unpickler = _Unpickler(pickle.dumps(neuron))
    again = unpickler.load()
    assert (again.predict(X) == neuron.predict(X)).all()
    cls = ACTIVATIONS[activation].__name__
    assert unpickler.paths == {"skneuron.NeuronClassifier", f"skneuron.activations.{cls}"}


# pytest finds the examples of functions and classes by itself. It looks for methods only in the
# module that `__module__` names, which is not the module that defines them.
METHODS = {
    example.name: example
    for cls in CLASSES
    for example in doctest.DocTestFinder(exclude_empty=True).find(cls, module=False, globs={})
    if example.name != cls.__name__ and example.examples
}


def test_methods_have_examples():
    assert "NeuronClassifier.partial_fit" in METHODS


@pytest.mark.parametrize("name", METHODS)
def test_examples_of_methods_run(name):
    runner = doctest.DocTestRunner(verbose=False)
    report = []
    runner.run(METHODS[name], out=report.append)
    assert not runner.failures, "".join(report)
