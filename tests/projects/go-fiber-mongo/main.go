package main

import (
	"context"
	"fmt"
	"log"

	"github.com/caarlos0/env/v11"
	"github.com/gofiber/fiber/v2"
	"github.com/gofiber/fiber/v2/middleware/logger"
	"go.mongodb.org/mongo-driver/mongo"
	"go.mongodb.org/mongo-driver/mongo/options"
)

type settings struct {
	Port     int    `env:"PORT" envDefault:"3000"`
	MongoURI string `env:"MONGO_URI,required"`
	Database string `env:"MONGO_DATABASE" envDefault:"inventory"`
	APIToken string `env:"API_TOKEN,required"`
}

func main() {
	var cfg settings
	if err := env.Parse(&cfg); err != nil {
		log.Fatal(err)
	}

	client, err := mongo.Connect(context.Background(), options.Client().ApplyURI(cfg.MongoURI))
	if err != nil {
		log.Fatal(err)
	}

	app := fiber.New(fiber.Config{AppName: "inventory-api"})
	app.Use(logger.New())
	app.Get("/livez", func(c *fiber.Ctx) error { return c.SendString("ok") })

	register(app.Group("/api", bearer(cfg.APIToken)), client.Database(cfg.Database))

	log.Fatal(app.Listen(fmt.Sprintf(":%d", cfg.Port)))
}
