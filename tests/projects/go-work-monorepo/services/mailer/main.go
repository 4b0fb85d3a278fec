package main

import (
	"log"
	"net/smtp"
	"os"

	amqp "github.com/rabbitmq/amqp091-go"

	"example.net/shop/telemetry"
)

func main() {
	telemetry.Setup("mailer")
	conn, err := amqp.Dial(os.Getenv("AMQP_URL"))
	if err != nil {
		log.Fatal(err)
	}
	ch, err := conn.Channel()
	if err != nil {
		log.Fatal(err)
	}
	msgs, err := ch.Consume("mail", "mailer", false, false, false, false, nil)
	if err != nil {
		log.Fatal(err)
	}
	auth := smtp.PlainAuth("", os.Getenv("SMTP_USER"), os.Getenv("SMTP_PASSWORD"), "smtp.example.net")
	for m := range msgs {
		if err := smtp.SendMail("smtp.example.net:587", auth, "shop@example.net", []string{string(m.RoutingKey)}, m.Body); err != nil {
			_ = m.Nack(false, true)
			continue
		}
		_ = m.Ack(false)
	}
}
