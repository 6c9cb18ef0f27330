import Foundation
import REPL
import Testing

struct CompletionTests {
    private struct Names: NameSource {
        var jobs = ["11", "12", "20"]
        var models = ["/models/a"]
        var adapters = ["/adapters/b"]
    }

    private static func complete(_ line: String, in folder: String = "/nowhere") -> Completion {
        ConversationCompleter(workingDirectory: folder, home: nil, names: Names()).complete(line)
    }

    @Test func commands() {
        #expect(Self.complete("/sta").insertion == "ts ")
        #expect(Self.complete("/s").insertion == "")
        #expect(Self.complete("/s").candidates == ["/save", "/set", "/show", "/stats", "/submit", "/system"])
        #expect(Self.complete("/nothing").insertion == nil)
        #expect(Self.complete("a prompt").insertion == nil)
        #expect(Self.complete("/quit x").insertion == nil)
    }

    @Test func namesThatTheServiceKnows() {
        #expect(Self.complete("/watch 1").candidates == ["11", "12"])
        #expect(Self.complete("/watch 2").insertion == "0 ")
        #expect(Self.complete("/model /mod").insertion == "els/a ")
        #expect(Self.complete("/adapter ").insertion == "/adapters/b ")
    }

    @Test func parametersAndTheirValues() {
        #expect(Self.complete("/set temperat").insertion == "ure=")
        #expect(Self.complete("/set temperature=1 do_samp").insertion == "le=")
        #expect(Self.complete("/set do_sample=f").insertion == "alse ")
        #expect(Self.complete("/set learning_rate").candidates.isEmpty)
        #expect(Self.complete("/submit f.yaml learning_ra").insertion == "te=")
    }

    @Test func filesAndFolders() throws {
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent("complete-\(UUID())")
        defer { try? FileManager.default.removeItem(at: folder) }
        for name in ["runs/deep", "rest"] {
            try FileManager.default.createDirectory(
                at: folder.appendingPathComponent(name), withIntermediateDirectories: true)
        }
        for name in ["run.yaml", ".hidden", "größe.json"] {
            try Data().write(to: folder.appendingPathComponent(name))
        }
        #expect(Self.complete("/submit run", in: folder.path).candidates == ["run.yaml", "runs/"])
        #expect(Self.complete("/submit runs/", in: folder.path).insertion == "deep/")
        #expect(Self.complete("/load g", in: folder.path).insertion == "röße.json ")
        #expect(Self.complete("/load ", in: folder.path).candidates == ["größe.json", "rest/", "run.yaml", "runs/"])
        #expect(Self.complete("/load .", in: folder.path).insertion == "hidden ")
        #expect(Self.complete("/model r", in: folder.path).candidates == ["rest/", "runs/"])
        #expect(Self.complete("/load \(folder.path)/rest", in: "/").insertion == "/")
    }

    @Test func listingsFitTheWidth() {
        let completion = Completion(typed: "", candidates: ["aaa", "bbb", "ccc", "ddd", "eee"])
        #expect(completion.listing(columns: 80) == "aaa  bbb  ccc  ddd  eee\n")
        #expect(completion.listing(columns: 12) == "aaa  bbb\nccc  ddd\neee\n")
        #expect(completion.listing(columns: 1) == "aaa\nbbb\nccc\nddd\neee\n")
    }
}
