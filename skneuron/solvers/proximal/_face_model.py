"""A quadratic with an L1 penalty and bounds, minimized by products with its Hessian."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from skneuron._typing import FloatArray
from skneuron.objective import Objective
from skneuron.solvers._iterate import Iterate
from skneuron.solvers.newton._conjugate import GAP_TERMS, conjugate_gradients, settled
from skneuron.solvers.proximal._faces import Face, Faces

__all__ = ["FaceModel", "FaceStep", "curvature_to_divide_by"]

# Conjugate gradients end when their last two terms add less than this share of all, or
# after so many. Where a gap is told it is the last quarter of them, and as many as make it
# known at least, that add less: the terms of badly conditioned columns are small long before
# the minimum. There may be so many in all.
_ROUGH, _LAST, _LONGEST = 0.1, 2, 250
_EXACT, _LAST_SHARE, _LONGEST_EXACT = 0.01, 0.25, 2000

# Faces are foreseen from a gradient step, this much shorter than the diagonal alone would
# have it: columns that are alike share what each could do alone.
_CAUTION = 4.0

# Weights that leave the face are held at its end, and the rest is solved for again: so
# many times, and while that has less than this share of what the plane of the face has.
_AGAIN, _KEEPS = 6, 0.8

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
    most : float
        At least as much as the model could fall by with these held.
    """

    params: FloatArray
    promised: float
    wanted: float
    most: float

    @property
    def keeps(self) -> bool:
        """Whether nearly all that the plane of the face promises is kept inside of it."""
        return self.promised >= _KEEPS * self.most

    @property
    def settled(self) -> bool:
        """Whether the promise is nearly that of the model's minimum."""
        return self.keeps and self.wanted <= _ROUGH * self.promised


@dataclass(frozen=True)
class _Place:
    """A point, the slope of the model's smooth part there, and a face that it is on.

    The face is what is left of a whole one, on whose plane the model falls by ``most``.
    """

    params: FloatArray
    slope: FloatArray
    face: Face
    whole: Face
    most: float = np.inf


