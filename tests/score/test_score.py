"""Scores of folders: as scikit-image measures them, as papers print them, and what is said of what does not fit."""

import csv
import json
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from skimage.color import rgb2ycbcr
from skimage.metrics import peak_signal_noise_ratio, structural_similarity

from resolute import methods
from resolute.cli import main
from resolute.core.errors import ResoluteError, UsageError
from resolute.fetch import fetch_weights
from resolute.images.files import read_image, to_rgb
from resolute.images.imresize import imresize
from resolute.metrics.protocols import PROTOCOLS
from resolute.score import as_csv, score

REPOSITORY = Path(__file__).parents[2]
DATA = REPOSITORY / "tests/data/images"
SELFEXSR = "raw.githubusercontent.com/jbhuang0604/SelfExSR/8f6dd8c1d20cb7e8792a7177b4f6fd677633f598/data/Set5"
EDSR = "raw.githubusercontent.com/zhaohengyuan1/PAN/4d045d18592c5771cd3990da88f292812774e538/datasets/Set5"

# A luma halfway between two levels is rounded the other way by another order of sums: 0.000006 dB for one pixel.
TOLERANCE = 0.00002
# The last printed digits of the official code's figures: 4 of PSNR, 5 of SSIM.
OFFICIAL = {"psnr": 0.0001, "ssim": 0.00001}


def shaved(image: np.ndarray, pixels: int) -> np.ndarray:
    return image[pixels:-pixels, pixels:-pixels].astype(np.float64)


def y(image: np.ndarray) -> np.ndarray:
    return rgb2ycbcr(np.dstack([image] * 3) if image.ndim == 2 else image)[:, :, 0]


def rgb(image: np.ndarray) -> np.ndarray:
    return np.dstack([image] * 3) if image.ndim == 2 else image


