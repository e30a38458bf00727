"""Commands about accounts for whoever runs the host."""

from __future__ import annotations

import click
from flask.cli import with_appcontext
from flask_babel import force_locale
from sqlalchemy import select

from portal import clock
from portal.database import db
from portal.errors import Refusal
from portal.people import loss
from portal.people.models import Account


@click.command("break-glass")
@click.argument("username")
@click.option(
    "--reason", required=True, help="Why, and how it was made sure who asks; stays in the event log."
)
@with_appcontext
def break_glass(username: str, reason: str) -> None:
    """Take the factors of USERNAME away and print a one-time link, where no two other administrators are.

    All administrators and auditors are told, and the event log keeps the reason.
    """
    account = db.session.scalar(select(Account).where(Account.username == username.strip().lower()))
    if account is None or not account.active:
        raise click.ClickException(f"There is no active account {username}.")
    try:
        given = loss.break_glass(account, reason, at=clock.now())
    except Refusal as refusal:
        db.session.rollback()
        with force_locale("en"):
            raise click.ClickException(refusal.sentence()) from None
    db.session.commit()
    click.echo(f"Password and second factors of {account.username} do not work any more; sessions are ended.")
    click.echo("Give this link to the person. It is shown once, works once, and ends in 24 hours:")
    click.echo(given.address)
