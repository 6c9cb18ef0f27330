/// The groups in which rows are tokenized. Blocks of text never cross a group's border.
package enum RowGroups {
    /// Contiguous groups of at most `size` rows; none crosses the border of a shard.
    ///
    /// Shards differ in size by one at most, larger ones first, as the reference cuts data for its workers.
    package static func ranges(of count: Int, shards: Int?, size: Int) -> [Range<Int>] {
        let shards = max(1, min(shards ?? 1, count))
        var groups: [Range<Int>] = []
        var start = 0
        for shard in 0..<shards {
            let end = start + count / shards + (shard < count % shards ? 1 : 0)
            while start < end {
                groups.append(start..<min(start + size, end))
                start = min(start + size, end)
            }
        }
        return groups
    }
}
