"""Products cut into small ones, against the whole."""

import numpy as np
import pytest
from plain_loops import dirty
from threadpoolctl import ThreadpoolController

from cnn_core.functional import products

ROWS = [1, 30, 31, 48, 61, 64, 137]  # small products have 30 rows at most


@pytest.fixture(params=[True, False], ids=["cut", "whole"])
def cut(request, monkeypatch):
    """Let small products be the quicker ones, or not."""
    monkeypatch.setattr(products, "SMALL", 360)
    monkeypatch.setattr(products, "FEWEST_SUMMED", 2)
    monkeypatch.setattr(products, "small_are_quicker", lambda: request.param)
    return request.param


def _multiplied(monkeypatch):
    """Return a list that will hold the multiply-adds of each product BLAS is asked for."""
    sizes, matmul = [], np.matmul

    def noted(a, b, out):
        sizes.append(a.shape[-2] * a.shape[-1] * b.shape[-1])
        return matmul(a, b, out=out)

    monkeypatch.setattr(np, "matmul", noted)
    return sizes


@pytest.mark.usefixtures("cut")
@pytest.mark.parametrize("rows", ROWS)
@pytest.mark.parametrize("order", ["C", "F"])
@pytest.mark.parametrize("stack", [(), (2,)], ids=["one", "a stack"])
def test_a_product_is_the_same_cut_or_whole(generator, rows, order, stack):
    a, b = generator.standard_normal((*stack, rows, 4)), generator.standard_normal((*stack, 4, 3))
    a, out = np.asarray(a, order=order), dirty((*stack, rows, 3), np.float64)
    products.multiply(a, b, out)
    np.testing.assert_allclose(out, a @ b, rtol=1e-12)


@pytest.mark.usefixtures("cut")
@pytest.mark.parametrize("rows", ROWS)
@pytest.mark.parametrize("order", ["C", "F"])
@pytest.mark.parametrize("stack", [(), (2,)], ids=["one", "a stack"])
def test_a_total_is_the_same_cut_or_whole(generator, rows, order, stack):
    both = rows + rows // 2
    a, b = generator.standard_normal((*stack, both, 4)), generator.standard_normal((*stack, both, 3))
    total = products.Total(dirty((*stack, 4, 3), np.float64), dirty)
    for part in (slice(rows), slice(rows, None)):
        total.add(np.asarray(a[..., part, :], order=order), b[..., part, :])
    np.testing.assert_allclose(total.sum, a.swapaxes(-2, -1) @ b, rtol=1e-10, atol=1e-12)


@pytest.mark.usefixtures("cut")
@pytest.mark.parametrize("columns", ROWS)
@pytest.mark.parametrize("order", ["C", "F"])
@pytest.mark.parametrize("stack", [(), (2,)], ids=["one", "a stack"])
def test_a_transform_is_the_same_cut_or_whole(generator, columns, order, stack):
    a, b = generator.standard_normal((3, 4)), generator.standard_normal((*stack, 4, columns))
    b, out = np.asarray(b, order=order), dirty((*stack, 3, columns), np.float64)
    products.transform(a, b, out)
    np.testing.assert_allclose(out, a @ b, rtol=1e-12)


@pytest.mark.parametrize("rows", [137, 144, 160])
def test_cut_products_are_as_small_as_they_have_to_be(generator, rows, cut, monkeypatch):
    a, b = generator.standard_normal((rows, 4)), generator.standard_normal((rows, 3))
    total, sizes = products.Total(dirty((4, 3), np.float64), dirty), _multiplied(monkeypatch)
    products.multiply(a, np.ones((4, 3)), dirty((rows, 3), np.float64))
    total.add(a, b)
    assert (max(sizes) <= products.SMALL) is cut


@pytest.mark.parametrize("columns", [31, 137, 144, 160])
def test_cut_transforms_are_as_small_as_they_have_to_be(columns, cut, monkeypatch):
    sizes = _multiplied(monkeypatch)
    products.transform(np.ones((4, 3)), np.ones((3, columns)), dirty((4, columns), np.float64))
    assert (max(sizes) <= products.SMALL) is cut


def test_a_stack_is_cut_as_each_of_its_matrices_is(generator, monkeypatch):
    monkeypatch.setattr(products, "SMALL", 360)
    monkeypatch.setattr(products, "FEWEST_SUMMED", 2)
    monkeypatch.setattr(products, "small_are_quicker", lambda: True)
    a, b = generator.standard_normal((3, 137, 4)), generator.standard_normal((3, 137, 3))
    sizes = _multiplied(monkeypatch)
    for stack in (slice(0, 3), 0):
        products.multiply(a[stack], np.ones((3, 4, 3))[stack], dirty(b[stack].shape, np.float64))
        products.Total(dirty(a[stack, :4, :3].shape, np.float64), dirty).add(a[stack], b[stack])
    assert len(sizes) == 8
    assert sizes[:4] == sizes[4:]


