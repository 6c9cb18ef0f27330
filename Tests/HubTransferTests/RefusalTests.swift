import HubTestServer
import HubTransfer
import LinuxSystem
import Synchronization
import Testing

/// What hubs refuse, and what is said of it.
struct RefusalTests {
    func place(_ hub: Hub = .huggingFace, isPrivate: Bool = false, isGated: Bool = false) throws -> Workplace {
        let place = try Workplace(hub)
        place.hub.add(
            "org/name", .model,
            TestHub.Repository(files: ["model.bin": noise(5000)], isPrivate: isPrivate, isGated: isGated))
        return place
    }

    @Test(arguments: Hub.allCases) func aPrivateRepositoryNeedsAToken(hub: Hub) throws {
        let place = try place(hub, isPrivate: true)
        let failure = place.failure { _ = try place.pull("org/name") }
        // Some hubs do not say that it exists.
        #expect(failure?.kind == (hub == .huggingFace ? .permission : .notFound))
        #expect(failure?.hint?.contains(hub.tokenVariables[0]) ?? false)
        #expect(try place.pull("org/name", token: TestHub.token).files == 1)
        // The storage would have answered with status 400 to whoever shows it the token.
        #expect(place.hub.storage.requests.allSatisfy { $0.token == nil && $0.headers["cookie"] == nil })
        #expect(!place.hub.storage.requests.isEmpty)
    }

    @Test func aWrongTokenIsToldWithoutIt() throws {
        let place = try place(isPrivate: true)
        let secret = "hf_anotherSecret"
        let failure = place.failure { _ = try place.pull("org/name", token: secret) }
        #expect(failure?.kind == .permission)
        // The server repeats it in its message.
        #expect(failure?.message.contains("Invalid credentials (token)") ?? false)
        #expect(!"\(failure as Any)".contains(secret))
    }

    @Test func conditionsAreNamed() throws {
        let place = try place(isGated: true)
        for token in [nil, TestHub.token] {
            let failure = place.failure { _ = try place.pull("org/name", token: token) }
            #expect(failure?.kind == .permission)
            #expect(failure?.message.contains("accepted its conditions") ?? false)
            #expect(failure?.hint?.contains("\(place.hub.front.address)/org/name") ?? false)
        }
    }

    @Test func whatDoesNotExistIsNamed() throws {
        let place = try place()
        let revision = place.failure { _ = try place.pull("org/name", revision: "v9") }
        #expect(revision?.kind == .notFound)
        #expect(revision?.message.contains("there is no v9 of org/name") ?? false)
        let model = place.failure { _ = try place.pull("org/nmae", token: TestHub.token) }
        #expect(model?.kind == .notFound)
        #expect(model?.message.contains("the model org/nmae") ?? false)
    }

    @Test(arguments: Hub.allCases) func theHubsPauseIsKept(hub: Hub) throws {
        let place = try place(hub)
        let left = Mutex(2)
        place.hub.fail { _ in
            left.withLock {
                $0 -= 1; return $0 >= 0
            } ? .init(429, headers: [("Retry-After", "7")]) : nil
        }
        #expect(try place.pull("org/name").files == 1)
        #expect(place.pauses.all == [7, 7])
    }

    @Test func aLimitMayBeToldInOtherWays() throws {
        let place = try place()
        let answers = Mutex<[LoopbackServer.Reply]>([
            .init(429, headers: [("RateLimit", "\"api\";r=0;t=55")]),
            .init(503, headers: [("Retry-After", "Thu, 01 Jan 1970 00:00:10 GMT")]), .init(502),
        ])
        place.hub.fail { _ in answers.withLock { $0.isEmpty ? nil : $0.removeFirst() } }
        #expect(try place.pull("org/name").files == 1)
        #expect(place.pauses.all == [55, 0, 4])
    }

    @Test func aLongPauseIsNotWaitedFor() throws {
        let place = try place()
        place.hub.fail { _ in .init(429, headers: [("Retry-After", "3600")]) }
        let failure = place.failure { _ = try place.pull("org/name") }
        #expect(failure?.kind == .busy)
        #expect(failure?.message.contains("in 3600 seconds") ?? false)
        #expect(place.hub.front.requests.count == 1)
    }

