module github.com/brunnen/meterd

go 1.25.0

toolchain go1.25.4

require (
	github.com/go-chi/chi/v5 v5.2.1
	github.com/nats-io/nats.go v1.39.1
)

require (
	github.com/klauspost/compress v1.17.9 // indirect
	github.com/nats-io/nkeys v0.4.9 // indirect
	github.com/nats-io/nuid v1.0.1 // indirect
)
