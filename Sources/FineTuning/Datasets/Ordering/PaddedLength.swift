/// What a batch would weigh if its rows were padded to one length, as the reference counts tokens.
///
/// Our own batches are packed back to back without padding; the padded length still matters for
/// `num_input_tokens_seen` and for noise that is scaled by it.
package enum PaddedLength {
    /// Rows of training batches of instruction data are padded to a multiple of this.
    package static let multiple = 8

    /// The common length of rows of the given lengths.
    package static func length(of lengths: some Sequence<Int>, multiple: Int = 1) -> Int {
        let longest = lengths.max() ?? 0
        return (longest + multiple - 1) / multiple * multiple
    }

    /// Token positions of a batch, padding included.
    package static func tokens(of lengths: some Collection<Int>, multiple: Int = 1) -> Int {
        lengths.count * length(of: lengths, multiple: multiple)
    }
}
