package ca.northpost.geofence;

import io.micronaut.http.annotation.Controller;
import io.micronaut.http.annotation.Get;
import io.micronaut.http.annotation.QueryValue;
import org.locationtech.jts.geom.Coordinate;
import org.locationtech.jts.geom.GeometryFactory;

@Controller("/fence")
class FenceController {
    private final GeometryFactory geometry = new GeometryFactory();

    @Get("/distance")
    double distance(@QueryValue double x, @QueryValue double y) {
        return geometry.createPoint(new Coordinate(x, y)).distance(geometry.createPoint(new Coordinate(0, 0)));
    }
}
