package org.openallotment.plots;

import jakarta.ws.rs.GET;
import jakarta.ws.rs.Path;
import jakarta.ws.rs.Produces;
import jakarta.ws.rs.core.MediaType;
import java.util.List;
import org.jdbi.v3.core.Jdbi;

@Path("/plots")
@Produces(MediaType.APPLICATION_JSON)
public class PlotResource {
    private final Jdbi jdbi;

    public PlotResource(Jdbi jdbi) {
        this.jdbi = jdbi;
    }

    @GET
    public List<String> free() {
        return jdbi.withHandle(h -> h.createQuery("select name from plots where tenant is null").mapTo(String.class).list());
    }
}
