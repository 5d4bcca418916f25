"""The meshes page: what one mesh of a batch is, and what its route answers."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path

import numpy as np
import pytest
from starlette.requests import Request

from dashboard import mesh_numbers
from dashboard.mesh_numbers import bounds, mesh_part
from dashboard.pages.meshes import MeshesPage
from summaries import SummaryWriter, open_logdir
from summaries.records import MeshRecord

TRIANGLES = np.array([[[0, 0, 0], [1, 0, 0], [0, 2, 0], [0, 0, 3]]], np.float32)
FACES = np.array([[[0, 1, 2], [0, 1, 3]]], np.int32)


def test_the_box_is_that_of_the_finite_points() -> None:
    vertices = TRIANGLES.copy()
    vertices[0, 3] = np.nan
    part = mesh_part(MeshRecord(0, 1.0, vertices, faces=FACES), 0)
    assert (part.low, part.high) == ((0, 0, 0), (1, 2, 0))
    assert (part.logged, part.nonfinite) == (4, 1)
    assert part.faces is not None
    assert part.faces.tolist() == [[0, 1, 2]], "no triangle with a corner at no place"
    assert bounds(np.empty((0, 3), np.float32)) == ((0, 0, 0), (0, 0, 0))


def test_a_cloud_loses_its_points_at_no_place_with_their_colours() -> None:
    vertices = TRIANGLES.copy()
    vertices[0, 1, 2] = np.inf
    colours = np.arange(12, dtype=np.uint8).reshape(1, 4, 3)
    part = mesh_part(MeshRecord(0, 1.0, vertices, colours), 0)
    assert part.vertices.tolist() == vertices[0][[0, 2, 3]].tolist()
    assert part.colours is not None
    assert part.colours.tolist() == colours[0][[0, 2, 3]].tolist()


def test_a_large_cloud_is_sampled_and_keeps_its_box(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mesh_numbers, "MOST_POINTS", 100)
    vertices = np.random.default_rng(0).normal(size=(1, 1000, 3)).astype(np.float32)
    part = mesh_part(MeshRecord(0, 1.0, vertices), 0)
    assert (len(part.vertices), part.logged) == (100, 1000)
    assert part.low == tuple(vertices[0].min(axis=0).tolist())


def test_a_place_that_the_batch_has_not_is_refused() -> None:
    with pytest.raises(ValueError, match="batch=1: there are 1 meshes"):
        mesh_part(MeshRecord(0, 1.0, TRIANGLES), 1)


def ask(page: MeshesPage, query: str) -> tuple[dict[str, object], bytes]:
    scope = {"type": "http", "method": "GET", "headers": [], "query_string": query.encode()}
    body = bytes(asyncio.run(page.serve_mesh(Request(scope))).body)
    size = int.from_bytes(body[:4], "little")
    return json.loads(body[4 : 4 + size]), body[4 + size :]


def test_the_route_gives_vertices_colours_and_faces(tmp_path: Path) -> None:
    with SummaryWriter(tmp_path / "a") as writer:
        writer.add_mesh("m", TRIANGLES, global_step=3)
        both = np.concatenate([TRIANGLES, TRIANGLES * 2])
        config = {"camera": {"fov": 50}}
        faces = np.concatenate([FACES, FACES])
        writer.add_mesh("m", both, faces=faces, config_dict=config, global_step=4)
    with open_logdir(tmp_path) as reader:
        page = MeshesPage(reader)
        header, data = ask(page, "run=a&tag=m&number=1&batch=1")
        assert (header["step"], header["batch"], header["high"]) == (4, 2, [2, 4, 6])
        assert header["config"] == {"camera": {"fov": 50}}
        arrays = header["arrays"]
        assert isinstance(arrays, list)
        assert [[kind, n] for kind, _, n in arrays] == [["<f4", 12], ["|u1", 0], ["<i4", 6]]
        assert np.frombuffer(data, "<f4", 12).tolist() == (TRIANGLES * 2).reshape(-1).tolist()
        assert ask(page, "run=a&tag=m&number=0")[0]["step"] == 3
        with pytest.raises(ValueError, match="has no number 2 now"):
            ask(page, "run=a&tag=m&number=2")
        with pytest.raises(ValueError, match="number='x'"):
            ask(page, "run=a&tag=m&number=x")
