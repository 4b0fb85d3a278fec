package main

import (
	"context"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
)

type book struct {
	ISBN  string `json:"isbn"`
	Title string `json:"title"`
}

type store struct{ pool *pgxpool.Pool }

func (s *store) list(ctx context.Context) ([]book, error) {
	rows, err := s.pool.Query(ctx, "select isbn, title from books order by title")
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(rows, pgx.RowToStructByPos[book])
}

func (s *store) one(ctx context.Context, isbn string) (b book, err error) {
	err = s.pool.QueryRow(ctx, "select isbn, title from books where isbn = $1", isbn).Scan(&b.ISBN, &b.Title)
	return
}
