"""Errors of training.

FinetuneError
├── BadExamples       a line of the training file is not an example (user-fixable)
├── BadPrivacy        settings or data whose claim would be false, or cannot be met
├── BadBase           the base model's folder is incomplete, or of a kind that is not trained here
├── CannotResume      a checkpoint that belongs to another run
└── Diverged          the loss is no longer a number, or the weights do not move: nothing of this run may be used

Messages hold file names, line numbers, counts and hashes. Never text of an example.
"""


class FinetuneError(Exception):
    """Training could not go on; the message says what to do."""


class BadExamples(FinetuneError):
    """A line of the training file is not an example."""


class BadPrivacy(FinetuneError):
    """Settings or data with which the privacy claim would be false, or cannot be met."""


class BadBase(FinetuneError):
    """The base model's folder is incomplete or of another kind."""


class CannotResume(FinetuneError):
    """A checkpoint that belongs to another run."""


class Diverged(FinetuneError):
    """The loss is no longer a number."""
