import Foundation

/// Libraries that tests preload into programs, compiled with the toolchain that runs the tests.
package enum PreloadedLibrary {
    /// Lets one call of the operating system fail.
    package static let failNthCall = compiled("fail_nth_call")
    /// Keeps the daemon's writes from reaching the disk for a while.
    package static let holdSync = compiled("hold_sync")
    /// Moves the clock of the day.
    package static let moveClock = compiled("move_clock")

    /// The library's path; nil where there is no C compiler.
    private static func compiled(_ name: String) -> String? {
        let source = Checkout.root.path + "/Tests/Support/Preloaded/\(name).c"
        let target = FileManager.default.temporaryDirectory.appendingPathComponent("\(name)-\(UUID().uuidString).so")
            .path
        for compiler in ["clang", "cc"] {
            let arguments = ["-c", "\(compiler) -shared -fPIC -O1 '\(source)' -o '\(target)' -ldl"]
            if (try? run(URL(fileURLWithPath: "/bin/sh"), arguments))?.status == 0 { return target }
        }
        return nil
    }
}
