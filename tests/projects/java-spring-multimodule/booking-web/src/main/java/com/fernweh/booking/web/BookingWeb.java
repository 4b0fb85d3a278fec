package com.fernweh.booking.web;

import com.fernweh.booking.domain.Booking;
import org.springframework.amqp.rabbit.core.RabbitTemplate;
import org.springframework.boot.SpringApplication;
import org.springframework.boot.autoconfigure.SpringBootApplication;
import org.springframework.http.ResponseEntity;
import org.springframework.web.bind.annotation.PostMapping;
import org.springframework.web.bind.annotation.RequestBody;
import org.springframework.web.bind.annotation.RestController;

@SpringBootApplication
@RestController
public class BookingWeb {
    private final RabbitTemplate rabbit;

    public BookingWeb(RabbitTemplate rabbit) {
        this.rabbit = rabbit;
    }

    @PostMapping("/bookings")
    ResponseEntity<Void> book(@RequestBody Booking booking) {
        rabbit.convertAndSend("bookings", booking.reference());
        return ResponseEntity.accepted().build();
    }

    public static void main(String... args) {
        SpringApplication.run(BookingWeb.class, args);
    }
}
