"""Convolution and its gradients against plain loops and PyTorch, over a table of settings."""

from typing import NamedTuple

import numpy as np
import plain_loops
import pytest
from plain_loops import TOLERANCE, dirty

from cnn_core import functional as F
from cnn_core.functional import convolution, depthwise, im2col, paired_outputs, products, strided, taps
from cnn_core.functional.geometry import window


class Case(NamedTuple):
    image: tuple  # N, H, W, C
    filters: int
    kernel: tuple = (3, 3)
    stride: object = 1
    padding: object = 0
    dilation: object = 1
    groups: int = 1

    @property
    def settings(self):
        return {
            "stride": self.stride,
            "padding": self.padding,
            "dilation": self.dilation,
            "groups": self.groups,
        }


CASES = {
    "plain": Case((2, 6, 6, 3), 4),
    "one channel": Case((3, 7, 7, 1), 5),
    "one channel, one filter, one image": Case((1, 5, 5, 1), 1),
    "non-square image": Case((2, 5, 9, 2), 3),
    "non-square kernel": Case((2, 6, 7, 2), 3, (2, 4)),
    "row kernel": Case((2, 4, 8, 2), 3, (1, 5)),
    "column kernel": Case((2, 8, 4, 2), 3, (5, 1)),
    "1x1 kernel": Case((2, 5, 4, 3), 6, (1, 1)),
    "1x1 kernel, strided": Case((2, 5, 7, 3), 4, (1, 1), stride=2),
    "1x1 kernel, one channel": Case((2, 5, 4, 1), 3, (1, 1)),
    "1x1 kernel, padded": Case((2, 3, 4, 2), 3, (1, 1), padding=1),
    "1x1 kernel, as many outputs as pixels": Case((2, 2, 2, 3), 4, (1, 1), stride=2, padding=1),
    "1x1 input": Case((3, 1, 1, 4), 5, (1, 1)),
    "1x1 input, padded": Case((3, 1, 1, 2), 3, (3, 3), padding=1),
    "1x1 input, same": Case((2, 1, 1, 2), 3, (3, 3), padding="same"),
    "kernel as large as the input": Case((3, 4, 6, 2), 5, (4, 6)),
    "kernel as high as the input": Case((3, 4, 6, 2), 5, (4, 2)),
    "kernel as wide as the input": Case((3, 4, 6, 2), 5, (2, 6)),
    "kernel as large as the input, strided": Case((2, 3, 4, 3), 2, (3, 4), stride=2),
    "kernel as large as the input, groups": Case((2, 3, 4, 4), 6, (3, 4), groups=2),
    "kernel as large as the padded input": Case((2, 3, 2, 3), 4, (5, 4), padding=1),
    "kernel as large as the input if dilated": Case((2, 5, 7, 3), 4, (3, 4), dilation=2),
    "kernel larger than the input, padded": Case((2, 3, 3, 2), 3, (5, 5), padding=1),
    "stride 2": Case((2, 7, 8, 3), 4, stride=2),
    "stride 3 leaves a rest": Case((2, 9, 10, 2), 3, stride=3, padding=1),
    "stride larger than kernel": Case((2, 9, 8, 2), 3, (2, 2), stride=3),
    "stride larger than kernel, one channel": Case((2, 9, 8, 1), 3, (2, 2), stride=3, padding=1),
    "stride by axis": Case((2, 8, 9, 2), 3, stride=(1, 2)),
    "padding 1": Case((2, 5, 5, 3), 4, padding=1),
    "padding 2": Case((2, 5, 5, 1), 4, (5, 5), padding=2),
    "padding by axis": Case((2, 5, 6, 2), 3, padding=(0, 2)),
    "padding of rows only": Case((2, 5, 6, 2), 3, padding=(2, 0)),
    "valid": Case((2, 5, 6, 2), 3, padding="valid"),
    "same": Case((2, 5, 6, 3), 4, padding="same"),
    "same, even kernel": Case((2, 5, 6, 2), 3, (4, 2), padding="same"),
    "same, strided": Case((2, 7, 8, 2), 3, stride=2, padding="same"),
    "same, stride larger than kernel": Case((2, 7, 8, 2), 3, (2, 2), stride=3, padding="same"),
    "same, dilated": Case((2, 7, 8, 2), 3, padding="same", dilation=2),
    "dilation 2": Case((2, 7, 8, 3), 4, dilation=2),
    "dilation by axis": Case((2, 9, 7, 2), 3, dilation=(3, 1)),
    "dilation of columns only": Case((2, 5, 9, 2), 3, dilation=(1, 3)),
    "dilation, one channel": Case((2, 8, 9, 1), 3, dilation=2, padding=2, stride=2),
    "everything at once": Case((3, 10, 11, 4), 6, (3, 2), (2, 3), (2, 1), (2, 3), 2),
    "groups": Case((2, 6, 6, 4), 6, groups=2),
    "groups, padded, strided": Case((2, 6, 7, 6), 6, stride=2, padding=1, groups=3),
    "depthwise": Case((2, 6, 6, 5), 5, groups=5),
    "depthwise, padded": Case((2, 5, 6, 4), 4, padding="same", groups=4),
    "depthwise, strided, dilated": Case((2, 9, 9, 3), 3, stride=2, dilation=2, padding=1, groups=3),
    "depthwise with multiplier": Case((2, 6, 6, 3), 6, groups=3),
    "depthwise with multiplier, padded": Case((2, 5, 5, 2), 6, padding=1, stride=2, groups=2),
    "one group of one channel": Case((2, 5, 5, 1), 1, groups=1),
    "few filters": Case((2, 5, 8, 6), 7),
    "few filters, padded": Case((2, 5, 8, 7), 5, padding=1),
    "few filters, odd width": Case((2, 5, 7, 7), 5, padding=1),
    "few filters, non-square kernel": Case((2, 6, 7, 5), 5, (3, 2)),
    "few filters, rows strided": Case((2, 6, 8, 6), 4, stride=(2, 1)),
    "few filters, rows dilated": Case((2, 7, 8, 6), 5, dilation=(2, 1)),
    "few filters, groups": Case((2, 5, 6, 10), 8, padding=1, groups=2),
    "many filters": Case((2, 6, 6, 8), 33),
    "many channels": Case((2, 4, 4, 33), 2, padding=1),
}


