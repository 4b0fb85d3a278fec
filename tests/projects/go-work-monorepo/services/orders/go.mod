module example.net/shop/orders

go 1.25.1

require (
	github.com/gorilla/mux v1.8.1
	github.com/lib/pq v1.10.9
)
