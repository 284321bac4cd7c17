"""Every table of the pipeline; those about the service itself are in `service_tables.py`. Rows never leave the store: its functions take
and give the values of the stages.

Times are UTC and aware. Work that is shared between jobs and machines carries the four columns of a lease (see `leases.py`):
`due` (when it may be taken), `open` (still to be done), `worker` and `lease_until` (who has it, until when).
"""

from datetime import datetime
from typing import Any, ClassVar

from sqlalchemy import Index, Text, UniqueConstraint, text
from sqlmodel import Field, SQLModel

from alerts.store.columns import claim_index, document, moment, open_index

SQLModel.metadata.naming_convention = {
    "ix": "ix_%(table_name)s_%(column_0_name)s",
    "uq": "uq_%(table_name)s_%(column_0_name)s",
    "fk": "fk_%(table_name)s_%(column_0_name)s",
    "pk": "pk_%(table_name)s",
}
"""Every constraint has a name, so that a migration can change it on either database."""

NUMBERS_NEVER_USED_AGAIN = {"sqlite_autoincrement": True}
"""An id stands in links and keys; SQLite would give that of an erased row to the next one."""


class FeedRow(SQLModel, table=True):
    """What we remember of one feed; its settings stay in feeds.yaml. `id` is the feed's id there."""

    __tablename__: ClassVar[str] = "feed"
    __table_args__ = (claim_index("feed"),)

    id: str = Field(primary_key=True)
    url: str = Field(sa_type=Text)
    due: datetime = moment()
    open: bool = True
    worker: str | None = None
    lease_until: datetime | None = moment(nullable=True)
    etag: str | None = Field(default=None, sa_type=Text)
    last_modified: str | None = Field(default=None, sa_type=Text)
    body_hash: str | None = None
    baseline_at: datetime | None = moment(nullable=True)
    last_poll: datetime | None = moment(nullable=True)
    last_success: datetime | None = moment(nullable=True)
    last_new_entry: datetime | None = moment(nullable=True)
    error_streak: int = 0
    error_reason: str | None = None
    error_message: str | None = Field(default=None, sa_type=Text)
    entries_seen: int = 0
    health: dict[str, Any] = document()


class EntryRow(SQLModel, table=True):
    """One entry. Leased for assessing: `open` until assessed. `baseline`: came with the feed's first poll, never alerts."""

    __tablename__: ClassVar[str] = "entry"
    __table_args__ = (claim_index("entry"), Index("ix_entry_feed_first_seen", "feed", "first_seen"))

    id: str = Field(primary_key=True)
    feed: str
    source: dict[str, Any] = document()
    url: str = Field(sa_type=Text)
    title: str = Field(sa_type=Text)
    summary: str = Field(sa_type=Text)
    outlet: str = ""
    language: str = ""
    published: datetime = moment()
    first_seen: datetime = moment()
    content_hash: str
    baseline: bool = False
    due: datetime = moment()
    open: bool = True
    worker: str | None = None
    lease_until: datetime | None = moment(nullable=True)
    assessed_at: datetime | None = moment(nullable=True)


class AssessmentRow(SQLModel, table=True):
    """What the rules said of an entry, whole; only for entries where something held."""

    __tablename__: ClassVar[str] = "assessment"

    entry: str = Field(primary_key=True, foreign_key="entry.id", ondelete="CASCADE")
    ruleset: str
    level: int
    at: datetime = moment()
    content: dict[str, Any] = document()


class StoryRow(SQLModel, table=True):
    """The state of one story; `content` is the Story, `closes` the moment until which a further report may join it."""

    __tablename__: ClassVar[str] = "story"
    __table_args__ = (Index("ix_story_changed", "changed"), Index("ix_story_closes", "closes"))

    id: str = Field(primary_key=True)
    opened: datetime = moment()
    changed: datetime = moment()
    closes: datetime = moment()
    level: int
    content: dict[str, Any] = document()


class StoryEntryRow(SQLModel, table=True):
    """Which entry tells which story."""

    __tablename__: ClassVar[str] = "story_entry"
    __table_args__ = (Index("ix_story_entry_story", "story"),)

    entry: str = Field(primary_key=True)
    story: str = Field(foreign_key="story.id", ondelete="CASCADE")


class StoryUpdateRow(SQLModel, table=True):
    """What was new, numbered in the order of commits. `open` until its alerts were published."""

    __tablename__: ClassVar[str] = "story_update"
    __table_args__ = (
        open_index("ix_story_update_open", "number"),
        NUMBERS_NEVER_USED_AGAIN,
    )

    number: int | None = Field(default=None, primary_key=True)
    story: str = Field(foreign_key="story.id", ondelete="CASCADE", index=True)
    kind: str
    entry: str
    at: datetime = moment()
    level: int
    note: str = Field(default="", sa_type=Text)
    sectors: list[str] = document()
    """The sectors whose level rose; empty: the news is for all."""
    quiet: bool = False
    material: bool
    open: bool = True


