"""Presidio's names, imported without torch and transformers.

Presidio and spaCy load both where they are installed (vLLM brings them), though nothing here uses them: 14 instead
of 2 seconds and 450 MiB more in every process that guards a text. Import Presidio from here only.
"""

import sys
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def absent(*names: str) -> Iterator[None]:
    """Within it, importing one of ``names`` fails as if it were not installed; one already imported stays."""
    hidden = [name for name in names if name not in sys.modules]
    sys.modules.update(dict.fromkeys(hidden))  # type: ignore[arg-type]  # None: the import system's "is not there"
    try:
        yield
    finally:
        for name in hidden:
            del sys.modules[name]


with absent("torch", "transformers"):
    from presidio_analyzer import AnalyzerEngine, EntityRecognizer, RecognizerRegistry, RecognizerResult
    from presidio_analyzer.context_aware_enhancers import ContextAwareEnhancer
    from presidio_analyzer.nlp_engine import NlpArtifacts, NlpEngine, NlpEngineProvider
    from presidio_analyzer.predefined_recognizers import IbanRecognizer, UsSsnRecognizer

__all__ = [
    "AnalyzerEngine",
    "ContextAwareEnhancer",
    "EntityRecognizer",
    "IbanRecognizer",
    "NlpArtifacts",
    "NlpEngine",
    "NlpEngineProvider",
    "RecognizerRegistry",
    "RecognizerResult",
    "UsSsnRecognizer",
]
