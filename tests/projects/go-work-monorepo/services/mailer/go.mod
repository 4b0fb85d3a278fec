module example.net/shop/mailer

go 1.25.1

require github.com/rabbitmq/amqp091-go v1.10.0
