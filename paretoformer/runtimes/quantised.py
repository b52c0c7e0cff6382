"""Dynamic int8 by torch itself: weights of linear layers in 8 bits, activations quantised as they come."""

import warnings

import torch
from torch import nn

from paretoformer.search_spaces.contract import Model


def quantisation_problem(device: str) -> str | None:
    """Why torch cannot quantise for the device, as the end of a sentence; None where it can."""
    if device != "cpu":
        return "torch's dynamic quantisation is for CPUs; use fp32, bf16 or fp16"
    if not hasattr(torch.ao.quantization, "quantize_dynamic") or torch.backends.quantized.engine == "none":
        return "this torch has no dynamic quantisation for this CPU; use fp32, or runtime onnx"
    return None


def quantised(model: Model) -> Model:
    """The model with each `nn.Linear` in int8; it is not trained any further.

    A head is asked for a row of its weights when decoding starts, for its width, type and device: it has one for that. Modules
    that compute with the weights of a linear layer of theirs raise an error when they run.
    """
    from torch.ao.nn.quantized.dynamic import Linear

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # torch means to move it to another package some day
        made: Model = torch.ao.quantization.quantize_dynamic(model, {nn.Linear}, dtype=torch.qint8)
    head = getattr(made, "head", None)
    if isinstance(head, Linear):
        vars(head)["weight"] = torch.zeros(1, head.in_features)
    made.architecture, made.signature = model.architecture, model.signature
    return made
