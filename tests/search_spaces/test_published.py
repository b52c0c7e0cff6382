"""Presets beside the figures that are published of them; where ours differ, by which terms."""

from dataclasses import dataclass, field
from random import Random

import pytest
import torch
from torch import nn

from paretoformer.search_spaces.build import build
from paretoformer.search_spaces.catalogue import load_space
from paretoformer.search_spaces.contract import Norm
from paretoformer.search_spaces.counts import count
from paretoformer.search_spaces.preset import Preset, load_preset, preset_names

OURS = ("llama-tiny", "poolformer-small", "vit-tiny-digits")
"""Presets of nobody else's."""
GPT2 = "weights of openai-community/gpt2 and gpt2-medium"
CLASS_TOKEN_OF_DEIT_BASE = 12 * (12 * 768**2 + 2 * (197**2 - 196**2) * 768)
"""MACs that 197 tokens cost more than 196."""
DEIT = "Touvron et al. 2021, weights of facebookresearch/deit"
TIMM = "model cards of timm/deit_*_patch16_224.fb_in1k"
POOLFORMER = "sail-sg/poolformer; whole numbers: open-mmlab/mmpretrain, configs/poolformer/metafile.yml"
SWIN = "microsoft/Swin-Transformer, README (28M); whole number: torchvision, swin_t"
SWIN_STAGES = ((96, 2), (192, 2), (384, 6), (768, 2))
CONVNEXT = "facebookresearch/ConvNeXt, README; whole numbers: open-mmlab/mmpretrain, configs/convnext/metafile.yml"
HORNET = "open-mmlab/mmpretrain, configs/hornet/metafile.yml"
FVCORE = "paper 16, counted by fvcore in sail-sg/poolformer, misc/mac_count_with_fvcore.py"
TNT = "paper 5; parameters counted in huawei-noah's code"


@dataclass(frozen=True, kw_only=True)
class Parameters:
    """Parameters as printed, a whole number or millions to some digits, and what is counted there and not here."""

    printed: str
    source: str
    beyond: dict[str, int] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Macs:
    """MACs of one input in units of 10^9, as printed, and what is counted there and not here.

    `norms`: 5 are counted for each normalised value, as fvcore does.
    """

    printed: str
    source: str
    norms: bool = False
    beyond: dict[str, int] = field(default_factory=dict)


