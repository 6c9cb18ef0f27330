import CLinuxShims
import Glibc

/// Copies of files, made by the kernel.
package enum FileCopy {
    /// Fills the empty file `target` with what `source` holds, sharing the blocks where the file systems can.
    ///
    /// - Parameter path: of the source, for messages
    package static func copy(_ source: Int32, _ path: String, to target: Int32) throws(SystemError) {
        if linux_share_blocks(source, target) == 0 { return }
        var status = stat()
        guard fstat(source, &status) == 0 else { throw SystemError("fstat", path) }
        let size = status.st_size
        var offset: off_t = 0
        while offset < size {
            let count = unsafe sendfile(target, source, &offset, Int(size - offset))
            if count < 0, errno != EINTR { throw SystemError("sendfile", path) }
            if count == 0 { throw SystemError("sendfile", path, code: EIO) }  // It became shorter.
        }
    }

    /// Makes a folder whose files are hard links to those of another, folders within included.
    package static func link(_ source: String, to target: String) throws(SystemError) {
        guard mkdir(target, 0o700) == 0 else { throw SystemError("mkdir", target) }
        for name in try FileSystem.entries(of: source) {
            let (old, new) = (source + "/" + name, target + "/" + name)
            if FileSystem.isDirectory(old) {
                try link(old, to: new)
            } else if Glibc.link(old, new) != 0 {
                throw SystemError("link", new)
            }
        }
    }
}
