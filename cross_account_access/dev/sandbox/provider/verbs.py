"""The provider's verbs: what the engine asks, answered with the described resource types."""

import asyncio
import json
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeVar

from botocore.exceptions import BotoCoreError, ClientError
from pulumi.provider.experimental import provider
from pulumi.provider.experimental.property_value import PropertyValue
from pulumi.runtime.rpc import UNKNOWN

from cross_account_access.dev.sandbox.provider import (
    checking,
    configuration,
    difference,
    invokes,
    package_schema,
)
from cross_account_access.dev.sandbox.provider.aws import Account, ConfigurationError, code, told
from cross_account_access.dev.sandbox.provider.catalogue import RESOURCE_TYPES
from cross_account_access.dev.sandbox.provider.schema import ResourceType, UnfinishedError, same

_THREADS = 32
T = TypeVar("T")


class RefusalError(Exception):
    """What was asked cannot be done; one line for the user."""


class HalfMadeError(RefusalError):
    """A resource was made but not finished; the engine is told to keep it and to go on later."""

    def __init__(self, message: str, resource_id: str, state: dict[str, PropertyValue]) -> None:
        super().__init__(message)
        self.resource_id = resource_id
        self.state = state


class StandIn(provider.Provider):
    """Answers the engine for one provider resource, that is for one account."""

    def __init__(self) -> None:
        self._configured: configuration.Configuration | None = None
        # boto3 blocks, and the engine expects its steps to run side by side.
        self._pool = ThreadPoolExecutor(_THREADS)

    def close(self) -> None:
        """Waits for the calls that AWS has begun."""
        self._pool.shutdown()

    async def check_config(self, request: provider.CheckRequest) -> provider.CheckResponse:
        """Refuses settings that the stand-in does not have, rather than ignoring them."""
        wrong = configuration.problems(_plain(request.new_inputs))
        return provider.CheckResponse(request.new_inputs, _failures(wrong))

    async def diff_config(self, request: provider.DiffRequest) -> provider.DiffResponse:
        """Another region is another provider: nothing of the old region moves."""
        old, new = _plain(request.old_state), _plain(request.new_inputs)
        moved = old.get("region") != new.get("region")
        return provider.DiffResponse(replaces=["region"] if moved else [])

    async def configure(self, request: provider.ConfigureRequest) -> provider.ConfigureResponse:
        """Opens the account and proves that it is an allowed one."""
        arguments = _plain(request.args)
        try:
            self._configured = await self._blocking(configuration.open_account, arguments)
        except ConfigurationError as error:
            raise RefusalError(str(error)) from error
        # The engine then keeps secrets and dependencies itself and sends plain values.
        return provider.ConfigureResponse(supports_preview=True)

    async def get_schema(self, request: provider.GetSchemaRequest) -> provider.GetSchemaResponse:
        """Describes the catalogue, so that `pulumi import` can write code."""
        del request
        return provider.GetSchemaResponse(json.dumps(package_schema.describe(RESOURCE_TYPES)))

    async def invoke(self, request: provider.InvokeRequest) -> provider.InvokeResponse:
        """Answers the lookups that the program may make."""
        function = invokes.FUNCTIONS.get(request.tok)
        if function is None:
            message = f"the stand-in provider does not support the function {request.tok}"
            raise RefusalError(message)
        arguments = _plain(request.args)
        try:
            answer = await self._blocking(function, self._account, arguments)
        except (ClientError, BotoCoreError) as error:
            message = f"invoking {request.tok.rpartition(':')[2]}: {told(error)}"
            raise RefusalError(message) from error
        return provider.InvokeResponse(_wrapped(answer))

    async def check(self, request: provider.CheckRequest) -> provider.CheckResponse:
        """Fills in defaults and refuses what is not well formed."""
        resource = _described(request.type)
        inputs, wrong = checking.check(
            resource,
            _plain(request.new_inputs),
            _plain(request.old_inputs),
            name=request.name,
            seed=request.random_seed,
            default_tags=self._configured.default_tags if self._configured else {},
        )
        return provider.CheckResponse(_wrapped(inputs), _failures(wrong))

    async def diff(self, request: provider.DiffRequest) -> provider.DiffResponse:
        """Names every property that differs, and those that need a replacement."""
        resource = _described(request.type)
        state, inputs = _plain(request.old_state), _plain(request.new_inputs)
        for path in request.ignore_changes:
            name = path.split(".")[0].split("[")[0]
            inputs[name] = state.get(name)
        found = difference.changes(resource, state, inputs)
        replaces = [change.path for change in found if change.replaces]
        return provider.DiffResponse(
            changes=bool(found),
            replaces=replaces,
            diffs=[change.path for change in found],
            delete_before_replace=bool(replaces)
            and difference.delete_first(resource, state, inputs),
            detailed_diff={change.path: _kind(change) for change in found},
        )

    async def create(self, request: provider.CreateRequest) -> provider.CreateResponse:
        """Makes the resource and tells what AWS then says of it."""
        resource = _described(request.type)
        inputs = _plain(request.properties)
        if request.preview:
            return provider.CreateResponse("", _wrapped(_foreseen(resource, inputs)))
        title = f"creating {resource.title} ({_called(resource, inputs, request.name)})"

        def make() -> tuple[str, dict[str, Any]]:
            try:
                made = resource.create(self._account, inputs)
            except UnfinishedError as error:
                message = f"{title}: {_told(error.__cause__)}"
                raise HalfMadeError(message, error.resource_id, _wrapped(inputs)) from error
            try:
                state = self._state(resource, made, inputs)
            except (ClientError, BotoCoreError) as error:
                message = f"{title}: made, but reading it back: {told(error)}"
                raise HalfMadeError(message, made, _wrapped(inputs)) from error
            if state is None:
                message = f"{title}: it was made but is not there"
                raise RefusalError(message)
            return made, state

        made, state = await self._calling(title, make)
        return provider.CreateResponse(made, _wrapped(state))

    async def read(self, request: provider.ReadRequest) -> provider.ReadResponse:
        """Tells what is there, in the program's own spelling where that means the same."""
        resource = _described(request.type)
        known, inputs = _plain(request.properties), _plain(request.inputs)
        title = f"reading {resource.title} ({request.resource_id})"
        state = await self._calling(
            title, lambda: self._state(resource, request.resource_id, known)
        )
        if state is None and not known:
            # An import, for which the engine would take an empty answer as a thing that is there.
            message = f"resource '{request.resource_id}' does not exist"
            raise RefusalError(message)
        if state is None:
            return provider.ReadResponse("")
        return provider.ReadResponse(
            request.resource_id, _wrapped(state), _wrapped(_inputs(resource, state, inputs))
        )

    async def update(self, request: provider.UpdateRequest) -> provider.UpdateResponse:
        """Changes the resource in place."""
        resource = _described(request.type)
        state, inputs = _plain(request.olds), _plain(request.news)
        if request.preview:
            return provider.UpdateResponse(_wrapped(_foreseen(resource, inputs, state)))
        title = f"updating {resource.title} ({request.resource_id})"

        def change() -> dict[str, Any]:
            resource.update(self._account, request.resource_id, state, inputs)
            changed = self._state(resource, request.resource_id, {**state, **inputs})
            if changed is None:
                message = f"{title}: it is not there"
                raise RefusalError(message)
            return changed

        return provider.UpdateResponse(_wrapped(await self._calling(title, change)))

    async def delete(self, request: provider.DeleteRequest) -> None:
        """Removes the resource; one that is already gone is fine."""
        resource = _described(request.type)
        state = _plain(request.properties)

        def remove() -> None:
            try:
                resource.delete(self._account, request.resource_id, state)
            except ClientError as error:
                if code(error) not in resource.gone:
                    raise

        await self._calling(f"deleting {resource.title} ({request.resource_id})", remove)

    async def cancel(self) -> None:
        """Lets running calls finish, so that the engine records what they made."""

    @property
    def _account(self) -> Account:
        if self._configured is None:
            message = "the provider is not configured"
            raise RefusalError(message)
        return self._configured.account

    def _state(
        self, resource: ResourceType, resource_id: str, known: Mapping[str, Any]
    ) -> dict[str, Any] | None:
        try:
            live = resource.read(self._account, resource_id)
        except ClientError as error:
            if code(error) in resource.gone:
                return None
            raise
        if live is None:
            return None
        state = {}
        for name, described in resource.properties.items():
            if described.local:
                state[name] = known.get(name, described.default)
            elif (
                name in known
                and described.meaning is None
                and same(described, known[name], live.get(name))
            ):
                state[name] = known[name]
            else:
                state[name] = live.get(name)
        if "region" in resource.properties:
            state["region"] = self._account.region
        if checking.DEFAULTS in known:
            state[checking.DEFAULTS] = known[checking.DEFAULTS]
        return {name: value for name, value in state.items() if value is not None}

    async def _calling(self, title: str, work: Callable[[], T]) -> T:
        try:
            return await self._blocking(work)
        except (ClientError, BotoCoreError) as error:
            message = f"{title}: {told(error)}"
            raise RefusalError(message) from error

    async def _blocking(self, work: Callable[..., T], *arguments: object) -> T:
        return await asyncio.get_running_loop().run_in_executor(self._pool, work, *arguments)


