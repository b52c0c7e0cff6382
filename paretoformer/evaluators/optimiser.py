"""The optimiser and the schedule of a recipe."""

import math

import torch
from torch import nn

from paretoformer.records.recipe import Recipe

_FINAL_SHARE = 0.1
_BETAS = (0.9, 0.95)


def make_optimiser(model: nn.Module, recipe: Recipe) -> torch.optim.AdamW:
    """AdamW on all trainable parameters; no weight decay on vectors, scalars and tables.

    A table is the weight of an `nn.Embedding` or a parameter that a module calls `table`.
    """
    tables = {id(module.weight) for module in model.modules() if isinstance(module, nn.Embedding)}
    decayed: list[nn.Parameter] = []
    free: list[nn.Parameter] = []
    for name, parameter in model.named_parameters():
        if not parameter.requires_grad:
            continue
        plain = parameter.dim() < 2 or id(parameter) in tables or name.rpartition(".")[2] == "table"
        (free if plain else decayed).append(parameter)
    groups = [{"params": decayed, "weight_decay": recipe.weight_decay}, {"params": free, "weight_decay": 0.0}]
    groups = [group for group in groups if group["params"]]
    return torch.optim.AdamW(groups, lr=recipe.learning_rate, betas=_BETAS, fused=True)


def learning_rate(recipe: Recipe, step: int, steps: int) -> float:
    """The rate of step 0, 1, ... of `steps`: linear up to the recipe's over its warm-up, then a cosine down to a tenth of it."""
    warm = max(1, round(recipe.warmup * steps))
    if step < warm:
        return recipe.learning_rate * (step + 1) / warm
    progress = (step + 1 - warm) / max(1, steps - warm)
    return recipe.learning_rate * (_FINAL_SHARE + (1 - _FINAL_SHARE) * (1 + math.cos(math.pi * progress)) / 2)
