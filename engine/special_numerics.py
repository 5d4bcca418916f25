"""erf, erfc, lgamma, digamma, zeta over arrays: the numbers, for NumPy and JAX alike.

Each function takes the array namespace first. Tables are Chebyshev coefficients, computed to 40
digits from the functions' definitions and rounded.
"""

from __future__ import annotations

from typing import Any

import numpy as np

_ERF = (
    0.9754769393826541, -0.14226120510371365, 0.010035582187599796, -0.0005768764699767485,
    2.741993125219606e-05, -1.1043175507344507e-06, 3.8488755420345036e-08,
    -1.1808582533875466e-09, 3.2334215826050907e-11, -7.991015947004549e-13,
    1.7990725113961456e-14, -3.718635487818693e-16,
)  # fmt: skip
"""erf(x) / x over 2 x^2 - 1, for |x| <= 1."""

_ERFC = (
    1.1775789345674017, -0.004590054580646478, -0.08424913336651792, 0.05920993999819189,
    -0.026658668435305753, 0.009074997670705265, -0.002413163540417608, 0.0004907758365258086,
    -6.916973302501207e-05, 4.13902798607301e-06, 7.74038306619849e-07, -2.1886401049234397e-07,
    1.076499946567091e-08, 4.521959811218287e-09, -7.754400208831351e-10, -6.318088340886684e-11,
    2.86879501093067e-11, 1.9455868545777347e-13, -9.65469674843344e-13, 3.25254814814874e-14,
    3.3478119482868056e-14, -1.864562880419313e-15, -1.2507950530688648e-15,
    7.418235256624044e-17, 5.068148904796111e-17,
)  # fmt: skip
"""exp(x^2) erfc(x) (1 + 2 x) over (x - 3.75) / (x + 3.75), for x >= 0."""

_LGAMMA = (
    0.5233830675936226, -0.17797233729529863, 0.043707765509376, -0.012436054693716324,
    0.0038166273622453444, -0.0012248310110168689, 0.0004046307309337695, -0.0001363999286478383,
    4.6669854564403646e-05, -1.6152571568530024e-05, 5.641861294289138e-06,
    -1.985468608994096e-06, 7.031292350156658e-07, -2.503431672683324e-07, 8.954655195462511e-08,
    -3.216038816813161e-08, 1.1591674196198932e-08, -4.191331343092517e-09,
    1.5198287942838018e-09, -5.525248244354367e-10, 2.0133461407895695e-10,
    -7.351973399346738e-11, 2.6898575436827364e-11, -9.85882886617758e-12, 3.619354400654772e-12,
    -1.3307382122555227e-12, 4.899613435234918e-13, -1.8063242404502505e-13,
    6.667388160934133e-14, -2.4638096705345538e-14, 9.114199669747885e-15,
    -3.3749037208856614e-15, 1.2508630658961872e-15, -4.640235454740319e-16,
    1.7227826138316332e-16, -6.401198458457187e-17, 2.3802040365336956e-17,
)  # fmt: skip
"""lgamma(x) / ((x - 1) (x - 2)) over x - 1.5, for 0.5 <= x <= 2.5."""

_STIRLING = (1 / 12, -1 / 360, 1 / 1260, -1 / 1680, 1 / 1188, -691 / 360360, 1 / 156)
"""B(2k) / (2k (2k - 1)): the correction of Stirling's formula in powers of 1 / x^2."""

_DIGAMMA = (1 / 12, -1 / 120, 1 / 252, -1 / 240, 1 / 132, -691 / 32760, 1 / 12)
"""B(2k) / 2k: the asymptotic series of digamma in powers of 1 / x^2."""

_BERNOULLI = (1 / 12, -1 / 720, 1 / 30240, -1 / 1209600, 1 / 47900160, -691 / 1307674368000)
"""B(2k) / (2k)!: the corrections of Euler and Maclaurin's sum."""

_FAR = 10.0
"""From here on the asymptotic series are exact to the last digits of float64."""
_FEWEST = -10000.0
"""The least argument that the zeta sum counts up from."""


def chebyshev(xp: Any, table: tuple[float, ...], t: Any, least: float = 0.0) -> Any:
    """The sum of ``table[k] T_k(t)``, up to the last coefficient that is at least `least`.

    Source: Clenshaw, *A note on the summation of Chebyshev series* (1955).
    """
    last = max(k for k, value in enumerate(table) if abs(value) >= least)
    double = t + t
    newer, older = xp.full_like(t, table[last]), xp.zeros_like(t)
    for value in table[last - 1 : 0 : -1]:
        newer, older = double * newer - older + value, newer
    return t * newer - older + table[0]


def _polynomial(table: tuple[float, ...], x: Any) -> Any:
    total = table[-1]
    for value in table[-2::-1]:
        total = total * x + value
    return total


def _tail(xp: Any, x: Any, least: float) -> Any:
    """erfc(x) for x >= 0."""
    ratio = chebyshev(xp, _ERFC, (x - 3.75) / (x + 3.75), least)
    return xp.exp(-x * x) * ratio / (1 + 2 * x)


def _least(x: Any) -> float:
    return 0.0 if x.dtype == np.float64 else 1e-9


