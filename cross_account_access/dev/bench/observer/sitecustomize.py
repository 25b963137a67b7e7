"""Runs at the start of every Python process of an observed run, and writes down what it does.

Python imports a module of this name by itself when its folder is on `PYTHONPATH` (Python
documentation, "site"). The process that runs a Pulumi program tells its peak memory when it ends;
all others tell their AWS calls as they make them.
"""

import atexit
import json
import os
import resource
import sys
from pathlib import Path
from typing import Any

_NOTES = Path(os.environ["BENCH_NOTES"])
# The language host starts the program with this script.
_IS_PROGRAM = any(word.endswith("pulumi-language-python-exec") for word in sys.orig_argv)
_BYTES = 1 if sys.platform == "darwin" else 1024


def _note(file: str, content: object) -> None:
    # One short write at the end of the file stays whole beside those of other processes.
    with (_NOTES / file).open("a") as notes:
        notes.write(f"{json.dumps(content)}\n")


def _tell_memory() -> None:
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    _note("memory", peak * _BYTES)


def _tell_calls() -> None:
    from botocore.client import BaseClient  # noqa: PLC0415 - the program's process must not load it

    # Neither the method nor the credentials have a public name; the hooks that have one are made
    # for a single session, and these sessions are another process's.
    client: Any = BaseClient
    call = client._make_api_call

    def told(self: Any, operation: str, parameters: dict[str, Any]) -> Any:  # noqa: ANN401
        _note(
            "calls",
            {
                "access_key": self._request_signer._credentials.access_key,
                "region": self.meta.region_name,
                "service": self.meta.service_model.service_name,
                "operation": operation,
                "parameters": parameters,
            },
        )
        return call(self, operation, parameters)

    client._make_api_call = told


if _IS_PROGRAM:
    atexit.register(_tell_memory)
else:
    _tell_calls()
