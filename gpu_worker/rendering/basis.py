"""Filling in what is not prescribed: displacement fields as solutions of a bilaplacian on the mesh.

Prescribing the displacement of some points and minimising the squared Laplacian of the rest (Botsch and Kobbelt,
"An intuitive framework for real-time freeform modeling", 2004) gives fields that are smooth across the skin but know
the mesh's holes: the upper and the lower lip share no edge, so they move independently.
"""

from __future__ import annotations

import numpy as np
from scipy.sparse import coo_matrix, csc_matrix, diags
from scipy.sparse.linalg import splu

from gpu_worker.rendering.arrays import F64, I32
from gpu_worker.rendering.topology import edges_of


class FieldSolver:
    """One factorisation for all fields of a portrait that prescribe the same points."""

    def __init__(self, points: F64, triangles: I32, prescribed: I32) -> None:
        """Args: points ``(n, 3)`` at rest, triangles ``(t, 3)``, indices of the prescribed points ``(p,)``."""
        count = len(points)
        edges = edges_of(triangles)
        lengths = np.linalg.norm(points[edges[:, 0]] - points[edges[:, 1]], axis=1)
        weights = 1.0 / (lengths + 1e-4)
        rows, columns = np.concatenate([edges, edges[:, ::-1]]).T
        adjacency = coo_matrix((np.tile(weights, 2), (rows, columns)), shape=(count, count)).tocsr()
        degree = np.asarray(adjacency.sum(axis=1)).ravel()
        laplacian = diags(np.ones(count)) - diags(1.0 / degree) @ adjacency
        energy = (laplacian.T @ laplacian).tocsc()
        free_mask = np.ones(count, dtype=bool)
        free_mask[prescribed] = False
        self._free = np.flatnonzero(free_mask)
        self._prescribed = prescribed
        self._count = count
        free_energy = energy[self._free]
        self._coupling: csc_matrix = free_energy[:, prescribed]
        self._factor = splu(
            free_energy[:, self._free].tocsc(), permc_spec="MMD_AT_PLUS_A", options={"SymmetricMode": True}
        )

    def fill(self, values: F64) -> F64:
        """Fields over all points, ``(n, d)``, from their values at the prescribed points, ``(p, d)``."""
        fields = np.zeros((self._count, values.shape[1]))
        fields[self._prescribed] = values
        used = np.flatnonzero(np.abs(values).max(axis=0) > 0)
        if used.size:
            fields[np.ix_(self._free, used)] = self._factor.solve(-(self._coupling @ values[:, used]))
        return fields
