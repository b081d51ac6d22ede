"""Reading the photo through maps for many frames at once with torch; the twin of ``warping.warp_region``."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor
from torch.nn.functional import grid_sample

from gpu_worker.rendering.grain import TILE, noise_tile
from gpu_worker.rendering.portrait import Portrait
from gpu_worker.rendering.sampling import BORDER, MOST_GRAIN, loss_table
from gpu_worker.rendering.torch_raster import draw_maps


@dataclass(frozen=True)
class _Axis:
    """For each pixel along one axis: its position in the frame, the node before it and the way to the next one."""

    position: Tensor
    node: Tensor
    share: Tensor

    @classmethod
    def of(cls, first: int, last: int, origin: int, step: int, nodes: int, device: torch.device) -> _Axis:
        position = torch.arange(first, last, device=device)
        node = torch.clamp((position - origin) // step, max=nodes - 2)
        return cls(position, node, (position - origin - node * step).float() / step)


class TorchWarp:
    """One portrait's skin on one device. Frames are given as points of the mesh, see ``deform.project_points``."""

    def __init__(self, portrait: Portrait, device: torch.device) -> None:
        region, crop = portrait.region, portrait.crop
        self.device = device
        self._grid, self._step = region.grid, region.step
        self._origin = torch.tensor([region.left, region.top], device=device, dtype=torch.float32)
        self._triangles = torch.as_tensor(portrait.triangles, device=device).long()
        bottom = region.first_row + len(region.spans)
        self._rows = _Axis.of(region.first_row, bottom, region.top, region.step, region.grid[0], device)
        self._columns = _Axis.of(region.left, region.right, region.left, region.step, region.grid[1], device)
        box = (slice(region.first_row, bottom), slice(region.left, region.right))
        self.box = box
        self._mask = torch.as_tensor(region.mask[box].copy(), device=device)
        self._photo = torch.as_tensor(portrait.photo[box].copy(), device=device)
        packed = crop.flat.reshape(crop.rows, crop.stride)
        channels = np.stack([(packed >> (16 * c)) & 0xFFFF for c in range(3)]).astype(np.float32)
        self._enlarged = torch.as_tensor(channels, device=device)[None]
        self._crop = (crop.x, crop.y)
        self._noise = torch.as_tensor(noise_tile(), device=device).int()
        self._loss = torch.as_tensor(loss_table(), device=device).int()
        self._grain = min(MOST_GRAIN, round(256 * portrait.reading.grain))

    @property
    def pixels(self) -> int:
        """Pixels of a frame that are computed."""
        return len(self._rows.position) * len(self._columns.position)

    def __call__(self, screen: Tensor, source: Tensor, shade: Tensor, seeds: list[int]) -> tuple[Tensor, Tensor]:
        """Coarse maps ``(frames, rows, columns, 3)`` and pixels of :attr:`box` ``(frames, h, w, 3)`` uint8.

        ``screen`` and ``source`` are ``(frames, n, 2)``, ``shade`` is ``(frames, n)``, ``seeds`` place the grain.
        """
        screen, source, shade = (tensor.to(self.device, non_blocking=True) for tensor in (screen, source, shade))
        values = torch.cat([source - screen, shade[..., None]], 2)
        fields = draw_maps((screen - self._origin) / self._step, values, self._triangles, *self._grid)
        return fields, self._read(self._refined(fields), seeds)

    def _refined(self, fields: Tensor) -> Tensor:
        """The maps at every pixel of the box, ``(frames, h, w, 3)``."""
        rows, columns = self._rows, self._columns
        t, u = rows.share[:, None, None], columns.share[:, None]
        down = torch.lerp(fields[:, rows.node], fields[:, rows.node + 1], t)
        return torch.lerp(down[:, :, columns.node], down[:, :, columns.node + 1], u)

    def _read(self, maps: Tensor, seeds: list[int]) -> Tensor:
        height, width = self._enlarged.shape[2:]
        # whole 1/32 pixels of the crop, kept inside the enlargement
        x = self._columns.position - self._crop[0] + maps[..., 0]
        y = self._rows.position[:, None] - self._crop[1] + maps[..., 1]
        qx = torch.clamp(torch.floor(x * 32.0 + 0.5) + 32 * BORDER, 0, 16 * (width - 2))
        qy = torch.clamp(torch.floor(y * 32.0 + 0.5) + 32 * BORDER, 0, 16 * (height - 2))
        grid = torch.stack([qx / (8.0 * (width - 1)) - 1.0, qy / (8.0 * (height - 1)) - 1.0], -1)
        read = grid_sample(self._enlarged, grid.flatten(0, 1)[None], mode="bilinear", align_corners=True)[0]
        level = torch.floor(read.reshape(3, *qx.shape) * 64.0 + 0.02).int()
        if self._grain:
            level += self._grain_at(qx.int(), qy.int(), seeds)
        level = (level + 32) >> 6
        gain = torch.floor(maps[..., 2] * 1024.0 + 0.5).int()
        level += (level * gain) >> 10
        pixels = level.clamp_(0, 255).to(torch.uint8).permute(1, 2, 3, 0)
        return torch.where(self._mask[..., None], pixels, self._photo)

    def _grain_at(self, qx: Tensor, qy: Tensor, seeds: list[int]) -> Tensor:
        lost = self._loss[(qy & 15) * 16 + (qx & 15)]
        down = torch.tensor([seed % TILE for seed in seeds], device=self.device)
        along = torch.tensor([(seed >> 8) % TILE for seed in seeds], device=self.device)
        rows = (self._rows.position + down[:, None]) & (TILE - 1)
        columns = (self._columns.position + along[:, None]) & (TILE - 1)
        unit = self._noise[rows[:, :, None], columns[:, None, :]]
        return (unit * self._grain * lost) >> 14
