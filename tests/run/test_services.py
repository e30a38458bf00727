"""If these fail, every other test that needs a real service says nothing."""

import psycopg
from redis import Redis

from tests.fixtures.services import plain


def test_postgres_is_real_and_keeps_chinese(postgres_url: str) -> None:
    with psycopg.connect(plain(postgres_url)) as connection:
        version = connection.execute("SHOW server_version_num").fetchone()
        encoding = connection.execute("SHOW server_encoding").fetchone()
    assert version is not None
    assert int(version[0]) >= 140_000
    assert encoding == ("UTF8",)


def test_redis_is_real_and_listens_on_no_port(empty_redis_url: str) -> None:
    with Redis.from_url(empty_redis_url) as connection:
        assert connection.dbsize() == 0
        assert connection.config_get("port") == {"port": "0"}
        assert connection.config_get("appendonly") == {"appendonly": "yes"}
        assert connection.config_get("maxmemory-policy") == {"maxmemory-policy": "noeviction"}
