package net.kirchturm.clock;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.time.LocalTime;
import java.time.ZoneId;

/** Tells the time of the church tower. */
public final class Clock {
    private static final ZoneId ZONE = ZoneId.of(System.getenv().getOrDefault("CLOCK_ZONE", "Europe/Vienna"));

    private Clock() {}

    public static void main(String[] args) throws IOException {
        HttpServer server = HttpServer.create(new InetSocketAddress(8090), 0);
        server.createContext("/healthz", exchange -> answer(exchange, "ok\n"));
        server.createContext("/", exchange -> answer(exchange, LocalTime.now(ZONE) + "\n"));
        server.start();
    }

    private static void answer(HttpExchange exchange, String text) throws IOException {
        byte[] body = text.getBytes(StandardCharsets.UTF_8);
        exchange.sendResponseHeaders(200, body.length);
        exchange.getResponseBody().write(body);
        exchange.close();
    }
}
