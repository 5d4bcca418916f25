"""The workloads as functions of weights: under ``jax.jit`` (donated), or HIPS autograd."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from engine_peers.data import CHAIN, Arrays

Step = tuple[Callable[[], Any], Callable[[], float]]


def build_jax(workload: str, data: Arrays) -> Step:
    """One jitted training step with donated weights, and the loss."""
    import jax
    from jax import lax
    from jax import numpy as jnp

    def scanned(x: Any, w: Any) -> Any:
        def cell(carry: Any, step: Any) -> Any:
            return _cell(jnp, carry, step, w), None

        zero = jnp.zeros((128, 128), jnp.float32)
        return lax.scan(cell, (zero, zero), jnp.swapaxes(x, 0, 1))[0][0]

    def conv(x: Any, k: Any) -> Any:
        shapes = ("NHWC", "HWIO", "NHWC")
        return lax.conv_general_dilated(x, k, (1, 1), "SAME", dimension_numbers=shapes)

    def pool(x: Any) -> Any:
        return lax.reduce_window(x, -jnp.inf, lax.max, (1, 2, 2, 1), (1, 2, 2, 1), "VALID")

    loss = _loss(jnp, workload, scanned, conv, pool, jax.nn.log_softmax)
    gradient = jax.grad(loss)
    update = _update(jnp, workload)

    def whole(w: Any, slots: Any, t: Any, x: Any, y: Any) -> Any:
        return update(w, slots, t, gradient(w, x, y))

    jitted, measured = jax.jit(whole, donate_argnums=(0, 1, 2)), jax.jit(loss)
    x, y = jnp.asarray(data["x"]), jnp.asarray(data["y"])
    w = {k: jnp.asarray(v) for k, v in data.items() if k not in ("x", "y")}
    held = [w, _slots(jnp, w), jnp.zeros((), jnp.float32)]

    def step() -> None:
        held[:] = jitted(*held, x, y)
        jax.block_until_ready(held[2])

    return step, lambda: float(measured(held[0], x, y))


def chain_jax(data: Arrays) -> tuple[Callable[[], Any], float]:
    """Trace, compile and run 10,000 operations with gradients."""
    import jax

    def total(x: Any) -> Any:
        for _ in range(CHAIN // 2):
            x = x * 1.0001 + 0.0001
        return x.sum(), x

    both = jax.jit(jax.value_and_grad(total, has_aux=True))
    run = lambda: jax.block_until_ready(both(data["x"]))  # noqa: E731 - handed out as it is
    return run, float(run()[0][0])


def build_autograd(workload: str, data: Arrays) -> Step:
    """One training step on plain NumPy, and the loss."""
    from autograd import grad
    from autograd import numpy as anp

    def log_softmax(z: Any) -> Any:
        z = z - anp.max(z, axis=-1, keepdims=True)
        return z - anp.log(anp.sum(anp.exp(z), axis=-1, keepdims=True))

    def unrolled(x: Any, w: Any) -> Any:
        carry = (anp.zeros((128, 128), anp.float32),) * 2
        for step in range(28):
            carry = _cell(anp, carry, x[:, step], w)
        return carry[0]

    if workload == "d":
        raise NotImplementedError("autograd has no fast convolution")
    loss = _loss(anp, workload, unrolled, None, None, log_softmax)
    gradient, update = grad(loss), _update(anp, workload)
    w = {k: v for k, v in data.items() if k not in ("x", "y")}
    held: list[Any] = [w, _slots(anp, w), 0.0]

    def step() -> None:
        held[:] = update(held[0], held[1], held[2], gradient(held[0], data["x"], data["y"]))

    return step, lambda: float(loss(held[0], data["x"], data["y"]))


def chain_autograd(data: Arrays) -> tuple[Callable[[], Any], float]:
    """Run 10,000 operations and their gradients, traced anew in every run."""
    from autograd import numpy as anp
    from autograd import value_and_grad

    def total(x: Any) -> Any:
        for _ in range(CHAIN // 2):
            x = x * 1.0001 + 0.0001
        return anp.sum(x)

    both = value_and_grad(total)
    return lambda: both(data["x"]), float(both(data["x"])[0])


def _cell(xp: Any, carry: Any, step: Any, w: Any) -> Any:
    h, c = carry
    gates = xp.concatenate([step, h], 1) @ w["k0"] + w["c0"]
    i, j, f, o = (gates[:, n * 128 : n * 128 + 128] for n in range(4))
    sigmoid = lambda z: 0.5 * xp.tanh(0.5 * z) + 0.5  # noqa: E731 - one line of the cell
    c = c * sigmoid(f + 1.0) + sigmoid(i) * xp.tanh(j)
    return xp.tanh(c) * sigmoid(o), c


def _loss(xp: Any, workload: str, sequence: Any, conv: Any, pool: Any, log_softmax: Any) -> Any:
    def loss(w: Any, x: Any, y: Any) -> Any:
        if workload == "a":
            return xp.sum((x * w["w0"] + w["b0"] - y) ** 2) / 200.0
        h = x
        if workload == "d":
            for index in range(2):
                h = pool(xp.maximum(conv(h, w[f"k{index}"]) + w[f"c{index}"], 0))
            h = h.reshape(64, -1)
        elif workload == "e":
            h = sequence(x, w)
        last = max(int(name[1:]) for name in w if name[0] == "w")
        for index in range(last):
            h = xp.maximum(h @ w[f"w{index}"] + w[f"b{index}"], 0)
        logits = h @ w[f"w{last}"] + w[f"b{last}"]
        return -xp.mean(xp.sum(y * log_softmax(logits), axis=-1))

    return loss


def _slots(xp: Any, w: Any) -> Any:
    return {k: (xp.zeros_like(v), xp.zeros_like(v)) for k, v in w.items()}


def _update(xp: Any, workload: str) -> Any:
    rate = 0.1 if workload == "a" else 1e-3

    def descend(w: Any, slots: Any, t: Any, g: Any) -> Any:
        return {k: v - 0.05 * g[k] for k, v in w.items()}, slots, t + 1

    def adam(w: Any, slots: Any, t: Any, g: Any) -> Any:
        t = t + 1
        step = rate * xp.sqrt(1 - 0.999**t) / (1 - 0.9**t)
        fresh, kept = {}, {}
        for k, value in w.items():
            m, v = slots[k]
            m, v = 0.9 * m + 0.1 * g[k], 0.999 * v + 0.001 * g[k] * g[k]
            fresh[k] = (value - step * m / (xp.sqrt(v) + 1e-8)).astype("float32")
            kept[k] = (m, v)
        return fresh, kept, t

    return descend if workload == "b" else adam
