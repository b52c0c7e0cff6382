"""A model over several ranks, here threads, is the whole model."""

from copy import deepcopy

import pytest
import torch
from torch.nn.functional import cross_entropy

from paretoformer.kernels.distributed_attention import Algorithm, Order
from paretoformer.records.errors import UserError
from paretoformer.search_spaces.build import build
from paretoformer.search_spaces.sharded_model import ShardedModel

BATCH, LENGTH = 2, 48


def model_of(places, topology="decoder", signature="text", **names):
    """Two layers of softmax attention with random weights, in float64."""
    names = {"topology": topology, "stem": "tokens", "mixer": {"name": "softmax", "heads": 4, "kv_heads": 2}} | names
    configs = {
        kind: places.default(kind, given) if isinstance(given, str) else config(places, kind, **given)
        for kind, given in names.items()
    }
    architecture = places.assembled(depth=2, **configs)
    return build(architecture, places.signatures[signature], seed=0).double()


def config(places, kind, name, **fields):
    return type(places.default(kind, name))(**fields)


def tokens(places, model):
    return places.inputs_for(model.signature, BATCH, LENGTH)


@pytest.mark.parametrize("position", ["none", "rotary", "learned", "sinusoidal"])
@pytest.mark.parametrize("order", Order)
def test_a_decoder_over_ranks_gives_the_rows_of_the_whole(position, order, places, on_ranks) -> None:
    model = model_of(places, position=position, norm="rms", feedforward="swiglu").eval()
    ids = tokens(places, model)

    def rank(exchange):
        sharded = ShardedModel(model, exchange, order=order)
        return sharded(sharded.shards.take(ids, exchange.rank, 1)).detach(), sharded.shards

    found = on_ranks(4, rank)
    whole = found[0][1].joined([y for y, _ in found], 1)
    torch.testing.assert_close(whole, model(ids), rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize("algorithm", Algorithm)
def test_the_ranks_gradients_add_up_to_those_of_the_whole(algorithm, places, on_ranks) -> None:
    model = model_of(places, position="rotary")
    ids, asked = tokens(places, model), tokens(places, model).roll(-1, 1)

    copies = [deepcopy(model) for _ in range(2)]

    def rank(exchange):
        own = copies[exchange.rank]
        sharded = ShardedModel(own, exchange, algorithm=algorithm)
        given, wanted = (sharded.shards.take(x, exchange.rank, 1) for x in (ids, asked))
        loss = cross_entropy(sharded(given).flatten(0, 1), wanted.flatten(), reduction="sum") / ids.numel()
        return torch.autograd.grad(loss, list(own.parameters()))

    loss = cross_entropy(model(ids).flatten(0, 1), asked.flatten())
    expected = torch.autograd.grad(loss, list(model.parameters()))
    for parts in zip(*on_ranks(2, rank), expected, strict=True):
        torch.testing.assert_close(sum(parts[:-1]), parts[-1], rtol=1e-10, atol=1e-10)


@pytest.mark.parametrize(
    ("given", "sentence"),
    [
        ({"mixer": "linear"}, "mixer linear mixes tokens"),
        ({"position": "alibi"}, "position alibi acts on scores"),
        ({"topology": "encoder", "signature": "text-class"}, "no encoder or decoder that answers for each token"),
    ],
)
def test_a_model_that_would_differ_is_refused_in_a_sentence(given, sentence, places, on_ranks) -> None:
    model = model_of(places, **given)
    with pytest.raises(UserError, match=f"cannot be run over several ranks: .*{sentence}"):
        on_ranks(1, lambda exchange: ShardedModel(model, exchange))


def test_norms_that_learn_from_a_batch_are_refused_while_training_alone(places, on_ranks) -> None:
    model = model_of(places, norm="batch")
    ids = tokens(places, model)

    def rank(exchange):
        sharded = ShardedModel(model, exchange)
        with pytest.raises(UserError, match="BatchNormalisation takes statistics of all tokens while it trains"):
            sharded(ids)
        return sharded.eval()(ids)

    torch.testing.assert_close(on_ranks(1, rank)[0], model.eval()(ids), rtol=1e-12, atol=1e-12)


def test_more_tokens_than_a_learned_position_has_rows_are_refused(places, on_ranks) -> None:
    model = model_of(places, position="learned")
    most = model.signature.input.length
    ids = torch.zeros(1, most // 2 + 1, dtype=torch.long)
    with pytest.raises(ValueError, match=f"built for {most} tokens, and is given {most + 2}"):
        on_ranks(2, lambda exchange: ShardedModel(model, exchange, order=Order.CONTIGUOUS)(ids))
