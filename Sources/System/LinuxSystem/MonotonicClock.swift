import Glibc

/// Time that neither jumps nor stops with the wall clock.
package enum MonotonicClock {
    /// Nanoseconds since an arbitrary start.
    package static var nanoseconds: UInt64 {
        var time = timespec()
        unsafe clock_gettime(CLOCK_MONOTONIC, &time)
        return UInt64(time.tv_sec) * 1_000_000_000 + UInt64(time.tv_nsec)
    }

    /// Seconds since an arbitrary start.
    package static var seconds: Double { Double(nanoseconds) / 1e9 }
}
