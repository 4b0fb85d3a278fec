package main

import (
	"github.com/gofiber/fiber/v2"
	"go.mongodb.org/mongo-driver/bson"
	"go.mongodb.org/mongo-driver/mongo"
)

type item struct {
	SKU   string `json:"sku" bson:"_id"`
	Count int    `json:"count" bson:"count"`
}

func bearer(token string) fiber.Handler {
	return func(c *fiber.Ctx) error {
		if c.Get(fiber.HeaderAuthorization) != "Bearer "+token {
			return fiber.ErrUnauthorized
		}
		return c.Next()
	}
}

func register(r fiber.Router, db *mongo.Database) {
	items := db.Collection("items")
	r.Get("/items", func(c *fiber.Ctx) error {
		cur, err := items.Find(c.Context(), bson.M{})
		if err != nil {
			return err
		}
		all := []item{}
		if err := cur.All(c.Context(), &all); err != nil {
			return err
		}
		return c.JSON(all)
	})
	r.Put("/items/:sku", func(c *fiber.Ctx) error {
		var in item
		if err := c.BodyParser(&in); err != nil {
			return fiber.ErrBadRequest
		}
		in.SKU = c.Params("sku")
		_, err := items.InsertOne(c.Context(), in)
		return err
	})
}
