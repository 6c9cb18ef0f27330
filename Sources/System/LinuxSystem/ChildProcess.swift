import CLinuxShims
import Glibc

/// A program that this process started, watched through a pidfd. It does not outlive its object.
package final class ChildProcess {
    package enum Exit: Equatable, Sendable, CustomStringConvertible {
        case status(Int32)
        case signal(Int32)

        package var description: String {
            switch self {
            case .status(let code): "exit status \(code)"
            case .signal(let number):
                "signal \(number)" + (unsafe strsignal(number).map { unsafe " (\(String(cString: $0)))" } ?? "")
            }
        }
    }

    package let process: Int32
    /// Readable when the process has ended.
    package let pidfd: FileDescriptor
    private var exit: Exit?

    /// Starts `program` in a session of its own, with an empty signal mask and only the descriptors given.
    ///
    /// - Parameter descriptors: numbers in the child and what they are here; 0, 1 and 2 default to /dev/null.
    package init(
        program: String, arguments: [String], environment: [String], descriptors: [Int32: Int32]
    ) throws(SystemError) {
        var actions = posix_spawn_file_actions_t()
        unsafe posix_spawn_file_actions_init(&actions)
        defer { unsafe posix_spawn_file_actions_destroy(&actions) }
        for standard in Int32(0)...2 where descriptors[standard] == nil {
            unsafe posix_spawn_file_actions_addopen(&actions, standard, "/dev/null", O_RDWR, 0)
        }
        // dup2 onto the same number clears close-on-exec too; all our descriptors have it set.
        for (target, source) in descriptors.sorted(by: { $0.key < $1.key }) {
            unsafe posix_spawn_file_actions_adddup2(&actions, source, target)
        }
        // What this process has inherited itself may lack that flag.
        _ = unsafe linux_close_from(&actions, max(2, descriptors.keys.max() ?? 2) + 1)
        var attributes = posix_spawnattr_t()
        unsafe posix_spawnattr_init(&attributes)
        defer { unsafe posix_spawnattr_destroy(&attributes) }
        var none = sigset_t()
        unsafe sigemptyset(&none)
        var all = sigset_t()
        unsafe sigfillset(&all)
        unsafe posix_spawnattr_setsigmask(&attributes, &none)
        unsafe posix_spawnattr_setsigdefault(&attributes, &all)
        let flags = POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF | Int32(linux_spawn_new_session)
        unsafe posix_spawnattr_setflags(&attributes, Int16(flags))

        var process: pid_t = 0
        let code = unsafe Self.withCStrings([program] + arguments) { argv in
            unsafe Self.withCStrings(environment) { envp in
                unsafe posix_spawn(&process, program, &actions, &attributes, argv, envp)
            }
        }
        guard code == 0 else { throw SystemError("posix_spawn", program, code: code) }
        self.process = process
        let pidfd = linux_pidfd_open(process)
        guard pidfd >= 0 else {
            let error = SystemError("pidfd_open", program)
            // Not reaped yet, so that the number is still its own.
            kill(process, SIGKILL)
            Self.reap(process)
            throw error
        }
        self.pidfd = FileDescriptor(owning: pidfd)
    }

    /// A process that nobody watches any more would go on, and stay in the system's table when it has ended.
    deinit {
        if poll() != nil { return }
        signal(SIGKILL)
        Self.reap(process)
    }

    private static func reap(_ process: pid_t) {
        while waitpid(process, nil, 0) < 0 && errno == EINTR {}
    }

    /// How the process ended, nil while it runs.
    package func poll() -> Exit? {
        if let exit { return exit }
        var information = siginfo_t()
        guard unsafe waitid(P_PID, id_t(process), &information, WEXITED | WNOHANG) == 0,
            unsafe information._sifields._sigchld.si_pid != 0
        else { return nil }
        let status = unsafe information._sifields._sigchld.si_status
        exit = information.si_code == CLD_EXITED ? .status(status) : .signal(status)
        return exit
    }

    /// Sends a signal; nothing happens when the process has ended.
    package func signal(_ number: Int32) { _ = linux_pidfd_send_signal(pidfd.number, number) }

    private static func withCStrings<Result>(
        _ strings: [String], _ body: ([UnsafeMutablePointer<CChar>?]) -> Result
    ) -> Result {
        let copies = unsafe strings.map { unsafe strdup($0) }
        defer { unsafe copies.forEach { unsafe free($0) } }
        return unsafe body(copies + [nil])
    }
}

/// Signals read from a descriptor instead of interrupting the program.
package struct SignalDescriptor: ~Copyable {
    package let descriptor: FileDescriptor

    /// Blocks `signals` for this thread and those it starts; to be called before any other thread exists.
    package init(_ signals: [Int32]) throws(SystemError) {
        var set = sigset_t()
        unsafe sigemptyset(&set)
        for signal in signals { unsafe sigaddset(&set, signal) }
        unsafe pthread_sigmask(SIG_BLOCK, &set, nil)
        let flags = Int32(SFD_NONBLOCK) | Int32(SFD_CLOEXEC)
        descriptor = FileDescriptor(
            owning: Int32(try checking("signalfd") { unsafe Int(signalfd(-1, &set, flags)) }))
    }

    /// The next signal that arrived, or nil.
    package func next() -> Int32? {
        var information = signalfd_siginfo()
        let size = MemoryLayout<signalfd_siginfo>.size
        return unsafe read(descriptor.number, &information, size) == size ? Int32(information.ssi_signo) : nil
    }
}

/// Asks the kernel to end this process when its parent does.
package func endWithParent() { _ = linux_set_parent_death_signal(SIGKILL) }

/// The width of the terminal at `descriptor`, nil when it is none.
package func terminalColumns(of descriptor: Int32) -> Int? {
    let columns = linux_terminal_columns(descriptor)
    return columns > 0 ? Int(columns) : nil
}
