package com.fernweh.booking.worker;

import org.springframework.amqp.rabbit.annotation.RabbitListener;
import org.springframework.boot.SpringApplication;
import org.springframework.boot.autoconfigure.SpringBootApplication;

@SpringBootApplication
public class BookingWorker {
    @RabbitListener(queues = "bookings")
    void booked(String reference) {
        System.out.println("confirming " + reference);
    }

    public static void main(String... args) {
        SpringApplication.run(BookingWorker.class, args);
    }
}
