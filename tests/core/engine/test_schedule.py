"""The learning rate of every iteration, against torch's schedulers and by hand (method rows 58, 59, 61, 62)."""

from __future__ import annotations

import pytest
import torch
from torch.optim.lr_scheduler import CosineAnnealingLR, LinearLR, LRScheduler, MultiStepLR

from lpsnet.config import OptimizerConfig, ScheduleConfig, load_config
from lpsnet.engine.schedule import Schedule, scaled_words


def rates_of_torch(make: type[LRScheduler], iterations: int, lr: float, **settings: object) -> list[float]:
    optimizer = torch.optim.SGD([torch.nn.Parameter(torch.zeros(1))], lr=lr)
    scheduler = make(optimizer, **settings)  # type: ignore[arg-type]
    rates = []
    for _ in range(iterations):
        rates.append(float(scheduler.get_last_lr()[0]))
        optimizer.step()
        scheduler.step()
    return rates


def rates(iterations: int, *, lr: float = 0.01, **settings: object) -> list[float]:
    config = ScheduleConfig.model_validate({"iterations": iterations, "warmup": 0, "steps": [], **settings})
    schedule = Schedule.for_batch(config, OptimizerConfig(lr=lr), config.batch)
    return [schedule.lr_at(iteration) for iteration in range(iterations)]


def test_steps_are_torchs() -> None:
    expected = rates_of_torch(MultiStepLR, 12, 0.01, milestones=[5, 9], gamma=0.1)
    assert rates(12, steps=[5, 9]) == pytest.approx(expected, rel=1e-12)


def test_the_cosine_is_torchs() -> None:
    assert rates(20, decay="cosine") == pytest.approx(rates_of_torch(CosineAnnealingLR, 20, 0.01, T_max=20), rel=1e-9)


def test_the_warm_up_is_torchs() -> None:
    expected = rates_of_torch(LinearLR, 14, 0.01, start_factor=0.001, total_iters=10)
    assert rates(14, warmup=10) == pytest.approx(expected, rel=1e-9)


def test_the_papers_schedule_at_its_corners() -> None:
    training = load_config("coco_r50").training
    schedule = Schedule.for_batch(training.schedule, training.optimizer, training.batch)
    assert schedule.note == ""
    assert schedule.iterations == 90_000
    corners = {0: 1e-5, 999: 0.01 * (0.001 + 0.999 * 0.999), 1000: 0.01, 59_999: 0.01, 60_000: 1e-3}
    corners |= {79_999: 1e-3, 80_000: 1e-4, 89_999: 1e-4}
    assert {at: schedule.lr_at(at) for at in corners} == pytest.approx(corners, rel=1e-12)


def test_with_a_quarter_of_the_batch_it_takes_four_times_as_long_at_a_quarter_of_the_rate() -> None:
    training = load_config("coco_r50").training
    schedule = Schedule.for_batch(training.schedule, training.optimizer, 4)
    assert (schedule.iterations, schedule.steps, schedule.warmup) == (360_000, (240_000, 320_000), 4000)
    assert schedule.lr == pytest.approx(0.0025)
    assert schedule.note.endswith(
        "with 4 the learning rate is 0.0025 instead of 0.01, and there are 360000 iterations instead of 90000, with "
        "steps at 240000, 320000"
    )


@pytest.mark.parametrize(
    ("batch", "told"),
    [
        (4, ""),
        (2, "60 iterations of 2 pictures, learning rate 0.5 ×"),
        (1, "120 iterations of 1 picture, learning rate 0.25 ×"),
        (120, "1 iteration of 120 pictures, learning rate 30 ×"),
        (3, "40 iterations of 3 pictures, learning rate 0.75 ×"),
    ],
)
def test_what_a_batch_makes_of_a_schedule_is_said_in_a_few_words(batch: int, told: str) -> None:
    changes = [f"training.batch={batch}", "training.schedule.batch=4", "training.schedule.iterations=30"]
    assert scaled_words(load_config("demo", changes).training) == told
