import Foundation
import LinuxSystem
import Testing

/// `~` as Python's `expanduser` has it.
struct HomeFolderTests {
    @Test func ones() {
        let home = ProcessInfo.processInfo.environment["HOME"].flatMap { $0.isEmpty ? nil : $0 } ?? "/root"
        #expect(HomeFolder.expand("~") == home)
        #expect(HomeFolder.expand("~/a/b") == (home == "/" ? "" : home) + "/a/b")
        // Somebody else's, by the user database; every system has these two.
        #expect(HomeFolder.expand("~root/a") == "/root/a")
        #expect(HomeFolder.expand("~/a", for: geteuid() == 0 ? 1 : 0) == (geteuid() == 0 ? "/usr/sbin/a" : "/root/a"))
    }

    @Test(arguments: ["a", "/a/~", "a~", "", "./~", "~no-such-user/a"])
    func othersStay(path: String) {
        #expect(HomeFolder.expand(path) == path)
    }
}