def erf(xp: Any, x: Any) -> Any:
    """The error function, in the dtype of x.

    Source: Schonfelder, *Chebyshev expansions for the error and related functions* (1978).
    """
    size, least = xp.minimum(abs(x), 30), _least(x)
    near = x * chebyshev(xp, _ERF, 2 * xp.minimum(size, 1) ** 2 - 1, least)
    return xp.where(size < 1, near, xp.sign(x) * (1 - _tail(xp, size, least)))


def erfc(xp: Any, x: Any) -> Any:
    """1 - erf(x), exact in the far tail too; same source."""
    wide = x.astype(np.float64)
    size = xp.minimum(abs(wide), 30)
    tail = _tail(xp, size, 0.0)
    near = 1 - wide * chebyshev(xp, _ERF, 2 * xp.minimum(size, 1) ** 2 - 1)
    found = xp.where(size < 0.5, near, xp.where(wide < 0, 2 - tail, tail))
    return xp.where(xp.isnan(wide), wide, found).astype(x.dtype)


def lgamma(xp: Any, x: Any) -> Any:
    """log |gamma(x)|; inf at 0 and the negative whole numbers.

    Source: Abramowitz & Stegun, 6.1.15 (recurrence), 6.1.17 (reflection), 6.1.41 (Stirling).
    """
    wide = x.astype(np.float64)
    reflected = wide < 0.5
    positive = xp.where(reflected, 1 - wide, wide)
    product, place = xp.ones_like(wide), positive
    for _ in range(int(_FAR)):
        low = place < _FAR
        product = xp.where(low, product * place, product)
        place = xp.where(low, place + 1, place)
    series = _polynomial(_STIRLING, 1 / (place * place)) / place
    stirling = (place - 0.5) * xp.log(place) - place + 0.5 * np.log(2 * np.pi) + series
    far = xp.where(xp.isinf(positive), positive, stirling - xp.log(product))
    t = xp.clip(positive - 1.5, -1, 1)
    near = (positive - 1) * (positive - 2) * chebyshev(xp, _LGAMMA, t)
    upper = xp.where(positive <= 2.5, near, far)
    sine = abs(xp.sin(np.pi * (wide - xp.round(wide))))
    lower = np.log(np.pi) - xp.log(sine) - upper
    pole = (wide <= 0) & (wide == xp.floor(wide))
    return xp.where(pole, np.inf, xp.where(reflected, lower, upper)).astype(x.dtype)


def digamma(xp: Any, x: Any) -> Any:
    """The derivative of lgamma; NaN at 0 and the negative whole numbers.

    Source: Abramowitz & Stegun, 6.3.5 (recurrence), 6.3.7 (reflection), 6.3.18 (series).
    """
    wide = x.astype(np.float64)
    reflected = wide < 0.5
    positive = xp.where(reflected, 1 - wide, wide)
    total, place = xp.zeros_like(wide), positive
    for _ in range(int(_FAR)):
        low = place < _FAR
        total = xp.where(low, total - 1 / place, total)
        place = xp.where(low, place + 1, place)
    square = 1 / (place * place)
    upper = total + xp.log(place) - 0.5 / place - square * _polynomial(_DIGAMMA, square)
    lower = upper - np.pi / xp.tan(np.pi * (wide - xp.round(wide)))
    pole = (wide <= 0) & (wide == xp.floor(wide))
    return xp.where(pole, np.nan, xp.where(reflected, lower, upper)).astype(x.dtype)


def zeta(xp: Any, x: Any, q: Any) -> Any:
    """The sum of (k + q)^-x over k = 0, 1, ...; inf at x = 1 and poles, NaN for x < 1.

    Below q = 0 it needs a whole x; below -10000 it is NaN.

    Source: Euler-Maclaurin summation; Abramowitz & Stegun, 3.6.28.
    """
    s, start = xp.broadcast_arrays(x.astype(np.float64), q.astype(np.float64))
    counted = start >= _FEWEST
    lowest = float(np.min(start, initial=1.0, where=np.asarray(counted & (start < _FAR))))
    total, place = xp.zeros_like(start), xp.where(counted, start, _FAR)
    for _ in range(int(_FAR - np.floor(lowest))):
        low = place < _FAR
        total = xp.where(low, total + xp.where(place == 0, 1.0, place) ** -s, total)
        place = xp.where(low, place + 1, place)
    power = place**-s
    total = total + power * place / (s - 1) + 0.5 * power
    factor, square = s * power / place, 1 / (place * place)
    for k, value in enumerate(_BERNOULLI):
        total = total + value * factor
        factor = factor * (s + 2 * k + 1) * (s + 2 * k + 2) * square
    known = (s > 1) & ((start > 0) | (s == xp.floor(s))) & counted
    result = xp.where(known, total, xp.where(s == 1, np.inf, np.nan))
    pole = (start <= 0) & (start == xp.floor(start)) & (s > 1)
    return xp.where(pole, np.inf, result).astype(x.dtype)


def polygamma(xp: Any, order: Any, x: Any) -> Any:
    """The derivative of digamma of that order (0: digamma itself); NaN unless it is whole.

    Source: Abramowitz & Stegun, 6.4.10.
    """
    n = order.astype(np.float64)
    sign = xp.where(n % 2 == 0, -1.0, 1.0)
    higher = sign * xp.exp(lgamma(xp, n + 1)) * zeta(xp, n + 1, x.astype(np.float64))
    whole = (n >= 0) & (n == xp.floor(n))
    found = xp.where(n == 0, digamma(xp, x.astype(np.float64)), higher)
    return xp.where(whole, found, np.nan).astype(x.dtype)
