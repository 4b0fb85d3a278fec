package book

import (
	"context"
	"database/sql"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	pb "git.example.com/platform/addressbook/gen/addressbookv1"
)

type Server struct {
	pb.UnimplementedAddressBookServer
	db *sql.DB
}

func New(db *sql.DB) *Server { return &Server{db: db} }

func (s *Server) Lookup(ctx context.Context, in *pb.LookupRequest) (*pb.LookupResponse, error) {
	out := &pb.LookupResponse{Handle: in.GetHandle()}
	err := s.db.QueryRowContext(ctx, "SELECT street, city FROM addresses WHERE handle = ?", in.GetHandle()).Scan(&out.Street, &out.City)
	if err == sql.ErrNoRows {
		return nil, status.Error(codes.NotFound, "no such handle")
	}
	return out, err
}
