"""Keys, sealing, and what may never be readable in the files of the database."""

import stat
from pathlib import Path

import pytest
from cryptography.fernet import Fernet

from koppel.errors import Misconfigured
from koppel.store import (
    ConnectionRecord,
    DocumentState,
    IntentKind,
    NewDocument,
    NewEvent,
    NewIntent,
    Store,
    open_store,
)
from koppel.testing.clock import VirtualClock
from koppel.vendor import Token
from koppel.vendor.ports import Exchange

pytestmark = pytest.mark.anyio
EMAIL = "jan.canary@example.nl"
SECRETS = ("canary-client-secret", "canary-access-token", "canary-refresh-token")
PERSONAL = (EMAIL, "Jan Canary", "Canarylaan 12", "+31 6 12345678")


def url(path: Path) -> str:
    return f"sqlite:///{path}"


def exchange(clock: VirtualClock, body: str) -> Exchange:
    return Exchange(
        at=clock.now(),
        operation="createOrder",
        method="POST",
        url=f"https://api.example.nl/orders?email={EMAIL}",
        request_headers={"authorization": "***"},
        request_body=body,
        status=201,
        response_headers={},
        response_body=body,
        seconds=0.1,
    )


async def use_every_verb(store: Store, clock: VirtualClock) -> None:
    await store.connections.put(ConnectionRecord(name="winkel", source="a", target="b", config=""))
    await store.connections.set_detail("winkel", clock.now().replace(year=2027))
    await store.secrets.put("winkel", "client_secret", SECRETS[0])
    await store.tokens.save("exact:1", Token(access=SECRETS[1], refresh=SECRETS[2], expires_at=1.0))
    await store.limit_states.save("exact:1", b"\x00\x01")
    await store.flows.ensure("winkel", {"orders": 60})
    lease = await store.leases.acquire("winkel", "tester", 60)
    assert lease is not None
    message = f"Debtor {EMAIL} with phone +31 6 12345678 is refused."
    async with store.write(lease) as tx:
        document = NewDocument(reference="r", source_id="1", state=DocumentState.ERROR, message=message)
        (made,) = await tx.insert([document])
        await tx.change(made.id, state=DocumentState.DUE, event=NewEvent(kind="x", message=message), message=message)
        await tx.event(NewEvent(kind="x", message=message))
        await tx.link("customer", f"email:{EMAIL}", "T", created=True)
        (intent,) = await tx.open_intents([NewIntent(kind=IntentKind.CUSTOMER, key=f"email:{EMAIL}")])
        await tx.settle_intent(intent.id, "unknown")
        await tx.flow_started("orders")
        await tx.flow_finished("orders", clock.now(), ok=False, code="x", message=message)
    await store.detail.record("winkel", exchange(clock, " ".join(PERSONAL)))


async def test_no_secret_and_no_personal_data_in_the_files(path: Path, clock: VirtualClock) -> None:
    async with open_store(url(path), clock=clock) as store:
        await use_every_verb(store, clock)
        assert await store.secrets.get("winkel", "client_secret") == SECRETS[0]
        token = await store.tokens.load("exact:1")
        assert token == Token(access=SECRETS[1], refresh=SECRETS[2], expires_at=1.0)
        assert await store.limit_states.load("exact:1") == b"\x00\x01"
        (entry,) = await store.detail.show("winkel", 5)
        assert EMAIL in str(entry.exchange["request_body"])
        files = {file.name: file.read_bytes() for file in path.parent.iterdir()}
    files |= {f"closed {file.name}": file.read_bytes() for file in path.parent.iterdir()}
    assert len(files["koppel.db-wal"]) > 0
    for name, content in files.items():
        for canary in (*SECRETS, *PERSONAL):
            assert canary.lower().encode() not in content.lower(), name
            assert canary.encode("utf-16-le") not in content, name


async def test_files_are_for_their_owner_only(path: Path, clock: VirtualClock) -> None:
    async with open_store(url(path), clock=clock) as store:
        await use_every_verb(store, clock)
        modes = {file.name: stat.S_IMODE(file.stat().st_mode) for file in path.parent.iterdir()}
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    assert set(modes) == {"koppel.db", "koppel.db-wal", "koppel.db-shm", "koppel.db.lock", "koppel.key"}
    assert set(modes.values()) == {0o600}


