import StructuredLogging
import Testing

struct ServiceManagerTests {
    @Test(arguments: [
        (ServiceManager.State.ready, "READY=1"), (.stopping, "STOPPING=1"), (.alive, "WATCHDOG=1"),
        (.faulty, "WATCHDOG=trigger"), (.failed(code: 28), "ERRNO=28"),
        (.extendTimeout(seconds: 15), "EXTEND_TIMEOUT_USEC=15000000"),
        (.status("1 running\nREADY=1"), "STATUS=1 running READY=1"),
    ])
    func statesAreSpelledAsSystemdReadsThem(state: ServiceManager.State, message: String) {
        #expect(state.message == message)
    }

    @Test func reloadingCarriesTheMonotonicTime() {
        let lines = ServiceManager.State.reloading.message.split(separator: "\n")
        #expect(lines.first == "RELOADING=1")
        #expect(lines.last?.hasPrefix("MONOTONIC_USEC=") == true)
    }
}
