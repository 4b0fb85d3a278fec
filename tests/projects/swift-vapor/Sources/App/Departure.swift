import Fluent
import Vapor

final class Departure: Model, Content, @unchecked Sendable {
    static let schema = "departures"

    @ID(key: .id) var id: UUID?
    @Field(key: "harbour") var harbour: String
    @Field(key: "at") var at: Date

    init() {}
}

struct CreateDeparture: AsyncMigration {
    func prepare(on database: any Database) async throws {
        try await database.schema(Departure.schema).id()
            .field("harbour", .string, .required)
            .field("at", .datetime, .required)
            .create()
    }

    func revert(on database: any Database) async throws {
        try await database.schema(Departure.schema).delete()
    }
}