PARAMETERS = {
    "gpt2-small": Parameters(printed="124439808", source=GPT2, beyond={"bias of the head, which is ours": -50_257}),
    "gpt2-medium": Parameters(printed="354823168", source=GPT2, beyond={"bias of the head, which is ours": -50_257}),
    "bart-base": Parameters(
        printed="139420416",
        source="weights of facebook/bart-base",
        beyond={"rows of positions that are never read": 2 * 2 * 768, "bias of the head, which is ours": -50_265},
    ),
    "t5-small": Parameters(
        printed="60506624",
        source="weights of google-t5/t5-small",
        beyond={"bias of the head, which is ours": -32_128},
    ),
    "roberta-urpe": Parameters(
        printed="124055040",
        source="weights of FacebookAI/roberta-base, without its pooler",
        beyond={
            "learned positions": 514 * 768,
            "one type of token": 768,
            "URPE's biases and gates of 1,023 distances": -2 * 12 * 1023,
            "class token, a row of the vocabulary there": -768,
            "two classes": -2 * 769,
        },
    ),
    "slab-deit-tiny": Parameters(
        printed="5717416",
        source=f"DeiT-Ti: {DEIT}; no count of SLAB-DeiT-T was found",
        beyond={
            "class token and its position": 2 * 192,
            "second norms, and alpha": -25 * (2 * 192 + 1),
            "tables for keys": -12 * 196 * 192,
            "kernels that heads share": -12 * (5 * 5 + 1) * 64,
        },
    ),
    "swin-tiny": Parameters(printed="28288354", source=SWIN),
    "slab-swin-tiny": Parameters(
        printed="28288354",
        source=f"Swin-T: {SWIN}; no count of SLAB-Swin-T was found",
        beyond={
            "second norms of blocks, and alpha": -2 * sum(d * (2 * w + 1) for w, d in SWIN_STAGES),
            "second norms between stages, and alpha": -sum(8 * w + 1 for w, _ in SWIN_STAGES[:3]),
            "second norms after the stem and at the end, and alpha": -(2 * 96 + 1) - (2 * 768 + 1),
            "tables for keys": -2 * (56**2 * 96 + 28**2 * 192),
            "kernels that heads share": -4 * (5 * 5 + 1) * 32,
            "offsets within windows of the first stages": 2 * 13**2 * (3 + 6),
        },
    ),
    "vit-tiny": Parameters(printed="5717416", source=DEIT, beyond={"class token and its position": 2 * 192}),
    "deit-tiny": Parameters(printed="5717416", source=DEIT),
    "deit-small": Parameters(printed="22050664", source=DEIT),
    "deit-base": Parameters(printed="86567656", source=DEIT),
    "poolformer-s12": Parameters(printed="11915176", source=POOLFORMER),
    "poolformer-s24": Parameters(printed="21388968", source=POOLFORMER),
    "poolformer-s36": Parameters(printed="30862760", source=POOLFORMER),
    "poolformer-m36": Parameters(printed="56172520", source=POOLFORMER),
    "poolformer-m48": Parameters(printed="73473448", source=POOLFORMER),
    "convnext-tiny": Parameters(printed="28589128", source=CONVNEXT),
    "convnext-small": Parameters(printed="50223688", source=CONVNEXT),
    "convnext-base": Parameters(printed="88591464", source=CONVNEXT),
    "convnext-large": Parameters(printed="197767336", source=CONVNEXT),
    "convnext-xlarge": Parameters(printed="350196968", source=CONVNEXT),
    "hornet-tiny": Parameters(printed="22409512", source=HORNET),
    "hornet-tiny-gf": Parameters(printed="22991848", source=HORNET),
    "hornet-small": Parameters(printed="49528264", source=HORNET),
    "hornet-small-gf": Parameters(printed="50401768", source=HORNET),
    "hornet-base": Parameters(printed="87256680", source=HORNET),
    "hornet-base-gf": Parameters(printed="88421352", source=HORNET),
    "tnt-small": Parameters(printed="23.844", source=TNT, beyond={"frozen outer tokens, read by nothing": 196 * 384}),
    "tnt-base": Parameters(printed="65.554", source=TNT, beyond={"frozen outer tokens, read by nothing": 196 * 640}),
}
MACS = {
    "deit-tiny": Macs(printed="1.3", source=TIMM),
    "deit-small": Macs(printed="4.6", source=TIMM),
    "deit-base": Macs(
        printed="17.5", source="paper 16", beyond={"class token, as it seems": -CLASS_TOKEN_OF_DEIT_BASE}
    ),
    "poolformer-s12": Macs(printed="1.812", source="convolutions and linear layers counted in sail-sg's code"),
    "poolformer-s24": Macs(printed="3.4", source=FVCORE, norms=True),
    "poolformer-s36": Macs(printed="5.0", source=FVCORE, norms=True),
    "poolformer-m36": Macs(printed="8.8", source=FVCORE, norms=True),
    "poolformer-m48": Macs(printed="11.6", source=FVCORE, norms=True),
    "swin-tiny": Macs(printed="4.5", source="microsoft/Swin-Transformer, README"),
    "convnext-tiny": Macs(printed="4.456", source="convolutions and linear layers counted in the official code"),
    "convnext-small": Macs(printed="8.7", source="facebookresearch/ConvNeXt, README"),
    "convnext-base": Macs(printed="15.4", source="facebookresearch/ConvNeXt, README"),
    "convnext-large": Macs(printed="34.4", source="facebookresearch/ConvNeXt, README"),
    "convnext-xlarge": Macs(printed="60.9", source="facebookresearch/ConvNeXt, README"),
    "hornet-tiny": Macs(printed="3.968", source="convolutions and linear layers counted in the official code"),
    "tnt-small": Macs(printed="5.2", source="paper 5"),
    "tnt-base": Macs(printed="14.1", source="paper 5", norms=True),
}
HORNET_MACS = {
    "hornet-tiny": 3_976_156_352,
    "hornet-tiny-gf": 3_896_472_160,
    "hornet-small": 8_825_621_280,
    "hornet-small-gf": 8_706_094_992,
    "hornet-base": 15_582_677_376,
    "hornet-base-gf": 15_423_308_992,
}
"""FLOPs in `HORNET` (its remark beside the fifth, 15.59, is not the number)."""


def test_every_preset_stands_beside_what_is_published() -> None:
    assert {*PARAMETERS, *OURS} == {*preset_names()}


@pytest.mark.parametrize("name", PARAMETERS)
def test_parameters_are_those_published(name: str) -> None:
    published = PARAMETERS[name]
    assert as_printed(counted(name).params + sum(published.beyond.values()), published.printed, 6) == published.printed


