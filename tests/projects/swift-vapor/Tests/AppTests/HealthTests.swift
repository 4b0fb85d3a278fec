@testable import App
import XCTVapor

final class HealthTests: XCTestCase {
    func testHealthIsPublic() throws {
        XCTAssertEqual(Departure.schema, "departures")
    }
}
