package no.fjordpost.parcels;

import io.javalin.Javalin;
import redis.clients.jedis.JedisPooled;

public final class Main {
    private Main() {}

    public static void main(String[] args) {
        var redis = new JedisPooled(System.getenv().getOrDefault("REDIS_URL", "redis://localhost:6379"));
        var port = Integer.parseInt(System.getenv().getOrDefault("PORT", "7070"));

        var app = Javalin.create(config -> config.showJavalinBanner = false);
        app.get("/alive", ctx -> ctx.result("alive"));
        app.get("/parcels/{code}", ctx -> {
            var where = redis.get("parcel:" + ctx.pathParam("code"));
            if (where == null) {
                ctx.status(404);
            } else {
                ctx.result(where);
            }
        });
        app.put("/parcels/{code}", ctx -> {
            if (!ctx.header("X-Depot-Key").equals(System.getenv("DEPOT_KEY"))) {
                ctx.status(403);
                return;
            }
            redis.set("parcel:" + ctx.pathParam("code"), ctx.body());
        });
        app.start(port);
    }
}
