"""The emulator's own process: serves ministack until its standard input closes.

Arguments: the socket for HTTPS and the one for HTTP, as `fd://NUMBER`; the PEM file of
the certificate and its key.
"""

import asyncio
import asyncio.constants
import os
import signal
import sys
from pathlib import Path

from hypercorn.asyncio import serve
from hypercorn.config import Config
from ministack.app import app

from cross_account_access.dev.sandbox import (
    corrections,
    front,
    guard,
    recording,
)
from cross_account_access.dev.sandbox.corrections import account_block, asked_of

_GRACE_SECONDS = 1.0


def main(https: str, http: str, certificate: str) -> None:
    """Serves on both sockets; ministack saves its state on the way out."""
    # Before what asks for further permissions, so that these are written down too.
    if record := os.environ.get(recording.VARIABLE):
        recording.apply(Path(record))
    asked_of.apply()
    corrections.apply()
    account_block.apply()
    guard.apply()
    front.apply()
    guarded = guard.guarded(app, os.environ["AWS_SECRET_ACCESS_KEY"])
    config = Config()
    config.bind = [https]
    config.insecure_bind = [http]
    config.certfile = config.keyfile = certificate
    config.graceful_timeout = _GRACE_SECONDS
    # A client that sleeps on an open connection never answers the end of TLS: its half a minute
    # would be spent before the state is saved.
    asyncio.constants.SSL_SHUTDOWN_TIMEOUT = _GRACE_SECONDS
    asyncio.run(serve(guarded, config, shutdown_trigger=_told_to_stop))


async def _told_to_stop() -> None:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    loop.add_reader(sys.stdin.fileno(), stop.set)
    loop.add_signal_handler(signal.SIGTERM, stop.set)
    await stop.wait()
    # A closed pipe is readable for ever, which would keep the loop busy while it saves.
    loop.remove_reader(sys.stdin.fileno())


if __name__ == "__main__":
    main(*sys.argv[1:])
