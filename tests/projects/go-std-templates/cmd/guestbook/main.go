// Command guestbook serves the pages of the guestbook.
package main

import (
	"html/template"
	"log"
	"net/http"
	"os"

	"example.test/guestbook/internal/book"
)

func main() {
	port := os.Getenv("PORT")
	if port == "" {
		port = "8085"
	}
	page := template.Must(template.ParseFiles("templates/page.html"))
	http.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) {
		if err := page.Execute(w, book.Entries()); err != nil {
			log.Print(err)
		}
	})
	http.HandleFunc("/healthz", func(w http.ResponseWriter, r *http.Request) { w.Write([]byte("open")) })
	log.Fatal(http.ListenAndServe(":"+port, nil))
}
