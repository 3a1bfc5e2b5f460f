"""koppel vat: the VAT decision explained, and a bookkeeper's own cases tried."""

import re
from datetime import datetime
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Any

import click

from koppel.cli.frame import App, with_app
from koppel.errors import Misconfigured
from koppel.vat import Charged, Decision, Facts, Seller, Transaction, ViesState, decide
from koppel.vat.cases import Unreadable, decide_cases, write_cases
from koppel.vat.verdict import plain

LANGUAGE = click.option(
    "--language", type=click.Choice(["nl", "en"]), default="nl", show_default=True, help="Language of the reasons."
)


@click.group()
def vat() -> None:
    """How VAT is decided: explain one case, or decide a file of them."""


@vat.command()
@click.option("--from", "departure", required=True, help="Country the goods leave from (FBA: the warehouse's).")
@click.option(
    "--to", "arrival", required=True, help="Delivery address: country, with postcode: ES-38001, 'GB-BT1 1AA'."
)
@click.option("--gross", required=True, help="Amount including VAT.")
@click.option("--date", "on", type=click.DateTime(["%Y-%m-%d"]), required=True, help="Tax date.")
@click.option("--currency", default="EUR", show_default=True)
@click.option("--category", default="standard", show_default=True, help="VAT category of the product.")
@click.option("--seller", "seller_country", default="NL", show_default=True, help="Where the seller is established.")
@click.option("--oss/--no-oss", default=None, help="Whether the seller uses the Union one-stop shop.")
@click.option("--above-threshold/--below-threshold", default=None, help="EUR 10,000, over all channels.")
@click.option("--kor", is_flag=True, help="The seller uses the Dutch small-business scheme.")
@click.option("--vat-id", help="The buyer's VAT number.")
@click.option("--vies", type=click.Choice([str(state) for state in ViesState]), help="What VIES said of it.")
@click.option("--business", is_flag=True, help="The channel calls the buyer a business.")
@click.option("--deemed-supplier", is_flag=True, help="The marketplace collects the VAT.")
@click.option("--own-shop", is_flag=True, help="Sold in an own shop, not on a marketplace.")
@click.option("--channel-vat", type=click.Choice([str(each) for each in Charged]), help="VAT by the channel's report.")
@click.option(
    "--type", "kind", type=click.Choice([str(each) for each in Transaction]), default="sale", show_default=True
)
@LANGUAGE
@with_app
async def explain(app: App, /, **options: Any) -> None:
    """Decide one amount and say why."""
    decision = decide(_facts(options))
    app.emit(decision, _text(decision, options["language"]))


@vat.command()
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False))
@click.option("--output", type=click.Path(path_type=Path, dir_okay=False), help="Write here instead of to the screen.")
@LANGUAGE
@with_app
async def cases(app: App, /, file: Path, output: Path | None, language: str) -> None:
    """Decide every row of a CSV file.

    \b
    Columns: id,seller_country,sender_country,buyer_country,buyer_postcode,buyer_vat_id,channel,
    deemed_supplier,product_category,gross,currency,date,seller_oss_registered,txn_type,
    vies_status,threshold_exceeded,kor,channel_vat
    """
    try:
        outcomes = list(decide_cases(_read(file), language))
    except Unreadable as problem:
        raise Misconfigured("vat.cases", f"{file}:{problem.line}: {problem.reason}.") from problem
    text = write_cases(outcomes)
    if output is not None:
        _write(output, text)
        app.emit({"rows": len(outcomes), "output": str(output)}, f"{len(outcomes)} rows written to {output}.")
        return
    app.emit(outcomes, text.removesuffix("\n"))


def _read(file: Path) -> str:
    try:
        content = file.read_bytes()
    except OSError as error:
        raise Misconfigured("vat.cases", f"{file}:1: the file cannot be read ({error.strerror}).") from error
    try:
        return content.decode("utf-8")
    except UnicodeDecodeError as error:
        raise Unreadable(content.count(b"\n", 0, error.start) + 1, "this is no UTF-8 text") from error


def _write(file: Path, text: str) -> None:
    try:
        file.write_text(text, "utf-8")
    except OSError as error:
        raise Misconfigured("vat.cases", f"{file} cannot be written ({error.strerror}).") from error


def _facts(options: dict[str, Any]) -> Facts:
    country, _, postcode = re.sub(r"^\s*([A-Za-z]{2})[\s-]*", r"\1|", options["arrival"]).partition("|")
    try:
        gross = Decimal(options["gross"])
    except InvalidOperation:
        raise click.BadParameter(f"{options['gross']!r} is no amount", param_hint="--gross") from None
    if not gross.is_finite():
        raise click.BadParameter(f"{options['gross']!r} is no amount", param_hint="--gross")
    moment: datetime = options["on"]
    return Facts(
        seller=Seller(
            country=options["seller_country"],
            oss=options["oss"],
            kor=options["kor"],
            above_threshold=options["above_threshold"],
        ),
        departure=options["departure"],
        arrival=country,
        postcode=postcode,
        on=moment.date(),
        gross=gross,
        transaction=Transaction(options["kind"]),
        category=options["category"],
        currency=options["currency"].upper(),
        buyer_vat_id=options["vat_id"],
        business=options["business"],
        vies=ViesState(options["vies"]) if options["vies"] else None,
        marketplace=not options["own_shop"],
        marketplace_collects=options["deemed_supplier"],
        channel_vat=Charged(options["channel_vat"]) if options["channel_vat"] else None,
    )


def _text(decision: Decision, language: str) -> str:
    lines = [f"{decision.treatment}  ({'rij' if language == 'nl' else 'row'} {decision.rule})"]
    if decision.rate is not None:
        whose = f"{decision.country} " if decision.country else ""
        net, vat_word = ("excl. btw", "btw") if language == "nl" else ("excl. VAT", "VAT")
        lines.append(
            f"{whose}{plain(decision.rate)} %  {net} {decision.net}  {vat_word} {decision.vat} {decision.currency}"
        )
    lines += [f"- {sentence.read(language)}" for sentence in decision.trail]
    mind, advice = ("Let op", "Advies") if language == "nl" else ("Mind", "Advice")
    lines += [f"{mind}: {warning.read(language)}" for warning in decision.warnings]
    lines += [f"{advice}: {decision.suggestion.read(language)}"] if decision.suggestion else []
    return "\n".join(lines)
