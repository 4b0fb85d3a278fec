package com.fernweh.booking.domain;

import java.time.LocalDate;

public record Booking(String reference, String guest, LocalDate arrival, int nights) {
    public Booking {
        if (nights < 1) {
            throw new IllegalArgumentException("a booking lasts one night at least");
        }
    }
}
