"""The Hadamard stage against its definition, as a product of matrices."""

import numpy as np
import pytest

from hadacast import matrices, recipe
from hadacast.errors import HadacastError
from hadacast.format import Format
from hadacast.frames import Frames, exponents
from hadacast.spec.hadamard import Hadamard
from hadacast.spec.hadamard_plan import HadamardPlan
from hadacast.spec.pipeline import Pipeline

CASES = [
    {"frame": 12, "order": 12},
    {"frame": 12, "order": 12, "stride": 1, "transpose": True},
    {"frame": 96, "matrix": "paley1-12", "stride": 4},
    {"frame": 96, "matrix": "paley1-12", "stride": 8, "transpose": True},
    {"frame": 60, "order": 20, "stride": 1},
    {"frame": 60, "order": 20, "lanes": 3},
    {"frame": 28 * 6, "matrix": "paley1-28", "lanes": 2, "stride": 2, "transpose": True},
    {"frame": 8, "matrix": ("-+", "++"), "stride": 2},
    {"frame": 64, "order": 16},
    {"frame": 172 * 2, "order": 172, "transpose": True},
    {"frame": 256, "order": 256},
]


def ident(case):
    return "-".join(str(value) for value in case.values())


@pytest.mark.parametrize("case", CASES, ids=ident)
def test_it_is_a_kronecker_product(case):
    """(I ⊗ H ⊗ I)·x in exact integers, and HᵀH = K·I brings x back."""
    spec = Hadamard(**case)
    h = spec.signs.astype(object)
    named = np.array(
        matrices.named(spec.matrix) if isinstance(spec.matrix, str) else matrices.checked(spec.matrix)
    )
    assert (h == (named.T if spec.transpose else named)).all()
    outer = spec.frame // spec.order // spec.stride
    whole = np.kron(np.kron(np.eye(outer, dtype=object), h), np.eye(spec.stride, dtype=object))
    rng = np.random.default_rng(1)
    x = rng.integers(-(1 << 15), 1 << 15, (3, 2, spec.frame))
    y = spec.compute(x)
    assert y.dtype == np.int64
    assert (y == x @ whole.T).all()
    back = Hadamard(**{**case, "transpose": not spec.transpose}, input=spec.output)
    assert (back.compute(y) == spec.order * x).all()


def test_with_a_sylvester_factor_it_is_scipys_matrix():
    """H_12 ⊗ H_8 of a frame of 96: the stage, and then an independent H_8 on the low places."""
    h8 = pytest.importorskip("scipy.linalg").hadamard(8)
    x = np.arange(-48, 48)
    y = Hadamard(frame=96, matrix="paley1-12").compute(x).reshape(12, 8) @ h8
    assert (y.ravel() == np.kron(matrices.named("paley1-12").astype(int), h8) @ x).all()


@pytest.mark.parametrize(
    ("matrix", "input_", "width"),
    [
        ("paley2-12", Format(width=16), 20),
        ("paley1-12", Format(width=16), 20),
        ("paley2-28", Format(width=16), 21),
        ("sylvester-2*paley2-20", Format(width=16), 22),
        ("williamson-156", Format(width=8), 16),
        ("sylvester-16", Format(width=8), 12),
        ("sylvester-16", Format(width=8, signed=False), 13),
        ("paley2-12", Format(width=1, signed=False), 5),
        (("--", "-+"), Format(width=3), 5),
        (("+-", "++"), Format(width=3), 4),
        (("+-", "--"), Format(width=3, signed=False), 5),
    ],
)
def test_the_width_is_what_the_extremes_take(matrix, input_, width):
    """Frames with the signs of a row, largest magnitudes where they add up, reach the ends of the range."""
    order = len(matrices.named(matrix)) if isinstance(matrix, str) else len(matrix)
    spec = Hadamard(frame=order, matrix=matrix, input=input_)
    assert spec.output == Format(width=width)
    signs = spec.signs
    top = spec.compute(np.where(signs > 0, input_.max, input_.min)).max()
    bottom = spec.compute(np.where(signs > 0, input_.min, input_.max)).min()
    half = 1 << (width - 2)
    assert not -half <= bottom <= top < half  # a bit less would not do
    assert -2 * half <= bottom <= top < 2 * half


def test_the_fraction_stays_and_exponents_pass():
    spec = Hadamard(frame=24, order=12, input=exponents(Format(width=9, fraction=4), 24))
    assert spec.output == exponents(Format(width=13, fraction=4), 24)
    codes, scale = np.arange(24)[None] - 12, np.array([[130]])
    y = spec.compute(Frames(codes=codes, scale=scale))
    assert (y.scale == scale).all()
    assert (y.codes == Hadamard(frame=24, order=12).compute(codes)).all()


def test_order_and_matrix_say_the_same():
    by_order = Hadamard(frame=80, order=40)
    by_name = Hadamard(frame=80, matrix="sylvester-2*paley2-20")
    assert by_order == by_name
    assert hash(by_order) == hash(by_name)
    assert (by_order.order, by_order.stride) == (40, 2)
    rows = tuple("".join("+-"[int(s < 0)] for s in row) for row in matrices.named("paley1-12"))
    numbers = tuple(int(s) for s in matrices.named("paley1-12").ravel())
    assert Hadamard(frame=12, matrix=rows) == Hadamard(frame=12, matrix=numbers, order=12)


