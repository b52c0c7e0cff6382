"""The contract of search spaces: what each kind of choice is, and what it is told."""

from paretoformer.search_spaces.contract.attention import Attention, AttentionConfig
from paretoformer.search_spaces.contract.capabilities import Capability
from paretoformer.search_spaces.contract.config import ChoiceConfig
from paretoformer.search_spaces.contract.context import Context, Memory
from paretoformer.search_spaces.contract.exit import Exit, ExitConfig
from paretoformer.search_spaces.contract.feedforward import FeedForward, FeedForwardConfig
from paretoformer.search_spaces.contract.mixer import Mixer, MixerConfig, State
from paretoformer.search_spaces.contract.norm import Norm, NormConfig
from paretoformer.search_spaces.contract.position import MixerPosition, Position, PositionConfig
from paretoformer.search_spaces.contract.site import MemorySite, Site
from paretoformer.search_spaces.contract.stem import Stem, StemConfig
from paretoformer.search_spaces.contract.topology import (
    Model,
    Pair,
    PairModel,
    Source,
    StackRole,
    StackRun,
    StackStep,
    StemUse,
    TopologyConfig,
)
from paretoformer.search_spaces.contract.training import Auxiliary, Scheduled, auxiliary_loss, served, set_progress

__all__ = [
    "Attention",
    "AttentionConfig",
    "Auxiliary",
    "Capability",
    "ChoiceConfig",
    "Context",
    "Exit",
    "ExitConfig",
    "FeedForward",
    "FeedForwardConfig",
    "Memory",
    "MemorySite",
    "Mixer",
    "MixerConfig",
    "MixerPosition",
    "Model",
    "Norm",
    "NormConfig",
    "Pair",
    "PairModel",
    "Position",
    "PositionConfig",
    "Scheduled",
    "Site",
    "Source",
    "StackRole",
    "StackRun",
    "StackStep",
    "State",
    "Stem",
    "StemConfig",
    "StemUse",
    "TopologyConfig",
    "auxiliary_loss",
    "served",
    "set_progress",
]
