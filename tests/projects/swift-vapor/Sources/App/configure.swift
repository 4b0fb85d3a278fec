import Fluent
import FluentPostgresDriver
import Vapor

public func configure(_ app: Application) async throws {
    app.http.server.configuration.hostname = "0.0.0.0"
    app.http.server.configuration.port = 8181

    guard let url = Environment.get("DATABASE_URL") else {
        throw Abort(.internalServerError, reason: "DATABASE_URL is not set")
    }
    try app.databases.use(.postgres(url: url), as: .psql)
    app.migrations.add(CreateDeparture())
    try routes(app)
}
