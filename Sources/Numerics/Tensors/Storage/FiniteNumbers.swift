/// A tensor of a file that holds a number nobody can compute with.
package struct NotFiniteTensor: Error, Equatable, CustomStringConvertible {
    package var name: String
    /// The first such number, in row-major order.
    package var position: Int
    package var value: Float
    package var file: String

    package var description: String {
        "\(file): the tensor '\(name)' holds \(value) (number \(position) of it), so nothing computed with it is a "
            + "number; the file is damaged, or its training went wrong before it was saved: use an earlier checkpoint"
    }
}

extension Weight {
    /// The first number that is infinite or not a number.
    package func firstNotFinite() -> (position: Int, value: Float)? {
        let position: Int?? = withElements { format, bytes in
            switch format {
            case .float32: Self.firstNotFinite(bytes, UInt32.self, exponent: 0x7F80_0000)
            case .bfloat16: Self.firstNotFinite(bytes, UInt16.self, exponent: 0x7F80)
            case .float16: Self.firstNotFinite(bytes, UInt16.self, exponent: 0x7C00)
            }
        }
        // Packed formats are read a few rows at a time.
        guard let position else { return firstNotFiniteOfRows() }
        return position.map { ($0, number(at: $0)) }
    }

    /// - Throws: `NotFiniteTensor`
    package func requireFinite(in file: String) throws {
        guard let (position, value) = firstNotFinite() else { return }
        throw NotFiniteTensor(name: name, position: position, value: value, file: file)
    }

    /// All bits of the exponent are set in infinite numbers and in what is none.
    private static func firstNotFinite<Word: FixedWidthInteger & UnsignedInteger>(
        _ bytes: UnsafeRawBufferPointer, _: Word.Type, exponent: Word
    ) -> Int? {
        let words = bytes.bindMemory(to: Word.self)
        let block = 1 << 12
        for start in stride(from: 0, to: words.count, by: block) {
            let range = start..<min(start + block, words.count)
            // Without a way out of the loop, whole vectors are compared at once.
            var found: Word = 0
            for index in range { found |= words[index] & exponent == exponent ? 1 : 0 }
            if found != 0 { return range.first { words[$0] & exponent == exponent } }
        }
        return nil
    }

    private func firstNotFiniteOfRows() -> (position: Int, value: Float)? {
        // Some formats give several rows for the work of one.
        let block = 16
        return Storage.scratch(block * columns) { panel in
            for start in stride(from: 0, to: rows, by: block) {
                let some = start..<min(rows, start + block)
                storage.widen(rows: some, columns: 0..<columns, into: panel)
                if let place = (0..<some.count * columns).first(where: { !panel[$0].isFinite }) {
                    return (start * columns + place, panel[place])
                }
            }
            return nil
        }
    }

    private func number(at position: Int) -> Float {
        let (row, column) = (position / columns, position % columns)
        return Storage.scratch(1) { panel in
            storage.widen(rows: row..<row + 1, columns: column..<column + 1, into: panel)
            return panel[0]
        }
    }
}