    @Test func aBrokenServerIsGivenUp() throws {
        let place = try place()
        place.hub.fail { _ in .init(500) }
        #expect(place.failure { _ = try place.pull("org/name") }?.kind == .network)
        #expect(place.hub.front.requests.count == 6)
    }

    @Test func aRedirectionElsewhereLosesTheTokenAndAnotherSchemeIsRefused() throws {
        let place = try place(isPrivate: true)
        let elsewhere = try LoopbackServer { _ in .init(404) }
        try elsewhere.start()
        defer { elsewhere.stop() }
        let target = elsewhere.address
        place.hub.fail { _ in .init(302, headers: [("Location", target + "/x")]) }
        _ = place.failure { _ = try place.pull("org/name", token: TestHub.token) }
        #expect(elsewhere.requests.count == 1)
        #expect(elsewhere.requests.allSatisfy { $0.token == nil })
        place.hub.fail { _ in .init(302, headers: [("Location", "file:///etc/passwd")]) }
        #expect(place.failure { _ = try place.pull("org/name") }?.kind == .network)
        place.hub.fail { _ in .init(302, headers: [("Location", "/again")]) }
        #expect(place.failure { _ = try place.pull("org/name") }?.message.contains("redirections") ?? false)
    }

    @Test func somethingElseThanAHubIsNoticed() throws {
        let place = try place()
        place.hub.fail { _ in .init(200, body: Array("<html>please log in</html>".utf8)) }
        let failure = place.failure { _ = try place.pull("org/name") }
        #expect(failure?.kind == .network)
        #expect(failure?.message.contains("something else than JSON") ?? false)
    }

    @Test func tokensComeFromWhereTheToolsLookAndShowThemselvesNowhere() throws {
        let place = try Workplace()
        func found(_ more: [String: String]) -> String? {
            let variables = ["HOME": place.home].merging(more) { $1 }
            return HubToken.found(for: .huggingFace, EnvironmentVariables(variables))?.secret
        }
        try FileSystem.createDirectories(place.home + "/.cache/huggingface")
        try AtomicFile.write(Array("hf_file\n".utf8), to: place.home + "/.cache/huggingface/token")
        #expect(found([:]) == "hf_file")
        #expect(found(["HF_TOKEN": "hf_variable"]) == "hf_variable")
        #expect(found(["HUGGING_FACE_HUB_TOKEN": "hf_old"]) == "hf_old")
        #expect(found(["HF_HUB_DISABLE_IMPLICIT_TOKEN": "1"]) == nil)
        #expect(found(["HF_HOME": "/nowhere"]) == nil)
        #expect(found(["HF_TOKEN_PATH": place.home + "/.cache/huggingface/token", "HF_HOME": "/x"]) == "hf_file")
        let token = try #require(HubToken("hf_secret"))
        var dumped = ""
        dump(token, to: &dumped)
        #expect(![dumped, "\(token)", String(reflecting: token), "\([token])"].joined().contains("secret"))
        #expect(HubToken("a\r\nHost: b") == nil || HubToken("a\r\nHost: b")?.secret == "aHost:b")
    }

    @Test func theHubOfADatasetFollowsTheSwitches() {
        let none = EnvironmentVariables([:])
        let scope = EnvironmentVariables(["USE_MODELSCOPE_HUB": "1"])
        let modelers = EnvironmentVariables(["USE_OPENMIND_HUB": "true"])
        #expect(Hub.ofDataset(named: [.huggingFace, .modelScope], none) == .huggingFace)
        #expect(Hub.ofDataset(named: [.huggingFace, .modelScope], scope) == .modelScope)
        #expect(Hub.ofDataset(named: [.modelScope], none) == .modelScope)
        #expect(Hub.ofDataset(named: [.modelers, .huggingFace], modelers) == .modelers)
        #expect(Hub.ofDataset(named: [.modelers, .modelScope], none) == .modelScope)
        #expect(Hub.ofDataset(named: [], scope) == nil)
        #expect(Hub.chosen(scope) == .modelScope)
        #expect(Hub.chosen(none) == .huggingFace)
    }
}
