"""The database opens, migrates and fails in one way on both kinds."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable
from pathlib import Path

import pytest
from sqlalchemy import insert, select, text
from sqlalchemy.exc import IntegrityError

from alerts.errors import AlertsError, StoreError
from alerts.store import schema
from alerts.store.db import Database, exclusive
from alerts.store.leases import table_of
from alerts.store.tables import AudienceRow, SubscriberRow

AUDIENCE = table_of(AudienceRow)


def test_the_migrations_make_exactly_the_tables(database: Database) -> None:
    assert database.revision() == schema.head()
    assert database.problems() == []


def test_upgrade_and_downgrade_go_all_the_way_and_back(database: Database) -> None:
    database.downgrade("base")
    with database.read() as connection:
        assert database.engine.dialect.get_table_names(connection) == ["alembic_version"]
    database.upgrade()
    database.upgrade()
    assert database.problems() == []


def test_revisions_are_a_line_whose_files_tell_their_order() -> None:
    from alembic.script import ScriptDirectory

    scripts = ScriptDirectory.from_config(schema._config(None))
    assert [script.revision for script in scripts.walk_revisions()] == schema.known()[::-1]
    assert scripts.get_current_head() == schema.head()


def test_two_processes_that_start_at_once_both_find_the_tables(database: Database, database_url: str) -> None:
    database.downgrade("base")
    errors: list[BaseException] = []

    def start() -> None:
        other = Database(database_url)
        try:
            other.upgrade()
        except BaseException as error:
            errors.append(error)
        finally:
            other.close()

    threads = [threading.Thread(target=start) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert errors == []
    assert database.problems() == []


def test_a_database_of_a_newer_version_is_refused(database: Database) -> None:
    with database.write() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    with pytest.raises(StoreError, match="newer version"):
        database.upgrade()


def test_a_write_is_kept_whole_or_not_at_all(database: Database) -> None:
    row = {"key": "a", "cadence": "daily", "choices": {}}
    with contextlib.suppress(IntegrityError), database.write() as connection:
        connection.execute(insert(AUDIENCE), row)
        connection.execute(insert(AUDIENCE), row)
    with database.read() as connection:
        assert connection.execute(select(AUDIENCE)).all() == []


def test_a_reader_sees_one_state_although_others_write(database: Database) -> None:
    with database.read() as reader:
        assert reader.execute(select(AUDIENCE)).all() == []
        with database.write() as writer:
            writer.execute(insert(AUDIENCE), {"key": "a", "cadence": "daily", "choices": {"語": "日本語"}})
        assert reader.execute(select(AUDIENCE)).all() == []
    with database.read() as reader:
        assert reader.execute(select(AUDIENCE.c.choices)).scalar() == {"語": "日本語"}


def test_foreign_keys_hold_and_a_broken_constraint_stays_what_it_is(database: Database) -> None:
    with pytest.raises(IntegrityError), database.write() as connection:
        connection.execute(
            insert(table_of(SubscriberRow)),
            {"address": "a@example.org", "address_key": "a@example.org", "audience": "nobody", "created_at": None, "consent": {}},
        )


def test_exclusive_lets_one_transaction_at_a_time_through(database: Database) -> None:
    inside: list[int] = []
    most: list[int] = []

    def work() -> None:
        for _ in range(5):
            with database.write() as connection:
                exclusive(connection, "a name")
                inside.append(1)
                most.append(len(inside))
                connection.execute(text("SELECT 1"))
                inside.pop()

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert max(most) == 1
    assert len(most) == 20


def test_ids_of_erased_rows_are_never_used_again(database: Database) -> None:
    """An id stands in signed links: whoever comes next must not be reached by the old ones."""
    row = {"audience": "a", "open": False, "seen": 0, "alerted": "", "edition": "", "consent": {}}
    ids = []
    with database.write() as connection:
        connection.execute(insert(AUDIENCE), {"key": "a", "cadence": "daily", "choices": {}})
        for number in range(2):
            subscriber = table_of(SubscriberRow)
            statement = insert(subscriber).values(address=f"{number}", address_key=f"{number}", created_at=text("'2026-01-01'"), **row)
            ids.append(connection.execute(statement.returning(subscriber.c.id)).scalar_one())
            connection.execute(subscriber.delete())
    assert ids[1] > ids[0]


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("nonsense", "not a database URL"),
        ("mysql://user:hush@host/name", "not supported"),
        ("postgresql+asyncpg://user:hush@host/name", "psycopg 3"),
        ("sqlite://", "needs a file"),
        ("sqlite:////no/such/directory/alerts.db", "is the directory there"),
        ("postgresql://user:hush@127.0.0.1:1/name", "cannot be used"),
    ],
)
def test_an_unusable_url_is_one_clear_sentence_without_its_password(url: str, said: str) -> None:
    with pytest.raises(AlertsError, match=said) as caught:
        Database(url).upgrade()
    assert "hush" not in str(caught.value)
    assert "\n" not in str(caught.value)


def test_an_unusable_file_is_one_clear_sentence(tmp_path: Path) -> None:
    (tmp_path / "text.db").write_text("this is no database, but long enough to look at" * 40)
    with pytest.raises(StoreError, match="not an SQLite database"):
        Database(f"sqlite:///{tmp_path}/text.db").upgrade()
    with pytest.raises(StoreError, match="directory"):
        Database(f"sqlite:///{tmp_path}").upgrade()


def test_missing_tables_say_what_to_do(new_database_url: Callable[[], str]) -> None:
    database = Database(new_database_url())
    database.downgrade("base")
    with pytest.raises(StoreError, match="alerts db upgrade"), database.read() as connection:
        connection.execute(select(AUDIENCE))
    database.close()


def test_a_new_file_is_private(tmp_path: Path) -> None:
    """Addresses of people are in it."""
    database = Database(f"sqlite:///{tmp_path}/alerts.db")
    database.upgrade()
    assert {path.stat().st_mode & 0o777 for path in tmp_path.iterdir()} == {0o600}
    database.close()


def test_sqlite_is_opened_for_one_host_with_care(migrated_file: Path) -> None:
    database = Database(f"sqlite:///{migrated_file}")
    with database.read() as connection:
        found = {name: connection.exec_driver_sql(f"PRAGMA {name}").scalar() for name in ("journal_mode", "foreign_keys", "synchronous")}
    assert found == {"journal_mode": "wal", "foreign_keys": 1, "synchronous": 1}
    database.close()
