// Command meterd takes readings over HTTP and hands them to NATS.
package main

import (
	"flag"
	"log"
	"net/http"
	"os"

	"github.com/nats-io/nats.go"

	"github.com/brunnen/meterd/internal/httpapi"
)

func main() {
	addr := flag.String("addr", ":4000", "address to listen on")
	flag.Parse()

	url, ok := os.LookupEnv("NATS_URL")
	if !ok {
		url = nats.DefaultURL
	}
	nc, err := nats.Connect(url, nats.Name("meterd"))
	if err != nil {
		log.Fatalf("nats: %v", err)
	}
	defer nc.Drain()

	log.Printf("listening on %s", *addr)
	log.Fatal(http.ListenAndServe(*addr, httpapi.New(nc)))
}
