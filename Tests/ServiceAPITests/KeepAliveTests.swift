import ServiceAPI
import Testing

@Suite struct KeepAliveTests {
    @Test(arguments: [
        ("0", KeepAlive.seconds(0), "0s"), ("90", .seconds(90), "90s"), ("10m", .seconds(600), "10m"),
        ("1.5h", .seconds(5400), "90m"), ("2d", .seconds(172800), "2d"), ("0.5s", .seconds(0.5), "0.5s"),
        ("forever", .forever, "forever"),
    ])
    func times(text: String, expected: KeepAlive, description: String) throws {
        #expect(try KeepAlive(text) == expected)
        #expect(expected.description == description)
    }

    @Test(arguments: ["", "m", "-1", "ten", "10 m", "nan", "inf", "0x10", "1e3", "1.2.3", "99999999999d", "Forever"])
    func refusals(text: String) {
        let error = #expect(throws: ServiceError.self) { try KeepAlive(text) }
        #expect(error?.kind == .badRequest && error?.field == "keep_alive")
    }
}
