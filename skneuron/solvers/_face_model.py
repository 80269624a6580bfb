"""A quadratic with an L1 penalty and bounds, minimized by products with its Hessian."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from skneuron._typing import FloatArray
from skneuron.objective import Objective
from skneuron.solvers._conjugate import conjugate_gradients, settled
from skneuron.solvers._faces import Face, Faces
from skneuron.solvers._point import Point

__all__ = ["FaceModel", "FaceStep", "curvature_to_divide_by"]

# Conjugate gradients end when their last two terms add less than this share of all, or
# after so many. Where a gap is told it is the last quarter of them, and five at least, that
# add less: the terms of badly conditioned columns are small long before the minimum.
_ROUGH, _LAST, _LONGEST = 0.1, 2, 250
_EXACT, _LAST_EXACT, _LAST_SHARE, _LONGEST_EXACT = 0.01, 5, 0.25, 2000

# Faces are foreseen from a gradient step, this much shorter than the diagonal alone would
# have it: columns that are alike share what each could do alone.
_CAUTION = 4.0

# Weights that leave the face are held at its end, and the rest is solved for again: so
# many times, and while they are more than this share.
_AGAIN, _FEW = 3, 0.02

# So many rounds follow where the face was foreseen wrong, while they still add this share.
_ROUNDS, _ADDS = 10, 0.3

# So often the way out of a face is halved before its first end is taken, a hair beyond it;
# and so often a gradient step that raises the model.
_TRIES, _HAIR, _HALVINGS = 3, 1 + 1e-13, 40

# A curvature below this share of the one at zero weights is none to divide by.
_LEAST = 1e-3


@dataclass(frozen=True)
class FaceStep:
    """Where to go from the point of a model.

    Attributes
    ----------
    params : ndarray of shape (n_params,)
    promised : float
        How much lower the model is there.
    wanted : float
        About how much lower still if weights that are held were let go.
    clean : bool
        Whether the face's own minimum is inside of it.
    """

    params: FloatArray
    promised: float
    wanted: float
    clean: bool

    @property
    def settled(self) -> bool:
        """Whether the promise is nearly that of the model's minimum."""
        return self.clean and self.wanted <= _ROUGH * self.promised


@dataclass(frozen=True)
class _Place:
    """A point, the slope of the model's smooth part there, and a face that it is on."""

    params: FloatArray
    slope: FloatArray
    face: Face
    clean: bool = False


