"""Every runtime keeps the contract; eager's own promises."""

import pytest
import torch
from torch.nn.modules.module import register_module_forward_pre_hook

from paretoformer.records.errors import UserError
from paretoformer.records.signature import ClassOutput, ImageInput, Signature, TokenInput, TokenOutput
from paretoformer.records.target import Target, parse_target
from paretoformer.runtimes.base import Phase, Runtime
from paretoformer.runtimes.eager import DTYPES
from paretoformer.runtimes.registry import register_runtime, runtime, runtime_names
from paretoformer.search_spaces.architecture import Architecture
from paretoformer.search_spaces.build import build

IMAGES = Signature(input=ImageInput(channels=1, height=4, width=4), output=ClassOutput(classes=3))
TEXT = Signature(input=TokenInput(vocabulary=11, length=9), output=TokenOutput(vocabulary=11))


def architecture(topology: str, stem: str, mixer: str) -> Architecture:
    block = [
        {"role": "mixer", "body": mixer, "norm": "layer"},
        {"role": "feedforward", "body": "gelu", "norm": "layer"},
    ]
    stack = {"name": topology, "width": 8, "position": "none", "blocks": [block]}
    return Architecture.from_json({"topology": topology, "stem": stem, "stacks": [stack]})


def encoder_decoder() -> Architecture:
    def block(*roles: str) -> list[dict[str, str]]:
        bodies = {"mixer": "softmax", "cross": "softmax", "feedforward": "gelu"}
        return [{"role": role, "body": bodies[role], "norm": "layer"} for role in roles]

    stacks = [
        {"name": name, "width": 8, "position": "none", "blocks": [block(*roles)]}
        for name, roles in (("encoder", ("mixer", "feedforward")), ("decoder", ("mixer", "cross", "feedforward")))
    ]
    return Architecture.from_json({"topology": "encoder-decoder", "stem": "tokens", "stacks": stacks})


ENCODER = architecture("encoder", "patches", "pooling")
DECODERS = [architecture("decoder", "tokens", mixer) for mixer in ("softmax", "linear")]


def target(workload: str, precision: str = "fp32") -> Target:
    return parse_target(f"cpu:eager:{precision}:1:{workload}")


@pytest.fixture(params=runtime_names())
def any_runtime(request: pytest.FixtureRequest) -> Runtime:
    return runtime(request.param)


def test_a_prefill_runs_the_whole_batch(any_runtime: Runtime) -> None:
    phases = any_runtime.prepare(ENCODER, IMAGES, target("prefill/3/1"), seed=0)
    assert phases.keys() == {"latency"}
    assert phases["latency"].calls(1)[0]().shape == (3, 3)


def test_a_prefill_of_text_has_the_workloads_length(any_runtime: Runtime) -> None:
    phases = any_runtime.prepare(DECODERS[0], TEXT, target("prefill/2/7"), seed=0)
    assert phases["latency"].calls(1)[0]().shape == (2, 7, 11)


@pytest.mark.parametrize("decoder", DECODERS, ids=lambda a: a.mixers()[0])
def test_every_call_of_a_decode_gives_the_same_last_token(any_runtime: Runtime, decoder: Architecture) -> None:
    phase = any_runtime.prepare(decoder, TEXT, target("decode/2/4/5"), seed=0)["latency"]
    first, second, third = (call() for call in phase.calls(3))
    torch.testing.assert_close(first, second)
    torch.testing.assert_close(first, third)


@pytest.mark.parametrize("decoder", DECODERS, ids=lambda a: a.mixers()[0])
def test_a_decode_ends_where_a_prefill_of_all_its_tokens_ends(any_runtime: Runtime, decoder: Architecture) -> None:
    decode = any_runtime.prepare(decoder, TEXT, target("decode/2/4/5"), seed=0)
    prefill = any_runtime.prepare(decoder, TEXT, target("prefill/2/9"), seed=0)
    last = decode["latency"].calls(1)[0]()[:, -1]
    torch.testing.assert_close(last, prefill["latency"].calls(1)[0]()[:, -1])


