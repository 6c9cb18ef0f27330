import Glibc
package import LinuxSystem

extension ErrorKind {
    /// What a failed call of the operating system is to a client.
    package init(_ error: SystemError) {
        if error.isDiskFull {
            self = .diskFull
        } else if error.isPermission {
            self = .permission
        } else if error.isNotFound {
            self = .notFound
        } else if error.isOutOfDescriptors || error.code == EAGAIN {
            // Descriptors, processes: others give them back.
            self = .busy
        } else if error.code == ENOMEM {
            self = .outOfMemory
        } else {
            self = error.code == EIO ? .inputOutput : .internalError
        }
    }
}
