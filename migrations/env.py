"""Alembic's environment: migrations run on the application's own engine."""

from __future__ import annotations

from alembic import context
from flask import current_app
from sqlalchemy import inspect
from sqlalchemy.engine import Connection

from portal.database import db
from portal.people import role_filling

target = db.metadata


def _fill_roles(connection: Connection) -> None:
    """Fill what the database goes by from the code's table of roles, unless everything was taken back."""
    if inspect(connection).has_table(role_filling.CONFLICTS.name):
        role_filling.fill(connection)
        connection.commit()


def run() -> None:
    """Run the migrations in one transaction on the application's database."""
    engine = current_app.extensions["sqlalchemy"].engine
    with engine.connect() as connection:
        context.configure(
            connection=connection,
            target_metadata=target,
            render_as_batch=connection.dialect.name == "sqlite",
            compare_type=True,
            transaction_per_migration=True,
        )
        with context.begin_transaction():
            context.run_migrations()
        _fill_roles(connection)


run()
