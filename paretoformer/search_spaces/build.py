"""From an architecture to a model."""

import torch

from paretoformer.records.signature import Signature
from paretoformer.search_spaces.architecture import Architecture
from paretoformer.search_spaces.contract import Model


def build(architecture: Architecture, signature: Signature, *, seed: int) -> Model:
    """Architecture x signature, initialised by `seed` alone; torch's global generator is left as it was.

    Raises:
        InvalidArchitecture: the architecture cannot serve the signature; one sentence for each reason.
    """
    architecture.check(signature)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        model = architecture.topology.build_model(architecture, signature)
    model.architecture, model.signature = architecture, signature
    return model
