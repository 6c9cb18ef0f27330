import FuzzTargets
import Glibc

// fuzz TARGET [FROM [COUNT [FILE]]] gives the inputs FROM..<FROM+COUNT of a target to it, and keeps the number of the
// present one in FILE. Without arguments it lists the targets. `fuzz TARGET NUMBER 1` repeats an input.

signal(SIGPIPE, SIG_IGN)
let arguments = Array(CommandLine.arguments.dropFirst())
guard let name = arguments.first else {
    for target in FuzzTargets.all { print(target.name) }
    exit(0)
}
guard let target = FuzzTargets.all.first(where: { $0.name == name }) else {
    print("fuzz: there is no target \(name)")
    exit(2)
}
let first = arguments.count > 1 ? Int(arguments[1]) ?? 0 : 0
let count = arguments.count > 2 ? Int(arguments[2]) ?? 0 : 100_000
do {
    let driver = try FuzzDriver(target, placeFile: arguments.count > 3 ? arguments[3] : nil)
    try driver.endWhenStuck()
    // A sanitizer keeps freed memory for a while.
    let accepted = try driver.run(first..<first + count, holdsMemory: getenv("ASAN_OPTIONS") == nil)
    print("fuzz: \(name): \(count) inputs, \(accepted) accepted, none crashed or hung")
} catch {
    print("fuzz: \(error)")
    exit(1)
}