def test_a_source_is_read_at_full_length_by_prefill_and_decode_alike(any_runtime: Runtime) -> None:
    signature = Signature(input=TEXT.input, output=TEXT.output, source=TokenInput(vocabulary=11, length=6))
    seen: list[torch.Size] = []
    hook = register_module_forward_pre_hook(
        lambda module, inputs: seen.append(inputs[0].shape) if isinstance(module, torch.nn.Embedding) else None
    )
    with hook:
        decode = any_runtime.prepare(encoder_decoder(), signature, target("decode/2/4/5"), seed=0)
        prefill = any_runtime.prepare(encoder_decoder(), signature, target("prefill/2/9"), seed=0)
        last = prefill["latency"].calls(1)[0]()[:, -1]
    torch.testing.assert_close(decode["latency"].calls(1)[0]()[:, -1], last)
    assert torch.Size((2, 6)) in seen


def test_a_decode_counts_its_new_tokens_as_units(any_runtime: Runtime) -> None:
    phases = any_runtime.prepare(DECODERS[0], TEXT, target("decode/1/4/5"), seed=0)
    assert {name: phase.units for name, phase in phases.items()} == {"first_token": 1, "latency": 5}


@pytest.mark.parametrize("precision", ["fp32", "bf16"])
def test_the_output_has_the_targets_precision(any_runtime: Runtime, precision: str) -> None:
    phases = any_runtime.prepare(ENCODER, IMAGES, target("prefill/1/1", precision), seed=0)
    assert phases["latency"].calls(1)[0]().dtype is DTYPES[precision]


def test_eager_computes_what_the_model_computes() -> None:
    phase = runtime("eager").prepare(ENCODER, IMAGES, target("prefill/2/1"), seed=5)["latency"]
    model = build(ENCODER, IMAGES, seed=5).eval()
    torch.testing.assert_close(phase.calls(1)[0](), model(phase.setup()).detach())


def test_preparing_leaves_the_global_generator_alone() -> None:
    before = torch.get_rng_state()
    runtime("eager").prepare(DECODERS[0], TEXT, target("decode/1/4/5"), seed=3)
    assert torch.equal(before, torch.get_rng_state())


def test_preparing_sets_the_targets_threads() -> None:
    torch.set_num_threads(2)
    runtime("eager").prepare(ENCODER, IMAGES, target("prefill/1/1"), seed=0)
    assert torch.get_num_threads() == 1


@pytest.mark.parametrize(
    ("device", "precision", "word"),
    [("cpu", "fp16", "fp32 or bf16"), ("cpu", "int8", "quantise"), ("mps", "int8", "fp16")],
)
def test_eager_says_why_a_precision_cannot_be_used(device: str, precision: str, word: str) -> None:
    assert word in (runtime("eager").precision_problem(device, precision) or "")


@pytest.mark.skipif(not torch.cuda.is_available(), reason="no CUDA device")
@pytest.mark.parametrize("workload", ["prefill/2/7", "decode/2/4/5"])
def test_eager_runs_on_cuda(workload: str) -> None:
    on_cuda = parse_target(f"cuda:eager:fp32:1:{workload}")
    phases = runtime("eager").prepare(DECODERS[0], TEXT, on_cuda, seed=0)
    assert phases["latency"].calls(1)[0]().device.type == "cuda"


def test_calls_of_a_consuming_phase_share_nothing() -> None:
    def call(given: list[int]) -> list[int]:
        given.append(1)
        return given

    phase = Phase(setup=list, call=call, consumes=True)
    assert [ready() for ready in phase.calls(3)] == [[1]] * 3


def test_an_unknown_runtime_is_refused_with_the_known_ones() -> None:
    with pytest.raises(UserError, match=r"'abacus' is not a runtime; runtimes: .*eager"):
        runtime("abacus")


def test_a_runtimes_name_is_its_alone() -> None:
    with pytest.raises(ValueError, match="registered twice"):
        register_runtime("eager")(type(runtime("eager")))
