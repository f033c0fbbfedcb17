"""Architectures as JSON text: any goes there and back, and nothing foreign or hostile comes in."""

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from some_architectures import NETWORKS, any_architecture

from cnn_core import Architecture, ArchitectureError, Dense, Flatten, presets


@pytest.mark.parametrize("name", presets.names())
def test_presets_go_there_and_back(name):
    assert Architecture.from_json(presets.load(name).to_json()) == presets.load(name)


@settings(max_examples=150, deadline=None, derandomize=True)
@given(any_architecture())
def test_any_architecture_goes_there_and_back(architecture):
    text = architecture.to_json()
    again = Architecture.from_json(text)
    assert again == architecture
    assert hash(again) == hash(architecture)
    assert again.check() == architecture.check()
    assert again.to_json() == text


def test_a_half_edited_architecture_goes_there_and_back():
    broken = Architecture((4, 4, 1), (Dense(units=3), Flatten()))
    assert Architecture.from_json(broken.to_json()) == broken
    assert Architecture.from_json(Architecture((4, 4, 1), ()).to_json()).layers == ()


def altered(**changes):
    return json.dumps({**json.loads(presets.load("tiny").to_json()), **changes})


def with_layer(**layer):
    return altered(layers=[layer])


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "not JSON"),
        ("{", "not JSON"),
        ("[" * 100_000, "not JSON"),
        ("null", 'lacks "format": "cnn-architecture"'),
        ("[]", 'lacks "format"'),
        ("{}", 'lacks "format"'),
        (altered(format="onnx"), 'lacks "format"'),
        (altered(version=2), "has version 2, this program reads 1; update the program"),
        (altered(version="1"), "has version '1'"),
        (altered(version=None), "has version None"),
        (altered(input_shape=None), "lacks the lists"),
        (altered(layers={}), "lacks the lists"),
        (altered(layers="Dense"), "lacks the lists"),
        (altered(input_shape=[28, 28]), "use (height, width, channels)"),
        (altered(input_shape=[28, 28, 1e9]), "use (height, width, channels)"),
        (altered(input_shape=["28", 28, 1]), "use (height, width, channels)"),
        (altered(input_shape=[[28], 28, 1]), "use (height, width, channels)"),
        (altered(input_shape=[10**30, 28, 1]), "use (height, width, channels)"),
        (altered(layers=[{"type": "ReLU"}] * 201), "201 layers are too many"),
        (altered(layers=["ReLU"]), "layer 0: no layer is called 'ReLU'"),
        (altered(layers=[None]), "layer 0: no layer is called 'None'"),
        (altered(layers=[[]]), "layer 0: no layer is called '[]'"),
        (with_layer(type="LSTM"), "layer 0: no layer is called 'LSTM'; use one of Conv2D, "),
        (with_layer(type="PooledConv2D"), "no layer is called 'PooledConv2D'"),
        (with_layer(type="__class__"), "no layer is called '__class__'"),
        (with_layer(type=["Dense"]), "no layer is called"),
        (with_layer(type="x" * 1000), "no layer is called 'xxx"),
        (with_layer(type="Dense"), "layer 0 (Dense): a setting is missing"),
        (with_layer(type="Dense", units=3, colour="red"), "it has no 'colour'; its settings: bias, "),
        (with_layer(type="Dense", units=3, __class__=1), "it has no '__class__'"),
        (with_layer(type="Dense", units=3, releases_output=True), "it has no 'releases_output'"),
        (with_layer(type="ReLU", size=1), "it has no 'size'; its settings: none"),
        (with_layer(type="Dense", units=0), "layer 0 (Dense: units is 0"),
        (with_layer(type="Dense", units=1e400), "units is inf"),
        (with_layer(type="Dense", units=float("nan")), "units is nan"),
        (with_layer(type="Dense", units=None), "units is None"),
        (with_layer(type="Dense", units=[3, 4]), "units is (3, 4)"),
        (with_layer(type="Dense", units=[]), "units is ()"),
        (with_layer(type="Dense", units={}), "units is {}"),
        (with_layer(type="Dense", units=3, bias={}), "bias is {}"),
        (with_layer(type="Dense", units=3, initializer=[]), "initializer is ()"),
        (with_layer(type="Dense", units=3, initializer="__init__"), "initializer is '__init__'"),
        (with_layer(type="Conv2D", filters=2, kernel_size=[1, [2]]), "kernel_size is (1, [2])"),
        (with_layer(type="Conv2D", filters=2, kernel_size=[[1, 2]]), "kernel_size is ([1, 2],)"),
        (with_layer(type="Conv2D", filters=2, padding={"same": 1}), "padding is {'same': 1}"),
        (with_layer(type="Conv2D", filters=2, stride=10**25), "stride is 10000000000000000000000000"),
        (with_layer(type="MaxPool2D", pool_size="2"), "pool_size is '2'"),
        (with_layer(type="Dropout", rate=[0.1]), "rate is (0.1,)"),
    ],
    ids=lambda value: value[:30].replace("\n", ""),
)
def test_foreign_and_hostile_text_is_refused_in_a_short_sentence(text, message):
    with pytest.raises(ArchitectureError) as caught:
        Architecture.from_json(text)
    assert message in str(caught.value)
    assert len(str(caught.value)) < 500


def test_a_long_value_makes_no_long_sentence():
    with pytest.raises(ArchitectureError) as caught:
        Architecture.from_json(with_layer(type="Dense", units="9" * 100_000))
    assert len(str(caught.value)) < 500


JSON = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=8)),
    lambda values: st.one_of(
        st.lists(values, max_size=3), st.dictionaries(st.text(max_size=8), values, max_size=3)
    ),
    max_leaves=6,
)
TEXTS = [Architecture(*parts).to_json() for parts in NETWORKS.values()]


@settings(max_examples=400, deadline=None, derandomize=True)
@given(st.sampled_from(TEXTS), st.data())
def test_one_wrong_value_anywhere_is_refused_or_harmless(text, data):
    value = json.loads(text)
    place = data.draw(st.sampled_from(["layer", "layer", "shape", "top"]))
    if place == "layer" and value["layers"]:
        layer = data.draw(st.sampled_from(value["layers"]))
        layer[data.draw(st.sampled_from(sorted(layer)))] = data.draw(JSON)
    elif place == "shape":
        value["input_shape"][data.draw(st.integers(0, 2))] = data.draw(JSON)
    else:
        value[data.draw(st.sampled_from(sorted(value)))] = data.draw(JSON)
    try:
        architecture = Architecture.from_json(json.dumps(value))
    except ArchitectureError:
        return
    hash(architecture)
    architecture.check()
    assert Architecture.from_json(architecture.to_json()) == architecture
