import torch

from paretoformer.evaluators.trainer import Trainer
from paretoformer.export.held_out import SPLITS, held_out_scores


def test_held_out_scores_are_those_of_the_trainer(decoder):
    trainer = Trainer(decoder.model, decoder.task, decoder.recipe, seed=1)
    expected = {split: (score.value, score.low, score.high) for split in SPLITS for score in trainer.score(split, 0)}
    found = {
        score.split: (score.value, score.low, score.high) for score in held_out_scores(decoder.model, decoder.task)
    }
    assert found == expected


def test_random_models_score_the_same_twice_and_leave_the_generator_alone(encoder):
    def noisy(inputs, lengths, source):
        return torch.randn(len(inputs), 10)

    before = torch.random.get_rng_state()
    assert held_out_scores(noisy, encoder.task) == held_out_scores(noisy, encoder.task)
    assert torch.equal(torch.random.get_rng_state(), before)
