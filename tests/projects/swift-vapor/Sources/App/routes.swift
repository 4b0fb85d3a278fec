import Fluent
import Vapor

func routes(_ app: Application) throws {
    app.get("health") { _ in HTTPStatus.ok }

    app.get("departures", ":harbour") { req async throws -> [Departure] in
        let harbour = try req.parameters.require("harbour")
        return try await Departure.query(on: req.db).filter(\.$harbour == harbour).sort(\.$at).all()
    }
}
