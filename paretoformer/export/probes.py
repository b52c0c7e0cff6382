"""A few fixed random inputs with the live model's outputs, kept beside an export so that anyone can compare."""

from dataclasses import dataclass, replace
from pathlib import Path

import torch
from torch import Tensor

from paretoformer.evaluators.stored_weights import read_tensors
from paretoformer.export.format import Run
from paretoformer.export.weights import write_tensors
from paretoformer.records.errors import UserError
from paretoformer.records.signature import ImageInput, Input, SeriesInput, Signature, TokenOutput
from paretoformer.search_spaces.contract import Source

PROBE_FILE = "probe.safetensors"
_SEED = 20_261_124
_BATCH = 2
_MOST_OUTPUTS = 2**16  # numbers kept of next-token outputs: 256 KiB
_FEWEST_TOKENS = 8


@dataclass(frozen=True, kw_only=True)
class Probe:
    """Inputs as the signature says, lengths (B,) where ragged, the source's where there is one."""

    inputs: Tensor
    lengths: Tensor | None = None
    source: Tensor | None = None

    def run(self, run: Run) -> Tensor:
        """What `run` gives for it."""
        return run(self.inputs, self.lengths, None if self.source is None else Source(self.source))


def make_probes(signature: Signature) -> dict[str, Probe]:
    """Random inputs, the same on every machine: images; or sequences at two lengths, and padded ones unless tokens go on."""
    given, generator = signature.input, torch.Generator().manual_seed(_SEED)
    if isinstance(given, ImageInput):
        inputs = {"image": Probe(inputs=_random(given, given.height, generator))}
    else:
        length = given.length
        if not signature.whole:
            length = min(length, max(_FEWEST_TOKENS, _MOST_OUTPUTS // (_BATCH * signature.output.columns)))
        long, short = _random(given, length, generator), (length + 1) // 2
        inputs = {"long": Probe(inputs=long), "short": Probe(inputs=long[:, :short])}
        if not isinstance(signature.output, TokenOutput):
            inputs["padded"] = Probe(inputs=long, lengths=torch.tensor([length, short]))
    beside = signature.source
    if beside is None:
        return inputs
    source = _random(beside, beside.height if isinstance(beside, ImageInput) else beside.length, generator)
    return {name: replace(probe, source=source) for name, probe in inputs.items()}


def _random(given: Input, length: int, generator: torch.Generator) -> Tensor:
    if isinstance(given, ImageInput):
        return torch.rand(_BATCH, given.channels, given.height, given.width, generator=generator)
    if isinstance(given, SeriesInput):
        return torch.randn(_BATCH, length, given.channels, generator=generator)
    return torch.randint(given.vocabulary, (_BATCH, length), generator=generator)


@torch.no_grad()
def write_probes(run: Run, signature: Signature, folder: Path) -> None:
    """Write inputs and what `run` gives for them."""
    tensors = {}
    for name, probe in make_probes(signature).items():
        tensors[f"{name}.inputs"] = probe.inputs
        tensors[f"{name}.outputs"] = probe.run(run)
        if probe.lengths is not None:
            tensors[f"{name}.lengths"] = probe.lengths
        if probe.source is not None:
            tensors[f"{name}.source"] = probe.source
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
        outputs = probe.run(run)
        if outputs.shape != expected.shape:
            raise UserError(
                f"'{path}' has outputs {tuple(expected.shape)} for probe {name}; the model's are {tuple(outputs.shape)}."
            )
        scale = max(1.0, float(expected.abs().max()))
        found[name] = float((outputs.double() - expected.double()).abs().max()) / scale
    return found
