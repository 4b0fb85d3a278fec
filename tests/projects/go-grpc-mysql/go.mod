module git.example.com/platform/addressbook

go 1.24.2

require (
	github.com/go-sql-driver/mysql v1.9.2
	google.golang.org/grpc v1.71.1
	google.golang.org/protobuf v1.36.6
)

require (
	filippo.io/edwards25519 v1.1.0 // indirect
	golang.org/x/net v0.38.0 // indirect
	golang.org/x/sys v0.31.0 // indirect
	google.golang.org/genproto/googleapis/rpc v0.0.0-20250115164207-1a7da9e5054f // indirect
)
