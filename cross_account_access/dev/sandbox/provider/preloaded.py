"""A process that has the stand-in loaded and is copied for each start of the plugin.

The engine starts four plugins a command; loading is nearly all that a short-lived one does. Started
in the folder of its socket, it listens there until its standard input closes, and loads when it is
first asked: a sandbox in which nobody calls pulumi costs nothing.
"""

import contextlib
import gc
import importlib.metadata
import json
import os
import select
import signal
import socket
import sys
from pathlib import Path

from cross_account_access.dev.sandbox.provider.launcher import SOCKET


def main() -> None:
    """Serves launchers, one copy each."""
    with socket.socket(socket.AF_UNIX) as listener:
        Path(SOCKET).unlink(missing_ok=True)
        listener.bind(SOCKET)
        listener.listen()
        # The system takes away copies that have ended; nobody waits for them here.
        signal.signal(signal.SIGCHLD, signal.SIG_IGN)
        if not _asked(listener):
            return
        from cross_account_access.dev.sandbox.provider import (  # noqa: PLC0415 - loads what takes long
            aws,
            server,
        )

        aws.preload()
        # What is never collected stays shared with the copies.
        gc.freeze()
        version = importlib.metadata.version("pulumi-aws")
        while _asked(listener):
            connection, _ = listener.accept()
            if os.fork() == 0:
                listener.close()
                engine_address = _become(connection)[-1]
                server.serve(version, engine_address, launcher=connection)
                # A launcher that was killed waits for no answer.
                with contextlib.suppress(BrokenPipeError):
                    connection.sendall(b" ")
                # Taking apart what was loaded would take longer than all else.
                os._exit(0)
            connection.close()


def _asked(listener: socket.socket) -> bool:
    """Whether a launcher waits; false once the sandbox has ended."""
    ready, _, _ = select.select([listener, sys.stdin], [], [])
    return sys.stdin not in ready


def _become(connection: socket.socket) -> list[str]:
    """Takes on all that the launcher was started with, and returns its arguments."""
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    _, descriptors, _, _ = socket.recv_fds(connection, 1, 3)
    for number, descriptor in enumerate(descriptors):
        os.dup2(descriptor, number)
        os.close(descriptor)
    with connection.makefile("rb") as lines:
        told = lines.readline()
    if not told:
        sys.exit("the engine ended what it had started before the plugin was")
    request = json.loads(told)
    os.environ.clear()
    os.environ.update(request["environment"])
    os.chdir(request["folder"])
    arguments: list[str] = request["arguments"]
    return arguments


if __name__ == "__main__":
    main()
