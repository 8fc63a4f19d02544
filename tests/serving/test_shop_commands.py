"""``tactful shop``: import, dry run, export; and which shop the settings name."""

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from bot.shop.errors import ShopUnavailable
from bot.shop.rest import RestShop
from bot.shop.store import SqliteShop, open_shop
from serving.cli import app
from serving.compose import build_store
from serving.settings import Settings, ShopSettings
from serving.settings_sources import SettingsError, load
from tests.bot import export_samples as samples
from tests.bot import shop_samples as small
from tests.bot.shop_server import TOKEN, serving

RUN = CliRunner()


def test_a_dry_run_shows_columns_and_counts_then_the_import_writes(tmp_path: Path) -> None:
    src, to = tmp_path / "products.csv", tmp_path / "shop"
    src.write_text(samples.SHOPIFY_NEW)
    command = ["shop", "import", str(src), "--format", "shopify", "--to", str(to)]
    dry = RUN.invoke(app, [*command, "--dry-run"])
    assert dry.exit_code == 0
    assert "Variant Price / Price -> price_minor" in dry.stdout
    assert "products: 2 would be imported" in dry.stdout
    assert "products row 6: rejected, price: expected" in dry.stderr
    assert not to.exists()
    done = RUN.invoke(app, command)
    assert (done.exit_code, "products: 2 imported" in done.stdout) == (0, True)
    assert "currency of prices: assumed to be USD" in done.stderr
    report = json.loads(RUN.invoke(app, [*command, "--json"]).stdout)
    assert (report["rows"]["products"], report["written"], report["rejected"][0]["row"]) == (2, True, 6)


def test_what_was_imported_is_exported_the_same(tmp_path: Path) -> None:
    folder, out = small.small_shop(tmp_path / "a"), tmp_path / "b"
    assert RUN.invoke(app, ["shop", "export", str(folder), "--to", str(out)]).exit_code == 0
    for name in ("products.jsonl", "customers.jsonl", "orders.jsonl", "shop.toml"):
        assert (out / name).read_bytes() == (folder / name).read_bytes()
    one = RUN.invoke(app, ["shop", "export", str(folder), "--to", str(tmp_path / "orders.jsonl"), "--json"])
    assert json.loads(one.stdout)["rows"] == {"products": 0, "customers": 0, "orders": 3, "policies": 0}
    refused = RUN.invoke(app, ["shop", "export", str(folder), "--to", str(folder)])
    assert (refused.exit_code, "another folder" in refused.stderr) == (1, True)


@pytest.mark.parametrize("arguments", [["--format", "xlsx"], ["--format", "csv", "--mapping", "none.toml"]])
def test_an_import_that_cannot_be_says_why_and_ends_with_1(tmp_path: Path, arguments: list[str]) -> None:
    (tmp_path / "x.csv").write_text("id,name,price\n1,a,2\n")
    done = RUN.invoke(app, ["shop", "import", str(tmp_path / "x.csv"), "--to", str(tmp_path / "shop"), *arguments])
    assert done.exit_code == 1
    assert done.stderr.strip()


def test_settings_choose_between_a_folder_and_an_api(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = small.small_shop(tmp_path / "shop")
    shop = build_store(Settings(data_dir=tmp_path, shop=ShopSettings(dir=folder)))
    assert isinstance(shop, SqliteShop)
    shop.close()
    with serving(open_shop(folder)) as stub:
        monkeypatch.setenv("TACTFUL_SHOP__API_URL", f"{stub.url}/")
        monkeypatch.setenv("TACTFUL_SHOP__API_TOKEN", TOKEN)
        loaded = load()
        assert TOKEN not in str(loaded.rows()) + repr(loaded.settings)
        remote = build_store(loaded.settings)
        assert isinstance(remote, RestShop)
        assert remote.info == small.INFO
        remote.close()
        monkeypatch.setenv("TACTFUL_SHOP__API_TOKEN", "another")
        with pytest.raises(ShopUnavailable, match=r"shop\.api_token"):
            build_store(load().settings)
        monkeypatch.setenv("TACTFUL_SHOP__DIR", str(folder))
        with pytest.raises(SettingsError, match="both set"):
            load()
