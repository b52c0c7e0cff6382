"""A few fixed random inputs with the live model's outputs, kept beside an export so that anyone can compare."""

from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor

from paretoformer.export.format import Run
from paretoformer.export.weights import read_tensors, write_tensors
from paretoformer.records.errors import UserError
from paretoformer.records.signature import ImageInput, Signature, TokenOutput

PROBE_FILE = "probe.safetensors"
_SEED = 20_261_124
_BATCH = 2
_MOST_OUTPUTS = 2**16  # numbers kept of next-token outputs: 256 KiB
_FEWEST_TOKENS = 8


@dataclass(frozen=True, kw_only=True)
class Probe:
    """Inputs as the signature says, lengths (B,) where ragged."""

    inputs: Tensor
    lengths: Tensor | None = None


def make_probes(signature: Signature) -> dict[str, Probe]:
    """Random inputs, the same on every machine: images; or tokens at two lengths, and padded ones for a class."""
    given = signature.input
    generator = torch.Generator().manual_seed(_SEED)
    if isinstance(given, ImageInput):
        return {
            "image": Probe(inputs=torch.rand(_BATCH, given.channels, given.height, given.width, generator=generator))
        }
    length = given.length
    if isinstance(signature.output, TokenOutput):
        length = min(length, max(_FEWEST_TOKENS, _MOST_OUTPUTS // (_BATCH * signature.output.vocabulary)))
    ids = torch.randint(given.vocabulary, (_BATCH, length), generator=generator)
    short = (length + 1) // 2
    found = {"long": Probe(inputs=ids), "short": Probe(inputs=ids[:, :short])}
    if not isinstance(signature.output, TokenOutput):
        found["padded"] = Probe(inputs=ids, lengths=torch.tensor([length, short]))
    return found


@torch.no_grad()
def write_probes(run: Run, signature: Signature, folder: Path) -> None:
    """Write inputs and what `run` gives for them."""
    tensors = {}
    for name, probe in make_probes(signature).items():
        tensors[f"{name}.inputs"] = probe.inputs
        tensors[f"{name}.outputs"] = run(probe.inputs, probe.lengths)
        if probe.lengths is not None:
            tensors[f"{name}.lengths"] = probe.lengths
    write_tensors({name: tensor.clone().contiguous() for name, tensor in tensors.items()}, folder / PROBE_FILE)


@torch.no_grad()
def differences(run: Run, signature: Signature, folder: Path) -> dict[str, float]:
    """By probe, the largest absolute difference of outputs over the largest absolute output (at least 1).

    Raises:
        UserError: the file is missing or damaged, or holds other inputs than the signature's probes.
    """
    path = folder / PROBE_FILE
    tensors = read_tensors(path)
    found = {}
    for name, probe in make_probes(signature).items():
        inputs, expected = tensors.get(f"{name}.inputs"), tensors.get(f"{name}.outputs")
        if inputs is None or expected is None or not torch.equal(inputs, probe.inputs):
            raise UserError(f"'{path}' does not hold the inputs of probe {name}.")
        outputs = run(probe.inputs, probe.lengths)
        if outputs.shape != expected.shape:
            raise UserError(
                f"'{path}' has outputs {tuple(expected.shape)} for probe {name}; the model's are {tuple(outputs.shape)}."
            )
        scale = max(1.0, float(expected.abs().max()))
        found[name] = float((outputs.double() - expected.double()).abs().max()) / scale
    return found
