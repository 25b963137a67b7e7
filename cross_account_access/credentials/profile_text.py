"""Edits one profile in the text of an AWS config or credentials file, and nothing else.

All that belongs to other profiles, comments, order and line endings stays byte
for byte. Libraries that keep comments were tried and do not hold that: they
drop the comment above the next profile, or mix line endings.

What a line means follows Python's `configparser`, with which the AWS CLI and boto3 read these
files, and every edit is read back with it before it is returned.
"""

import configparser
import io
import re
import shlex
from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum


class MalformedError(Exception):
    """The text is not what the AWS CLI can read, or cannot be edited safely; says where and why.

    Never quotes the text, since it may hold a secret.
    """


class FileFormat(Enum):
    """Which of the two files a text is; they write the names of profiles differently."""

    CONFIG = "config"
    CREDENTIALS = "credentials"

    def header(self, profile: str) -> str:
        """How a new section of the profile is headed, without brackets."""
        return (
            profile
            if self is FileFormat.CREDENTIALS or profile == "default"
            else f"profile {profile}"
        )

    def profile(self, header: str) -> str | None:
        """The profile that a section is for, or None where it is for something else.

        The config file heads them `[profile NAME]`, the credentials file `[NAME]` ("Configuration
        and credential file settings in the AWS CLI",
        https://docs.aws.amazon.com/cli/latest/userguide/cli-configure-files.html).
        """
        if self is FileFormat.CREDENTIALS or header == "default":
            return header
        try:
            words = shlex.split(header)
        except ValueError:
            return None
        return words[1] if words[:1] == ["profile"] and len(words) == 2 else None  # noqa: PLR2004


def read(text: str, file_format: FileFormat, profile: str) -> dict[str, str] | None:
    """The options of a profile by their names in lower case, or None where it has no section.

    Raises:
        MalformedError: the AWS CLI could not read the text either, or the profile has two sections.
    """
    return _one(_parse(text), file_format, profile)


def edit(
    text: str, file_format: FileFormat, profile: str, options: Mapping[str, str | None]
) -> str:
    """The text with these options of the profile set, or removed where the value is None.

    A profile without a section gets one at the end; a section without an option left goes.

    Raises:
        MalformedError: as for `read`, or the layout is such that the edit would reach further.
    """
    before = _parse(text)
    current = _one(before, file_format, profile) or {}
    wanted = {name: value for name, value in {**current, **options}.items() if value is not None}
    if wanted == current:
        return text

    ending = next(iter(re.findall(r"\r\n|\r|\n", text)), "\n")
    lines = _scan(text)
    headers = [at for at, line in enumerate(lines) if line.header]
    start = next((at for at in headers if file_format.profile(lines[at].header) == profile), None)
    if start is None:
        separator = [_Line(ending)] if lines else []
        header = _Line(f"[{file_format.header(profile)}]{ending}")
        lines += [*separator, header, *_written(wanted, "", ending)]
    else:
        end = next((at for at in headers if at > start), len(lines))
        lines[start:end] = _section(lines[start:end], options, ending)
        if not wanted and start == len(lines) and start and not lines[start - 1].text.strip():
            lines.pop()  # the blank line that set the section apart
    *followed, last = [line.text for line in lines] or [""]
    edited = "".join([*(_ended(line, ending) for line in followed), last])

    after = _parse(edited)
    if _others(after, file_format, profile) != _others(before, file_format, profile) or (
        (_one(after, file_format, profile) or {}) != wanted
    ):
        message = "its layout allows no safe edit; write section headers without indentation"
        raise MalformedError(message)
    return edited


@dataclass(frozen=True)
class _Line:
    text: str
    """With its ending."""
    header: str = ""
    """The name in brackets, where the line begins a section."""
    option: str = ""
    """The option that the line sets, or that it continues."""
    begins: bool = False
    """Whether the line begins that option."""

    @property
    def indent(self) -> str:
        return self.text[: len(self.text) - len(self.text.lstrip())]


def _section(lines: list[_Line], options: Mapping[str, str | None], ending: str) -> list[_Line]:
    head, body, missing = lines[0], [], dict(options)
    indent, end_of_options = "", 0
    for line in lines[1:]:
        if line.option in options:
            value = missing.pop(line.option, None)
            if value is not None:
                body += _written({line.option: value}, line.indent, ending)
        else:
            body.append(line)
        if body and body[-1].option:
            end_of_options = len(body)
            indent = body[-1].indent if body[-1].begins else indent
    added = {name: value for name, value in missing.items() if value is not None}
    body[end_of_options:end_of_options] = _written(added, indent, ending)
    if any(line.option for line in body):
        return [head, *body]
    # What is left are comments, which may be about the next profile.
    while body and not body[0].text.strip():
        body.pop(0)
    return body


def _written(options: Mapping[str, str], indent: str, ending: str) -> list[_Line]:
    return [
        _Line(f"{indent}{name} = {value}{ending}", option=name, begins=True)
        for name, value in options.items()
    ]


def _ended(line: str, ending: str) -> str:
    return line if line.endswith(("\r", "\n")) else line + ending


def _scan(text: str) -> list[_Line]:
    lines: list[_Line] = []
    option, depth = "", 0
    for line in io.StringIO(text, newline=""):
        content = line.strip()
        indent = len(line) - len(line.lstrip())
        if not content or content[0] in "#;":
            lines.append(_Line(line))
        elif option and indent > depth:
            lines.append(_Line(line, option=option))
        else:
            depth = indent
            header = configparser.RawConfigParser.SECTCRE.match(content)
            option = "" if header else re.split("[=:]", content, maxsplit=1)[0].strip().lower()
            name = header["header"] if header else ""
            lines.append(_Line(line, header=name, option=option, begins=bool(option)))
    return lines


_Sections = list[tuple[str, dict[str, str]]]


def _parse(text: str) -> _Sections:
    # No header is empty, so that a [DEFAULT] is a section like any other.
    parser = configparser.RawConfigParser(default_section="")
    try:
        parser.read_file(io.StringIO(text, newline=None))
    except configparser.MissingSectionHeaderError as error:
        message = f"line {error.lineno} belongs to no section"
    except configparser.ParsingError as error:
        message = f"line {error.errors[0][0]} is no option, section or comment"
    except configparser.DuplicateSectionError as error:
        message = f"line {error.lineno} repeats a section"
    except configparser.DuplicateOptionError as error:
        message = f"line {error.lineno} repeats an option of its section"
    else:
        return [(name, dict(parser[name])) for name in parser.sections()]
    # Not chained: the errors of configparser quote the line.
    raise MalformedError(message)


def _one(sections: _Sections, file_format: FileFormat, profile: str) -> dict[str, str] | None:
    found = [options for header, options in sections if file_format.profile(header) == profile]
    if len(found) > 1:
        message = f"the profile {profile} has {len(found)} sections"
        raise MalformedError(message)
    return found[0] if found else None


def _others(sections: _Sections, file_format: FileFormat, profile: str) -> _Sections:
    return [section for section in sections if file_format.profile(section[0]) != profile]
