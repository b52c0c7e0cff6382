"""Activations that a mixer may choose from."""

from typing import Literal

from torch import nn

from paretoformer.search_spaces.parts.star_relu import StarRelu, StarReluStart

Activation = Literal["starrelu", "relu", "gelu"]
After = Literal["none", "relu", "gelu"]
"""What follows a convolution."""


def activation(name: Activation | After, start: StarReluStart = "paper") -> nn.Module:
    """The module of an activation, on tensors of any shape; StarReLU's two scalars begin at `start`."""
    if name == "starrelu":
        return StarRelu(start)
    plain: dict[str, type[nn.Module]] = {"none": nn.Identity, "relu": nn.ReLU, "gelu": nn.GELU}
    return plain[name]()
