// Answers the calls of `pulumi package add` that the language host, which is older, does not know:
// the request of the call that is named comes in, the response goes out.
package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path/filepath"

	codegen "github.com/pulumi/pulumi/pkg/v3/codegen/python"
	"github.com/pulumi/pulumi/pkg/v3/codegen/schema"
	"github.com/pulumi/pulumi/sdk/v3/go/common/resource/plugin"
	pulumirpc "github.com/pulumi/pulumi/sdk/v3/proto/go"
	"github.com/pulumi/pulumi/sdk/v3/python/toolchain"
	"google.golang.org/protobuf/proto"
)

func main() {
	if err := answer(os.Args[1]); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func answer(name string) error {
	message, err := io.ReadAll(os.Stdin)
	if err != nil {
		return err
	}
	var response proto.Message
	switch name {
	case "GeneratePackage":
		var request pulumirpc.GeneratePackageRequest
		if err := proto.Unmarshal(message, &request); err != nil {
			return err
		}
		response, err = generate(&request)
	case "Link":
		var request pulumirpc.LinkRequest
		if err := proto.Unmarshal(message, &request); err != nil {
			return err
		}
		response, err = link(&request)
	default:
		err = fmt.Errorf("%s is not known", name)
	}
	if err != nil {
		return err
	}
	written, err := proto.Marshal(response)
	if err != nil {
		return err
	}
	_, err = os.Stdout.Write(written)
	return err
}

// generate writes the SDK of a package.
func generate(request *pulumirpc.GeneratePackageRequest) (proto.Message, error) {
	client, err := schema.NewLoaderClient(request.LoaderTarget)
	if err != nil {
		return nil, err
	}
	defer client.Close()
	loader := schema.NewCachedLoader(client)
	var spec schema.PackageSpec
	if err := json.Unmarshal([]byte(request.Schema), &spec); err != nil {
		return nil, err
	}
	options := schema.ValidationOptions{AllowDanglingReferences: true}
	pkg, problems, err := schema.BindSpec(spec, loader, options)
	if err != nil {
		return nil, err
	}
	response := &pulumirpc.GeneratePackageResponse{
		Diagnostics: plugin.HclDiagnosticsToRPCDiagnostics(problems),
	}
	if problems.HasErrors() {
		return response, nil
	}
	files, err := codegen.GeneratePackage("pulumi-language-python", pkg, request.ExtraFiles, loader)
	if err != nil {
		return nil, err
	}
	for name, content := range files {
		path := filepath.Join(request.Directory, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			return nil, err
		}
		if err := os.WriteFile(path, content, 0o644); err != nil {
			return nil, err
		}
	}
	return response, nil
}

// link makes SDKs requirements of the program.
func link(request *pulumirpc.LinkRequest) (proto.Message, error) {
	folder := request.Info.ProgramDirectory
	pip, err := toolchain.ResolveToolchain(
		toolchain.PythonOptions{Root: folder, ProgramDir: folder, Toolchain: toolchain.Pip})
	if err != nil {
		return nil, err
	}
	paths, told := map[string]string{}, "The program can now import:\n"
	for _, dependency := range request.Packages {
		found, err := filepath.Glob(filepath.Join(folder, dependency.Path, "*", "__init__.py"))
		if err != nil || len(found) == 0 {
			return nil, fmt.Errorf("%s has nothing to import", dependency.Path)
		}
		module := filepath.Base(filepath.Dir(found[0]))
		paths[module] = dependency.Path
		told += fmt.Sprintf("\n  import %s\n", module)
	}
	if err := pip.LinkPackages(context.Background(), paths); err != nil {
		return nil, err
	}
	return &pulumirpc.LinkResponse{ImportInstructions: told}, nil
}
