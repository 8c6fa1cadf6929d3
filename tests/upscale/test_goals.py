"""How large a picture becomes."""

import pytest

from resolute import registry
from resolute.core.errors import ResoluteError
from resolute.upscale import Goal, by_fit, by_scale, by_size

STRIP = (16, 300)


def test_a_scale_is_the_same_for_every_picture() -> None:
    bicubic = registry.entry("bicubic")
    assert by_scale(3.7, bicubic)((16, 300)) == Goal(3.7, (59, 1110))
    assert by_scale(2, bicubic)((7, 5)) == Goal(2, (14, 10))


@pytest.mark.parametrize(
    ("size", "scale"),
    [((600, 32), 2), ((601, 32), 2.003), ((1110, 59), 3.7), ((450, 24), 1.5)],
)
def test_a_size_stands_for_the_scale_that_makes_it(size: tuple[int, int], scale: float) -> None:
    found = by_size(*size)(STRIP)
    assert found.scale == pytest.approx(scale, rel=0.001)
    assert found.size == size[::-1] and not found.is_reduced(STRIP)


@pytest.mark.parametrize("size", [(640, 32), (1200, 59)])
def test_a_size_of_another_shape_is_refused_with_one_that_fits(size: tuple[int, int]) -> None:
    width, height = size
    fitting = f"give {width}x{round(16 * width / 300)}, or --fit"
    with pytest.raises(ResoluteError, match=f"300x16 pixels become {width}x{height} at no scale: {fitting}"):
        by_size(*size)(STRIP)


@pytest.mark.parametrize("size", [(300, 16), (24000, 1280)])
def test_a_size_that_is_no_enlargement_or_too_large_is_one_line(size: tuple[int, int]) -> None:
    with pytest.raises(ResoluteError, match=r"x[0-9]+ of .*: give a size above x1, up to x64"):
        by_size(*size)(STRIP)


def test_a_box_is_reached_by_the_least_scale_that_is_enough() -> None:
    entry = registry.entry("pan")
    assert entry.scales == (2, 3, 4)
    for box, goal in (
        ((600, 600), Goal(2, (32, 600))),  # reached exactly
        ((700, 600), Goal(3, (37, 700))),
        ((10**4, 40), Goal(3, (40, 750))),
        ((150, 600), Goal(1, (8, 150))),  # reduced alone
        ((300, 16), Goal(1, (16, 300))),
        ((1, 1), Goal(1, (1, 1))),
    ):
        assert by_fit(*box, entry)(STRIP) == goal
    assert by_fit(700, 600, entry)(STRIP).is_reduced(STRIP)
    assert not by_fit(600, 600, entry)(STRIP).is_reduced(STRIP)
    with pytest.raises(
        ResoluteError, match="3000x3000 is x10 of 300x16 pixels, and pan goes up to x4: give a smaller box"
    ):
        by_fit(3000, 3000, entry)(STRIP)


def test_a_method_of_any_scale_meets_a_box_without_reduction() -> None:
    goal = by_fit(1000, 1000, registry.entry("liif_tiny"))(STRIP)
    assert goal.size == (53, 1000) and not goal.is_reduced(STRIP)
    with pytest.raises(ResoluteError, match="goes up to x64"):
        by_fit(30_000, 30_000, registry.entry("bicubic"))(STRIP)
