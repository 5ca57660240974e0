"""Named matrices: what each name promises, and that H·Hᵀ = n·I."""

import numpy as np
import pytest

from hadacast import matrices
from hadacast.errors import HadacastError
from hadacast.matrices.names import default_orders

KNOWN = matrices.known()

# The orders in published use.
PUBLISHED = (12, 20, 28, 36, 40, 52, 60, 108, 140, 156, 172)


def is_hadamard(h):
    order = len(h)
    wide = h.astype(np.int64)
    return set(np.unique(h)) <= {-1, 1} and (wide @ wide.T == order * np.eye(order)).all()


@pytest.mark.parametrize("name", KNOWN)
def test_every_name_is_a_hadamard_matrix_of_its_order(name):
    h = matrices.named(name)
    assert h.shape == (KNOWN[name], KNOWN[name])
    assert h.dtype == np.int8
    assert not h.flags.writeable
    assert is_hadamard(h)
    assert name == f"{name.partition('-')[0]}-{len(h)}"


def test_names_tell_matrices_of_one_order_apart():
    """Not even up to signs of rows and columns: first row and column made +."""
    for order in {*KNOWN.values()}:
        of_order = [matrices.named(name) for name in KNOWN if KNOWN[name] == order]
        normal = [(h * h[:1]).T * (h * h[:1])[:, 0] for h in map(np.array, of_order)]
        assert len({h.tobytes() for h in normal}) == len(normal) or order < 12


@pytest.mark.parametrize("order", default_orders())
def test_defaults(order):
    name = matrices.default(order)
    h = matrices.named(name)
    assert len(h) == order
    assert is_hadamard(h)


def test_published_orders_have_defaults():
    assert {order: matrices.default(order) for order in PUBLISHED} == {
        12: "paley2-12",
        20: "paley2-20",
        28: "paley2-28",
        36: "paley2-36",
        40: "sylvester-2*paley2-20",
        52: "paley2-52",
        60: "paley2-60",
        108: "paley2-108",
        140: "paley1-140",
        156: "williamson-156",
        172: "williamson-172",
    }


def test_the_default_for_28_and_36_is_symmetric():
    for order in (28, 36):
        h = matrices.named(matrices.default(order))
        assert (h == h.T).all()


def test_products_are_kroneckers():
    h = matrices.named("sylvester-2*paley1-20")
    assert (h == np.kron([[1, 1], [1, -1]], matrices.named("paley1-20"))).all()
    three = matrices.named("paley1-4*sylvester-2*paley2-12")
    assert three.shape == (96, 96)
    assert is_hadamard(three)


def test_a_power_of_two_is_sylvesters():
    linalg = pytest.importorskip("scipy.linalg")
    for order in (2, 4, 16, 256):
        assert (matrices.named(matrices.default(order)) == linalg.hadamard(order)).all()


@pytest.mark.parametrize(
    "name",
    ["", "paley1", "paley1-", "paley3-12", "paley1-12 ", "PALEY1-12", "paley1-012", "paley1-12*", "12", "+-"],
)
def test_other_texts_are_no_names(name):
    with pytest.raises(HadacastError, match=r"^matrix is '.*': it must be a name such as"):
        matrices.named(name)


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("paley1-16", "matrix is 'paley1-16': paley1 has the orders 4, 8, 12, 20, 24, 28, 32, 44"),
        ("paley2-44", "matrix is 'paley2-44': paley2 has the orders 12, 20, 28, 36, 52, 60, 76"),
        ("williamson-140", "matrix is 'williamson-140': williamson has the orders 12, 20, 28"),
        ("sylvester-512", "matrix is 'sylvester-512': sylvester has the orders 2, 4, 8"),
        ("sylvester-32*paley1-12", "matrix is 'sylvester-32[*]paley1-12': paley1 has the orders"),
        ("sylvester-1", "matrix is 'sylvester-1': its order must be 2 or more"),
    ],
)
def test_orders_that_a_family_lacks(name, message):
    with pytest.raises(HadacastError, match=message):
        matrices.named(name)


@pytest.mark.parametrize("order", [0, 1, 6, 188, 260, -4, True, 12.0, None, "12"])
def test_orders_without_a_default(order):
    with pytest.raises(
        HadacastError, match=r"^order is .*: it must be 2 or a multiple of 4 up to 256, but not"
    ):
        matrices.default(order)
