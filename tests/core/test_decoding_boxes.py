from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch
from torch.nn.functional import grid_sample, interpolate

from lpsnet.decoding import (
    NonFiniteOutput,
    borderness_maps,
    candidates,
    class_probabilities,
    location_levels,
    locations,
)
from lpsnet.model.output import NetworkOutput
from lpsnet.structures import DropStage
from tests.core.decoding_outputs import LEVELS, STRIDES, make_output, noise
from tests.core.test_decoding_suppression import brute_force

ISTHING = np.array([True, False, True, False])
NOTHING = -20.0  # a logit of no importance


def one_hot(grid: tuple[int, int], label: int, classes: int = 4) -> torch.Tensor:
    """Logits ``[C, h, w]`` that name one class everywhere."""
    logits = torch.full((classes, *grid), NOTHING)
    logits[label] = -NOTHING
    return logits


def put_box(output: NetworkOutput, level: int, cell: tuple[int, int], box: tuple[float, ...], logit: float) -> None:
    """Makes the location at ``cell`` of ``level`` predict ``box`` (padded-input pixels) with a border-ness logit."""
    index, stride = output.levels.index(level), output.strides[output.levels.index(level)]
    y, x = (stride // 2 + position * stride for position in cell)
    output.ltrb[index][0, :, cell[0], cell[1]] = torch.tensor([x - box[0], y - box[1], box[2] - x, box[3] - y])
    output.borderness_logits[index][0, 0, cell[0], cell[1]] = logit


def decode(output: NetworkOutput, size: tuple[int, int] | None = None, **settings):
    return candidates(
        output, class_probabilities(output), size=size or output.image_sizes[0], isthing=ISTHING, **settings
    )


# --------------------------------------------------------------------------------------------------------- locations


def test_locations_start_at_half_a_stride_and_go_row_by_row():
    output = make_output(noise(4, (24, 40), seed=0), (90, 150))
    points, level = locations(output).numpy(), location_levels(output).numpy()
    start = 0
    for maps, stride, number in zip(output.ltrb, STRIDES, LEVELS, strict=True):
        height, width = maps.shape[-2:]
        expected = [(stride // 2 + j * stride, stride // 2 + i * stride) for i in range(height) for j in range(width)]
        stop = start + height * width
        np.testing.assert_array_equal(points[start:stop], expected)
        assert (level[start:stop] == number).all()
        start = stop
    assert start == len(points) == len(level)
    assert points.dtype == np.float32


# ----------------------------------------------------------------------------------------------- class probabilities


def test_every_probability_is_the_softmax_at_the_locations_point():
    output = make_output(noise(5, (56, 72), seed=1), (224, 288))
    softmax = output.semantic_logits[0].double().softmax(0).numpy()
    probabilities = class_probabilities(output).numpy()
    assert probabilities.dtype == np.float32
    for row, (x, y) in enumerate(locations(output).tolist()):
        gx, gy = min(max(x / 4 - 0.5, 0), 71), min(max(y / 4 - 0.5, 0), 55)
        j, i = min(int(gx), 70), min(int(gy), 54)
        u, v = gx - j, gy - i
        expected = (
            (1 - v) * ((1 - u) * softmax[:, i, j] + u * softmax[:, i, j + 1])
            + v * ((1 - u) * softmax[:, i + 1, j] + u * softmax[:, i + 1, j + 1])
        )  # fmt: skip
        np.testing.assert_allclose(probabilities[row], expected, atol=1e-6)


def test_resizing_to_the_level_is_exact_for_p3_to_p5_and_wrong_for_p6_and_p7():
    output = make_output(3 * noise(5, (200, 272), seed=2), (800, 1066))
    probabilities, level = class_probabilities(output), location_levels(output)
    softmax = output.semantic_logits.softmax(1)
    error = {}
    for maps, number in zip(output.ltrb, LEVELS, strict=True):
        resized = interpolate(softmax, size=maps.shape[-2:], mode="bilinear", align_corners=False)[0]
        error[number] = (resized.flatten(1).T - probabilities[level == number]).abs().max().item()
    assert max(error[3], error[4], error[5]) < 1e-5
    assert min(error[6], error[7]) > 0.1


def test_probabilities_equal_torchs_point_sampler():
    output = make_output(noise(7, (48, 40), seed=3), (190, 131))
    grid = locations(output) / torch.tensor([160.0, 192.0]) * 2 - 1
    expected = grid_sample(
        output.semantic_logits.softmax(1), grid[None, None], padding_mode="border", align_corners=False
    )
    torch.testing.assert_close(class_probabilities(output), expected[0, :, 0].T, rtol=0, atol=1e-6)


def test_probabilities_are_single_precision_even_under_autocast():
    output = make_output(noise(7, (16, 16), seed=3), (64, 64))
    expected = class_probabilities(output)
    with torch.autocast("cpu", dtype=torch.bfloat16):
        torch.testing.assert_close(class_probabilities(output), expected, rtol=0, atol=0)
    half = replace(output, semantic_logits=output.semantic_logits.bfloat16())
    rounded = replace(output, semantic_logits=half.semantic_logits.float())
    torch.testing.assert_close(class_probabilities(half), class_probabilities(rounded), rtol=0, atol=0)


# --------------------------------------------------------------------------------------------------- one perfect box


@pytest.mark.parametrize("size", [(75, 107), (150, 214), (50, 321)])
def test_a_perfect_output_gives_its_box_back_in_pixels_of_the_original(size):
    output = make_output(one_hot((24, 32), label=2), (75, 107), fill_border=NOTHING)
    put_box(output, level=4, cell=(1, 2), box=(10, 5, 70, 61), logit=1.5)
    found = decode(output, size=size).detections()
    sx, sy = 107 / size[1], 75 / size[0]
    np.testing.assert_allclose(found.boxes[0], [10 / sx, 5 / sy, 70 / sx, 61 / sy], rtol=1e-6)
    np.testing.assert_allclose(found.location[0], [40 / sx, 24 / sy], rtol=1e-6)
    assert (found.labels[0], found.level[0]) == (2, 4)
    assert found.class_scores[0] == pytest.approx(1)
    assert found.borderness[0] == pytest.approx(1 / (1 + np.exp(-1.5)))
    assert found.scores[0] == pytest.approx(found.class_scores[0] * found.borderness[0])


def test_boxes_are_clipped_to_the_image_and_an_empty_one_is_kept():
    output = make_output(one_hot((8, 8), label=0), (32, 32), fill_border=NOTHING)
    put_box(output, level=3, cell=(1, 1), box=(-50, -3, 400, 40), logit=3)
    put_box(output, level=3, cell=(2, 3), box=(28, 10, 28, 30), logit=2)
    found = decode(output, size=(64, 128)).detections()
    np.testing.assert_array_equal(found.boxes[0], [0, 0, 128, 64])
    np.testing.assert_array_equal(found.boxes[1], [112, 20, 112, 60])


# ---------------------------------------------------------------------------------------------------- the rule of rows


def test_each_location_in_the_image_has_its_likeliest_thing_and_every_further_one_above_the_threshold():
    output = make_output(3 * noise(4, (24, 32), seed=4), (75, 107))
    probabilities = class_probabilities(output).numpy()
    found = decode(output, class_threshold=0.3)
    expected = []
    for point, row in zip(locations(output).tolist(), probabilities, strict=True):
        if point[0] < 107 and point[1] < 75:
            best = max((0, 2), key=lambda label: row[label])
            expected += [(*point, c, row[c]) for c in (0, 2) if c == best or row[c] > np.float32(0.3)]
    assert [tuple(p) for p in found.location.tolist()] == [entry[:2] for entry in expected]
    assert found.labels.tolist() == [entry[2] for entry in expected]
    np.testing.assert_array_equal(found.class_scores, [entry[3] for entry in expected])
    np.testing.assert_array_equal(found.dropped_at == DropStage.SCORE, found.class_scores <= np.float32(0.3))
    assert 0 < (found.dropped_at == DropStage.SCORE).sum() < len(found)


def test_a_probability_at_the_threshold_does_not_exceed_it():
    output = make_output(noise(4, (8, 8), seed=0), (32, 32))
    probabilities = torch.tensor([0.25, 0.0, 0.5, 0.25]).repeat(23, 1)
    both = candidates(output, probabilities, size=(32, 32), isthing=ISTHING, class_threshold=0.249)
    one = candidates(output, probabilities, size=(32, 32), isthing=ISTHING, class_threshold=0.25)
    none = candidates(output, probabilities, size=(32, 32), isthing=ISTHING, class_threshold=0.5)
    assert 2 * len(one) == 2 * len(none) == len(both)
    assert (one.dropped_at != DropStage.SCORE).all()
    assert (none.dropped_at == DropStage.SCORE).all()


def test_ties_go_to_the_earlier_row():
    output = make_output(one_hot((64, 64), label=0), (256, 256), fill_ltrb=0.5)
    output.borderness_logits[0].view(-1)[::2] = 1.0
    found = decode(output, pre_nms_top_k=700, max_detections=300)
    strong, weak = np.arange(0, 1024, 2), np.arange(1, 1024, 2)
    assert (found.dropped_at[strong[:300]] == DropStage.NONE).all()
    assert (found.dropped_at[strong[300:]] == DropStage.CAP).all()
    assert (found.dropped_at[weak[:188]] == DropStage.CAP).all()
    assert (found.dropped_at[weak[188:]] == DropStage.TOP_K).all()


def test_locations_in_the_padding_are_never_candidates():
    output = make_output(one_hot((24, 32), label=0), (65, 97), fill_ltrb=3.0, fill_border=2.0)
    found = decode(output, size=(650, 970), pre_nms_top_k=10_000, max_detections=10_000)
    points = locations(output)
    assert len(found) == int(((points[:, 0] < 97) & (points[:, 1] < 65)).sum()) < len(points)
    assert (found.location < [970, 650]).all()


def test_without_thing_classes_there_is_nothing():
    output = make_output(noise(4, (8, 8), seed=0), (32, 32))
    found = candidates(output, class_probabilities(output), size=(32, 32), isthing=np.zeros(4, bool))
    assert len(found) == len(found.detections()) == 0


# ------------------------------------------------------------------------------------------------------- drop stages


def test_dropped_at_score_looks_at_the_class_alone():
    logits = torch.full((4, 16, 16), NOTHING)
    logits[0], logits[1] = 0.0, np.log(3.0)  # 0.25 thing, 0.75 stuff
    output = make_output(logits, (64, 64), fill_ltrb=1.0, fill_border=-9.0)
    assert (decode(output, class_threshold=0.26).dropped_at == DropStage.SCORE).all()
    found = decode(output, class_threshold=0.24)
    assert (found.dropped_at == DropStage.NONE).any()
    assert found.scores.max() < 1e-4  # border-ness comes after the threshold


def test_dropped_at_top_k_counts_each_level_for_itself():
    output = make_output(one_hot((16, 16), label=0), (64, 64), fill_ltrb=0.5)
    for maps in output.borderness_logits:
        maps.copy_(torch.linspace(3, -3, maps.numel()).reshape(maps.shape))
    found = decode(output, pre_nms_top_k=5)
    for level in LEVELS:
        rows = np.flatnonzero(found.level == level)
        assert (found.dropped_at[rows[:5]] == DropStage.NONE).all()
        assert (found.dropped_at[rows[5:]] == DropStage.TOP_K).all()


def test_dropped_at_nms_names_the_better_box_of_the_same_class():
    logits = one_hot((8, 8), label=0)
    logits[:, :, 4:] = one_hot((8, 4), label=2)
    output = make_output(logits, (32, 32), fill_border=NOTHING)
    put_box(output, level=3, cell=(0, 0), box=(0, 0, 20, 20), logit=2)
    put_box(output, level=3, cell=(1, 1), box=(0, 0, 20, 19), logit=3)
    put_box(output, level=3, cell=(0, 3), box=(0, 0, 20, 20), logit=1)  # of the other class
    found = decode(output, nms_iou=0.6)
    worse, better, other = (
        int(np.flatnonzero((found.location == point).all(axis=1) & (found.level == 3))[0])
        for point in ([4, 4], [12, 12], [28, 4])
    )
    assert found.dropped_at[[worse, better, other]].tolist() == [DropStage.NMS, DropStage.NONE, DropStage.NONE]
    assert found.suppressed_by[worse] == better
    assert found.iou[worse] == pytest.approx(0.95)
    assert found.suppressed_by[better] == -1
    assert found.iou[better] == 0


def test_dropped_at_cap_keeps_the_best_over_all_classes():
    output = make_output(3 * noise(4, (16, 16), seed=6), (64, 64), fill_ltrb=0.5)
    everything, capped = decode(output, max_detections=10_000), decode(output, max_detections=7)
    assert len(everything.kept()) > 7
    np.testing.assert_array_equal(capped.kept(), everything.kept()[:7])
    assert (capped.dropped_at[everything.kept()[7:]] == DropStage.CAP).all()
    assert set(capped.labels[capped.kept()].tolist()) == {0, 2}
    assert (np.diff(capped.detections().scores) <= 0).all()


# ------------------------------------------------------------------------------------------------------------ scores


def test_scores_with_and_without_borderness_and_square_root():
    output = make_output(2 * noise(4, (16, 16), seed=7), (64, 64))
    output.borderness_logits[0].copy_(noise(1, (8, 8), seed=8)[None])
    product = decode(output)
    np.testing.assert_allclose(product.scores, product.class_scores * product.borderness, rtol=1e-6)
    np.testing.assert_allclose(decode(output, score_sqrt=True).scores, np.sqrt(product.scores), rtol=1e-6)
    alone = decode(output, use_borderness=False)
    np.testing.assert_array_equal(alone.scores, alone.class_scores)
    np.testing.assert_array_equal(alone.borderness, product.borderness)
    assert set(decode(output, score_sqrt=True).kept()) == set(product.kept())


# -------------------------------------------------------------------------------- the whole of it, told in plain Python


def plain_python_fate(found, *, threshold: float, top_k: int, nms_iou: float, cap: int):
    """Where each row is dropped, by whom and at what IoU, decided one row at a time."""
    fate = [DropStage.SCORE if score <= np.float32(threshold) else None for score in found.class_scores]
    by, iou = [-1] * len(fate), [0.0] * len(fate)
    for level in LEVELS:
        rows = [row for row, at in enumerate(fate) if at is None and found.level[row] == level]
        for row in sorted(rows, key=lambda row: -found.scores[row])[top_k:]:
            fate[row] = DropStage.TOP_K
    for label in set(found.labels.tolist()):
        rows = [row for row, at in enumerate(fate) if at is None and found.labels[row] == label]
        rows.sort(key=lambda row: -found.scores[row])
        for row, first, overlap in zip(rows, *brute_force(found.boxes[rows], nms_iou), strict=True):
            if first >= 0:
                fate[row], by[row], iou[row] = DropStage.NMS, rows[first], overlap
    rows = sorted((row for row, at in enumerate(fate) if at is None), key=lambda row: -found.scores[row])
    for place, row in enumerate(rows):
        fate[row] = DropStage.NONE if place < cap else DropStage.CAP
    return fate, by, iou


@pytest.mark.parametrize("seed", range(4))
def test_every_fate_equals_plain_python(seed):
    generator = torch.Generator().manual_seed(seed)
    output = make_output(2 * noise(4, (32, 40), seed=seed), (120, 150))
    for maps, logits, stride in zip(output.ltrb, output.borderness_logits, STRIDES, strict=True):
        maps.copy_(torch.randint(0, 3 * stride, maps.shape, generator=generator))
        logits.copy_(torch.randn(logits.shape, generator=generator))
    found = decode(output, class_threshold=0.1, pre_nms_top_k=60, nms_iou=0.4, max_detections=40)
    fate, by, iou = plain_python_fate(found, threshold=0.1, top_k=60, nms_iou=0.4, cap=40)
    assert set(fate) == set(DropStage)
    assert found.dropped_at.tolist() == fate
    assert found.suppressed_by.tolist() == by
    np.testing.assert_allclose(found.iou, iou, rtol=1e-6)


# ------------------------------------------------------------------------------------------- border-ness and errors


def test_borderness_maps_are_the_sigmoids_with_their_places():
    output = make_output(noise(4, (24, 32), seed=0), (75, 107))
    output.borderness_logits[1].copy_(noise(1, (6, 8), seed=1)[None])
    maps = borderness_maps(output, size=(150, 321), pooling="own")
    assert [(entry.stride, entry.offset, entry.level) for entry in maps.levels] == [
        (stride, stride // 2, level) for stride, level in zip(STRIDES, LEVELS, strict=True)
    ]
    np.testing.assert_allclose(maps.levels[1].values, 1 / (1 + np.exp(-noise(1, (6, 8), seed=1)[0].numpy())), rtol=1e-5)
    assert maps.levels[1].values.dtype == np.float32
    assert maps.scale == (107 / 321, 0.5)
    assert maps.pooling == "own"


@pytest.mark.parametrize("bad", [float("nan"), float("inf")])
def test_values_that_are_not_finite_are_refused_naming_their_map(bad):
    output = make_output(noise(4, (8, 8), seed=0), (32, 32))
    probabilities = class_probabilities(output)
    settings = {"size": (32, 32), "isthing": ISTHING}
    output.ltrb[1][0, 2, 1, 0] = bad
    with pytest.raises(NonFiniteOutput, match="1 of 16 values of the box distances of P4 are NaN or infinite"):
        candidates(output, probabilities, **settings)
    output.ltrb[1].zero_()
    output.borderness_logits[0][0, 0, 3, :2] = bad
    with pytest.raises(NonFiniteOutput, match="2 of 16 values of the border-ness logits of P3"):
        candidates(output, probabilities, **settings)
    with pytest.raises(NonFiniteOutput, match="2 of 16 values of the border-ness logits of P3"):
        borderness_maps(output, size=(32, 32))
    output.semantic_logits[0, 0, 0, 0] = bad
    with pytest.raises(NonFiniteOutput, match="1 of 256 values of the semantic logits"):
        class_probabilities(output)


def test_what_does_not_belong_together_is_refused():
    output = make_output(noise(4, (8, 8), seed=0), (32, 32))
    probabilities = class_probabilities(output)
    with pytest.raises(ValueError, match=r"shape \(22, 4\) do not belong to 23 locations"):
        candidates(output, probabilities[1:], size=(32, 32), isthing=ISTHING)
    with pytest.raises(ValueError, match="3 class kinds do not belong to 4 class probabilities"):
        candidates(output, probabilities, size=(32, 32), isthing=ISTHING[:3])
    with pytest.raises(ValueError, match="32×0 pixels"):
        candidates(output, probabilities, size=(32, 0), isthing=ISTHING)
    both = replace(output, image_sizes=((32, 32), (32, 32)))
    for refuse in (class_probabilities, lambda many: borderness_maps(many, size=(32, 32)), decode):
        with pytest.raises(ValueError, match="one image, not of 2"):
            refuse(both)
