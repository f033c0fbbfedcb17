"""The engine's errors: each one carries a sentence that can be shown to a person as it is."""


class ArchitectureError(ValueError):
    """A layer or an architecture that cannot work: says where, which value, the limit and the way out."""


class DatasetError(ValueError):
    """A data set that cannot be read or used: names the file, what was found and expected, the remedy."""


class CheckpointError(ValueError):
    """A saved network that cannot be read or written; nothing of it has been loaded."""


class DivergenceError(ValueError):
    """A training run whose numbers have grown beyond bounds; the parameters of the step before are kept."""

    def __init__(self, reason: str, advice: str) -> None:
        super().__init__(reason, advice)
        self.reason, self.advice = reason, advice

    def __str__(self) -> str:
        return f"{self.reason}; the network of the step before is kept. {self.advice}"
