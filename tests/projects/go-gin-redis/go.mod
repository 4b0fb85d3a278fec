module gitlab.com/hafenlicht/ratelimiter

go 1.25.3

require (
	github.com/gin-gonic/gin v1.10.1
	github.com/redis/go-redis/v9 v9.7.3
	github.com/joho/godotenv v1.5.1
)

require (
	github.com/bytedance/sonic v1.11.6 // indirect
	github.com/cespare/xxhash/v2 v2.3.0 // indirect
	github.com/dgryski/go-rendezvous v0.0.0-20200823014737-9f7001d12a5f // indirect
	github.com/gin-contrib/sse v0.1.0 // indirect
	github.com/go-playground/validator/v10 v10.20.0 // indirect
	github.com/mattn/go-isatty v0.0.20 // indirect
	google.golang.org/protobuf v1.34.1 // indirect
)
