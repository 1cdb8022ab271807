// Reads Kubernetes manifests from its input and decodes each strictly into the type that the API has for it: an unknown or a repeated field, or
// a kind that there is not, fails.
package main

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"os"

	"k8s.io/apimachinery/pkg/runtime/serializer/json"
	"k8s.io/apimachinery/pkg/util/yaml"
	"k8s.io/client-go/kubernetes/scheme"
)

func main() {
	strict := json.NewSerializerWithOptions(json.DefaultMetaFactory, scheme.Scheme, scheme.Scheme, json.SerializerOptions{Yaml: true, Strict: true})
	documents := yaml.NewYAMLReader(bufio.NewReader(os.Stdin))
	decoded, failed := 0, 0
	for {
		document, err := documents.Read()
		if errors.Is(err, io.EOF) {
			break
		}
		if err == nil {
			_, _, err = strict.Decode(document, nil, nil)
		}
		if err != nil {
			fmt.Fprintf(os.Stderr, "document %d: %v\n", decoded+failed+1, err)
			failed++
			continue
		}
		decoded++
	}
	fmt.Printf("%d decoded\n", decoded)
	if failed > 0 || decoded == 0 {
		os.Exit(1)
	}
}
