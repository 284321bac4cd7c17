"""Packings of the web (gzip, deflate, br, zstd), undone piece by piece and never beyond a limit: a bomb is refused before it goes off."""

from __future__ import annotations

import sys
import zlib
from typing import Protocol

import brotli

from alerts.errors import FeedError

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

OFFERED = "gzip, deflate, br, zstd"
"""What we say in Accept-Encoding."""
NAMES = frozenset({"gzip", "x-gzip", "deflate", "br", "zstd"})

_GZIP = b"\x1f\x8b"
_ZSTD = b"\x28\xb5\x2f\xfd"
GZIP_BITS = zlib.MAX_WBITS | 16
_WINDOW: dict[int, int] = {zstd.DecompressionParameter.window_log_max: 23}
"""No more memory than the 8 MB that RFC 9659 lets a server ask for."""


class Unpacker(Protocol):
    """Unpacks one body."""

    @property
    def complete(self) -> bool:
        """True if the stream came to its own end."""
        ...

    def feed(self, chunk: bytes, so_far: int) -> bytes:
        """Unpack one piece; `so_far` bytes were unpacked before. Raises FeedError with reason `too-large` or `bad-packing`."""
        ...


def unpacker(start: bytes, name: str, limit: int) -> Unpacker | None:
    """Choose by the first bytes and the packing's name, "" for none; None if the body is not packed.

    A file that is gzip in itself is unpacked too, and a plain one that only claims to be packed is taken: what starts like a document is no
    gzip and no zstd. Brotli has no mark, so its name is believed.
    """
    if start.startswith(_GZIP):
        return Zlib(GZIP_BITS, limit)
    if name == "br":
        return Brotli(limit)
    if not name or start.lstrip(b"\xef\xbb\xbf\r\n\t ")[:1] in {b"<", b"{"}:
        return None
    if name == "zstd" or start.startswith(_ZSTD):
        return Zstd(limit)
    is_zlib = start[0] & 0x0F == 8 and len(start) > 1 and (start[0] * 256 + start[1]) % 31 == 0
    return Zlib(zlib.MAX_WBITS if is_zlib else -zlib.MAX_WBITS, limit)


def too_large(limit: int) -> FeedError:
    """Say that a document is larger than we read."""
    return FeedError("too-large", f"the document is larger than {limit / 1_000_000:g} MB, unpacked; that is no feed we read")


class Zlib:
    """gzip and deflate; several gzip members in a row are one stream."""

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
                raise _damaged() from error
            if so_far + len(out) > self._limit:
                raise too_large(self._limit)
            rest = self._state.unused_data if self._state.eof else self._state.unconsumed_tail
        return bytes(out)


class Brotli:
    """br (RFC 7932)."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._state = brotli.Decompressor()

    @property
    def complete(self) -> bool:
        """True if the stream came to its own end."""
        return bool(self._state.is_finished())

    def feed(self, chunk: bytes, so_far: int) -> bytes:
        """Unpack one piece; `so_far` bytes were unpacked before. Raises FeedError."""
        out = bytearray()
        rest = chunk
        while not self.complete:
            try:
                out += self._state.process(rest, output_buffer_limit=self._limit - so_far - len(out) + 1)
            except brotli.error as error:
                raise _damaged() from error
            if so_far + len(out) > self._limit:
                raise too_large(self._limit)
            if self._state.can_accept_more_data():
                break
            rest = b""
        return bytes(out)


class Zstd:
    """zstd (RFC 8878); several frames in a row are one stream."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._state = zstd.ZstdDecompressor(options=_WINDOW)

    @property
    def complete(self) -> bool:
        """True if the stream came to its own end."""
        return self._state.eof

    def feed(self, chunk: bytes, so_far: int) -> bytes:
        """Unpack one piece; `so_far` bytes were unpacked before. Raises FeedError."""
        out = bytearray()
        rest = chunk
        while rest or not (self._state.eof or self._state.needs_input):
            if self._state.eof:
                self._state = zstd.ZstdDecompressor(options=_WINDOW)
            try:
                out += self._state.decompress(rest, self._limit - so_far - len(out) + 1)
            except zstd.ZstdError as error:
                raise _damaged() from error
            if so_far + len(out) > self._limit:
                raise too_large(self._limit)
            rest = self._state.unused_data if self._state.eof else b""
        return bytes(out)


def _damaged() -> FeedError:
    return FeedError("bad-packing", "the answer's packing is damaged, so nothing of it can be read")
