"""The body of an answer, unpacked while it streams and never larger than a limit."""

from __future__ import annotations

from collections.abc import AsyncIterable

from alerts.errors import FeedError
from alerts.feeds.unpack import NAMES, Unpacker, too_large, unpacker

MAX_BYTES = 16_000_000
"""The largest document, unpacked. The largest real feed that was met has 2.4 MB."""


async def read_body(chunks: AsyncIterable[bytes], *, packing: str, limit: int = MAX_BYTES) -> bytes:
    """Read a whole body; `packing` is the Content-Encoding header.

    Raises FeedError with reason `too-large`, `truncated`, `bad-packing` or `encoding`.
    """
    names = [name for part in packing.lower().split(",") if (name := part.strip()) not in {"", "identity"}]
    if len(names) > 1 or not NAMES.issuperset(names):
        raise FeedError("encoding", f"the server packed its answer as {', '.join(names)[:40]}, which we did not ask for")
    unpack: Unpacker | None = None
    unpacked = bytearray()
    first = True
    async for chunk in chunks:
        if first and chunk:
            first = False
            unpack = unpacker(chunk, "".join(names), limit)
        unpacked += unpack.feed(chunk, len(unpacked)) if unpack else chunk
        if len(unpacked) > limit:
            raise too_large(limit)
    if unpack is not None and not unpack.complete:
        raise FeedError("truncated", "the answer broke off in the middle of its packing")
    return bytes(unpacked)
