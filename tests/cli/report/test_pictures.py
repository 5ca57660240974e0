"""Pictures in a report, read back by another library, and held against the core's results."""

import base64
import io
import re

import matplotlib.image
import numpy as np
import pytest
from scipy.linalg import hadamard

from hadacast import recipe as recipes
from hadacast.cli import data
from hadacast.report import pictures, png

IMAGE = (64, 64)


def read(url):
    """Grey levels, 0 to 1, of a data URL."""
    content = base64.b64decode(url.removeprefix("data:image/png;base64,"), validate=True)
    return matplotlib.image.imread(io.BytesIO(content))


@pytest.mark.parametrize("shape", [(1, 1), (64, 64), (3, 7), (300, 2)])
def test_a_png_is_read_back(shape):
    levels = np.random.default_rng(1).random(shape)
    assert np.abs(read(png.data_url(levels)) - levels).max() <= 0.5 / 255 + 1e-6
    assert (read(png.data_url(np.full(shape, 3.0))) == 1).all()


@pytest.fixture(scope="module")
def shipped():
    spec = recipes.load("image64_keep10").pipeline
    return spec, data.load("pictures64", spec).frames


def test_rows_are_what_flows(shipped):
    spec, frames = shipped
    found = {row.name: row.levels for row in pictures.rows(spec, IMAGE, frames)}
    assert list(found) == ["in", "spectrum", "what is kept of it", "out"]
    assert all(levels.shape == (8, 64, 64) for levels in found.values())
    assert np.allclose(found["in"].reshape(8, -1), frames / 255)
    assert np.allclose(found["out"].reshape(8, -1), spec.compute(frames) / 255)
    natural = hadamard(64)
    walsh = natural[np.argsort((np.diff(natural, axis=1) != 0).sum(axis=1))]
    magnitude = np.abs(walsh @ frames.reshape(-1, 64, 64) @ walsh.T)
    decades = np.log10(np.maximum(magnitude, 1e-9) / magnitude.max())
    assert np.allclose(found["spectrum"], np.clip(1 + decades / 4, 0, 1))
    kept = found["what is kept of it"]
    assert np.count_nonzero(kept, axis=(1, 2)).max() <= 410
    assert (kept[kept > 0] == found["spectrum"][kept > 0]).all()


def test_figures_are_by_the_definition(shipped):
    spec, frames = shipped
    shown = pictures.figures(spec, IMAGE, frames)
    errors = ((spec.compute(frames) - frames) ** 2).mean(axis=1)
    assert shown["psnr_db"] == pytest.approx(20 * np.log10(255) - 10 * np.log10(errors.mean()), abs=1e-3)
    assert shown["psnr_db_by_frame"] == pytest.approx(20 * np.log10(255) - 10 * np.log10(errors), abs=1e-3)
    assert 21 < shown["psnr_db"] < 23
    more = recipes.load("image64_keep10", ["stage.keep.share=1/4"]).pipeline
    assert pictures.figures(more, IMAGE, frames)["psnr_db"] > shown["psnr_db"] + 2


def test_where_formats_differ_there_is_no_psnr():
    spec = recipes.load("imaging4096").pipeline
    x = np.random.default_rng(2).integers(0, 4096, (2, 4096))
    shown = pictures.figures(spec, IMAGE, x)
    assert (shown["compared"], shown["psnr_db"], shown["psnr_db_by_frame"]) == (False, None, [])
    rows = pictures.rows(spec, IMAGE, x)
    assert [row.name for row in rows] == ["in", "out"]
    for row in rows:  # each over its own range
        assert (row.levels.min(), row.levels.max()) == (0, 1)


def test_no_image_no_figures(shipped):
    assert pictures.figures(shipped[0], (), shipped[1]) is None


def test_at_most_eight_are_shown(shipped):
    spec, frames = shipped
    found = pictures.rows(spec, IMAGE, np.concatenate([frames, frames]))
    assert {len(row.levels) for row in found} == {8}
    assert re.fullmatch("data:image/png;base64,[A-Za-z0-9+/]+=*", png.data_url(found[0].levels[0]))
