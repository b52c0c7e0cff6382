import time

import pytest
import torch

from paretoformer.hardware_models.stopwatch import (
    cuda_events,
    process_time,
    stopwatch_for,
    synchronised_wall,
    thread_time,
)
from paretoformer.records.target import parse_target


@pytest.mark.parametrize(
    ("target", "stopwatch"),
    [
        ("cpu:eager:fp32:1", thread_time),
        ("cpu:eager:fp32:2", process_time),
        ("cuda:eager:fp32:1", cuda_events),
        ("mps:eager:fp32:1", synchronised_wall),
    ],
)
def test_a_device_has_its_stopwatch(target: str, stopwatch: object) -> None:
    assert stopwatch_for(parse_target(target)) is stopwatch


@pytest.mark.parametrize("stopwatch", [thread_time, process_time])
def test_waiting_is_wall_time_and_not_busy_time(stopwatch: object) -> None:
    elapsed = stopwatch([lambda: time.sleep(0.02)])  # type: ignore[operator]
    assert elapsed.busy < elapsed.wall
    assert elapsed.wall >= 0.02


def test_every_call_is_made_in_order() -> None:
    made: list[int] = []
    thread_time([lambda: made.append(1), lambda: made.append(2)])
    assert made == [1, 2]


@pytest.mark.skipif(not torch.cuda.is_available(), reason="no CUDA device")
def test_events_wait_for_the_device() -> None:
    x = torch.ones(2048, 2048, device="cuda")
    elapsed = cuda_events([lambda: x @ x])
    assert 0 < elapsed.busy <= elapsed.wall
