package config

import (
	"os"
	"strconv"
)

type Config struct {
	RedisAddr     string
	RedisPassword string
	Limit         int
}

func FromEnv() Config {
	limit, err := strconv.Atoi(env("HITS_PER_MINUTE", "60"))
	if err != nil {
		limit = 60
	}
	return Config{
		RedisAddr:     env("REDIS_ADDR", "localhost:6379"),
		RedisPassword: os.Getenv("REDIS_PASSWORD"),
		Limit:         limit,
	}
}

func env(key, fallback string) string {
	if v, ok := os.LookupEnv(key); ok {
		return v
	}
	return fallback
}
