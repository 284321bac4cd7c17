"""The body of an answer, unpacked while it streams and never larger than a limit: a bomb is refused before it goes off.

Only gzip and deflate are asked for, so any other packing is refused: nothing is installed that could unpack it safely.
"""

from __future__ import annotations

import zlib
from collections.abc import AsyncIterable

from alerts.errors import FeedError

MAX_BYTES = 16_000_000
"""The largest document, unpacked. The largest real feed that was met has 2.4 MB."""

_GZIP = b"\x1f\x8b"
GZIP_BITS = zlib.MAX_WBITS | 16


async def read_body(chunks: AsyncIterable[bytes], *, packing: str, limit: int = MAX_BYTES) -> bytes:
    """Read a whole body; `packing` is the Content-Encoding header.

    Raises FeedError with reason `too-large`, `truncated`, `bad-gzip` or `encoding`.
    """
    names = [name for part in packing.lower().split(",") if (name := part.strip()) not in {"", "identity"}]
    if len(names) > 1 or (names and names[0] not in {"gzip", "x-gzip", "deflate"}):
        raise FeedError("encoding", f"the server packed its answer as {', '.join(names)[:40]}, which we did not ask for")
    unpacker: Unpacker | None = None
    unpacked = bytearray()
    first = True
    async for chunk in chunks:
        if first and chunk:
            first = False
            unpacker = _unpacker(chunk, bool(names), limit)
        unpacked += unpacker.feed(chunk, len(unpacked)) if unpacker else chunk
        if len(unpacked) > limit:
            raise too_large(limit)
    if unpacker is not None and not unpacker.complete:
        raise FeedError("truncated", "the answer broke off in the middle of its packing")
    return bytes(unpacked)


def too_large(limit: int) -> FeedError:
    """Say that a document is larger than we read."""
    return FeedError("too-large", f"the document is larger than {limit / 1_000_000:g} MB, unpacked; that is no feed we read")


def _unpacker(start: bytes, packed: bool, limit: int) -> Unpacker | None:
    """Choose by the first bytes: a file that is gzip in itself is unpacked too, and a plain one that only claims to be packed is taken."""
    if start.startswith(_GZIP):
        return Unpacker(GZIP_BITS, limit)
    if not packed or start.lstrip(b"\xef\xbb\xbf\r\n\t ")[:1] in {b"<", b"{"}:
        return None
    is_zlib = start[0] & 0x0F == 8 and len(start) > 1 and (start[0] * 256 + start[1]) % 31 == 0
    return Unpacker(zlib.MAX_WBITS if is_zlib else -zlib.MAX_WBITS, limit)


class Unpacker:
    """Unpacks a stream piece by piece, never more than `limit` bytes in all; several gzip members in a row are one stream."""

    def __init__(self, bits: int, limit: int) -> None:
        self._bits = bits
        self._limit = limit
        self._state = zlib.decompressobj(bits)

    @property
    def complete(self) -> bool:
        """True if the stream came to its own end."""
        return self._state.eof

    def feed(self, chunk: bytes, so_far: int) -> bytes:
        """Unpack one piece; `so_far` bytes were unpacked before. Raises FeedError."""
        out = bytearray()
        rest = chunk
        while rest:
            if self._state.eof:
                if not rest.startswith(_GZIP[: len(rest)]) or self._bits != GZIP_BITS:
                    break  # padding after the end
                self._state = zlib.decompressobj(self._bits)
            try:
                out += self._state.decompress(rest, self._limit - so_far - len(out) + 1)
            except zlib.error as error:
                raise FeedError("bad-gzip", "the answer's packing is damaged, so nothing of it can be read") from error
            if so_far + len(out) > self._limit:
                raise too_large(self._limit)
            rest = self._state.unused_data if self._state.eof else self._state.unconsumed_tail
        return bytes(out)