def covered(image: np.ndarray, scale: int) -> np.ndarray:
    """What patches of 32 LR pixels at every 28th cover."""
    height, width = (scale * (max(range(0, side // scale - 31, 28)) + 32) for side in image.shape[:2])
    return image[:height, :width]


def compared(image: np.ndarray, scale: int, keeps_grey: bool) -> dict[str, np.ndarray]:
    """By protocol, what is compared of a file, in scikit-image's and numpy's own words."""
    return {
        "ntire2022": shaved(rgb(image), 4),
        "rgb_basicsr": shaved(rgb(image), scale),
        "y_basicsr": shaved(y(image), scale),
        "y_matlab": shaved(image if keeps_grey else np.floor(y(image) + 0.5), scale),
        "liif_div2k": shaved(rgb(image), scale + 6),
        "liif_benchmark": shaved(y(image), scale),
        "classsr": shaved(covered(rgb(image), scale), 4),
    }


def expected(sr: np.ndarray, hr: np.ndarray, scale: int) -> dict[str, dict[str, float]]:
    pairs = zip(*(compared(image, scale, hr.ndim == 2).items() for image in (sr, hr)), strict=True)
    return {
        protocol: {
            "psnr": peak_signal_noise_ratio(b, a, data_range=255),
            "ssim": structural_similarity(
                b,
                a,
                data_range=255,
                channel_axis=2 if a.ndim == 3 else None,
                gaussian_weights=True,
                sigma=1.5,
                use_sample_covariance=False,
            ),
        }
        for (protocol, a), (_, b) in pairs
    }


def save(path: Path, image: np.ndarray) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(image).save(path)


@pytest.fixture
def pictures(tmp_path: Path) -> Path:
    """SR images by Pillow's bicubic of two HR images, one of them grey, in `sr` and `hr`."""
    for name, image in (("butterfly", "set5_003"), ("grey", "set14_003")):
        lr, hr = (Image.open(DATA / f"{image}_x4_{role}.png") for role in ("lr", "hr"))
        for part, one in (("sr", lr.resize(hr.size, Image.Resampling.BICUBIC)), ("hr", hr)):
            save(tmp_path / part / f"{name}{'_Pillow_x4' if part == 'sr' else ''}.png", np.asarray(one))
    return tmp_path


def command(monkeypatch: pytest.MonkeyPatch, *words: str | Path) -> int:
    monkeypatch.setattr(sys, "argv", ["resolute", *map(str, words)])
    with pytest.raises(SystemExit) as end:
        main()
    return int(end.value.code or 0)


def test_every_protocol_is_as_scikit_image_measures(pictures: Path) -> None:
    found = score(pictures / "sr", pictures / "hr", 4)
    assert [image["image"] for image in found["images"]] == ["butterfly", "grey"]
    wanted = []
    for image in found["images"]:
        files = (f"sr/{image['image']}_Pillow_x4.png", f"hr/{image['image']}.png")
        sr, hr = (np.asarray(Image.open(pictures / file)) for file in files)
        wanted.append(expected(sr, hr, 4))
        assert set(image["protocols"]) == set(wanted[-1]) == set(PROTOCOLS)
        for protocol, values in wanted[-1].items():
            assert image["protocols"][protocol] == pytest.approx(values, abs=TOLERANCE), protocol
    for protocol, means in found["protocols"].items():
        for metric in ("psnr", "ssim"):
            assert means[metric] == pytest.approx(np.mean([one[protocol][metric] for one in wanted]), abs=TOLERANCE)
    assert (found["alone"], found["cut"], found["left_out"]) == ([], [], {})


@pytest.mark.slow
def test_a_published_network_gets_the_official_figures(
    project: Path, mirror: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("RESOLUTE_MIRROR", str(mirror))
    upscale = methods.upscaler("rlfn_team04", 4, fetch_weights("rlfn_team04"), "cpu")
    for path in sorted((mirror / SELFEXSR / "image_SRF_4").glob("*_LR.png")):
        sr = np.rint(np.clip(upscale(to_rgb(read_image(path))).sr, 0, 255)).astype(np.uint8)
        save(project / "sr" / f"{path.stem.removesuffix('_LR')}_RLFN.png", sr)
    found = score(project / "sr", mirror / SELFEXSR / "image_SRF_4", 4)["protocols"]
    with (REPOSITORY / "data/published/ntire2022/official_code.csv").open(newline="") as file:
        rows = [
            row
            for row in csv.DictReader(file)
            if (row["method"], row["dataset"]) == ("rlfn_team04", "set5") and row["protocol"] in found
        ]
    assert {(row["protocol"], row["metric"]) for row in rows} == {
        ("ntire2022", "psnr"),
        ("y_basicsr", "psnr"),
        ("y_basicsr", "ssim"),
    }
    for row in rows:
        value = found[row["protocol"]][row["metric"]]
        assert value == pytest.approx(float(row["value"]), abs=OFFICIAL[row["metric"]])


def test_bicubic_of_edsr_s_copy_is_what_papers_print(tmp_path: Path, mirror: Path) -> None:
    for path in (mirror / EDSR / "LR_bicubic/X3").iterdir():
        save(tmp_path / "sr" / f"{path.stem}_SR.png", imresize(read_image(path), 3, "mirror"))
    found = score(tmp_path / "sr", mirror / EDSR / "HR", 3, ["y_basicsr"])
    # The row of SeemoRe's Table 1, x3, as its erratum has it: 30.40 dB, 0.8689.
    assert round(found["protocols"]["y_basicsr"]["psnr"], 2) == 30.40
    assert round(found["protocols"]["y_basicsr"]["ssim"], 4) == 0.8689
    # 512, 256, 280 and 344 are no multiples of 3; 288 is.
    assert found["cut"] == ["baby", "butterfly", "head", "woman"]


def test_equal_images_have_no_part_in_the_mean(pictures: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (pictures / "sr/grey_Pillow_x4.png").write_bytes((pictures / "hr/grey.png").read_bytes())
    found = score(pictures / "sr", pictures / "hr", 4, ["ntire2022"])
    butterfly, grey = (image["protocols"]["ntire2022"] for image in found["images"])
    assert grey == {"psnr": None, "ssim": pytest.approx(1)}
    means = found["protocols"]["ntire2022"]
    assert (means["psnr"], means["equal_images"]) == (butterfly["psnr"], 1)
    assert means["ssim"] == pytest.approx((butterfly["ssim"] + 1) / 2)
    rows = list(csv.DictReader(as_csv(found).splitlines()))
    assert [(row["image"], row["equal_images"]) for row in rows] == [("butterfly", "0"), ("grey", "1"), ("", "1")]
    assert rows[1]["psnr"] == "" and float(rows[2]["psnr"]) == butterfly["psnr"]


def test_json_alone_goes_to_standard_output(
    pictures: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    save(pictures / "sr/other.png", np.zeros((8, 8), np.uint8))
    save(pictures / "hr/lonely.png", np.zeros((8, 8), np.uint8))
    hr = np.asarray(Image.open(pictures / "hr/butterfly.png"))
    save(pictures / "hr/butterfly.png", np.pad(hr, ((0, 3), (0, 1), (0, 0)), mode="edge"))
    sr, hr_folder = pictures / "sr", pictures / "hr"
    assert command(monkeypatch, "score", sr, hr_folder, "--json", "--csv", pictures / "out/all.csv") == 0
    out, err = capsys.readouterr()
    found = json.loads(out, parse_constant=pytest.fail)
    assert found["cut"] == ["butterfly"]
    alone = f"{sr / 'other.png'}, {hr_folder / 'lonely.png'}"
    assert err.splitlines() == [
        f"resolute: left out, since no other belongs to them by its name (2): {alone}",
        "resolute: HR images compared after a cut at the top left to a multiple of 4 (1): butterfly",
    ]
    assert (pictures / "out/all.csv").read_text() == as_csv(found)
    assert command(monkeypatch, "score", sr, hr_folder, "--protocol", "y_basicsr", "--protocol", "ntire2022") == 0
    out = capsys.readouterr().out
    means = found["protocols"]
    assert f"mean       {means['y_basicsr']['psnr']:.3f}     {means['ntire2022']['psnr']:.3f}" in out
    assert "classsr" not in out
    assert "Y not rounded, scale pixels shaved (BasicSR, most lightweight networks)" in out


def test_a_protocol_that_images_are_too_small_for_is_left_out_unless_it_was_asked_for(tmp_path: Path) -> None:
    for part in ("sr", "hr"):
        save(tmp_path / part / "small.png", np.full((40, 40, 3), 7 if part == "sr" else 8, np.uint8))
    found = score(tmp_path / "sr", tmp_path / "hr", 4)
    assert list(found["left_out"]) == ["classsr"]
    assert (
        f"{tmp_path}/hr/small.png: a side of 40 pixels is too short for protocol classsr"
        in found["left_out"]["classsr"]
    )
    assert set(found["protocols"]) == set(PROTOCOLS) - {"classsr"}
    with pytest.raises(ResoluteError, match=r"small.png: a side of 40 pixels is too short for protocol classsr"):
        score(tmp_path / "sr", tmp_path / "hr", 4, ["ntire2022", "classsr"])


def test_what_cannot_be_compared_is_one_line(pictures: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    sr, hr = pictures / "sr", pictures / "hr"
    with pytest.raises(UsageError, match="unknown protocol 'y_basics': did you mean 'y_basicsr'"):
        score(sr, hr, 4, ["y_basics"])
    whole = np.asarray(Image.open(sr / "butterfly_Pillow_x4.png"))
    for change, words in (
        (whole[:-1], r"sr/butterfly_Pillow_x4.png has 256x255 pixels, .*hr/butterfly.png 256x256, 256x256 when cut"),
        (whole.astype(np.uint16)[:, :, 0] * 257, "has 16 bits per channel"),
        (np.dstack([whole, whole[:, :, 0]]), "has transparent pixels"),
    ):
        save(sr / "butterfly_Pillow_x4.png", change)
        with pytest.raises(ResoluteError, match=words):
            score(sr, hr, 4, ["ntire2022"])
    (sr / "butterfly_Pillow_x4.png").write_bytes(b"no image")
    assert command(monkeypatch, "score", sr, hr, "--csv", pictures / "all.csv") == 1
    assert not (pictures / "all.csv").exists()
