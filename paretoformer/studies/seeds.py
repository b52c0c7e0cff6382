"""Seeds of a study's parts. All trials share those of training: common random numbers make comparisons sharper."""

from paretoformer.records.canonical import derived_seed


def initial_seed(study_seed: int, replicate: int = 0) -> int:
    """Seed of a model's initial weights."""
    return derived_seed(study_seed, "initial weights", replicate)


def training_seed(study_seed: int, replicate: int = 0) -> int:
    """Seed of the order of examples, and of whatever is random in training."""
    return derived_seed(study_seed, "training", replicate)
