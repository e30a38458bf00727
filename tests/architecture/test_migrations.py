"""If these fail, an upgraded installation has another database than the code expects."""

from __future__ import annotations

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from flask import Flask
from flask_migrate import downgrade, upgrade
from sqlalchemy import create_engine, inspect, text
from sqlalchemy.engine import make_url

from portal import commands
from portal.database import db
from portal.factory import create_app
from tests.fixtures.app import make_settings


def test_models_and_migrations_agree(app: Flask) -> None:
    connection = db.session.connection()
    context = MigrationContext.configure(connection, opts={"compare_type": True})
    assert compare_metadata(context, db.metadata) == []


def test_there_is_one_head(app: Flask) -> None:
    scripts = ScriptDirectory(app.extensions["migrate"].directory)
    assert len(scripts.get_heads()) == 1


def test_the_guards_stand_in_the_database(app: Flask) -> None:
    connection = db.session.connection()
    if connection.dialect.name == "sqlite":
        query = "SELECT count(*) FROM sqlite_master WHERE type = 'trigger' AND name LIKE 'guard_%'"
    else:
        query = "SELECT count(*) FROM pg_trigger WHERE tgname LIKE 'guard_%' AND NOT tgisinternal"
    assert connection.execute(text(query)).scalar_one() >= 20


@pytest.mark.parametrize("database", ["sqlite", "postgresql"])
def test_migrations_go_down_and_up_again(
    database: str, request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory, redis_url: str
) -> None:
    environ = {"REDIS_URL": redis_url}
    if database == "postgresql":
        base = request.getfixturevalue("postgres_url")
        admin = create_engine(
            base.replace("postgresql://", "postgresql+psycopg://"), isolation_level="AUTOCOMMIT"
        )
        name = f"down_up_{make_url(base).database}"
        with admin.connect() as connection:
            connection.execute(text(f'DROP DATABASE IF EXISTS "{name}"'))
            connection.execute(text(f'CREATE DATABASE "{name}"'))
        admin.dispose()
        environ["DATABASE_URL"] = make_url(base).set(database=name).render_as_string(hide_password=False)
    application = create_app(make_settings(tmp_path_factory.mktemp("down"), **environ))
    commands.register(application)
    with application.app_context():
        upgrade()
        downgrade(revision="base")
        assert set(inspect(db.engine).get_table_names()) <= {"alembic_version"}
        upgrade()
        assert "cases" in inspect(db.engine).get_table_names()
        db.engine.dispose()
