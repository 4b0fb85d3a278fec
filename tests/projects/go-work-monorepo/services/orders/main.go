package main

import (
	"database/sql"
	"fmt"
	"log"
	"net/http"
	"os"

	"github.com/gorilla/mux"
	_ "github.com/lib/pq"

	"example.net/shop/telemetry"
)

func main() {
	telemetry.Setup("orders")
	db, err := sql.Open("postgres", os.Getenv("ORDERS_DB"))
	if err != nil {
		log.Fatal(err)
	}

	r := mux.NewRouter()
	r.HandleFunc("/health", func(w http.ResponseWriter, _ *http.Request) { fmt.Fprintln(w, "ok") }).Methods(http.MethodGet)
	r.HandleFunc("/orders/{id:[0-9]+}", func(w http.ResponseWriter, req *http.Request) {
		var state string
		if err := db.QueryRow("select state from orders where id = $1", mux.Vars(req)["id"]).Scan(&state); err != nil {
			http.NotFound(w, req)
			return
		}
		fmt.Fprintln(w, state)
	})
	log.Fatal(http.ListenAndServe(":8090", r))
}
