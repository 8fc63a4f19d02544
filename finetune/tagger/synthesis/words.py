"""The word lists beside this module: ``slot: value; value; …`` a line."""

import random
from pathlib import Path

HERE = Path(__file__).parent


class Words:
    """Values of the slots of one language."""

    def __init__(self, lang: str) -> None:
        self._values: dict[str, list[str]] = {}
        for line in (HERE / f"{lang}_words.txt").read_text("utf-8").splitlines():
            slot, _, values = line.partition(": ")
            if values and not line.startswith("#"):
                self._values[slot] = [value.strip() for value in values.split("; ") if value.strip()]

    def __contains__(self, slot: str) -> bool:
        return slot in self._values

    def draw(self, slot: str, rng: random.Random) -> str:
        """One value of the slot."""
        return rng.choice(self._values[slot])


def read_templates(name: str) -> list[str]:
    r"""The templates of a file beside this module; ``\n`` in them is a line end."""
    lines = (HERE / f"{name}.txt").read_text("utf-8").splitlines()
    return [line.replace("\\n", "\n") for line in lines if line.strip() and not line.startswith("#")]
