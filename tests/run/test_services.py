"""If these fail, every other test that needs a real service says nothing."""

import psycopg
from redis import Redis

from tests.fixtures.services import plain


def test_postgres_is_real_and_empty(postgres_url: str) -> None:
    with psycopg.connect(plain(postgres_url)) as connection:
        tables = connection.execute("SELECT count(*) FROM pg_tables WHERE schemaname = 'public'").fetchone()
        encoding = connection.execute("SHOW server_encoding").fetchone()
    assert tables == (0,)
    assert encoding == ("UTF8",)


def test_redis_is_real_and_listens_on_no_port(empty_redis_url: str) -> None:
    with Redis.from_url(empty_redis_url) as connection:
        assert connection.dbsize() == 0
        assert connection.config_get("port") == {"port": "0"}
        assert connection.config_get("appendonly") == {"appendonly": "yes"}
        assert connection.config_get("maxmemory-policy") == {"maxmemory-policy": "noeviction"}
