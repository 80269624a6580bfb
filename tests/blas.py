"""How many threads BLAS may use, as the tests of threads read and set it."""

from threadpoolctl import ThreadpoolController

from skneuron._threads._libraries import find_libraries

_BLAS = ThreadpoolController().select(user_api="blas")


def counts():
    """Return the number of threads of each BLAS library."""
    return [library["num_threads"] for library in _BLAS.info()]


def set_counts(threads):
    """Set the number of threads of each BLAS library.

    Not by ``threadpool_limits``: since 3.8 no other thread can set limits inside of it.
    """
    for library, number in zip(_libraries(), threads, strict=True):
        library.set(number)


def _libraries():
    return [library for kind in find_libraries() for library in kind]
