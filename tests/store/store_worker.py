"""A process that works on a store until it is killed. Run as: python store_worker.py COMMAND DATABASE.

It tells on stdout what is committed, after the commit; the tests hold the database to that.
"""

import resource
import signal
import sys
from datetime import timedelta
from decimal import Decimal

import anyio

from koppel.clock import SystemClock
from koppel.errors import RetryLater
from koppel.store import (
    ConnectionRecord,
    DocumentState,
    IntentKind,
    Lease,
    NewDocument,
    NewEvent,
    NewIntent,
    Store,
    open_store,
)
from koppel.vendor import Token

PAGE = 7


async def lease_of(store: Store) -> Lease:
    """A new generation, whoever died with the old one."""
    await store.connections.put(ConnectionRecord(name="winkel", source="a", target="b", config=""))
    await store.flows.ensure("winkel", {"orders": 60})
    while True:
        lease = await store.leases.acquire("winkel", f"{sys.argv}", 0)
        if lease is not None:
            return lease


async def cycle(store: Store, lease: Lease, number: int) -> None:
    """Fetch a page, announce, book: three commits and a token."""
    async with store.write(lease) as tx:
        documents = await tx.insert(
            NewDocument(
                reference=f"{number}-{place}",
                source_id="x",
                state=DocumentState.DUE,
                amount=Decimal("1.01"),
                currency="EUR",
            )
            for place in range(PAGE)
        )
        await tx.cursor("orders", f"{number}")
    print("page", number, flush=True)  # noqa: T201 # tells the test
    async with store.write(lease) as tx:
        intents = await tx.open_intents(
            NewIntent(kind=IntentKind.BOOKING, key=document.reference, document_id=document.id)
            for document in documents
        )
        for document in documents:
            await tx.change(document.id, state=DocumentState.BOOKING, event=NewEvent(kind="booking"))
    await store.tokens.save("t", Token(access=f"a{number}", refresh=f"r{number}", expires_at=0))
    print("token", number, flush=True)  # noqa: T201 # tells the test
    async with store.write(lease) as tx:
        for intent, document in zip(intents, documents, strict=True):
            await tx.settle_intent(intent.id, "done", "T")
            await tx.change(document.id, state=DocumentState.BOOKED, event=NewEvent(kind="booked"))
            await tx.link("customer", f"{number}-{document.id}", "T", created=True)
    print("booked", number, flush=True)  # noqa: T201 # tells the test


async def work(url: str) -> None:
    """Cycle until killed, from where the last process came."""
    async with open_store(url, clock=SystemClock()) as store:
        lease = await lease_of(store)
        number = int((await store.flows.states("winkel"))[0].cursor or 0)
        while True:
            number += 1
            await cycle(store, lease, number)


async def share(url: str) -> None:
    """One of two processes at the same file: 100 events without a lease of its own."""
    async with open_store(url, clock=SystemClock()) as store:
        await store.connections.put(ConnectionRecord(name="winkel", source="a", target="b", config=""))
        for number in range(100):
            async with store.operate("winkel") as tx:
                await tx.insert(
                    [NewDocument(reference=f"{sys.argv[3]}-{number}", source_id="", state=DocumentState.DUE)]
                )


async def fill(url: str) -> None:
    """Write until the file may not grow any more; then get room, and go on."""
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    async with open_store(url, clock=SystemClock()) as store:
        lease = await lease_of(store)
        resource.setrlimit(resource.RLIMIT_FSIZE, (600_000, resource.RLIM_INFINITY))
        number = 0
        try:
            while number < 10_000:
                number += 1
                await cycle(store, lease, number)
        except RetryLater as error:
            print("told", error.code, flush=True)  # noqa: T201 # tells the test
        print("readable", len(await store.documents.events("winkel", None, 5)), flush=True)  # noqa: T201 # tells the test
        resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
        async with store.write(lease) as tx:
            await tx.event(NewEvent(kind="goes-on"))


async def stall(url: str) -> None:
    """Take the lease, tell, and try to write once stdin says so."""
    clock = SystemClock()
    async with open_store(url, clock=clock) as store:
        lease = await lease_of(store)
        print("lease", lease.generation, flush=True)  # noqa: T201 # tells the test
        await anyio.to_thread.run_sync(sys.stdin.readline)
        try:
            async with store.write(lease) as tx:
                await tx.flow_finished("orders", clock.now() + timedelta(days=1))
        except Exception as error:  # noqa: BLE001 # the test looks at what it is
            print("refused", type(error).__name__, flush=True)  # noqa: T201 # tells the test


if __name__ == "__main__":
    anyio.run({"work": work, "share": share, "fill": fill, "stall": stall}[sys.argv[1]], sys.argv[2])
