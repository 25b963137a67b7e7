"""What the models of IAM, STS and KMS refuse: values that are too long, too many, or ill-formed.

AWS checks each parameter against the model that it publishes with its SDKs ("Common errors", IAM
API reference, https://docs.aws.amazon.com/IAM/latest/APIReference/CommonErrors.html).
"""

import itertools
import re
from collections.abc import Awaitable, Callable, Iterator, Mapping
from functools import cache
from typing import Any

import botocore.session
from botocore.model import ListShape, OperationModel, Shape, StructureShape

from cross_account_access.dev.sandbox.front.requests import Request, Response

_CODES = {"iam": "ValidationError", "kms": "ValidationException", "sts": "ValidationError"}
# The kinds of policy documents have rules and codes of their own.
_DOCUMENTS = re.compile(r"policyDocumentType|PolicyType|unrestrictedSessionPolicyDocumentType")


async def within_the_model(
    request: Request, serve: Callable[[Request], Awaitable[Response]]
) -> Response:
    """Refuses parameters that the model of the service does not allow."""
    code = _CODES.get(request.service)
    model = _operation(request.service, request.operation) if code else None
    if code is None or model is None or model.input_shape is None:
        return await serve(request)
    wrong = list(_wrong(model.input_shape, "", request.parameters))
    if wrong:
        errors = "error" if len(wrong) == 1 else "errors"
        told = f"{len(wrong)} validation {errors} detected: {'; '.join(wrong)}"
        return request.refused(code, told)
    return await serve(request)


@cache
def _operation(service: str, name: str) -> OperationModel | None:
    model = _session().get_service_model(service)
    return model.operation_model(name) if name in model.operation_names else None


@cache
def _session() -> botocore.session.Session:
    return botocore.session.Session()


def _wrong(shape: Shape, name: str, given: Mapping[str, Any]) -> Iterator[str]:
    """What is wrong with a value, whether it was given flat by a query or as JSON."""
    if isinstance(shape, StructureShape):
        for member, inner in shape.members.items():
            if isinstance(given.get(name), Mapping):
                yield from _wrong(inner, member, given[name])
            else:
                yield from _wrong(inner, f"{name}.{member}" if name else member, given)
    elif isinstance(shape, ListShape):
        yield from _wrong_of_list(shape, name, given)
    elif shape.type_name in {"string", "integer"} and name in given:
        yield from _wrong_of_value(shape, name, given[name])


def _wrong_of_list(shape: ListShape, name: str, given: Mapping[str, Any]) -> Iterator[str]:
    values = given.get(name)
    if isinstance(values, list):
        count = len(values)
        for value in values:
            yield from _wrong(shape.member, "member", {"member": value})
    else:
        elements = (f"{name}.member.{number}" for number in itertools.count(1))
        there = list(itertools.takewhile(lambda each: _has(given, each), elements))
        count = len(there)
        for element in there:
            yield from _wrong(shape.member, element, given)
    if count > shape.metadata.get("max", count):
        most = shape.metadata["max"]
        yield _constraint(name, f"Member must have length less than or equal to {most}")


def _has(given: Mapping[str, Any], element: str) -> bool:
    return any(name == element or name.startswith(f"{element}.") for name in given)


def _wrong_of_value(shape: Shape, name: str, value: object) -> Iterator[str]:
    least, most = shape.metadata.get("min"), shape.metadata.get("max")
    if shape.type_name == "integer":
        number = int(str(value))
        if most is not None and number > most:
            yield _constraint(name, f"Member must have value less than or equal to {most}")
        if least is not None and number < least:
            yield _constraint(name, f"Member must have value greater than or equal to {least}")
        return
    if _DOCUMENTS.fullmatch(shape.name):
        return
    text = str(value)
    if most is not None and len(text) > most:
        yield _constraint(name, f"Member must have length less than or equal to {most}")
    if least is not None and len(text) < least:
        yield _constraint(name, f"Member must have length greater than or equal to {least}")
    pattern = _compiled(shape.metadata.get("pattern", ""))
    if pattern is not None and not pattern.fullmatch(text):
        told = f"Member must satisfy regular expression pattern: {pattern.pattern}"
        yield _constraint(name, told)


@cache
def _compiled(pattern: str) -> re.Pattern[str] | None:
    """The pattern, where Python's expressions can say it: they have no classes of Unicode."""
    if not pattern or "\\p{" in pattern:
        return None
    return re.compile(pattern, re.ASCII | re.DOTALL)


def _constraint(name: str, told: str) -> str:
    return f"Value at '{name[:1].lower()}{name[1:]}' failed to satisfy constraint: {told}"
