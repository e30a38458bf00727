"""Alembic's environment: migrations run on the application's own engine."""

from __future__ import annotations

from alembic import context
from flask import current_app

from portal.database import db

target = db.metadata


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


run()
