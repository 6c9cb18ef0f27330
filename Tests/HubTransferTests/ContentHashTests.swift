import HubTransfer
import LinuxSystem
import Testing

struct ContentHashTests {
    /// Of FIPS 180-2 and of `git hash-object`.
    @Test func knownHashes() throws {
        #expect(
            try ContentHash.of(.sha256, Array("abc".utf8)).digits
                == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad")
        #expect(try ContentHash.of(.gitBlob, []).digits == "e69de29bb2d1d6434b8b29ae775ad8c2e48c5391")
        #expect(
            try ContentHash.of(.gitBlob, Array("hello\n".utf8)).digits == "ce013625030ba8dba906f756967f9e9ca394464a")
    }

    @Test func aFileHasTheHashOfItsBytes() throws {
        let place = try Workplace()
        let content = noise(3 << 20)
        let path = try place.folder(["x": content]) + "/x"
        for algorithm in [ContentHash.Algorithm.sha256, .gitBlob] {
            let expected = try ContentHash.of(algorithm, content)
            #expect(try ContentHash.of(algorithm, file: path, cancellation: Cancellation()) == expected)
        }
    }

    @Test func textsAreToldApart() {
        #expect(ContentHash(String(repeating: "A", count: 64))?.algorithm == .sha256)
        #expect(ContentHash(String(repeating: "0", count: 40))?.algorithm == .gitBlob)
        for text in ["", "xyz", String(repeating: "g", count: 64), String(repeating: "0", count: 41)] {
            #expect(ContentHash(text) == nil)
        }
    }
}