def _described(qualified_type: str) -> ResourceType:
    # In a URN the types of the parents stand before the resource's own.
    token = qualified_type.rpartition("$")[2]
    if token not in RESOURCE_TYPES:
        message = f"the stand-in provider does not support the resource type {token}"
        raise RefusalError(message)
    return RESOURCE_TYPES[token]


def _foreseen(
    resource: ResourceType, inputs: Mapping[str, Any], state: Mapping[str, Any] | None = None
) -> dict[str, Any]:
    """What a preview can tell: the inputs, what stays, and unknown for what AWS will say."""
    foreseen = dict(inputs)
    for name, described in resource.properties.items():
        if name not in foreseen and (described.output or described.computed):
            foreseen[name] = UNKNOWN if state is None else state.get(name)
    if "tagsAll" in resource.properties:
        foreseen["tagsAll"] = inputs.get("tags", {})
    return foreseen


def _inputs(
    resource: ResourceType, state: Mapping[str, Any], known: Mapping[str, Any]
) -> dict[str, Any]:
    """The inputs that would make the state; on import, when none are known, the shortest ones."""
    importing = not known
    inputs: dict[str, Any] = {}
    for name, described in resource.inputs.items():
        value = state.get(name)
        if name in known and same(described, known[name], value):
            inputs[name] = known[name]
        elif name in known or described.required:
            if value is not None:
                inputs[name] = value
        elif value in (None, "", [], {}) or value == described.default:
            continue
        elif importing or not described.computed:
            inputs[name] = value
    return {**inputs, checking.DEFAULTS: known.get(checking.DEFAULTS, [])}


