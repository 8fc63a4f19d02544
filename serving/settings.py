"""Every setting of the running system: one frozen tree, read once, checked whole.

Sources, strongest first: command line flags, ``TACTFUL_*`` variables (``__`` between levels), ``tactful.toml``,
defaults (``settings_sources.load`` reads them). Unknown keys are errors. The tree does not know what the values
are used for; parts are handed flat values or their own section, never the tree.
"""

import json
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, SecretStr, model_validator
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict


def _items(value: object) -> object:
    """A list from ``a,b`` or ``["a","b"]``, as environment variables spell them; lists pass."""
    if not isinstance(value, str):
        return value
    if value.lstrip().startswith("["):
        try:
            return json.loads(value)
        except json.JSONDecodeError:
            raise ValueError("not a JSON list; write a,b or a JSON list") from None
    return tuple(part.strip() for part in value.split(",") if part.strip())


def _base_url(value: object) -> object:
    """An OpenAI-compatible base URL without a trailing slash."""
    if value is None or value == "":
        return None
    if not isinstance(value, str) or not value.startswith(("http://", "https://")):
        raise ValueError("not a URL; write http://host:port/v1")
    return value.rstrip("/")


Items = Annotated[tuple[str, ...], BeforeValidator(_items)]
Port = Annotated[int, Field(ge=0, le=65535)]


class _Section(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)


class ModelSettings(_Section):
    """Which language model answers, and how it is asked."""

    url: Annotated[str | None, BeforeValidator(_base_url)] = Field(
        default=None, description="OpenAI-compatible endpoint; empty: start vLLM here"
    )
    name: str = Field(default="tactful", min_length=1, description="the model's name at that endpoint")
    api_key: SecretStr | None = Field(default=None, description="key of that endpoint")
    folder: Path | None = Field(
        default=None, description="weights for vLLM; empty: the default model, converted on first use"
    )
    prompting: Literal["auto", "tuned", "few_shot"] = Field(
        default="auto", description="tuned: prompts of the adapter; few_shot: prompts with examples for general models"
    )
    timeout_s: float = Field(default=30.0, gt=0, le=600, description="seconds until a request is given up")


class EngineSettings(_Section):
    """The vLLM that is started here. Not used with ``model.url``."""

    dtype: Literal["auto", "bfloat16", "float16", "float32"] = Field(
        default="auto", description="auto: what the CPU is good at"
    )
    max_model_len: int = Field(default=1024, ge=256, le=1_048_576, description="tokens of prompt and answer together")
    max_num_seqs: int = Field(default=32, ge=1, le=4096, description="requests decoded at once")
    kv_cache_gib: int = Field(default=1, ge=1, le=1024, description="GiB for the key-value cache on a CPU")
    gpu_memory: float = Field(default=0.85, gt=0, le=1, description="share of the GPU's memory")
    speculative: bool = Field(
        default=True, description="guess words that the prompt holds already (n-gram speculation)"
    )
    extra_flags: Items = Field(default=(), description="more flags for vLLM, e.g. --tensor-parallel-size,2")
    port: Port = Field(default=0, description="0: any free port")
    start_timeout_s: float = Field(default=900.0, gt=0, description="seconds until a start counts as failed")
    max_restarts: int = Field(default=5, ge=0, le=1000, description="deaths in a row until the engine is given up")


class GuardedSettings(_Section):
    """``guarded:<model>``: the guard alone in front of an OpenAI-compatible upstream."""

    upstream_url: Annotated[str | None, BeforeValidator(_base_url)] = Field(
        default=None, description="OpenAI-compatible endpoint; empty: the model of this server"
    )
    api_key: SecretStr | None = Field(default=None, description="key of that endpoint")
    models: Items = Field(default=(), description="upstream models that may be named; empty: all")
    timeout_s: float = Field(default=120.0, gt=0, le=3600, description="seconds of silence until a request is given up")
    max_chars: int = Field(default=100_000, ge=1, description="longest messages of one request")
    pass_media: bool = Field(default=False, description="let images, sound and files through, unread")
    inspect: bool = Field(default=True, description="block prompt injection in the last user message")