@pytest.fixture(params=CASES.values(), ids=CASES.keys())
def case(request):
    return request.param


@pytest.fixture(params=[np.float32, np.float64])
def dtype(request):
    return request.param


def arrays(case, dtype):
    """Return x, filters, bias and the gradient dy of an output."""
    generator = np.random.default_rng(5)
    shape = (*case.kernel, case.image[3] // case.groups, case.filters)
    settings = (case.kernel, case.stride, case.padding, case.dilation)
    output = (case.image[0], *plain_loops.output_size(case.image[1:3], *settings), case.filters)
    shapes = (case.image, shape, (case.filters,), output)
    return [generator.standard_normal(s).astype(dtype) for s in shapes]


@pytest.fixture(params=[1, 2], ids=["an image a block", "two images a block"])
def _small_blocks(request, monkeypatch):
    """Take so many images at once; three images then make an uneven last block. Products are cut into small
    ones, on any processor."""

    def size(count, most):
        return min(count, request.param)

    for module in (im2col, depthwise, strided):
        monkeypatch.setattr(module, "even", size)
    monkeypatch.setattr(products, "SMALL", 4000)
    monkeypatch.setattr(products, "FEWEST_SUMMED", 2)
    monkeypatch.setattr(products, "small_are_quicker", lambda: True)


def test_conv2d_equals_plain_loops(case, dtype):
    x, filters, bias, _ = arrays(case, dtype)
    y = F.conv2d(x, filters, bias, **case.settings, new=dirty, scratch=dirty)
    assert y.dtype == dtype
    np.testing.assert_allclose(y, plain_loops.conv2d(x, filters, bias, **case.settings), **TOLERANCE[dtype])


def test_gradients_equal_plain_loops(case, dtype):
    x, filters, _, dy = arrays(case, dtype)
    expected = plain_loops.conv2d_gradients(dy, x, filters, **case.settings)
    found = F.conv2d_backward(dy, x, filters, **case.settings, new=dirty, scratch=dirty)
    for name, mine, theirs in zip(("dx", "dfilters", "dbias"), found, expected, strict=True):
        assert mine.dtype == dtype
        np.testing.assert_allclose(mine, theirs, **TOLERANCE[dtype], err_msg=name)


@pytest.mark.parametrize("by_row", [True, False])
def test_whole_rows_of_the_kernel_send_back_what_single_taps_do(case, by_row, monkeypatch):
    x, filters, _, dy = arrays(case, np.float64)
    monkeypatch.setattr(taps, "by_row", lambda w, *_: by_row and w.stride[1] == 1)
    for other_way in ("correlates", "_covers"):
        monkeypatch.setattr(convolution, other_way, lambda *_: False)
    monkeypatch.setattr(strided, "worthwhile", lambda *_: False)
    expected, _, _ = plain_loops.conv2d_gradients(dy, x, filters, **case.settings)
    found, _, _ = F.conv2d_backward(dy, x, filters, **case.settings, new=dirty, scratch=dirty)
    np.testing.assert_allclose(found, expected, **TOLERANCE[np.float64])


@pytest.mark.parametrize(
    ("size", "settings", "channels", "filters", "expected"),
    [
        ((14, 14), {"kernel": 5}, 6, 16, True),
        ((5, 5), {"kernel": 5}, 16, 120, False),
        ((14, 14), {"kernel": (1, 5)}, 6, 16, False),
        ((14, 14), {"kernel": (5, 1)}, 6, 16, False),
        ((28, 28), {"kernel": 5, "stride": (1, 2)}, 6, 16, False),
        ((28, 28), {"kernel": 5, "stride": (2, 1)}, 6, 16, True),
        ((28, 28), {"kernel": 3, "dilation": (1, 9)}, 16, 17, False),
    ],
)
def test_rows_are_sent_back_where_they_are_used_more_than_once(size, settings, channels, filters, expected):
    assert taps.by_row(window(size, **settings), channels, filters) is expected


@pytest.mark.parametrize("padding", [0, 1, 2])
@pytest.mark.parametrize("filters", [5, 7], ids=["fewer filters", "more filters"])
def test_arrays_may_lie_in_memory_in_any_order(generator, padding, filters):
    shapes = (2, 7, 8, 6), (3, 3, 6, filters), (2, 5 + 2 * padding, 6 + 2 * padding, filters)
    x, weights, dy = (generator.standard_normal(shape) for shape in shapes)
    expected = F.conv2d(x, weights, padding=padding), *F.conv2d_backward(dy, x, weights, padding=padding)
    x, weights, dy = (np.asfortranarray(each) for each in (x, weights, dy))
    found = F.conv2d(x, weights, padding=padding), *F.conv2d_backward(dy, x, weights, padding=padding)
    for mine, theirs in zip(found, expected, strict=True):
        np.testing.assert_allclose(mine, theirs, **TOLERANCE[np.float64])


@pytest.mark.parametrize("padding", [0, 1, 2])
def test_so_may_those_of_a_depthwise_one(generator, padding):
    shapes = (2, 7, 8, 6), (3, 3, 1, 6), (2, 5 + 2 * padding, 6 + 2 * padding, 6)
    x, weights, dy = (generator.standard_normal(shape) for shape in shapes)
    settings = {"padding": padding, "groups": 6}
    expected = F.conv2d(x, weights, **settings), *F.conv2d_backward(dy, x, weights, **settings)
    x, weights, dy = (np.asfortranarray(each) for each in (x, weights, dy))
    found = F.conv2d(x, weights, **settings), *F.conv2d_backward(dy, x, weights, **settings)
    for mine, theirs in zip(found, expected, strict=True):
        np.testing.assert_allclose(mine, theirs, **TOLERANCE[np.float64])


@pytest.mark.usefixtures("_small_blocks")
def test_blocks_of_images_give_the_same(case):
    case = case._replace(image=(3, *case.image[1:]))
    x, filters, bias, dy = arrays(case, np.float64)
    y = F.conv2d(x, filters, bias, **case.settings, new=dirty, scratch=dirty)
    expected = plain_loops.conv2d_gradients(dy, x, filters, **case.settings)
    found = F.conv2d_backward(dy, x, filters, **case.settings, new=dirty, scratch=dirty)
    np.testing.assert_allclose(y, plain_loops.conv2d(x, filters, bias, **case.settings), rtol=1e-9)
    for mine, theirs in zip(found, expected, strict=True):
        np.testing.assert_allclose(mine, theirs, **TOLERANCE[np.float64])


def test_an_image_may_be_larger_than_a_block(case, monkeypatch):
    for module in (im2col, depthwise, strided):
        monkeypatch.setattr(module, "BLOCK_BYTES", 1)
    x, filters, bias, dy = arrays(case, np.float64)
    expected = (
        plain_loops.conv2d(x, filters, bias, **case.settings),
        *plain_loops.conv2d_gradients(dy, x, filters, **case.settings),
    )
    found = F.conv2d(x, filters, bias, **case.settings), *F.conv2d_backward(dy, x, filters, **case.settings)
    for mine, theirs in zip(found, expected, strict=True):
        np.testing.assert_allclose(mine, theirs, **TOLERANCE[np.float64])


def test_no_result_lies_in_memory_for_the_duration_of_the_call(case):
    lent = []

    def scratch(shape, dtype):
        lent.append(np.empty(shape, dtype))
        return lent[-1]

    x, filters, bias, dy = arrays(case, np.float32)
    y = F.conv2d(x, filters, bias, **case.settings, scratch=scratch)
    for result in y, *F.conv2d_backward(dy, x, filters, **case.settings, scratch=scratch):
        assert not any(np.may_share_memory(result, memory) for memory in lent)


@pytest.mark.parametrize("beside", [0, 576])
def test_windows_are_laid_out_for_as_many_images_as_a_block_holds(generator, beside):
    x = generator.standard_normal((9, 20, 20, 64)).astype(np.float32)
    laid_out = im2col.im2col(x, window((20, 20), 3), np.empty, beside=beside)
    blocks = [(images, matrix.nbytes + len(matrix) * beside * x.itemsize) for images, matrix in laid_out]
    assert len(blocks) > 1
    assert all(size <= im2col.BLOCK_BYTES for _, size in blocks)
    assert [i for images, _ in blocks for i in range(9)[images]] == list(range(9))


@pytest.mark.parametrize(
    ("size", "settings", "filters", "expected"),
    [
        ((10, 10), {"kernel": 3}, 10, True),
        ((10, 9), {"kernel": 3}, 12, True),
        ((10, 9), {"kernel": 3}, 13, False),
        ((10, 10), {"kernel": 3}, 16, True),
        ((10, 3), {"kernel": 3}, 10, False),
        ((10, 10), {"kernel": 1}, 10, False),
        ((10, 10), {"kernel": 3}, 17, False),
        ((11, 11), {"kernel": 3, "stride": 2}, 10, False),
        ((12, 12), {"kernel": 3, "dilation": (1, 2)}, 10, False),
    ],
)
def test_few_filters_answer_for_two_outputs_where_these_are_neighbours(size, settings, filters, expected):
    assert paired_outputs.worthwhile(window(size, **settings), filters) is expected


def test_filter_gradients_do_not_depend_on_whether_dx_is_needed(case):
    x, filters, _, dy = arrays(case, np.float32)
    dx, dfilters, dbias = F.conv2d_backward(dy, x, filters, **case.settings, needs_dx=False)
    _, expected_filters, expected_bias = F.conv2d_backward(dy, x, filters, **case.settings)
    assert dx is None
    np.testing.assert_allclose(dfilters, expected_filters, **TOLERANCE[np.float32])
    np.testing.assert_allclose(dbias, expected_bias, **TOLERANCE[np.float32])


def test_inputs_are_left_alone(case):
    x, filters, bias, dy = arrays(case, np.float32)
    before = [a.copy() for a in (x, filters, bias, dy)]
    F.conv2d(x, filters, bias, **case.settings)
    F.conv2d_backward(dy, x, filters, **case.settings)
    for now, then in zip((x, filters, bias, dy), before, strict=True):
        np.testing.assert_array_equal(now, then)


def test_one_image_gives_one_map_without_bias(case):
    x, filters, _, _ = arrays(case, np.float32)
    alone = F.conv2d(x[0], filters, **case.settings)
    np.testing.assert_allclose(alone, F.conv2d(x[:1], filters, **case.settings)[0], **TOLERANCE[np.float32])


@pytest.mark.parametrize("channels", [1, 2])
def test_any_memory_order_of_the_input_gives_the_same(generator, channels):
    x = generator.standard_normal((3, channels, 6, 5)).transpose(0, 2, 3, 1)  # stored channels first
    filters, dy = generator.standard_normal((3, 3, channels, 4)), generator.standard_normal((3, 4, 3, 4))
    expected = F.conv2d(x.copy(), filters, padding=1)
    np.testing.assert_allclose(F.conv2d(x, filters, padding=1), expected, rtol=1e-12)
    np.testing.assert_allclose(F.conv2d(x[:, ::-1], filters)[:, ::-1], F.conv2d(x, filters[::-1]), rtol=1e-9)
    _, *gradients = F.conv2d_backward(dy, x[:, ::-1], filters, needs_dx=False)
    _, *expected_gradients = F.conv2d_backward(dy, x[:, ::-1].copy(), filters, needs_dx=False)
    for mine, theirs in zip(gradients, expected_gradients, strict=True):
        np.testing.assert_array_equal(mine, theirs)


def test_everything_equals_pytorch(case, dtype, torch):
    x, filters, bias, dy = arrays(case, dtype)
    (top, bottom, _), (left, right, _) = plain_loops.geometry(
        case.image[1:3], case.kernel, case.stride, case.padding, case.dilation
    )
    tx, tw, tb = (torch.tensor(a, requires_grad=True) for a in (x, filters, bias))
    padded = torch.nn.functional.pad(tx.permute(0, 3, 1, 2), (left, right, top, bottom))
    ty = torch.nn.functional.conv2d(
        padded,
        tw.permute(3, 2, 0, 1),
        tb,
        stride=case.stride,
        dilation=case.dilation,
        groups=case.groups,
    )
    ty.permute(0, 2, 3, 1).backward(torch.tensor(dy))
    y = F.conv2d(x, filters, bias, **case.settings)
    np.testing.assert_allclose(y, ty.permute(0, 2, 3, 1).detach().numpy(), **TOLERANCE[dtype])
    for mine, theirs in zip(F.conv2d_backward(dy, x, filters, **case.settings), (tx, tw, tb), strict=True):
        np.testing.assert_allclose(mine, theirs.grad.numpy(), **TOLERANCE[dtype])
