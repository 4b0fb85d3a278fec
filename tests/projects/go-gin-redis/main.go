package main

import (
	"log"

	"github.com/gin-gonic/gin"
	"github.com/joho/godotenv"
	"github.com/redis/go-redis/v9"

	"gitlab.com/hafenlicht/ratelimiter/config"
	"gitlab.com/hafenlicht/ratelimiter/handlers"
)

func main() {
	_ = godotenv.Load()
	cfg := config.FromEnv()

	rdb := redis.NewClient(&redis.Options{Addr: cfg.RedisAddr, Password: cfg.RedisPassword})

	r := gin.New()
	r.Use(gin.Recovery())
	r.GET("/health", handlers.Health(rdb))
	v1 := r.Group("/v1")
	{
		v1.POST("/hits/:key", handlers.Hit(rdb, cfg.Limit))
		v1.GET("/hits/:key", handlers.Count(rdb))
	}

	// gin takes the port from PORT and else 8080
	if err := r.Run(); err != nil {
		log.Fatal(err)
	}
}
