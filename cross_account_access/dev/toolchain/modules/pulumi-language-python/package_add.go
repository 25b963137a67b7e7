// The calls of `pulumi package add`, which this language host is too old to know. A command of the
// engine's version answers them; this file is compiled together with the host.
package main

import (
	"bytes"
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	pulumirpc "github.com/pulumi/pulumi/sdk/v3/proto/go"
	"google.golang.org/grpc"
	"google.golang.org/protobuf/types/known/emptypb"
)

func init() {
	for _, name := range []string{"GeneratePackage", "Link"} {
		pulumirpc.LanguageRuntime_ServiceDesc.Methods = append(
			pulumirpc.LanguageRuntime_ServiceDesc.Methods,
			grpc.MethodDesc{MethodName: name, Handler: passedOn(name)},
		)
	}
}

// passedOn passes the bytes of a call on, and those of the answer back.
func passedOn(name string) func(
	interface{}, context.Context, func(interface{}) error, grpc.UnaryServerInterceptor,
) (interface{}, error) {
	return func(
		_ interface{}, ctx context.Context, decode func(interface{}) error,
		_ grpc.UnaryServerInterceptor,
	) (interface{}, error) {
		// A message without fields keeps all those that it does not know.
		request, response := &emptypb.Empty{}, &emptypb.Empty{}
		if err := decode(request); err != nil {
			return nil, err
		}
		host, err := os.Executable()
		if err != nil {
			return nil, err
		}
		command := exec.CommandContext(ctx, filepath.Join(filepath.Dir(host), "package-add"), name)
		command.Stdin = bytes.NewReader(request.ProtoReflect().GetUnknown())
		var problem strings.Builder
		command.Stderr = &problem
		answer, err := command.Output()
		if err != nil {
			return nil, errors.Join(err, errors.New(strings.TrimSpace(problem.String())))
		}
		response.ProtoReflect().SetUnknown(answer)
		return response, nil
	}
}