class AudienceRow(SQLModel, table=True):
    """Choices that some subscribers share, stored once. `key` is `Choices.key`; `cadence` is one of them, for set-based selection."""

    __tablename__: ClassVar[str] = "audience"

    key: str = Field(primary_key=True)
    cadence: str
    choices: dict[str, Any] = document()


class SubscriberRow(SQLModel, table=True):
    """A person. `address_key` is the folded address; `due` is the next digest; `seen` the last update number that a digest covered.

    A subscriber is ended with a reason, never deleted before retention says so.
    """

    __tablename__: ClassVar[str] = "subscriber"
    __table_args__ = (
        open_index("ix_subscriber_due", "due", "audience"),
        Index("ix_subscriber_audience", "audience", "seen"),
        NUMBERS_NEVER_USED_AGAIN,
    )

    id: int | None = Field(default=None, primary_key=True)
    address: str = Field(sa_type=Text)
    address_key: str = Field(unique=True)
    audience: str = Field(foreign_key="audience.key")
    open: bool = False
    """True while mail may go: confirmed, not ended. A pause has an end, so it only puts `due` off."""
    due: datetime | None = moment(nullable=True)
    seen: int = 0
    alerted: str = Field(default="", sa_type=Text)
    """Alert digests since `seen`, as `,12,15`: what the next digest must not tell again."""
    edition: str = ""
    """The last digest edition made: changed choices must not give a second one of the same local day."""
    created_at: datetime = moment()
    confirmed_at: datetime | None = moment(nullable=True)
    paused_until: datetime | None = moment(nullable=True)
    ended_at: datetime | None = moment(nullable=True)
    ended_reason: str | None = None
    consent: dict[str, Any] = document()
    """Proof of consent: when, how, wording version, page."""
    bounce_score: float = 0.0
    """Soft bounces, halved every two weeks since `bounced_at`."""
    bounced_at: datetime | None = moment(nullable=True)


class DigestRow(SQLModel, table=True):
    """A composed digest, stored once per audience and edition; both the mail and its web view are made from it."""

    __tablename__: ClassVar[str] = "digest"
    __table_args__ = (UniqueConstraint("edition", "audience", "window_from", "fingerprint"), NUMBERS_NEVER_USED_AGAIN)

    id: int | None = Field(default=None, primary_key=True)
    edition: str
    audience: str
    window_from: int
    fingerprint: str = ""
    """Tells apart digests of one edition and audience whose members differ in what they were already alerted of."""
    kind: str
    subject: str = Field(sa_type=Text)
    made: datetime = moment()
    ruleset: str = ""
    content: dict[str, Any] = document()


class DigestUpdateRow(SQLModel, table=True):
    """Which story updates a digest tells."""

    __tablename__: ClassVar[str] = "digest_update"
    __table_args__ = (Index("ix_digest_update_update", "update_number"),)

    digest: int = Field(primary_key=True, foreign_key="digest.id", ondelete="CASCADE")
    update_number: int = Field(primary_key=True)
    story: str


class OutboxRow(SQLModel, table=True):
    """One email to one subscriber. `state`: pending, sending, sent, deferred, failed. Unique per edition and subscriber."""

    __tablename__: ClassVar[str] = "outbox"
    __table_args__ = (
        UniqueConstraint("subscriber", "edition"),
        open_index("ix_outbox_claim", "priority", "due", "id"),
        Index("ix_outbox_digest", "digest"),
        Index("ix_outbox_alert", "subscriber", "due", sqlite_where=text("kind = 'alert'"), postgresql_where=text("kind = 'alert'")),
        NUMBERS_NEVER_USED_AGAIN,
    )

    id: int | None = Field(default=None, primary_key=True)
    subscriber: int = Field(foreign_key="subscriber.id", ondelete="CASCADE")
    edition: str
    kind: str
    """alert, daily, weekly, welcome, confirmation, link."""
    digest: int | None = Field(default=None, foreign_key="digest.id")
    priority: int = 5
    """Lower goes first: 0 confirmations, 1 alerts of safety, 2 other alerts, 5 digests."""
    state: str = "pending"
    open: bool = True
    due: datetime = moment()
    worker: str | None = None
    lease_until: datetime | None = moment(nullable=True)
    attempts: int = 0
    created_at: datetime = moment()
    sent_at: datetime | None = moment(nullable=True)
    code: int = 0
    outcome: str = Field(default="", sa_type=Text)
