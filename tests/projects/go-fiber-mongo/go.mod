module github.com/larkfield/inventory-api

go 1.26

require (
	github.com/caarlos0/env/v11 v11.3.1
	github.com/gofiber/fiber/v2 v2.52.9
	go.mongodb.org/mongo-driver v1.17.3
)

require (
	github.com/andybalholm/brotli v1.1.0 // indirect
	github.com/golang/snappy v0.0.4 // indirect
	github.com/klauspost/compress v1.17.9 // indirect
	github.com/valyala/fasthttp v1.51.0 // indirect
	github.com/xdg-go/scram v1.1.2 // indirect
)
