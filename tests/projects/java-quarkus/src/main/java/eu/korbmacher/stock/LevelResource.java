package eu.korbmacher.stock;

import jakarta.ws.rs.GET;
import jakarta.ws.rs.Path;
import jakarta.ws.rs.PathParam;
import java.util.List;

@Path("/levels")
public class LevelResource {

    @GET
    public List<Level> all() {
        return Level.listAll();
    }

    @GET
    @Path("{article}")
    public Level one(@PathParam("article") String article) {
        return Level.find("article", article).firstResult();
    }
}
