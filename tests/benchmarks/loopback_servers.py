"""The two servers of the comparison, in a process of their own: feeds by HTTP and a sink for mail. Argument: the folder with the feeds.

Prints `HTTP_PORT SMTP_PORT`, then, for each line on standard input, how many mails came since the last line.
"""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path

COUNT = {"mails": 0}


async def feed(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    request = (await reader.readuntil(b"\r\n\r\n")).split(b" ", 2)[1].decode()
    path = Path(sys.argv[1]) / request.lstrip("/")
    body = path.read_bytes() if path.is_file() else b""
    status = "200 OK" if body else "404 Not Found"
    writer.write(
        f"HTTP/1.1 {status}\r\nContent-Type: application/xml\r\nContent-Length: {len(body)}\r\nConnection: close\r\n\r\n".encode() + body
    )
    await writer.drain()
    writer.close()


async def mail(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    writer.write(b"220 sink ESMTP\r\n")
    while line := await reader.readline():
        word = line[:4].upper()
        if word == b"EHLO":
            writer.write(b"250-sink\r\n250-PIPELINING\r\n250-8BITMIME\r\n250 SMTPUTF8\r\n")
        elif word == b"DATA":
            writer.write(b"354 go on\r\n")
            await reader.readuntil(b"\r\n.\r\n")
            COUNT["mails"] += 1
            writer.write(b"250 taken\r\n")
        elif word == b"QUIT":
            writer.write(b"221 bye\r\n")
            break
        else:
            writer.write(b"250 fine\r\n")
        await writer.drain()
    writer.close()


async def main() -> None:
    http = await asyncio.start_server(feed, "0.0.0.0", 0)
    smtp = await asyncio.start_server(mail, "127.0.0.1", 0, limit=2**26)
    print(http.sockets[0].getsockname()[1], smtp.sockets[0].getsockname()[1], flush=True)
    while await asyncio.to_thread(sys.stdin.readline):
        print(COUNT["mails"], flush=True)
        COUNT["mails"] = 0


if __name__ == "__main__":
    asyncio.run(main())