@pytest.mark.parametrize("name", MACS)
def test_macs_are_those_printed(name: str) -> None:
    published = MACS[name]
    norms = 5 * normalised(load_preset(name)) if published.norms else 0
    macs = counted(name).macs + norms + sum(published.beyond.values())
    assert as_printed(macs, published.printed, 9) == published.printed


@pytest.mark.parametrize("name", HORNET_MACS)
def test_hornets_macs_are_those_published_less_the_head_and_with_the_norms_before_feedforwards(name: str) -> None:
    preset = load_preset(name)
    stacks, sites = (
        preset.architecture.stacks,
        preset.architecture.topology.sites(preset.architecture, preset.signature),
    )
    norms = sum(stack.depth * sites[stack.name].length * stack.width for stack in stacks)
    assert counted(name).macs - 1000 * stacks[-1].width + 5 * norms == HORNET_MACS[name]


def test_positions_in_the_size_of_paper_6_have_its_parameters(places) -> None:
    space, signature = load_space("positions-full"), places.published["positions-full"]
    architecture = space.decode(space.fill({"decoder.position": "none"})).architecture
    ours = count(architecture, signature).params + 32 * 12 - 32_100  # its table of buckets, our bias of the head
    assert ours == 109_607_040 == 12 * (4 * 768**2 + 2 * 768 * 3072) + 32_100 * 768 + 25 * 768 + 32 * 12


@pytest.mark.parametrize("depth", [1, 2, 4])
def test_wide_and_deep_encoders_have_as_wide_an_attention_in_all(depth) -> None:
    space = load_space("wide-or-deep-full")
    (mixers,) = (gene.domain.values() for gene in space.genes if gene.key == "encoder.mixer")
    for mixer in mixers:
        point = space.fill({"encoder.depth": depth, "encoder.mixer": mixer})
        stack = space.decode(point).architecture.stacks[0]
        configs = [branch.body for branch in stack.branches if branch.role == "mixer"]
        assert [config.heads * config.head_width for config in configs] == [16 * 64 // depth] * depth, mixer


@pytest.mark.parametrize("depth", [1, 2, 4])
def test_wide_and_deep_encoders_have_the_parameters_of_paper_30s_formula(places, depth) -> None:
    space, signature = load_space("wide-or-deep-full"), places.published["wide-or-deep-full"]
    architecture = space.decode(space.fill({"encoder.depth": depth, "encoder.mixer": "softmax"})).architecture
    biases = 3 * 16 * 64 + depth * (256 + 1024 + 256)
    bytes_and_head = 256 * 256 + 2 * (256 + 1)
    without = count(architecture, signature).params - biases - bytes_and_head
    assert without == 4 * 256 * 64 * 16 + depth * (2 * 256 * 1024 + 4 * 256) + 2 * 256


def test_hybrids_in_the_size_of_paper_19_have_its_340_million_parameters_within_a_tenth(places) -> None:
    space, signature = load_space("hybrid-full"), places.published["hybrid-full"]
    sizes = [count(space.decode(space.sample(Random(seed))).architecture, signature).params for seed in range(20)]
    assert all(abs(size / 340e6 - 1) < 0.1 for size in sizes)


def test_the_split_of_paper_28_has_its_330_million_parameters_within_a_tenth(places) -> None:
    space, signature = load_space("encoder-decoder-full"), places.published["encoder-decoder-full"]
    own = space.decode({"encoder.depth": 20, "mixer.heads": 6, "mixer.kv_heads": 3}).architecture
    assert [stack.depth for stack in own.stacks] == [20, 10]
    assert abs(count(own, signature).params / 330e6 - 1) < 0.1


def counted(name: str):
    preset = load_preset(name)
    return count(preset.architecture, preset.signature)


def as_printed(value: int, printed: str, power: int) -> str:
    """`value` as a whole number, or in units of 10^power, with as many digits as `printed`."""
    whole, point, digits = printed.partition(".")
    return f"{value / 10**power:.{len(digits)}f}" if point else str(value)


def normalised(preset: Preset) -> int:
    """Values that pass a norm for one image."""
    seen = []

    def see(module: nn.Module, inputs: tuple[torch.Tensor, ...], output: torch.Tensor) -> None:
        seen.append(output.numel())

    given = preset.signature.input
    with torch.device("meta"), torch.no_grad():
        model = build(preset.architecture, preset.signature, seed=0).eval()
        for module in model.modules():
            if isinstance(module, Norm | nn.LayerNorm):  # a Norm calls no module of its own
                module.register_forward_hook(see)
        model(torch.empty(1, given.channels, given.height, given.width))
    return sum(seen)