async def test_secrets_can_be_listed_replaced_and_forgotten(store: Store) -> None:
    assert await store.secrets.get("winkel", "a") is None
    await store.secrets.put("winkel", "a", "één")
    await store.secrets.put("winkel", "a", "twee")
    await store.secrets.put("winkel", "b", "")
    assert await store.secrets.names("winkel") == {"a", "b"}
    assert await store.secrets.get("winkel", "a") == "twee"
    await store.secrets.delete("winkel", "a")
    await store.secrets.delete("winkel", "a")
    assert await store.secrets.names("winkel") == {"b"}
    assert await store.tokens.load("none") is None
    assert await store.limit_states.load("none") is None


async def test_fingerprints_are_stable_keyed_and_idempotent(path: Path, tmp_path: Path, clock: VirtualClock) -> None:
    async with open_store(url(path), clock=clock) as store:
        mark = store.vault.fingerprint(EMAIL)
        assert store.vault.fingerprint(mark) == mark
        assert store.vault.fingerprint(EMAIL.upper()) != mark
    async with open_store(url(path), clock=clock) as store:
        assert store.vault.fingerprint(EMAIL) == mark
    async with open_store(url(tmp_path / "other" / "koppel.db"), clock=clock) as store:
        assert store.vault.fingerprint(EMAIL) != mark


async def refused(path: Path, clock: VirtualClock, key_file: Path | None = None) -> Misconfigured:
    with pytest.raises(Misconfigured) as told:
        async with open_store(url(path), clock=clock, key_file=key_file):
            pytest.fail("must not open")
    assert told.value.suggestion
    return told.value


async def test_a_key_file_that_does_not_fit_is_told(path: Path, tmp_path: Path, clock: VirtualClock) -> None:
    async with open_store(url(path), clock=clock) as store:
        await store.secrets.put("winkel", "a", "b")
    key_file = path.with_name("koppel.key")
    key = key_file.read_text()
    other = tmp_path / "other.key"
    other.touch(0o600)
    other.write_bytes(Fernet.generate_key())
    assert (await refused(path, clock, other)).code == "store.wrong-key"
    assert (await refused(path, clock, tmp_path / "nowhere.key")).code == "store.key-missing"
    key_file.unlink()
    assert (await refused(path, clock)).code == "store.key-missing"
    assert not key_file.exists()
    for garbage in (b"", b"not a key\n", b"\xff\xfe"):
        key_file.write_bytes(garbage)
        key_file.chmod(0o600)
        assert (await refused(path, clock)).code == "store.key-file"
    key_file.write_text(key)
    key_file.chmod(0o644)
    assert (await refused(path, clock)).code == "store.key-readable"
    key_file.chmod(0o600)
    async with open_store(url(path), clock=clock) as store:
        assert await store.secrets.get("winkel", "a") == "b"


async def test_a_new_key_can_replace_the_old_one(path: Path, tmp_path: Path, clock: VirtualClock) -> None:
    async with open_store(url(path), clock=clock) as store:
        await use_every_verb(store, clock)
        for number in range(50):
            await store.secrets.put("winkel", f"s{number}", "x")
        mark = store.vault.fingerprint(EMAIL)
    key_file = path.with_name("koppel.key")
    old, new = key_file.read_text().strip(), Fernet.generate_key().decode()
    old_only = tmp_path / "old.key"
    old_only.touch(0o600)
    old_only.write_text(old)
    key_file.write_text(f"{new}\n{old}\n")
    async with open_store(url(path), clock=clock) as store:
        assert await store.secrets.get("winkel", "client_secret") == SECRETS[0]
        assert await store.reseal() == 54
    key_file.write_text(f"{new}\n")
    async with open_store(url(path), clock=clock) as store:
        assert await store.secrets.get("winkel", "client_secret") == SECRETS[0]
        assert await store.tokens.load("exact:1") is not None
        assert len(await store.detail.show("winkel", 5)) == 1
        assert store.vault.fingerprint(EMAIL) == mark
    assert (await refused(path, clock, old_only)).code == "store.wrong-key"


@pytest.mark.parametrize("address", ["mysql://x/y", "sqlite://", "sqlite:///:memory:", "nonsense", "postgresql://"])
async def test_an_address_that_cannot_be_is_told(address: str, clock: VirtualClock) -> None:
    with pytest.raises(Misconfigured) as told:
        async with open_store(address, clock=clock):
            pytest.fail("must not open")
    assert told.value.code == "store.address"
    assert "sqlite:////" in told.value.suggestion