class ShopSettings(_Section):
    """The shop that is served."""

    dir: Path | None = Field(default=None, description="shop folder; empty: the demo shop in the data folder")
    api_url: Annotated[str | None, BeforeValidator(_base_url)] = Field(
        default=None, description="the shop's own API instead of a folder; bot/shop/README.md says what it must answer"
    )
    api_token: SecretStr | None = Field(default=None, description="bearer token of that API")

    @model_validator(mode="after")
    def _one_source(self) -> "ShopSettings":
        if self.dir is not None and self.api_url is not None:
            raise ValueError("shop.dir and shop.api_url are both set; a shop has one source")
        return self


class PrivacySettings(_Section):
    """What is kept of customers, and for how long. Every change here changes what customers may be told."""

    value_days: int = Field(default=30, ge=1, le=3650, description="days until a value in the vault expires")
    transcripts: bool = Field(default=True, description="keep dialogues (concealed)")
    transcript_days: int = Field(default=30, ge=1, le=3650, description="days until a transcript is deleted")
    master_key_file: Path | None = Field(
        default=None, description="key of the vault; empty: master.key in the data folder"
    )
    max_chars: int = Field(default=4000, ge=1, le=100_000, description="longest message that is read")
    trusted_keys: Items = Field(
        default=(), description="files with public keys whose adapters may be served, besides the project's and our own"
    )


class ServerSettings(_Section):
    """The HTTP side."""

    cors_origins: Items = Field(
        default=(), description="web origins that may call the API, e.g. https://shop.example.com"
    )
    widget_ids: Items = Field(default=("demo",), description="widgets that may open sessions")
    embed_origins: Items = Field(
        default=(), description="origins of pages that may embed the widget; empty: this server's own; *: any page"
    )
    requests_per_minute: int = Field(default=60, ge=1, description="per client address")
    session_minutes: int = Field(default=60, ge=1, description="minutes without a message until a session ends")
    max_body_bytes: int = Field(default=262_144, ge=1024, description="largest request body")


class StorageSettings(_Section):
    """Databases beyond one machine. Empty: SQLite in the data folder."""

    state_url: SecretStr | None = Field(default=None, description="dialogue state, e.g. postgresql://host/db")
    vault_url: SecretStr | None = Field(default=None, description="vault, e.g. postgresql+psycopg://host/db")


class Settings(BaseSettings):
    """The whole tree. ``Settings()`` holds the defaults; ``load`` reads the sources."""

    model_config = SettingsConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    data_dir: Path = Field(default=Path(".tactful"), description="everything that is written lies here")
    host: str = Field(default="127.0.0.1", min_length=1, description="address to listen on")
    port: Port = Field(default=8080, description="port to listen on")
    model: ModelSettings = ModelSettings()
    engine: EngineSettings = EngineSettings()
    guarded: GuardedSettings = GuardedSettings()
    shop: ShopSettings = ShopSettings()
    privacy: PrivacySettings = PrivacySettings()
    server: ServerSettings = ServerSettings()
    storage: StorageSettings = StorageSettings()

    @classmethod
    def settings_customise_sources(
        cls, settings_cls: type[BaseSettings], init_settings: PydanticBaseSettingsSource, *_: Any, **__: Any
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Only what is passed: ``load`` reads the other sources, so that it can name them."""
        return (init_settings,)

    @property
    def models_dir(self) -> Path:
        """Converted models."""
        return self.data_dir / "models"

    @property
    def logs_dir(self) -> Path:
        """Logs of the server and of the engine."""
        return self.data_dir / "logs"

    @property
    def transcripts_dir(self) -> Path:
        """Transcripts, one file a day."""
        return self.data_dir / "transcripts"

    @property
    def audit_file(self) -> Path:
        """The audit log's current file."""
        return self.data_dir / "audit" / "audit.jsonl"

    @property
    def shop_dir(self) -> Path:
        """The shop folder in use."""
        return self.shop.dir or self.data_dir / "shop"

    @property
    def master_key_file(self) -> Path:
        """The file with the vault's key."""
        return self.privacy.master_key_file or self.data_dir / "master.key"

    @property
    def vault_url(self) -> str:
        """SQLAlchemy URL of the vault."""
        url = self.storage.vault_url
        return url.get_secret_value() if url else f"sqlite:///{self.data_dir / 'vault.db'}"

    @property
    def state_url(self) -> str:
        """Where dialogue state is kept: a Postgres URL or a SQLite path."""
        url = self.storage.state_url
        return url.get_secret_value() if url else str(self.data_dir / "state.db")