class FaceModel:
    """Newton's model at a point, with L1 penalty and bounds, by Hessian products.

    Parameters
    ----------
    objective : Objective
    point : Iterate
    damping : float
        Share of the diagonal that is added to it.

    Attributes
    ----------
    products : int
        How many were taken.
    """

    def __init__(self, objective: Objective, point: Iterate, *, damping: float = 0.0) -> None:
        self._faces = Faces.of(objective)
        self._product = objective.hessian_operator(point.params)
        diagonal = curvature_to_divide_by(objective, self._product.diagonal())
        self._added = damping * diagonal
        self._diagonal = diagonal + self._added
        self._start, self._gradient = point.params, point.gradient
        self._place = self._place_at(self._start, self._gradient)
        self.products = 0

    def step(self) -> FaceStep:
        """Return where the model is low, roughly.

        First on the face that is foreseen. If that is no good, as the model would rather
        have other weights free, rounds follow that lower it one by one.
        """
        first, self._place = self._place, self._foreseen()
        found, gained = self._judged(self._place), 0.0
        for _ in range(_ROUNDS):
            if found.promised > found.wanted and (found.keeps or gained <= _ADDS * found.promised):
                break
            place = self._place if found.promised > 0 else first
            before, lowered = max(found.promised, 0.0), self._lowered(place)
            if lowered is place:
                break
            self._place, found = lowered, self._judged(lowered)
            gained = found.promised - before
        return found

    def refined(self) -> FaceStep:
        """Return a step that a gap may be told from: on from the last one, on its whole face."""
        last = self._judged(self._place)
        place = self._along(self._place.params, self._place.slope, self._place.whole, last.promised)
        found = self._judged(place)
        if found.promised < last.promised:
            return replace(last, most=np.inf)
        self._place = place
        return found

    def _place_at(self, u: FloatArray, slope: FloatArray) -> _Place:
        face = self._faces.around(u)
        return _Place(u, slope, face, face)

    def _judged(self, place: _Place) -> FaceStep:
        """Return the step there: how much lower the model is, and about how much it still falls."""
        pull = self._faces.pull(place.params, place.slope, place.face)
        wanted = 0.5 * float(pull @ (pull / self._diagonal))
        return FaceStep(place.params, self._fallen(place.params, place.slope), wanted, place.most)

    def _fallen(self, u: FloatArray, slope: FloatArray) -> float:
        """Return how much lower the model is at u than at its point."""
        change = u - self._start
        smooth = -0.5 * float(change @ (self._gradient + slope))
        return smooth + self._faces.shrinkage(self._start, u)

    def _most(self, u: FloatArray, slope: FloatArray, face: Face) -> float:
        """Return how much lower it is at the minimum u of the plane, on which |v| is ±v."""
        beyond = np.where(face.free, np.abs(u) - face.sign * u, 0.0)
        return self._fallen(u, slope) + float(self._faces.lasso @ beyond)

    def _foreseen(self) -> _Place:
        """Solve on the face of a gradient step."""
        start = self._start
        u = self._faces.gradient_step(start, self._gradient, _CAUTION * self._diagonal)
        face = self._faces.around(u)
        u = np.where(face.free, start, u)
        return self._along(u, self._gradient + self._image(u - start), face)

    def _along(
        self, u: FloatArray, slope: FloatArray, face: Face, known: float | None = None
    ) -> _Place:
        """Solve on a face, holding again and again what leaves it.

        Roughly, or from where the model is ``known`` to have fallen by so much to about a
        percent of what it falls by in all.
        """
        whole, most = face, 0.0
        end = self.products + _LONGEST_EXACT
        for _ in range(_AGAIN + 1):
            left = _LONGEST if known is None else end - self.products
            u, slope = self._solved(u, slope, face, known, most=left)
            most = max(most, self._most(u, slope, face))
            out = face.left_by(u)
            if not np.any(out):
                break
            kept = face.nearest(u)
            slope, face = slope + self._image(kept - u), face.without(out)
            u = kept
            if self.products >= end or self._fallen(u, slope) >= _KEEPS * most:
                break
        return _Place(u, slope, face, whole, most)

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
            return _Place(end, there, face, face, self._most(end, there, face))
        way, length = end - u, 1.0
        for _ in range(_TRIES):
            kept = face.nearest(u + length * way)
            image = self._image(kept - u)
            if self._fall(u, kept, slope, image) > 0:
                return self._place_at(kept, slope + image)
            length /= 2
        # A hair further: the first to reach its end is on it, whatever rounding does.
        length = face.room(u, way, out) * _HAIR
        kept = face.nearest(u + length * way)
        return self._place_at(kept, slope + length * (there - slope))

    def _fall(self, u: FloatArray, v: FloatArray, slope: FloatArray, image: FloatArray) -> float:
        """Return how much lower the model is at v than at u, by the slope at u."""
        return self._faces.shrinkage(u, v) - float((v - u) @ (slope + 0.5 * image))

    def _image(self, change: FloatArray) -> FloatArray:
        if not np.any(change):
            return np.zeros_like(change)
        self.products += 1
        return self._product(change) + self._added * change

    def _solved(
        self,
        u: FloatArray,
        slope: FloatArray,
        face: Face,
        known: float | None = None,
        most: int = _LONGEST,
    ) -> tuple[FloatArray, FloatArray]:
        """Return the minimum on the plane of the face, and the slope there."""
        tilt = self._faces.lasso * face.sign
        before = self.products

        def enough(terms: list[float]) -> bool:
            """Whether the last few terms add little."""
            if known is None:
                return settled(terms, _LAST, _ROUGH)
            last = max(GAP_TERMS, int(_LAST_SHARE * (before + len(terms))))
            return len(terms) > last and settled([known, *terms], last, _EXACT)

        found = conjugate_gradients(
            self._image,
            slope + tilt,
            lambda v: np.where(face.free, v / self._diagonal, 0.0),
            enough,
            max_products=most,
        )
        return u + found.step, -found.residual - tilt


def curvature_to_divide_by(objective: Objective, diagonal: FloatArray) -> FloatArray:
    """Return a Hessian's diagonal, raised to a share of what it is at zero weights."""
    return np.asarray(np.maximum(diagonal, _LEAST * objective.zero_diagonal()))
