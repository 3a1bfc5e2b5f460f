"""koppel switch: another administration for a connection."""

from datetime import datetime

import click

from koppel.cli.frame import App, with_workshop
from koppel.engine.daemon import Workshop
from koppel.operating import switching


@click.command()
@click.argument("name")
@click.option(
    "--restart-from",
    type=click.DateTime(["%Y-%m-%d"]),
    help="Book orders placed on or after this day again, in the new administration (Amsterdam).",
)
@with_workshop
async def switch(app: App, workshop: Workshop, name: str, restart_from: datetime | None) -> None:
    """Go on in another administration, after `koppel apply` with the settings that lead there.

    What is booked in the former one stays in the log as "elsewhere" and is not booked again, unless --restart-from says
    so. Relations and articles are looked for anew.
    """
    done = await switching.switch(workshop, name, restart_from.date() if restart_from else None)
    where = f"{done.former or 'its former administration'} -> {done.administration or 'the one of its settings'}"
    lines = [f"{name}: {where}", f"  {done.left} documents stay in the former one"]
    if done.due:
        lines.append(f"  {done.due} are booked in the new one")
    if done.unknown:
        lines.append(f"  {done.unknown} wait for you: koppel documents {name} --state review")
    app.emit(done, "\n".join(lines))
