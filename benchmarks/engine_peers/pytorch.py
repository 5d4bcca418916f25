"""The workloads in PyTorch, eager."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch import nn
from torch.nn import functional

from engine_peers.data import CHAIN, Arrays


def build(workload: str, data: Arrays) -> tuple[Callable[[], Any], Callable[[], float]]:
    """One training step, and the loss."""
    torch.set_num_threads(2)
    x, y = torch.from_numpy(data["x"]), torch.from_numpy(data["y"])
    targets = y.argmax(1) if y.shape[-1] == 10 else y
    model = _MODELS[workload](data)
    parameters = list(model.parameters())
    if workload == "b":
        optimizer: Any = torch.optim.SGD(parameters, lr=0.05)
    else:
        optimizer = torch.optim.Adam(parameters, lr=0.1 if workload == "a" else 1e-3)

    def loss() -> Any:
        if workload == "a":
            return (model(x) - y).pow(2).sum() / 200.0
        return functional.cross_entropy(model(x), targets)

    def step() -> None:
        optimizer.zero_grad(set_to_none=True)
        loss().backward()
        optimizer.step()

    return step, lambda: float(loss().detach())


def chain(data: Arrays) -> tuple[Callable[[], Any], float]:
    """Run 10,000 operations and their gradients; eager, so every run builds them again."""
    start = torch.from_numpy(data["x"])

    def run() -> Any:
        x = start.clone().requires_grad_()
        y = x
        for _ in range(CHAIN // 2):
            y = y * 1.0001 + 0.0001
        y.sum().backward()
        return y

    return run, float(run().detach().sum())


class _Line(nn.Module):
    def __init__(self, data: Arrays):
        super().__init__()
        self.w = nn.Parameter(torch.tensor(data["w0"]))
        self.b = nn.Parameter(torch.tensor(data["b0"]))

    def forward(self, x: Any) -> Any:
        return x * self.w + self.b


def _layer(data: Arrays, index: int) -> Any:
    inputs, outputs = data[f"w{index}"].shape
    layer = nn.Linear(inputs, outputs)
    with torch.no_grad():
        layer.weight.copy_(torch.from_numpy(data[f"w{index}"].T.copy()))
        layer.bias.copy_(torch.from_numpy(data[f"b{index}"]))
    return layer


def _dense(data: Arrays) -> Any:
    last = max(int(name[1:]) for name in data if name[0] == "w")
    layers: list[Any] = []
    for index in range(last + 1):
        layers += [_layer(data, index), nn.ReLU()]
    return nn.Sequential(*layers[:-1])


class _Images(nn.Module):
    def __init__(self, data: Arrays):
        super().__init__()
        self.convs = nn.ModuleList(
            [nn.Conv2d(1, 32, 5, padding=2), nn.Conv2d(32, 64, 5, padding=2)]
        )
        with torch.no_grad():
            for index, conv in enumerate(self.convs):
                conv.weight.copy_(torch.from_numpy(data[f"k{index}"].transpose(3, 2, 0, 1).copy()))
                conv.bias.copy_(torch.from_numpy(data[f"c{index}"]))
        self.dense = _dense(data)

    def forward(self, x: Any) -> Any:
        h = x.permute(0, 3, 1, 2)
        for conv in self.convs:
            h = functional.max_pool2d(functional.relu(conv(h)), 2)
        return self.dense(h.permute(0, 2, 3, 1).reshape(64, -1))


class _Sequence(nn.Module):
    def __init__(self, data: Arrays):
        super().__init__()
        self.lstm = nn.LSTM(28, 128, batch_first=True)
        kernel = data["k0"].reshape(156, 4, 128)[:, [0, 2, 1, 3]].reshape(156, 512)
        bias = data["c0"].reshape(4, 128).copy()
        bias[2] += 1.0
        with torch.no_grad():
            self.lstm.weight_ih_l0.copy_(torch.from_numpy(kernel[:28].T.copy()))
            self.lstm.weight_hh_l0.copy_(torch.from_numpy(kernel[28:].T.copy()))
            self.lstm.bias_ih_l0.copy_(torch.from_numpy(bias[[0, 2, 1, 3]].reshape(-1)))
            self.lstm.bias_hh_l0.zero_()
        self.lstm.bias_hh_l0.requires_grad_(False)
        self.dense = _dense(data)

    def forward(self, x: Any) -> Any:
        return self.dense(self.lstm(x)[0][:, -1])


_MODELS: dict[str, Any] = {
    "a": _Line,
    "b": _dense,
    "c": _dense,
    "d": _Images,
    "e": _Sequence,
    "f": _dense,
}
