"""koppel sign-in: consent in a browser, by copy and paste."""

import sys

import anyio.to_thread
import click

from koppel.cli.frame import App, with_workshop
from koppel.engine.daemon import Workshop
from koppel.errors import SignInNeeded
from koppel.operating.sign_in import consent_address, finish_sign_in


@click.command("sign-in")
@click.argument("name")
@click.option("--redirected", metavar="ADDRESS", help="The address that the browser was sent to, for an earlier call.")
@with_workshop
async def sign_in(app: App, workshop: Workshop, name: str, redirected: str | None) -> None:
    """Give koppel consent at the vendor, in your browser.

    Open the address that is printed, sign in, agree. The browser is then sent to your redirect address; it does not
    matter what it shows there. Copy the whole address out of the browser and paste it here.
    """
    pasted = await _paste(workshop, name) if redirected is None else redirected
    done = await finish_sign_in(workshop, name, pasted)
    text = f"{name}: signed in to {done.vendor}. koppel renews this by itself"
    if done.good_until:
        text += f"; unused, it ends on {done.good_until:%Y-%m-%d}"
    app.emit(done, f"{text}.")


async def _paste(workshop: Workshop, name: str) -> str:
    click.echo(f"Open this address, sign in and agree:\n\n  {await consent_address(workshop, name)}\n", err=True)
    click.echo("Then paste the whole address that the browser was sent to, soon (a code lives for minutes):", err=True)
    line: str = await anyio.to_thread.run_sync(sys.stdin.readline)
    if not line.strip():
        raise SignInNeeded(
            "sign-in.nothing-pasted", "Nothing was pasted.", f"Run: koppel sign-in {name} --redirected 'ADDRESS'"
        )
    return line