@pytest.mark.parametrize(
    ("most", "columns", "cut"),
    [
        (24, 16, True),
        (23, 16, False),  # the other factor would be read too often
        (24, 48, True),
        (24, 49, False),  # columns that are no whole lines need a row for two of them
        (25, 49, True),
    ],
)
def test_a_product_is_cut_where_small_ones_have_enough_rows(generator, monkeypatch, most, columns, cut):
    monkeypatch.setattr(products, "SMALL", most * 2 * columns)
    monkeypatch.setattr(products, "small_are_quicker", lambda: True)
    a, b, sizes = generator.standard_normal((99, 2)), np.ones((2, columns)), _multiplied(monkeypatch)
    products.multiply(a, b, dirty((99, columns), np.float64))
    assert (sizes != [99 * 2 * columns]) is cut


def test_a_turned_factor_is_not_taken_as_it_lies(generator, monkeypatch):
    monkeypatch.setattr(products, "SMALL", 24 * 2 * 64)
    monkeypatch.setattr(products, "small_are_quicker", lambda: True)
    a, b, sizes = generator.standard_normal((99, 2)), np.ones((64, 2)).T, _multiplied(monkeypatch)
    products.multiply(a, b, dirty((99, 64), np.float64))
    products.multiply(a, np.ascontiguousarray(b), dirty((99, 64), np.float64))
    assert sizes == [99 * 2 * 64, 24 * 2 * 64, 3 * 2 * 64]


@pytest.mark.parametrize(
    ("rows", "most", "sizes"),
    [
        (160, 40, [32]),  # all in whole lines of the cache
        (100, 30, [20]),  # all in fours
        (137, 30, [24, 17]),  # neither: by as many as go well, and what is left over
        (137, 60, [48, 41]),
        (137, 75, [48, 41]),
        (151, 150, [96, 55]),  # all about as many
        (31, 30, [24, 7]),
    ],
)
def test_into_how_many_rows_a_product_is_cut(generator, monkeypatch, rows, most, sizes):
    monkeypatch.setattr(products, "SMALL", most * 2 * 16)
    monkeypatch.setattr(products, "small_are_quicker", lambda: True)
    found = _multiplied(monkeypatch)
    products.multiply(generator.standard_normal((rows, 2)), np.ones((2, 16)), dirty((rows, 16), np.float64))
    assert found == [size * 2 * 16 for size in sizes]


@pytest.mark.parametrize(("k", "cut"), [(5, True), (6, False)])
def test_a_total_is_not_cut_into_a_few_rows(generator, monkeypatch, k, cut):
    monkeypatch.setattr(products, "SMALL", products.FEWEST_SUMMED * 10)
    monkeypatch.setattr(products, "small_are_quicker", lambda: True)
    a, b = generator.standard_normal((200, k)), generator.standard_normal((200, 2))
    sizes = _multiplied(monkeypatch)
    products.Total(dirty((k, 2), np.float64), dirty).add(a, b)
    assert (sizes != [k * 200 * 2]) is cut


@pytest.mark.parametrize("rows", [(37, 36), (97, 96), (196, 193)])
def test_fewer_rows_may_be_cut_into_more_parts_than_those_before_them(generator, monkeypatch, rows):
    monkeypatch.setattr(products, "SMALL", 360)
    monkeypatch.setattr(products, "FEWEST_SUMMED", 2)
    monkeypatch.setattr(products, "small_are_quicker", lambda: True)
    a, b = generator.standard_normal((sum(rows), 4)), generator.standard_normal((sum(rows), 3))
    total = products.Total(dirty((4, 3), np.float64), dirty)
    for part in (slice(rows[0]), slice(rows[0], None)):
        total.add(a[part], b[part])
    np.testing.assert_allclose(total.sum, a.T @ b, rtol=1e-10, atol=1e-12)


@pytest.mark.parametrize(("architecture", "quicker"), [("SkylakeX", True), ("Haswell", False)])
def test_whether_small_ones_are_quicker_depends_on_blas(architecture, quicker, monkeypatch):
    libraries = [{"user_api": "openmp"}, {"user_api": "blas", "architecture": architecture}]
    monkeypatch.setattr(ThreadpoolController, "info", lambda self: libraries)
    products.small_are_quicker.cache_clear()
    try:
        assert products.small_are_quicker() is quicker
    finally:
        products.small_are_quicker.cache_clear()