FOLDED = {
    "sylvester-2": (1, 0, 1),
    "sylvester-8": (3, 0, 1),
    "sylvester-2*paley2-20": (1, 1, 10),
    "sylvester-2*sylvester-2*paley1-20": (2, 0, 20),
    "paley2-28": (0, 1, 14),
    "paley1-28": (0, 0, 28),
    "williamson-172": (0, 0, 172),
    "paley1-12*sylvester-2": (0, 0, 24),
}


@pytest.mark.parametrize("name", FOLDED)
def test_folds(name):
    """The folds say the same as the matrix, and leave an array of the size expected."""
    plan = HadamardPlan(matrix=matrices.named(name), beats=1)
    plain = sum(not fold.corrects for fold in plan.folds)
    assert (plain, len(plan.folds) - plain, len(plan.array)) == FOLDED[name]
    assert plan.adders == 2 * plain + 3 * (len(plan.folds) - plain) + (len(plan.array) > 1) * len(plan.array)

    def product(x, folds):
        if not folds:
            return plan.array.astype(int) @ x
        a, b = np.split(x, 2)
        assert folds[0].distance == len(a)
        u, v = product(a + b, folds[1:]), product(a - b, folds[1:])
        return np.concatenate([u - 2 * b, v - 2 * a] if folds[0].corrects else [u, v])

    x = np.random.default_rng(1).integers(-99, 100, plan.order)
    assert (product(x, plan.folds) == plan.matrix.astype(int) @ x).all()


def test_what_looks_like_a_fold_and_is_none():
    """-S_2 and its like are arrays."""
    for rows in (("--", "-+"), ("-+", "++"), ("+-", "++")):
        plan = HadamardPlan(matrix=matrices.checked(rows), beats=1)
        assert (plan.folds, len(plan.array)) == ((), 2)


@pytest.mark.parametrize(
    ("members", "message"),
    [
        ({}, "order is 0: it must be 2 or a multiple of 4 up to 256, but not 188, 236"),
        ({"order": 188}, "order is 188: it must be 2 or a multiple of 4"),
        ({"order": 20}, "order is 20: it must divide the frame, 96"),
        ({"order": 24, "matrix": "paley1-12"}, "order is 24: the matrix has the order 12"),
        ({"order": True, "matrix": "paley1-12"}, "order is True: the matrix has the order 12"),
        ({"matrix": "paley"}, "matrix is 'paley': it must be a name such as"),
        ({"matrix": ("++", "++")}, "matrix rows 0 and 1 have the product 2"),
        ({"matrix": 3}, "matrix is 3: it must be rows"),
        ({"order": 12, "stride": 3}, "stride is 3: with order 12 it must divide the frame, 96"),
        ({"order": 12, "stride": 16}, r"stride is 16: it must be an integer from 0 to 8 \(frame / 12\)"),
        ({"order": 12, "stride": -1}, "stride is -1: it must be an integer"),
        (
            {"order": 12, "stride": 4, "lanes": 8},
            "lanes is 8: a hadamard stage takes numbers that divide its stride, 4",
        ),
        ({"order": 12, "lanes": 3}, "lanes is 3: a hadamard stage takes numbers that divide its stride, 8"),
        ({"order": 12, "transpose": 1}, "transpose is 1: it must be true or false"),
        ({"order": 12, "input": Format(width=49)}, "width is 49: a hadamard stage takes 1 to 48 input bits"),
    ],
)
def test_errors(members, message):
    with pytest.raises(HadacastError, match=message):
        Hadamard(**{"frame": 96, **members})


RECIPE = """
[stream]
frame = 24
lanes = 2
[[stage]]
kind = "hadamard"
matrix = {matrix}
transpose = true
"""


@pytest.mark.parametrize("matrix", ['"h.txt"', '"rows.npy"', '"row.npy"', "[ROWS]", '"paley1-12"'])
def test_recipes_name_a_matrix_or_bring_it(matrix, tmp_path):
    h = matrices.named("paley1-12")
    rows = ["".join("+-"[int(s < 0)] for s in row) for row in h]
    (tmp_path / "h.txt").write_text("\n".join(rows) + "\n")
    np.save(tmp_path / "rows.npy", h)
    np.save(tmp_path / "row.npy", h.ravel().astype(np.float32))
    (tmp_path / "mine.toml").write_text(RECIPE.format(matrix=matrix.replace("ROWS", str(rows)[1:-1])))
    spec = recipe.load(tmp_path / "mine.toml").pipeline
    assert isinstance(spec, Pipeline)
    x = np.arange(24)
    assert (spec.compute(x).reshape(12, 2) == h.T.astype(int) @ x.reshape(12, 2)).all()


def test_a_recipe_with_a_wrong_file_says_which_rows(tmp_path):
    h = matrices.named("paley1-12").copy()
    h[3, 7] *= -1
    np.save(tmp_path / "rows.npy", h)
    (tmp_path / "mine.toml").write_text(RECIPE.format(matrix='"rows.npy"'))
    with pytest.raises(HadacastError, match=r"recipe 'mine.toml': matrix rows 0 and 3 have the product"):
        recipe.load(tmp_path / "mine.toml")
