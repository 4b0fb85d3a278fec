package main

import (
	"database/sql"
	"net/http"
	"os"

	"github.com/labstack/echo/v4"
	"github.com/labstack/echo/v4/middleware"
	_ "github.com/mattn/go-sqlite3"
)

type reading struct {
	Station string  `json:"station"`
	Level   float64 `json:"level"`
}

func main() {
	file := os.Getenv("TIDEWATCH_DB")
	if file == "" {
		file = "tides.db"
	}
	db, err := sql.Open("sqlite3", file)
	if err != nil {
		panic(err)
	}

	e := echo.New()
	e.HideBanner = true
	e.Use(middleware.Logger(), middleware.Recover())
	e.Static("/", "web")

	e.GET("/api/readings", func(c echo.Context) error {
		rows, err := db.QueryContext(c.Request().Context(), `select station, level from readings order by taken desc limit 50`)
		if err != nil {
			return err
		}
		defer rows.Close()
		all := []reading{}
		for rows.Next() {
			var r reading
			if err := rows.Scan(&r.Station, &r.Level); err != nil {
				return err
			}
			all = append(all, r)
		}
		return c.JSON(http.StatusOK, all)
	})

	e.Logger.Fatal(e.Start("127.0.0.1:1323"))
}