class FaceModel:
    """Newton's model at a point, with L1 penalty and bounds, by Hessian products.

    Parameters
    ----------
    objective : Objective
    point : Point
    damping : float
        Share of the diagonal that is added to it.
    exact : bool
        Whether a gap may be told by it.

    Attributes
    ----------
    products : int
        How many were taken.
    """

    def __init__(
        self, objective: Objective, point: Point, *, damping: float = 0.0, exact: bool = True
    ) -> None:
        self._faces = Faces.of(objective)
        self._product = objective.hessian_operator(point.params)
        diagonal = curvature_to_divide_by(objective, point.params)
        self._added = damping * diagonal
        self._diagonal = diagonal + self._added
        self._start, self._gradient, self._exact = point.params, point.gradient, exact
        self.products = 0

    def step(self) -> FaceStep:
        """Return where the model is low, at its minimum if the faces are clear.

        First on the face that is foreseen. If that is no good, as the model would rather
        have other weights free, rounds follow that lower it one by one.
        """
        place = self._foreseen()
        promised, wanted = self._judged(place)
        gained = 0.0
        for _ in range(_ROUNDS):
            if promised > wanted and (place.clean or gained <= _ADDS * promised):
                break
            if promised <= 0:
                place = _Place(self._start, self._gradient, self._faces.around(self._start))
            before, lowered = max(promised, 0.0), self._lowered(place)
            if lowered is place:
                break
            place = lowered
            promised, wanted = self._judged(place)
            gained = promised - before
        return FaceStep(place.params, promised, wanted, place.clean)

    def _judged(self, place: _Place) -> tuple[float, float]:
        """Return how much lower the model is there, and about how much it still falls."""
        change = place.params - self._start
        promised = self._faces.shrinkage(self._start, place.params)
        promised -= 0.5 * float(change @ (self._gradient + place.slope))
        pull = self._faces.pull(place.params, place.slope, place.face)
        return promised, 0.5 * float(pull @ (pull / self._diagonal))

    def _foreseen(self) -> _Place:
        """Solve on the face of a gradient step, holding again and again what leaves it."""
        start = self._start
        u = self._faces.gradient_step(start, self._gradient, _CAUTION * self._diagonal)
        face = self._faces.around(u)
        u = np.where(face.free, start, u)
        slope = self._gradient + self._image(u - start)
        for again in range(_AGAIN + 1):
            u, slope = self._solved(u, slope, face)
            out = face.left_by(u)
            many = int(np.count_nonzero(out))
            if many == 0:
                return _Place(u, slope, face, clean=again == 0)
            kept = face.nearest(u)
            u, slope, face = kept, slope + self._image(kept - u), face.without(out)
            if many <= _FEW * np.count_nonzero(face.free):
                break
        return _Place(u, slope, face)

    def _lowered(self, place: _Place) -> _Place:
        """Take a gradient step that lowers the model, and go on along its face.

        Gradient projection with conjugate gradients (Moré & Toraldo, SIAM J. Optim. 1,
        1991): where these leave the face, as far as the model falls and at least to its
        first end.
        """
        u, slope, caution = place.params, place.slope, _CAUTION
        for _ in range(_HALVINGS):
            v = self._faces.gradient_step(u, slope, caution * self._diagonal)
            image = self._image(v - u)
            if self._fall(u, v, slope, image) >= 0:
                break
            caution *= 2
        else:
            return place
        u, slope = v, slope + image
        face = self._faces.around(u)
        end, there = self._solved(u, slope, face)
        out = face.left_by(end)
        if not np.any(out):
            return _Place(end, there, face, clean=True)
        way, length = end - u, 1.0
        for _ in range(_TRIES):
            kept = face.nearest(u + length * way)
            image = self._image(kept - u)
            if self._fall(u, kept, slope, image) > 0:
                return _Place(kept, slope + image, self._faces.around(kept))
            length /= 2
        # A hair further: the first to reach its end is on it, whatever rounding does.
        length = face.room(u, way, out) * _HAIR
        kept = face.nearest(u + length * way)
        return _Place(kept, slope + length * (there - slope), self._faces.around(kept))

    def _fall(self, u: FloatArray, v: FloatArray, slope: FloatArray, image: FloatArray) -> float:
        """Return how much lower the model is at v than at u, by the slope at u."""
        return self._faces.shrinkage(u, v) - float((v - u) @ (slope + 0.5 * image))

    def _image(self, change: FloatArray) -> FloatArray:
        if not np.any(change):
            return np.zeros_like(change)
        self.products += 1
        return self._product(change) + self._added * change

    def _solved(
        self, u: FloatArray, slope: FloatArray, face: Face
    ) -> tuple[FloatArray, FloatArray]:
        """Return the minimum on the plane of the face, and the slope there."""
        tilt = self._faces.lasso * face.sign
        longest, share = (_LONGEST_EXACT, _EXACT) if self._exact else (_LONGEST, _ROUGH)

        def enough(terms: list[float]) -> bool:
            """Whether the last few terms add little."""
            last = max(_LAST_EXACT, int(_LAST_SHARE * len(terms))) if self._exact else _LAST
            return settled(terms, last, share)

        found = conjugate_gradients(
            self._image,
            slope + tilt,
            lambda v: np.where(face.free, v / self._diagonal, 0.0),
            enough,
            most=longest,
        )
        return u + found.step, -found.residual - tilt


def curvature_to_divide_by(objective: Objective, params: FloatArray) -> FloatArray:
    """Return the Hessian's diagonal, raised to a share of what it is at zero weights."""
    least = _LEAST * objective.zero_diagonal()
    return np.asarray(np.maximum(objective.hessian_diagonal(params), least))
