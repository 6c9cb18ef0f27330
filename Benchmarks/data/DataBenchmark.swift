import ChatTemplates
import Datasets
import Glibc
import JSONDocuments
import LinuxSystem
import RunConfiguration
import Tokenization

/// `data-benchmark FOLDER DATASET TOKENIZER TEMPLATE`: prepares a dataset for stage sft as a run with two workers does,
/// and reads its file alone; prints one JSON object. `compare.py` runs it.
@main
struct DataBenchmark {
    static func main() throws {
        let arguments = CommandLine.arguments
        guard arguments.count == 5 else {
            print("usage: data-benchmark FOLDER DATASET TOKENIZER TEMPLATE")
            exit(2)
        }
        var tokenizer = try Tokenizer(directory: arguments[3])
        let template = try ChatTemplate.named(arguments[4])
        _ = try template.fix(&tokenizer)
        var options = DataOptions(folder: arguments[1])
        options.datasets = [arguments[2]]
        options.templateName = arguments[4]
        options.cutoff = 2048
        options.shardCount = 2

        let start = MonotonicClock.seconds
        let data = try prepareData(options, tokenizer: tokenizer, template: template)
        let prepared = MonotonicClock.seconds - start

        let lines = ItemLines(stage: .sft, paddingID: 0)
        let beginning = MonotonicClock.seconds
        var bytes = 0
        for first in stride(from: 0, to: data.training.count, by: 2048) {
            bytes += lines.bytes(of: data.training[first..<min(first + 2048, data.training.count)]).count
        }
        let written = MonotonicClock.seconds - beginning

        let catalog = try DatasetCatalog(folder: arguments[1])
        let files = try catalog.files(of: catalog.description(of: arguments[2]))
        let opening = MonotonicClock.seconds
        let table = try RowTable(files: files)
        let scanned = MonotonicClock.seconds - opening
        for row in 0..<table.count { _ = try table.row(row) }
        let read = MonotonicClock.seconds - opening
        let size = try files.reduce(0) { $0 + (try MappedFile.contents(of: $1.path, limit: 1 << 34).count) }

        let result: JSONValue = [
            "items": .integer(Int64(data.training.count)),
            "tokens": .integer(Int64(data.report.training?.tokens ?? 0)), "seconds": .number(prepared),
            "jsonl_seconds": .number(written), "jsonl_bytes": .integer(Int64(bytes)),
            "file_bytes": .integer(Int64(size)), "scan_seconds": .number(scanned), "read_seconds": .number(read),
        ]
        print(result.serialized(.spaced))
    }
}
