"""Names as the field's programs write them: each image finds its own, and what is not clear is said."""

from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from resolute.core.errors import ResoluteError, UsageError
from resolute.images.pairing import Role, images_in, pair

# As BasicSR, EDSR, RCAN, SelfExSR, KAIR and SwinIR name them.
HR_NAMES = ("{}", "{}_HR", "{}_GT", "{}_HR_x4", "{}_SRF_4_HR", "{}_x4_HR")
SR_NAMES = (
    "{}",
    "{}_SR",
    "{}x4",
    "{}X4",
    "{}_x4",
    "{}-x4",
    "{}x4_SR",
    "{}_x4_SR",
    "{}_SRF_4_SR",
    "{}_SRF_4_SelfExSR",
    "{}_SwinIR",
    "{}x4_SwinIR",
    "{}_RCAN_x4",
    "{}_RCAN_BIX4_G10R20P48-official",
    "{}_rlt_out",
)
LR_NAMES = (
    "{}",
    "{}x4",
    "{}x4m",
    "{}x3.7",
    "{}_LR",
    "{}_x4_LR",
    "{}_SRF_4_LR",
    "{}_LRBI_x4",
    "{}_LRbicubic",
    "{}_bicubic",
)

# Images whose names begin like each other's; none ends in a suffix.
STEMS = st.sets(st.from_regex(r"[a-z]{1,2}(_[0-9]{1,3})?(_[abc]{1,2})?", fullmatch=True), min_size=1, max_size=6)


def make(folder: Path, *names: str) -> Path:
    folder.mkdir(parents=True)
    for name in names:
        (folder / name).touch()
    return folder


@settings(deadline=None, max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    stems=STEMS,
    hr_name=st.sampled_from(HR_NAMES),
    named=st.one_of(
        st.tuples(st.just(Role.SR), st.sampled_from(SR_NAMES)), st.tuples(st.just(Role.LR), st.sampled_from(LR_NAMES))
    ),
    missing=st.integers(0, 5),
)
def test_every_image_finds_its_own(
    tmp_path_factory: pytest.TempPathFactory, stems: set[str], hr_name: str, named: tuple[Role, str], missing: int
) -> None:
    role, name = named
    folder = tmp_path_factory.mktemp("pairs")
    present = sorted(stems)[: max(1, len(stems) - missing)]
    first = make(folder / "first", *(f"{name.format(stem)}.png" for stem in present))
    hr = make(folder / "hr", *(f"{hr_name.format(stem)}.jpg" for stem in stems))
    found = pair(first, hr, role)
    expected = {(f"{name.format(stem)}.png", f"{hr_name.format(stem)}.jpg") for stem in present}
    assert {(one.first.name, one.hr.name) for one in found.pairs} == expected
    assert {path.name for path in found.alone} == {f"{hr_name.format(stem)}.jpg" for stem in stems - set(present)}


def test_both_may_lie_in_one_folder(tmp_path: Path) -> None:
    folder = make(tmp_path / "SRF_4", *(f"img_00{i}_SRF_4_{role}.png" for i in (1, 2) for role in ("HR", "LR", "SR")))
    for role in (Role.LR, Role.SR):
        found = pair(folder, folder, role)
        assert [(one.first.name, one.hr.name) for one in found.pairs] == [
            (f"img_00{i}_SRF_4_{role}.png", f"img_00{i}_SRF_4_HR.png") for i in (1, 2)
        ]
        assert found.alone == ()


def test_names_that_end_like_a_suffix_are_told_apart(tmp_path: Path) -> None:
    hr = make(tmp_path / "hr", "matrix2.png", "matrix4.png", "matri.png")
    sr = make(tmp_path / "sr", "matrix2_x4_SR.png", "matrix4_x4_SR.png", "matrix4x4.txt", ".matrix4.png")
    found = pair(sr, hr, Role.SR)
    assert [(one.first.name, one.name) for one in found.pairs] == [
        ("matrix2_x4_SR.png", "matrix2"),
        ("matrix4_x4_SR.png", "matrix4"),
    ]
    assert [path.name for path in found.alone] == ["matri.png"]


def test_two_files_are_a_pair_whatever_they_are_called(tmp_path: Path) -> None:
    folder = make(tmp_path / "both", "mine.png", "theirs.png")
    (one,) = pair(folder / "mine.png", folder / "theirs.png", Role.SR).pairs
    assert (one.first, one.hr, one.name) == (folder / "mine.png", folder / "theirs.png", "theirs")


@pytest.mark.parametrize(
    ("sr", "hr", "named"),
    [
        (["baby.png", "baby_RCAN.png"], ["baby.png"], ["sr/baby.png", "sr/baby_RCAN.png", "hr/baby.png"]),
        (["baby_x4.png"], ["baby_HR.png", "baby_GT.png"], ["hr/baby_GT.png", "hr/baby_HR.png", "sr/baby_x4.png"]),
        (["baby.png"], ["baby.png", "baby.bmp"], ["hr/baby.bmp", "hr/baby.png", "sr/baby.png"]),
    ],
)
def test_what_is_not_clear_is_an_error_that_names_both(
    tmp_path: Path, sr: list[str], hr: list[str], named: list[str]
) -> None:
    with pytest.raises(ResoluteError, match="both belong to") as error:
        pair(make(tmp_path / "sr", *sr), make(tmp_path / "hr", *hr), Role.SR)
    first, second, other = (str(tmp_path / name) for name in named)
    assert f"{first} and {second} both belong to {other} by" in str(error.value)


def test_what_does_not_pair(tmp_path: Path) -> None:
    sr, hr = make(tmp_path / "sr", "baby.png", "img_001_2.png"), make(tmp_path / "hr", "bird.png", "img_001.png")
    with pytest.raises(ResoluteError, match=r"no image of .*sr belongs to one of .*hr .*\(baby.png, bird.png\)"):
        pair(sr, hr, Role.SR)
    with pytest.raises(UsageError, match=r"nosuch is not there: give a folder of HR images"):
        pair(sr, tmp_path / "nosuch", Role.SR)
    with pytest.raises(UsageError, match="are a file and a folder"):
        pair(sr / "baby.png", hr, Role.SR)
    with pytest.raises(UsageError, match="empty holds no images"):
        images_in(make(tmp_path / "empty", "notes.txt"), Role.SR)
