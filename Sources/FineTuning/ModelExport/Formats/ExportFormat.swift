package import LanguageModels
package import LinuxSystem
package import RunConfiguration
package import Tensors

/// A kind of weight files that an export can write: one file of source each, and a line in `ExportFormats.all`.
package protocol ExportFormat: Sendable {
    /// Whether a configuration asks for it.
    static func isWanted(by configuration: RunConfiguration) -> Bool

    /// Whether a file is one that this format writes, so that those of an earlier export can go.
    static func owns(_ file: String) -> Bool

    /// What is going to be written; nothing of it is made yet.
    static func files(of source: ExportSource, _ configuration: RunConfiguration) throws -> [ExportFile]

    /// What people should know about what is written.
    static func notes(of source: ExportSource, _ configuration: RunConfiguration) throws -> [String]

    /// The type of number that answers are as exact as; nil where few bits are left, and answers may differ.
    ///
    /// - Parameter format: of the merged tensors
    static func rounding(_ format: WeightFormat, _ configuration: RunConfiguration) -> WeightFormat?

    /// The model as it is read from the files that were written, to be compared with what it was made from.
    ///
    /// - Parameter folder: holds every file of the export
    static func written(in folder: String) throws -> WrittenModel
}

extension ExportFormat {
    package static func notes(of source: ExportSource, _ configuration: RunConfiguration) throws -> [String] { [] }

    package static func rounding(_ format: WeightFormat, _ configuration: RunConfiguration) -> WeightFormat? {
        configuration[Parameters.exportQuantizationBit] == nil ? format : nil
    }
}

/// A file that an export is going to write.
package struct ExportFile {
    package var name: String
    /// What it will take on the disk, at least.
    package var byteCount: Int
    /// Writes its contents.
    package let write: (AtomicFile) throws -> Void

    package init(name: String, byteCount: Int, write: @escaping (AtomicFile) throws -> Void) {
        self.name = name
        self.byteCount = byteCount
        self.write = write
    }

    /// - Parameter produce: gives the bytes to `append`, in order
    package init(
        name: String, byteCount: Int,
        produce: @escaping (_ append: (UnsafeRawBufferPointer) throws -> Void) throws -> Void
    ) {
        self.init(name: name, byteCount: byteCount, write: { file in try produce { try file.write($0) } })
    }

    package init(name: String, bytes: [UInt8]) {
        self.init(name: name, byteCount: bytes.count, write: { try $0.write(bytes) })
    }
}

/// A model that was written and read again.
package struct WrittenModel {
    package var model: DecoderModel
    /// Lets go of the pages of its files that were read.
    package var forgetPages: @Sendable () -> Void

    package init(model: DecoderModel, forgetPages: @escaping @Sendable () -> Void) {
        self.model = model
        self.forgetPages = forgetPages
    }
}

/// The formats that can be written. Where several are asked for, each is written and proven.
package enum ExportFormats {
    package static let all: [any ExportFormat.Type] = [
        SafetensorsExport.self, LegacyExport.self, GGUFExport.self,
    ]

    static func wanted(by configuration: RunConfiguration) -> [any ExportFormat.Type] {
        all.filter { $0.isWanted(by: configuration) }
    }
}
