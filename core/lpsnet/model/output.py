"""What the network returns, in training and in inference alike."""

from __future__ import annotations

from dataclasses import dataclass

from torch import Tensor

__all__ = ["NetworkOutput"]


@dataclass(frozen=True, slots=True, eq=False)
class NetworkOutput:
    """The raw output of LPSNet for N images, padded to one size.

    Attributes:
        ltrb: per level ``[N, 4, h_l, w_l]``, distances ≥ 0 from the location to the left, top, right and bottom of its
            box, in pixels of the padded input.
        borderness_logits: per level ``[N, 1, h_l, w_l]``.
        semantic_logits: ``[N, C, h, w]`` on the stride-4 grid of the padded input.
        strides: per level, pixels of the padded input between locations; location ``(i, j)`` of a level is the
            continuous point ``(stride // 2 + j·stride, stride // 2 + i·stride)``.
        levels: per level, its pyramid number: 3 for P3 … 7 for P7.
        image_sizes: per image ``(height, width)`` of the network's input before padding (bottom and right).
        padded_size: ``(height, width)`` after padding, multiples of 32.
    """

    ltrb: tuple[Tensor, ...]
    borderness_logits: tuple[Tensor, ...]
    semantic_logits: Tensor
    strides: tuple[int, ...]
    levels: tuple[int, ...]
    image_sizes: tuple[tuple[int, int], ...]
    padded_size: tuple[int, int]

    def __len__(self) -> int:
        return len(self.image_sizes)

    def __getitem__(self, index: int) -> NetworkOutput:
        """Returns the output of one image, with N = 1.

        Raises:
            IndexError: if there is no such image.
        """
        if not -len(self) <= index < len(self):
            raise IndexError(f"image {index} of {len(self)}")
        index %= len(self)
        return NetworkOutput(
            ltrb=tuple(level[index : index + 1] for level in self.ltrb),
            borderness_logits=tuple(level[index : index + 1] for level in self.borderness_logits),
            semantic_logits=self.semantic_logits[index : index + 1],
            strides=self.strides,
            levels=self.levels,
            image_sizes=(self.image_sizes[index],),
            padded_size=self.padded_size,
        )
