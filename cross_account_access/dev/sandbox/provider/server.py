"""Serves the verbs to the engine, with errors of one line and an end that follows the engine's."""

import asyncio
import contextlib
import os
import signal
import socket
import sys
from collections.abc import Awaitable, Callable

import grpc  # type: ignore[import-untyped]
import grpc.aio  # type: ignore[import-untyped]
from pulumi.provider.experimental.property_value import PropertyValue
from pulumi.provider.experimental.server import ProviderServicer
from pulumi.runtime._grpc_settings import _GRPC_CHANNEL_OPTIONS
from pulumi.runtime.proto import provider_pb2, provider_pb2_grpc, status_pb2

from cross_account_access.dev.sandbox.provider.verbs import HalfMadeError, RefusalError, StandIn

_PARENT_CHECK_SECONDS = 1.0


class _OneLineErrors(grpc.aio.ServerInterceptor):  # type: ignore[misc]
    """Answers a refusal with its own text: the SDK's server would add a traceback to it."""

    async def intercept_service(
        self,
        continuation: Callable[[grpc.HandlerCallDetails], Awaitable[grpc.RpcMethodHandler]],
        handler_call_details: grpc.HandlerCallDetails,
    ) -> grpc.RpcMethodHandler:
        handler = await continuation(handler_call_details)
        answer = handler.unary_unary

        async def answered(request: object, context: grpc.aio.ServicerContext) -> object:
            try:
                return await answer(request, context)
            except Exception as error:
                # The SDK raises a text of its own while it handles ours.
                refusal = error.__context__
                if not isinstance(refusal, RefusalError):
                    raise
                await context.abort(
                    grpc.StatusCode.UNKNOWN, str(refusal), trailing_metadata=_details(refusal)
                )
                raise  # abort does not return

        return grpc.unary_unary_rpc_method_handler(
            answered, handler.request_deserializer, handler.response_serializer
        )


def _details(refusal: RefusalError) -> tuple[tuple[str, bytes], ...]:
    if not isinstance(refusal, HalfMadeError):
        return ()
    status = status_pb2.Status(code=grpc.StatusCode.UNKNOWN.value[0], message=str(refusal))
    status.details.add().Pack(
        provider_pb2.ErrorResourceInitFailed(
            id=refusal.resource_id,
            properties=PropertyValue.marshal_map(refusal.state),
            reasons=[str(refusal)],
        )
    )
    return (("grpc-status-details-bin", status.SerializeToString()),)


def serve(version: str, engine_address: str, launcher: socket.socket | None = None) -> None:
    """Serves until the engine that started this process is gone.

    Args:
        version: of the plugin that this stands for.
        engine_address: where the engine listens.
        launcher: the connection to the process that the engine started instead of this one, which
            closes it when that is to end.
    """
    asyncio.run(_serve(version, engine_address, launcher))


async def _serve(version: str, engine_address: str, launcher: socket.socket | None) -> None:
    server = grpc.aio.server(options=_GRPC_CHANNEL_OPTIONS, interceptors=[_OneLineErrors()])
    stand_in = StandIn()
    servicer = ProviderServicer([], version, stand_in, engine_address)
    provider_pb2_grpc.add_ResourceProviderServicer_to_server(servicer, server)
    port = server.add_insecure_port("127.0.0.1:0")
    await server.start()
    sys.stdout.write(f"{port}\n")
    sys.stdout.flush()
    stop = asyncio.Event()
    if launcher is not None:
        loop = asyncio.get_running_loop()
        loop.add_reader(launcher, stop.set)
        await stop.wait()
        loop.remove_reader(launcher)
    else:
        await _until_engine_is_gone(stop)
    await server.stop(None)
    stand_in.close()


async def _until_engine_is_gone(stop: asyncio.Event) -> None:
    # The engine says so when it is done: a plugin is in a process group of its own, so that this
    # is never the Ctrl-C of a terminal.
    asyncio.get_running_loop().add_signal_handler(signal.SIGINT, stop.set)
    engine = os.getppid()
    while os.getppid() == engine and not stop.is_set():
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(stop.wait(), _PARENT_CHECK_SECONDS)
