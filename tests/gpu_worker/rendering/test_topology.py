from __future__ import annotations

import numpy as np

from gpu_worker.rendering.topology import FACE_POINTS, build_topology, edges_of


def test_holes_are_the_only_boundaries_inside_the_outer_ring() -> None:
    topology = build_topology()
    triangles = topology.triangles
    pairs = np.sort(np.concatenate([triangles[:, [0, 1]], triangles[:, [1, 2]], triangles[:, [2, 0]]]), axis=1)
    edges, counts = np.unique(pairs, axis=0, return_counts=True)
    assert counts.max() == 2, "an edge belongs to one or two triangles"
    boundary = edges[counts == 1]
    expected = sum(2 * (len(hole.upper) - 1) for hole in topology.holes)
    outer = set(topology.rings[-1].tolist())
    on_holes = {int(v) for hole in topology.holes for v in (*hole.upper, *hole.lower)}
    inside = [edge for edge in boundary.tolist() if set(edge) <= on_holes]
    assert len(inside) == expected
    # what is left is the outermost ring, subdivided once
    assert len(boundary) - len(inside) == 2 * len(outer)


def test_contours_share_their_ends_and_start_from_landmarks() -> None:
    topology = build_topology()
    for hole in topology.holes:
        assert hole.upper[0] == hole.lower[0]
        assert hole.upper[-1] == hole.lower[-1]
        assert len(set(hole.upper[1:-1].tolist()) & set(hole.lower[1:-1].tolist())) == 0
        assert hole.upper[0] < FACE_POINTS


def test_refining_keeps_base_points_and_reproduces_linear_functions() -> None:
    topology = build_topology()
    base = np.random.default_rng(1).normal(size=(topology.base_count, 3))
    fine = topology.refine(base)
    assert fine.shape == (topology.point_count, 3)
    np.testing.assert_array_equal(fine[: topology.base_count], base)
    ones = topology.refine(np.ones((topology.base_count, 1)))
    np.testing.assert_allclose(ones, 1.0, atol=1e-12)


def test_every_point_is_used() -> None:
    topology = build_topology()
    assert len(np.unique(edges_of(topology.triangles))) == topology.point_count