def _called(resource: ResourceType, inputs: Mapping[str, Any], logical: str) -> str:
    """The physical name where there is one, else what the resource belongs to."""
    named = [name for name, each in resource.inputs.items() if each.named_by]
    owner = [name for name, each in resource.inputs.items() if each.replaces and each.required]
    for name in (*named, *owner):
        if isinstance(inputs.get(name), str):
            return str(inputs[name])
    return logical


def _kind(change: difference.Change) -> provider.PropertyDiff:
    kinds = provider.PropertyDiffKind
    if change.old is None:
        kind = kinds.ADD_REPLACE if change.replaces else kinds.ADD
    elif change.new is None:
        kind = kinds.DELETE_REPLACE if change.replaces else kinds.DELETE
    else:
        kind = kinds.UPDATE_REPLACE if change.replaces else kinds.UPDATE
    return provider.PropertyDiff(kind, input_diff=False)


def _failures(wrong: Mapping[str, str]) -> list[provider.CheckFailure]:
    return [provider.CheckFailure(path, reason) for path, reason in wrong.items()]


def _told(error: BaseException | None) -> str:
    return told(error) if isinstance(error, ClientError | BotoCoreError) else str(error)


def _plain(properties: Mapping[str, PropertyValue]) -> dict[str, Any]:
    def plain(value: object) -> Any:  # noqa: ANN401 - as deep as the properties
        match value:
            case PropertyValue():
                return plain(value.value)
            case tuple():
                return [plain(each) for each in value]
            case Mapping():
                return {name: plain(each) for name, each in value.items()}
            case float() if value.is_integer():
                return int(value)
            case _:
                return value

    return {name: plain(value) for name, value in properties.items()}


def _wrapped(values: Mapping[str, Any]) -> dict[str, PropertyValue]:
    def wrap(value: object) -> PropertyValue:
        match value:
            case bool() | str() | None:
                return PropertyValue(value)
            case int():
                return PropertyValue(float(value))
            case list():
                return PropertyValue([wrap(each) for each in value])
            case dict():
                return PropertyValue({name: wrap(each) for name, each in value.items()})
            case _:
                return PropertyValue(str(value))

    return {name: wrap(value) for name, value in values.items()}
