"""If these fail, a portal starts on a database of the wrong shape."""

from pathlib import Path

import pytest
from alembic.config import Config
from alembic.script import ScriptDirectory
from sqlalchemy import create_engine, text

from portal.run import migrate
from portal.run.migrate import MIGRATIONS, MigrationError, newest


def put(folder: Path, number: str, after: str) -> None:
    (folder / "versions").mkdir(exist_ok=True)
    (folder / "versions" / f"{number}.py").write_text(
        f'revision: str = "{number}"\ndown_revision = {after}\n'
    )


def test_the_newest_migration_is_the_one_that_alembic_finds() -> None:
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    assert [newest()] == ScriptDirectory.from_config(config).get_heads()


def test_two_newest_migrations_are_refused(tmp_path: Path) -> None:
    put(tmp_path, "0001", "None")
    put(tmp_path, "0002", '"0001"')
    assert newest(tmp_path) == "0002"
    put(tmp_path, "0003", '"0001"')
    with pytest.raises(MigrationError, match="0002"):
        newest(tmp_path)
    put(tmp_path, "0004", '("0002", "0003")')
    assert newest(tmp_path) == "0004"


def test_a_database_of_the_newest_shape_is_left_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    calls: list[object] = []
    monkeypatch.setattr(migrate, "_upgrade", calls.append)
    url = f"sqlite:///{tmp_path}/portal.db"
    assert migrate.migrate(url, {}) is True
    assert len(calls) == 1
    engine = create_engine(url)
    with engine.begin() as connection:
        connection.execute(text("CREATE TABLE alembic_version (version_num TEXT)"))
        connection.execute(text("INSERT INTO alembic_version VALUES (:head)"), {"head": newest()})
    engine.dispose()
    assert migrate.migrate(url, {}) is False
    assert len(calls) == 1
