"""Reads the settings from their sources and says where each value came from.

SettingsError    the settings cannot be used (user-fixable); ``faults`` lists everything that is wrong

A variable that is set but empty counts as not set. Faults name keys, sources and cures, never values: they may be
secrets. Relative paths are relative to where the program was started.
"""

import difflib
import os
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Literal

from pydantic import BaseModel, SecretStr, ValidationError

from serving.settings import Settings

ENV_PREFIX: Final = "TACTFUL_"
CONFIG_VARIABLE: Final = "TACTFUL_CONFIG"
CONFIG_NAME: Final = "tactful.toml"
MASK: Final = "********"

Source = Literal["flag", "environment", "file", "default"]


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing wrong with the settings. ``key`` is dotted; the value is left out (it may be a secret)."""

    key: str
    source: str
    problem: str
    cure: str

    def __str__(self) -> str:
        return f"{self.key} ({self.source}): {self.problem}\n    → {self.cure}"


class SettingsError(ValueError):
    """The settings cannot be used; ``faults`` lists everything that is wrong with them."""

    def __init__(self, faults: tuple[Fault, ...]) -> None:
        noun = "fault" if len(faults) == 1 else "faults"
        super().__init__(f"{len(faults)} {noun} in the settings:\n" + "\n".join(f"- {fault}" for fault in faults))
        self.faults = faults


@dataclass(frozen=True, slots=True)
class Resolved:
    """Settings with the source of each dotted key."""

    settings: Settings
    sources: Mapping[str, Source]
    file: Path | None

    def rows(self) -> list[tuple[str, str, str]]:
        """(dotted key, value with secrets masked, source) for every setting, in the order of the tree."""
        return [
            (key, "" if value is None else _masked(value), self.sources.get(key, "default"))
            for key, value in _leaves(self.settings)
        ]


def load(
    flags: Mapping[str, Any] | None = None, env: Mapping[str, str] | None = None, file: Path | None = None
) -> Resolved:
    """Read every source and check the whole.

    Args:
        flags: dotted key → value from the command line; ``None`` values are flags that were not given.
        env: the environment; the process's own when omitted.
        file: the TOML file; else ``$TACTFUL_CONFIG``, else ``./tactful.toml`` where there is one.

    Raises:
        SettingsError: with every fault of every source.
    """
    env = os.environ if env is None else env
    named = file or (Path(env[CONFIG_VARIABLE]) if env.get(CONFIG_VARIABLE) else None)
    path = named or Path(CONFIG_NAME)
    table, faults = _read_toml(path, required=named is not None)
    layers: list[tuple[Source, dict[str, Any]]] = [
        ("file", _flatten(table)),
        ("environment", _from_env(env)),
        ("flag", {key: value for key, value in (flags or {}).items() if value is not None}),
    ]
    values: dict[str, Any] = {}
    sources: dict[str, Source] = {}
    for source, layer in layers:
        values.update(layer)
        sources.update(dict.fromkeys(layer, source))
    faults += [_section_fault(key, sources) for key in values if key in _SECTIONS]
    try:
        settings = Settings(**_nest({key: value for key, value in values.items() if key not in _SECTIONS}))
    except ValidationError as error:
        faults.extend(_fault(detail, sources) for detail in error.errors(include_input=False))
    if faults:
        raise SettingsError(tuple(faults))
    return Resolved(settings, sources, path if table else None)


def _read_toml(path: Path, *, required: bool) -> tuple[dict[str, Any], list[Fault]]:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8")), []
    except FileNotFoundError:
        if not required:
            return {}, []
        problem, cure = "no such file", f"name an existing file with --config or ${CONFIG_VARIABLE}"
    except (OSError, UnicodeDecodeError) as error:
        problem, cure = f"cannot be read ({type(error).__name__})", "make it a readable UTF-8 file"
    except tomllib.TOMLDecodeError as error:
        problem, cure = f"not TOML: {error}", 'write key = "value" lines under [section] headings'
    return {}, [Fault(str(path), "file", problem, cure)]


def _from_env(env: Mapping[str, str]) -> dict[str, Any]:
    names = [name for name in env if name.startswith(ENV_PREFIX) and name != CONFIG_VARIABLE and env[name]]
    return {name[len(ENV_PREFIX) :].lower().replace("__", "."): env[name] for name in names}


def _flatten(table: Mapping[str, Any], prefix: str = "") -> dict[str, Any]:
    flat: dict[str, Any] = {}
    for key, value in table.items():
        flat |= _flatten(value, f"{prefix}{key}.") if isinstance(value, dict) else {f"{prefix}{key}": value}
    return flat


def _nest(values: Mapping[str, Any]) -> dict[str, Any]:
    tree: dict[str, Any] = {}
    for key, value in values.items():
        section, dot, leaf = key.partition(".")
        if dot:
            tree.setdefault(section, {})[leaf] = value
        else:
            tree[section] = value
    return tree


def _fault(detail: Any, sources: Mapping[str, Source]) -> Fault:
    key = ".".join(str(part) for part in detail["loc"])
    while key not in sources and "." in key:  # a fault inside a list names the item: the setting is what has a source
        key = key.rpartition(".")[0]
    if detail["type"] == "extra_forbidden":
        return Fault(key, _where(key, sources), "unknown setting", f"remove it{_nearest(key)}")
    return Fault(key, _where(key, sources), str(detail["msg"]).removeprefix("Value error, "), _cure(key))


def _section_fault(key: str, sources: Mapping[str, Source]) -> Fault:
    example = f"{ENV_PREFIX}{key.upper()}__…" if sources[key] == "environment" else f"keys under [{key}]"
    return Fault(key, _where(key, sources), "is a section, not a value", f"set {example} instead")


def _where(key: str, sources: Mapping[str, Source]) -> str:
    known = next((name for name in sources if name == key or name.startswith(f"{key}.")), key)
    source, key = sources.get(known, "file"), known
    return f"{ENV_PREFIX}{key.replace('.', '__').upper()}" if source == "environment" else source


def _nearest(key: str) -> str:
    near = difflib.get_close_matches(key, [known for known, _ in _leaves(Settings())], n=1)
    return f", or did you mean {near[0]}?" if near else "; `tactful settings` lists all of them"


def _cure(key: str) -> str:
    section, dot, leaf = key.partition(".")
    owner = type(getattr(Settings(), section)) if dot else Settings
    field = owner.model_fields[leaf if dot else section]
    return f"{field.description} (default: {'empty' if field.default in (None, ()) else _masked(field.default)})"


def _leaves(node: BaseModel, prefix: str = "") -> list[tuple[str, Any]]:
    rows: list[tuple[str, Any]] = []
    for name in type(node).model_fields:
        value = getattr(node, name)
        if isinstance(value, BaseModel):
            rows += _leaves(value, f"{prefix}{name}.")
        else:
            rows.append((f"{prefix}{name}", value))
    return rows


def _masked(value: object) -> str:
    if isinstance(value, SecretStr):
        return MASK
    if isinstance(value, bool):
        return str(value).lower()
    return ",".join(value) if isinstance(value, tuple) else str(value)


_SECTIONS: Final = frozenset(
    name for name, field in Settings.model_fields.items() if isinstance(field.default, BaseModel)
)
