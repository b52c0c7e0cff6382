"""Whether an architecture can be trained in the memory that is free here."""

from dataclasses import dataclass

from paretoformer.evaluators.evaluation import batch_size
from paretoformer.records.units import show
from paretoformer.search_spaces.activations import peak_activation_bytes, training_bytes
from paretoformer.search_spaces.architecture import Architecture
from paretoformer.studies.spec import StudySpec


@dataclass(frozen=True, kw_only=True)
class TrainingMemory:
    """Bytes that an architecture's training takes: its steps of `batch` examples, its evaluations `at_once` examples a time.

    Live tensors count, in fp32, and weights, gradients and moments of the optimiser; the heap takes more. `least` says that
    activations depend on the data, so that these are the bytes of the weights alone.
    """

    batch: int
    step: int
    at_once: int
    evaluation: int
    least: bool
    free: int

    @property
    def needed(self) -> int:
        """The most at any time."""
        return max(self.step, self.evaluation)

    @property
    def fits(self) -> bool:
        """Whether so much is free."""
        return self.needed <= self.free

    def __str__(self) -> str:
        by_step = self.step >= self.evaluation
        what = f"a step of {self.batch} examples" if by_step else f"an evaluation of {self.at_once} examples at once"
        about = "at least " if self.least else "about "
        return f"{what} takes {about}{show(self.needed, 'B')} of memory, and {show(self.free, 'B')} are free"

    @property
    def advice(self) -> str:
        """What would help."""
        batch = "a smaller --batch, " if self.batch > 1 and self.evaluation <= self.free and not self.least else ""
        return f"give {batch}a space of smaller ones, or count only by profile --counted"


def training_memory(spec: StudySpec, architecture: Architecture, free: int, *, scored: int) -> TrainingMemory:
    """What training by the study's recipe takes.

    Args:
        spec: the study's.
        architecture: what is trained.
        free: bytes that are left.
        scored: examples of the largest split that is scored.
    """
    taken = training_bytes(architecture, spec.signature, spec.recipe.batch)
    at_once, least = min(batch_size(spec.signature), scored), taken.activations is None
    each = 0 if least else peak_activation_bytes(architecture, spec.signature)
    return TrainingMemory(
        batch=spec.recipe.batch,
        step=taken.total,
        at_once=at_once,
        evaluation=taken.weights + at_once * each,
        least=least,
        free=free,
    )
