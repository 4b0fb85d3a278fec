package main

import (
	"database/sql"
	"log"
	"net"
	"os"
	"time"

	_ "github.com/go-sql-driver/mysql"
	"google.golang.org/grpc"
	"google.golang.org/grpc/health"
	healthpb "google.golang.org/grpc/health/grpc_health_v1"

	"git.example.com/platform/addressbook/gen/addressbookv1"
	"git.example.com/platform/addressbook/internal/book"
)

func mustEnv(name string) string {
	v := os.Getenv(name)
	if v == "" {
		log.Fatalf("%s must be set", name)
	}
	return v
}

func main() {
	db, err := sql.Open("mysql", mustEnv("MYSQL_DSN"))
	if err != nil {
		log.Fatal(err)
	}
	db.SetConnMaxLifetime(3 * time.Minute)

	lis, err := net.Listen("tcp", ":50051")
	if err != nil {
		log.Fatal(err)
	}

	srv := grpc.NewServer()
	addressbookv1.RegisterAddressBookServer(srv, book.New(db))
	healthpb.RegisterHealthServer(srv, health.NewServer())
	log.Fatal(srv.Serve(lis))
}
