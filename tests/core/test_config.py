"""Settings: bad input gives a clear error with the place."""

from pathlib import Path
from typing import Any

import pytest

from koppel.config.connection import ConnectionSettings, parse_connection
from koppel.config.daemon import load_daemon_config
from koppel.config.secrets import resolve_secrets
from koppel.config.toml import parse_duration, parse_size
from koppel.config.writing import toml_text
from koppel.errors import Misconfigured
from koppel.plugin.loading import Plugins, load_plugins

GOOD: dict[str, dict[str, Any]] = {
    "connection": {"name": "winkel-nl", "source": "amazon", "target": "snelstart"},
    "source": {"client_id": "amzn1.application-oa2-client.x", "marketplaces": ["NL", "DE"]},
    "target": {},
    "orders": {"statuses": ["Shipped"], "interval": "15m", "description": "{order_number} {marketplace}"},
    "seller": {"oss": True},
    "vat": {"NL": {"21": {"code": "VerkopenHoog", "ledger": "8000"}}},
}


@pytest.fixture(scope="module")
def plugins() -> Plugins:
    return load_plugins(["amazon", "snelstart"])


def parse(plugins: Plugins, **sections: Any) -> ConnectionSettings:
    data = {name: {**GOOD.get(name, {}), **values} for name, values in {**GOOD, **sections}.items()}
    return parse_connection(toml_text(data), "shop.toml", plugins)


def test_a_good_file(plugins: Plugins) -> None:
    settings = parse(plugins)
    assert settings.name == "winkel-nl"
    assert settings.releasing == {"Shipped"}
    assert settings.interval.total_seconds() == 900
    assert settings.booking.vat["NL"]["21"].ledger == "8000"


def test_the_designs_own_sample_is_a_good_file(plugins: Plugins) -> None:
    assert parse(plugins, stock={"enabled": True}, target={"mode": "booking"}).stock.enabled


@pytest.mark.parametrize("spelling", ["shipped", "SHIPPED"])
def test_statuses_in_any_spelling(plugins: Plugins, spelling: str) -> None:
    assert parse(plugins, orders={"statuses": [spelling]}).releasing == {"Shipped"}


@pytest.mark.parametrize(
    ("sections", "place", "words"),
    [
        ({"connection": {"source": "bol"}}, "[connection]", "no source called 'bol'"),
        ({"connection": {"name": "Winkel NL"}}, "[connection.name]", "regex"),
        ({"orders": {"statuses": ["Sent"]}}, "[orders]", "no status 'Sent'"),
        ({"orders": {"interval": "5s"}}, "[orders]", "between 1m and 1d"),
        ({"orders": {"interval": "often"}}, "[orders.interval]", "regex"),
        ({"orders": {"colour": "red"}}, "[orders]", "unknown field `colour`"),
        ({"orders": {"description": "{nonsense}"}}, "[orders]", "nonsense"),
        ({"source": {"market": "NL"}}, "[source]", "unknown field `market`"),
        ({"source": {"client_secret": "very-secret-value"}}, "[source]", "client_secret is a secret"),
        ({"seller": {"country": "Nederland"}}, "[seller]", "no ISO country code"),
        ({"vat": {"NL": {"high": {"code": "x"}}}}, "[vat.NL]", "high"),
    ],
)
def test_what_is_wrong_is_told_with_the_place(
    plugins: Plugins, sections: dict[str, Any], place: str, words: str
) -> None:
    with pytest.raises(Misconfigured) as caught:
        parse(plugins, **sections)
    assert "shop.toml" in str(caught.value) or place == "[orders]"
    assert place in str(caught.value)
    assert words in str(caught.value)
    assert "very-secret-value" not in str(caught.value)


def test_broken_toml_names_line_and_column(plugins: Plugins) -> None:
    with pytest.raises(Misconfigured, match=r"shop.toml is not valid TOML: .*line 2, column \d+"):
        parse_connection('[connection]\nname = "winkel\n', "shop.toml", plugins)


def test_secrets_come_from_environment_file_or_vault(
    plugins: Plugins, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SHOP_SECRET", "from-environment")
    (tmp_path / "token").write_text("from-file\n")
    source = {"client_secret": "env:SHOP_SECRET", "refresh_token": f"file:{tmp_path / 'token'}"}
    settings: Any = resolve_secrets(parse(plugins, source=source).source, "source", lambda _key: None, "winkel-nl")
    assert settings.client_secret == "from-environment"
    assert settings.refresh_token == "from-file"
    assert "from-environment" not in repr(settings)
    kept = {"source.client_secret": "a", "source.refresh_token": "b"}
    settings = resolve_secrets(parse(plugins).source, "source", kept.get, "winkel-nl")
    assert (settings.client_secret, settings.refresh_token) == ("a", "b")


def test_a_missing_secret_says_how_to_give_it(plugins: Plugins) -> None:
    with pytest.raises(Misconfigured, match=r"koppel secret set winkel-nl source\.client_secret"):
        resolve_secrets(parse(plugins).source, "source", lambda _key: None, "winkel-nl")
    unset = parse(plugins, source={"client_secret": "env:NO_SUCH_VARIABLE"}).source
    with pytest.raises(Misconfigured, match="NO_SUCH_VARIABLE"):
        resolve_secrets(unset, "source", lambda _key: None, "winkel-nl")


def test_the_daemons_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "koppel.toml"
    file.write_text(
        '[database]\nurl = "sqlite:////tmp/x.db"\n[web]\nlisten = "127.0.0.1:8480"\n'
        '[security]\nallow_insecure_endpoints = true\n[detail_log]\nkeep = "3d"\nmax_size = "1GiB"\n'
    )
    monkeypatch.setenv("KOPPEL_CONFIG", str(file))
    config = load_daemon_config()
    assert config.security.allow_insecure_endpoints
    file.write_text("[database]\npath = 1\n")
    with pytest.raises(Misconfigured, match=r"koppel.toml, \[database\]: .*unknown field `path`"):
        load_daemon_config(file)
    with pytest.raises(Misconfigured, match="There is no file"):
        load_daemon_config(tmp_path / "absent.toml")


def test_durations_and_sizes() -> None:
    assert parse_duration("90s").total_seconds() == 90
    assert parse_size("2GiB") == 2 * 1024**3
    for wrong in ("", "1w", "-1s", "1.5h"):
        with pytest.raises(ValueError, match="no duration"):
            parse_duration(wrong)
