"""The command line: one table of verbs, one exit path.

A verb is a module of the folder `verbs` with two functions (`Verb`). Only the module of the verb
that is asked for is imported, so that modules may import what they need at the top and `access
--help` stays quick.
"""

import argparse
import difflib
import importlib
import io
import json
import os
import sys
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from keyword import iskeyword
from pathlib import Path
from typing import Final, NoReturn, Protocol, TextIO, cast

from cross_account_access import __version__
from cross_account_access.command.external_ids import hidden
from cross_account_access.errors import AccessError, Status
from cross_account_access.files import FULL
from cross_account_access.printable import JSON_VERSION, printable

VERBS: Final[Mapping[str, str]] = {
    "verify": "assume each role as its consumer and try what must and must not work",
    "prove": "prove that documents allow what is declared and nothing more, for every request",
    "explain": "say whether PRINCIPAL may do ACTION on RESOURCE, and which statements decide it",
    "who-can": "name everybody who may do ACTION on RESOURCE, and in which circumstances",
    "can": "list all that PRINCIPAL may do, by itself and through roles",
    "diff": "say in words what a preview would change in access; fails when access widens",
    "import": "find what exists already of what the stack would make, and import it",
    "drift": "say what others changed behind the stack's back, and who",
    "recover": "say what a killed update left in the state, and let go of it",
    "revoke": "end the sessions of a role at once, and keep them ended",
    "map": "draw accounts, principals, roles, buckets and conditions",
    "lint": "check policy documents of the stack, or policy files",
    "exec": "run one command with a session of a consumer's role, writing nothing",
    "console": "open AWS's console as a consumer's role",
    "login": "assume a consumer's role and write the session as a CLI profile",
    "logout": "remove the profile that login wrote",
    "status": "say who a profile is, in which account, until when",
    "profile": "print or install a CLI profile that assumes a consumer's role and renews itself",
    "credentials": "print a role's credentials as the AWS CLI's credential_process",
    "outputs": "print the stack's outputs for a shell, Terraform or the Parameter Store",
    "handover": "write a page for a consumer that says all it needs to use its access",
    "deployers": "print the IAM policies of the two identities that deploy a stack",
    "external-id": "print a fresh external ID for a third party",
}
"""Every verb with its one line of help; the module of the same name in the folder `verbs` does it,
with an underscore for each hyphen, and one behind a name that is a keyword of Python."""
GROUPS: Final[Mapping[str, Sequence[str]]] = {
    "know": ("explain", "who-can", "can", "diff", "map"),
    "prove": ("prove", "verify", "lint"),
    "get in": ("exec", "console", "login", "status", "logout", "profile", "credentials"),
    "hand out": ("handover", "outputs", "external-id", "deployers"),
    "day two": ("drift", "revoke", "recover", "import"),
}
"""The verbs by what a person wants; what is in none stands in the last."""
FORMER: Final[Mapping[str, Sequence[str]]] = {"takeover": ("import", "--file", "takeover.json")}
"""By former name of a verb, which works until version 2: what stands for it."""

_SHELLS: Final = ("bash", "zsh")
_INTERRUPTED: Final = 130
_TRACEBACK: Final = "ACCESS_TRACEBACK"
_DESCRIPTION: Final = """\
Who can do what across the two accounts: asked of the live accounts, of the stack's state or of a
preview, on AWS and in the sandbox alike."""
_EPILOG: Final = """\
exit status:
  0  as intended
  1  not as intended: refused, wider than before, a finding
  2  wrong usage
  3  could not be checked: no credentials, no network, no deployed stack"""


class Verb(Protocol):
    """What the module of a verb offers."""

    def configure(self, parser: argparse.ArgumentParser) -> None:
        """Add description and arguments; `--json` is there already."""

    def run(self, arguments: argparse.Namespace) -> int:
        """Carry it out.

        Returns:
            the exit status, of `Status`.

        Raises:
            AccessError: for a person, when it cannot be done.
        """


