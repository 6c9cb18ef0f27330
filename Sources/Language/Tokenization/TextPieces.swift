/// A text cut into pieces on its way to the model.
struct TextPieces {
    struct Piece {
        var start: Int
        var end: Int
        /// The id of an added token found here, or -1 for text that is still to be split.
        var token: Int32 = -1
        /// Whether the piece begins where the original text does.
        var isAtOrigin: Bool

        var range: Range<Int> { start..<end }
    }

    var bytes: [UInt8]
    var pieces: [Piece]

    /// Replaces each piece of text by others of the same bytes; empty ones are left out.
    mutating func splitEach(_ split: (_ bytes: [UInt8], Piece, inout [Piece]) throws -> Void) rethrows {
        var result: [Piece] = []
        result.reserveCapacity(pieces.count + bytes.count / 4)
        for piece in pieces {
            if piece.token >= 0 {
                result.append(piece)
            } else {
                try split(bytes, piece, &result)
            }
        }
        pieces = result
    }

    /// Rewrites the bytes of each piece of text; a piece that becomes empty is left out.
    mutating func rewriteEach(_ rewrite: (_ bytes: [UInt8], Piece, inout [UInt8]) throws -> Void) rethrows {
        var output: [UInt8] = []
        output.reserveCapacity(bytes.count + bytes.count / 4 + 8)
        var result: [Piece] = []
        result.reserveCapacity(pieces.count)
        for piece in pieces {
            var changed = piece
            changed.start = output.count
            if piece.token >= 0 {
                output.append(contentsOf: bytes[piece.range])
            } else {
                try rewrite(bytes, piece, &output)
            }
            changed.end = output.count
            if changed.end > changed.start || piece.token >= 0 { result.append(changed) }
        }
        bytes = output
        pieces = result
    }
}
