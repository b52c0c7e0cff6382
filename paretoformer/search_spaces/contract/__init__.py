"""The contract of search spaces: what each kind of choice is, and what it is told."""

from paretoformer.search_spaces.contract.attention import Attention, AttentionConfig
from paretoformer.search_spaces.contract.capabilities import Capability
from paretoformer.search_spaces.contract.config import ChoiceConfig
from paretoformer.search_spaces.contract.context import Context
from paretoformer.search_spaces.contract.feedforward import FeedForward, FeedForwardConfig
from paretoformer.search_spaces.contract.mixer import Mixer, MixerConfig, State
from paretoformer.search_spaces.contract.norm import Norm, NormConfig
from paretoformer.search_spaces.contract.position import MixerPosition, Position, PositionConfig
from paretoformer.search_spaces.contract.site import Site
from paretoformer.search_spaces.contract.stem import Stem, StemConfig
from paretoformer.search_spaces.contract.topology import Model, StackRole, TopologyConfig

__all__ = [
    "Attention",
    "AttentionConfig",
    "Capability",
    "ChoiceConfig",
    "Context",
    "FeedForward",
    "FeedForwardConfig",
    "Mixer",
    "MixerConfig",
    "MixerPosition",
    "Model",
    "Norm",
    "NormConfig",
    "Position",
    "PositionConfig",
    "Site",
    "StackRole",
    "State",
    "Stem",
    "StemConfig",
    "TopologyConfig",
]