class _WrongUsageError(SystemExit):
    """Ends a command line that makes no sense."""

    def __init__(self, told: str) -> None:
        super().__init__(int(Status.USAGE))
        self.told = told


class Parser(argparse.ArgumentParser):
    """Tells of wrong usage in one line, and shows help as it was written."""

    def error(self, message: str) -> NoReturn:
        """End with the message and where to find help."""
        told = f"{self.prog}: {message}; see {self.prog} --help"
        sys.stderr.write(f"{printable(told)}\n")
        raise _WrongUsageError(told)


class _Output(io.TextIOBase):
    """Standard output or error whose loss does not stop the work.

    From the first write that fails, whatever is written is dropped: what a verb changes must not
    end half-way, and its exit status be another, because a reader went away or a disk is full.
    """

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self.failure: OSError | None = None
        """Why nothing is written any more."""

    def write(self, text: str) -> int:
        with self._surviving():
            self._stream.write(hidden(text))
        return len(text)

    def flush(self) -> None:
        with self._surviving():
            self._stream.flush()

    def isatty(self) -> bool:
        return self._stream.isatty()

    def fileno(self) -> int:
        return self._stream.fileno()

    @property
    def encoding(self) -> str:  # type: ignore[override]  # of a text that is written
        return self._stream.encoding

    @contextmanager
    def _surviving(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            self.failure = self.failure or error
            # What is left in the buffer goes the same way, at the interpreter's end too.
            nowhere = os.open(os.devnull, os.O_WRONLY)
            os.dup2(nowhere, self._stream.fileno())
            os.close(nowhere)


def main(words: Sequence[str] | None = None) -> int:
    """Carry out one command line and return the exit status.

    It is the verb's own where the reader of the output goes away, as `head` does. An output that is
    lost otherwise is told, and no verb ends well with it.
    """
    if sys.stderr is None:
        sys.stderr = Path(os.devnull).open("w")  # noqa: SIM115 - as long as the process
    if sys.stdout is None:
        return _fail("standard output is closed; send it to a file or /dev/null", Status.USAGE)
    words = sys.argv[1:] if words is None else words
    output, messages = _Output(sys.stdout), _Output(sys.stderr)
    with redirect_stdout(cast(TextIO, output)), redirect_stderr(cast(TextIO, messages)):
        end = None
        try:
            status = _carried_out(words)
        except SystemExit as raised:  # of help, and of wrong usage
            end, status = raised, int(raised.code or 0)
            if isinstance(raised, _WrongUsageError) and _wants_json(words):
                _tell_error(raised.told, status)
        output.flush()
        if not (output.failure is None or isinstance(output.failure, BrokenPipeError)):
            return _fail(f"standard output: {output.failure.strerror}", status or Status.UNCHECKED)
        if end is not None:
            raise end
        return status


def _carried_out(words: Sequence[str]) -> int:
    if not words:
        _parser([]).print_help()
        return Status.AS_INTENDED
    is_json = _wants_json(words)
    try:
        arguments = _parsed(words)
        return int(arguments.run(arguments))
    except AccessError as error:
        return _fail(str(error), error.status, is_json=is_json)
    except KeyboardInterrupt:
        return _fail("interrupted", _INTERRUPTED, is_json=is_json)
    except Exception as error:
        if isinstance(error, OSError) and error.errno in FULL:
            where = f"{error.filename}: " if error.filename else ""
            told = f"{where}{error.strerror}; make room and ask again"
            return _fail(told, Status.UNCHECKED, is_json=is_json)
        if os.environ.get(_TRACEBACK):
            raise
        what = f"unexpected {type(error).__name__}: {error}".splitlines()[0]
        told = f"{what}\n{_TRACEBACK}=1 shows where; please report it"
        return _fail(told, Status.UNCHECKED, is_json=is_json)


def _fail(message: str, status: int, *, is_json: bool = False) -> int:
    sys.stderr.write(f"access: {printable(message)}\n")
    if is_json:
        _tell_error(message, status)
    return status


def _wants_json(words: Sequence[str]) -> bool:
    """Say whether `--json` is among the options; what follows `--` is another command's."""
    own = words[: words.index("--")] if "--" in words else words
    return "--json" in own


def _tell_error(message: str, status: int) -> None:
    """Write the one JSON document of a command that has no answer."""
    error = {"message": message, "exitStatus": status}
    sys.stdout.write(f"{json.dumps({'jsonVersion': JSON_VERSION, 'error': error}, indent=2)}\n")


def _parsed(words: Sequence[str]) -> argparse.Namespace:
    asked = next((word for word in words if not word.startswith("-")), None)
    if present := FORMER.get(asked or ""):
        sys.stderr.write(f"access: {asked} is now {present[0]}; until version 2 it works too\n")
        at = words.index(asked)
        asked, words = present[0], [*words[:at], *present, *words[at + 1 :]]
    parser = _parser([asked] if asked is not None and asked in VERBS else [])
    is_option = any(word.startswith("--print-completion") for word in words)
    if asked is not None and asked not in VERBS and not is_option:
        near = difflib.get_close_matches(asked, VERBS, n=1)
        parser.error(f"{asked!r} is no verb{f', did you mean {near[0]}?' if near else ''}")
    return parser.parse_args(words)


def _parser(configured: Collection[str]) -> Parser:
    """Return the parser of a command line.

    Args:
        configured: the verbs that it is to know with their options; importing them all takes a
            while. Without any it knows all verbs by name.
    """
    parser = Parser(
        prog="access",
        usage="%(prog)s VERB ...",
        description=f"{_DESCRIPTION}\n\n{_grouped()}",
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--version", action="version", version=f"%(prog)s {__version__}")
    parser.add_argument(
        "--print-completion",
        metavar="SHELL",
        choices=_SHELLS,
        action=_Completion,
        help=f"print what completes the command's words in a shell: {', '.join(_SHELLS)}",
    )
    verbs = parser.add_subparsers(
        dest="verb",
        required=True,
        metavar="VERB",
        prog="access",
        parser_class=Parser,
        # Help has them in groups; what completes words goes by this list.
        help=None if set(configured) == VERBS.keys() else argparse.SUPPRESS,
    )
    for name in configured or VERBS:
        verb = verbs.add_parser(
            name,
            help=VERBS[name],
            formatter_class=argparse.RawDescriptionHelpFormatter,
        )
        verb.epilog = _EPILOG
        verb.add_argument("--json", action="store_true", help="print one JSON document")
        if name in configured:
            file = f"{name}_" if iskeyword(name) else name.replace("-", "_")
            found = importlib.import_module(f"cross_account_access.command.verbs.{file}")
            module = cast(Verb, found)
            module.configure(verb)
            verb.set_defaults(run=module.run)
    return parser


def _grouped() -> str:
    """Name all verbs with their purposes, by what a person wants."""
    *_, last = GROUPS
    grouped = {name for names in GROUPS.values() for name in names}
    others = [name for name in VERBS if name not in grouped]
    lines = []
    for title, names in GROUPS.items():
        lines.append(f"{title}:")
        listed = [name for name in names if name in VERBS] + (others if title == last else [])
        lines += [f"    {name:<12} {VERBS[name]}" for name in listed]
    return "\n".join(lines)


class _Completion(argparse.Action):
    """Prints the script of a shell, and ends."""

    def __call__(self, *given: object) -> None:
        """Print it."""
        import shtab  # noqa: PLC0415 - for this alone

        _parser_of_it, _namespace, shell, *_ = given
        sys.stdout.write(shtab.complete(_parser(VERBS.keys()), str(shell)))
        raise SystemExit(Status.AS_INTENDED)
