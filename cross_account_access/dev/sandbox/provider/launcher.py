"""What the engine starts as the plugin, a script that needs no package: fast, so imports little.

Arguments: the folder of the socket at which `preloaded` listens, then the engine's own. Where
nobody listens, this process becomes the plugin itself.
"""

import json
import os
import signal
import socket
import sys

SOCKET = "plugin.socket"


def main(folder: str, arguments: list[str]) -> int:
    """Stands for the plugin's process until that ends, or until the engine ends this one."""
    here = os.getcwd()  # noqa: PTH109 - loading pathlib takes longer than all of this
    request = {"arguments": arguments, "environment": dict(os.environ), "folder": here}
    with socket.socket(socket.AF_UNIX) as connection:
        try:
            # The address of a socket holds some hundred bytes, fewer than many a path.
            os.chdir(folder)
            connection.connect(SOCKET)
        except OSError:
            os.chdir(here)
            plugin = "cross_account_access.dev.sandbox.provider"
            command = [sys.executable, "-P", "-m", plugin, *arguments]
            os.execv(command[0], command)  # noqa: S606 - there is nothing for a shell to do
        # The plugin ends when it can no longer hear from here: now, or when this process is killed.
        signal.signal(signal.SIGINT, lambda *_: connection.shutdown(socket.SHUT_WR))
        socket.send_fds(connection, [b" "], [0, 1, 2])
        connection.sendall(json.dumps(request).encode() + b"\n")
        ended_well = connection.recv(1)
        while connection.recv(1):
            pass
    return 0 if ended_well else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], sys.argv[2:]))
