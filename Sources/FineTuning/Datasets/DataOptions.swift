import LinuxSystem
package import RunConfiguration

/// Everything that decides which items a run trains on, apart from tokenizer and template.
package struct DataOptions: Equatable, Sendable {
    package var stage: Stage = .sft
    /// `template` as given; the pre-training stage looks at its name alone.
    package var templateName: String?
    package var datasets: [String] = []
    package var evaluationDatasets: [String] = []
    /// Absolute path of the folder that holds dataset_info.json, or `ONLINE` (every name is one of the hub's), or
    /// `REMOTE:owner/name` (a repository of the hub holds it).
    package var folder: String
    /// `cache_dir` as an absolute path: where datasets of hubs are.
    package var hubCacheFolder: String?
    /// Tokens of one item, or of one block.
    package var cutoff = 2048
    package var trainsOnPrompt = false
    package var masksHistory = false
    package var mixStrategy: MixStrategy = .concat
    package var mixProbabilities: [Double]?
    /// Rows that are tokenized together; blocks of text never cross such a group.
    package var groupSize = 1000
    /// Shards whose groups are counted apart, as the reference's worker processes do.
    package var shardCount: Int?
    /// First rows kept of each dataset.
    package var maximumRows: Int?
    package var validation: RowShare = .count(0)
    /// Join documents into blocks (stage pt), or examples into items (stage sft).
    package var packs = false
    /// Examples of one item do not see each other.
    package var separatesPacked = false
    /// Evaluation by generated text: its items are prompts.
    package var generatesAtEvaluation = false
    /// Each evaluation dataset makes an evaluation of its own.
    package var evaluatesEachDataset = false
    package var seed: UInt64 = 42
    /// Rows are read while training goes on.
    package var streams = false
    /// Rows among which a stream picks the next one.
    package var bufferSize = 16384

    package init(folder: String) {
        self.folder = folder
    }
}

extension DataOptions {
    /// Where datasets of hubs are looked for.
    var hubs: HubLookup { HubLookup(cacheFolder: hubCacheFolder) }

    /// The options of a run whose relative paths start at `workingDirectory`.
    package init(_ configuration: RunConfiguration, stage: Stage, workingDirectory: String) throws {
        let folder = configuration[Parameters.datasetDir]
        let isPath = folder.utf8.first == UInt8(ascii: "/") || DatasetCatalog.isOnHub(folder)
        self.init(folder: SubstituteFiles.path(for: isPath ? folder : workingDirectory + "/" + folder))
        self.stage = stage
        hubCacheFolder = configuration.hubCacheFolder(in: workingDirectory)
        templateName = configuration[Parameters.template]
        datasets = configuration[Parameters.dataset] ?? []
        evaluationDatasets = configuration[Parameters.evalDataset] ?? []
        cutoff = configuration.cutoffLengthInEffect
        trainsOnPrompt = configuration[Parameters.trainOnPrompt]
        masksHistory = configuration[Parameters.maskHistory]
        mixStrategy = configuration[Parameters.mixStrategy]
        mixProbabilities = configuration[Parameters.interleaveProbs]
        groupSize = configuration[Parameters.preprocessingBatchSize]
        shardCount = configuration[Parameters.preprocessingNumWorkers]
        maximumRows = configuration[Parameters.maxSamples]
        validation = configuration[Parameters.valSize]
        seed = UInt64(max(configuration[Parameters.seed], 0))
        packs = configuration.packs
        separatesPacked = configuration[Parameters.neatPacking]
        generatesAtEvaluation = configuration[Parameters.predictWithGenerate]
        evaluatesEachDataset = configuration[Parameters.evalOnEachDataset]
        streams = configuration[Parameters.streaming]
        bufferSize = configuration[Parameters.bufferSize]
    }
}
