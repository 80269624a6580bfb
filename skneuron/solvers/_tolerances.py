"""Numbers that several solvers share. A number of a single solver stands at the top of its file."""

from __future__ import annotations

import sys

__all__ = [
    "AGREEMENT",
    "ARMIJO",
    "CURVATURE_FLOOR",
    "DEFAULT_TOL",
    "DENSE_PARAMS",
    "DIVERGED",
    "LONG_PATIENCE",
    "MARGIN",
    "MAX_DELTA_Z",
    "MAX_HALVINGS",
    "MEASURABLE",
    "MUCH_OF_GAP",
    "MUCH_OF_VALUE",
    "PRECISION",
    "PRODUCTS_TOL",
    "REGULAR",
    "SETTLED",
    "SHORTEST",
    "SINGULAR",
    "SLOPE_ROUNDING",
    "SMALLEST_GAP",
]

# Relative gap at which a fit converges by default. Coefficients err by about the square root of
# the gap: eight of their digits are right.
DEFAULT_TOL = 1e-18

# The same for conjugate gradients on more parameters than a Hessian is formed for: four or five
# digits. Each further digit needs as many products again, and 1e-18 takes 1.2 to 8 times as long as
# 1e-6.
PRODUCTS_TOL = 1e-9

# Relative gap at the precision of float64: a step from a smaller gap changes F by rounding only.
PRECISION = 1e-13

# Differences of F above this fraction of F have digits enough to compare. Smaller ones may be
# rounding errors of z, which are large if the terms of collinear columns cancel.
MEASURABLE = 1e-8

# Rounding error of a slope, relative to F or, if that is less, to the largest slope or to 1.
SLOPE_ROUNDING = 16 * sys.float_info.epsilon

# Largest change of a linear predictor z, over all samples, at which a quadratic model is valid. Up
# to here the model of the log loss predicts the gap within a factor of two (Bach, Electron. J.
# Stat. 4, 2010). From 0.5 on, nearly separable data give gaps that are wrong by a factor of ten.
MAX_DELTA_Z = 0.1

# A decrease agrees with the predicted decrease if the two differ by at most this factor.
AGREEMENT = 2.0

# A step must lower F by this fraction of the decrease that the slope predicts (Armijo). Small,
# because a full Newton step is best; positive, so that steps cannot creep (Nocedal & Wright,
# Numerical Optimization, 2006, section 3.1).
ARMIJO = 1e-4

# Number of halvings of a step at most: 2**-60 of a step changes no digit of a coefficient.
MAX_HALVINGS = 60

# Length, as a fraction of a Newton step that changes linear predictors by much, below which the
# changes of F are rounding errors.
SHORTEST = 2.0**-30

# Number of parameters up to which a Hessian is formed (32 MB) and factored in a few tenths of a
# second. Above, conjugate gradients take products with it.
DENSE_PARAMS = 2000

# Smallest curvature, relative to the largest or the mean one, that a preconditioner scales by.
# Steps along flatter directions are rounding errors.
CURVATURE_FLOOR = 1e-10

# Newton's last step leaves far less of the gap than was asked for. Other solvers aim at this
# fraction of a gap below rounding, so that two of their fits agree in as many digits.
MARGIN = 1e-2

# A sum of decreases is complete if what is missing is less than this fraction of it.
SETTLED = 0.1

# Reciprocal condition number below which a matrix counts as singular, and pivot of a factor as a
# fraction of its diagonal element. A Newton step loses log10(condition) digits: with three left,
# steps still contract quickly. A smaller pivot is a rounding error.
SINGULAR = 1e-13

# Pivot of a factor, as a fraction of its diagonal element, above which the condition number is far
# from the limit of rounding and need not be estimated. It is the fraction of its curvature that a
# column keeps without the columns before it.
REGULAR = 1e-6

# A learning rate that raises F to this multiple of its start has diverged.
DIVERGED = 1e4

# Gap, as a fraction of the first gap, below which a smaller gap is no progress: it is the square
# of rounding errors. Losses with exponential tails lower it for ever.
SMALLEST_GAP = 1e-32

# Multiple of the patience within which F itself has to fall, and F or the gap by much.
LONG_PATIENCE = 10

# Fraction of F by which it falls if it falls by much. The fits that converge fall by more.
MUCH_OF_VALUE = 0.1

# The same for the gap. Linear convergence at a rate of 0.97, which is slow for Newton methods,
# makes the gap ten times smaller in 100 iterations.
MUCH_OF_GAP = 0.9
