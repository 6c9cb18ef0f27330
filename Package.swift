// swift-tools-version: 6.2
import PackageDescription

// Who may import whom is told in docs/modules.md and held by scripts/check-modules.

/// Settings of every Swift target.
let swiftSettings: [SwiftSetting] = [
    .swiftLanguageMode(.v6),
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("InternalImportsByDefault"),
    .enableUpcomingFeature("MemberImportVisibility"),
    .enableUpcomingFeature("NonisolatedNonsendingByDefault"),
]

/// One Swift module of `Sources/<group>/<name>`.
func module(_ name: String, in group: String, _ dependencies: [Target.Dependency] = []) -> Target {
    .target(name: name, dependencies: dependencies, path: "Sources/\(group)/\(name)", swiftSettings: swiftSettings)
}

/// What the static FoundationEssentials needs beside itself.
let librariesOfStaticFoundation = ["-l_FoundationCollections", "-l_FoundationCShims", "-lstdc++"]

/// A program: a `main.swift` that calls exactly one library, linked so that it runs without the Swift toolchain.
func program(_ name: String, _ library: Target.Dependency) -> Target {
    .executableTarget(
        name: name, dependencies: [library], path: "Sources/Executables/\(name)", swiftSettings: swiftSettings,
        linkerSettings: [.unsafeFlags(["-static-stdlib"] + librariesOfStaticFoundation)])
}

/// A module map for one Debian library.
func debianLibrary(_ name: String, pkgConfig: String?, package: String) -> Target {
    .systemLibrary(
        name: name, path: "Sources/CLibraries/\(name)", pkgConfig: pkgConfig, providers: [.apt([package])])
}

/// The tests of one module, in `Tests/<name>Tests`.
func tests(_ name: String, _ dependencies: [Target.Dependency] = [], resources: [Resource] = []) -> Target {
    .testTarget(
        name: "\(name)Tests", dependencies: [.byName(name: name)] + dependencies, path: "Tests/\(name)Tests",
        exclude: [], resources: resources, swiftSettings: swiftSettings)
}

let cLibraries: [Target] = [
    debianLibrary("CCairo", pkgConfig: "cairo", package: "libcairo2-dev"),
    debianLibrary("CCrypto", pkgConfig: "libcrypto", package: "libssl-dev"),
    debianLibrary("CCurl", pkgConfig: "libcurl", package: "libcurl4-openssl-dev"),
    debianLibrary("CJansson", pkgConfig: "jansson", package: "libjansson-dev"),
    debianLibrary("CEdit", pkgConfig: "libedit", package: "libedit-dev"),
    .target(name: "CKernels", path: "Sources/CLibraries/CKernels"),
    .target(name: "CLinuxShims", path: "Sources/CLibraries/CLinuxShims"),
    debianLibrary("CLZ4", pkgConfig: "liblz4", package: "liblz4-dev"),
    debianLibrary("CPCRE2", pkgConfig: "libpcre2-8", package: "libpcre2-dev"),
    debianLibrary("CSnappy", pkgConfig: "snappy", package: "libsnappy-dev"),
    debianLibrary("CSQLite", pkgConfig: "sqlite3", package: "libsqlite3-dev"),
    debianLibrary("CSystemd", pkgConfig: "libsystemd", package: "libsystemd-dev"),
    // Its pkg-config file holds a flag that SwiftPM warns about; header and library lie in the system's own folders.
    debianLibrary("CUTF8Proc", pkgConfig: nil, package: "libutf8proc-dev"),
    debianLibrary("CXXHash", pkgConfig: "libxxhash", package: "libxxhash-dev"),
    debianLibrary("CYAML", pkgConfig: "yaml-0.1", package: "libyaml-dev"),
    debianLibrary("CZip", pkgConfig: "libzip", package: "libzip-dev"),
    debianLibrary("CZlib", pkgConfig: "zlib", package: "zlib1g-dev"),
    debianLibrary("CZstd", pkgConfig: "libzstd", package: "libzstd-dev"),
]

let system: [Target] = [
    module("Compression", in: "System", ["CLZ4", "CSnappy", "CZlib", "CZstd"]),
    module("HubTransfer", in: "System", ["CCrypto", "CCurl", "JSONDocuments", "LinuxSystem"]),
    module("JSONDocuments", in: "System", ["CJansson"]),
    module("LinuxSystem", in: "System", ["CLinuxShims", "CXXHash"]),
    module("ManualPages", in: "System"),
    module("StructuredLogging", in: "System", ["CSystemd", "LinuxSystem"]),
]

let configuration: [Target] = [
    module("RunConfiguration", in: "Configuration", ["CYAML"])
]

let numerics: [Target] = [
    module("Optimizers", in: "Numerics", ["CKernels", "Tensors"]),
    module("Tensors", in: "Numerics", ["CKernels", "LinuxSystem"]),
]

let language: [Target] = [
    module("Adapters", in: "Language", ["JSONDocuments", "LanguageModels", "LinuxSystem", "Tensors", "WeightFiles"]),
    module(
        "ChatTemplates", in: "Language", ["JSONDocuments", "JinjaTemplates", "PythonData", "Tokenization"]),
    module("JinjaTemplates", in: "Language", ["PythonData"]),
    module("LanguageModels", in: "Language", ["JSONDocuments", "LinuxSystem", "Tensors", "WeightFiles"]),
    module("PythonData", in: "Language", ["JSONDocuments"]),
    module("TextGeneration", in: "Language", ["LanguageModels", "Tensors", "Tokenization"]),
    module(
        "Tokenization", in: "Language", ["CPCRE2", "CUTF8Proc", "JSONDocuments", "LinuxSystem", "WeightFiles"]),
    module("WeightFiles", in: "Language", ["CZip", "JSONDocuments", "LinuxSystem", "Tensors"]),
]

let fineTuning: [Target] = [
    module(
        "Checkpoints", in: "FineTuning",
        [
            "Adapters", "JSONDocuments", "LanguageModels", "LinuxSystem", "Optimizers", "RunConfiguration", "Tensors",
            "WeightFiles",
        ]),
    module("ColumnarFiles", in: "FineTuning", ["Compression", "JSONDocuments", "LinuxSystem"]),
    module(
        "Datasets", in: "FineTuning",
        [
            "ChatTemplates", "ColumnarFiles", "Compression", "JSONDocuments", "LinuxSystem", "RunConfiguration",
            "Tensors", "Tokenization",
        ]),
    module(
        "ModelExport", in: "FineTuning",
        [
            "Adapters", "ChatTemplates", "Checkpoints", "Datasets", "JSONDocuments", "LanguageModels", "LinuxSystem",
            "RunConfiguration", "Tensors", "TextGeneration", "Tokenization", "TrainingLoop", "WeightFiles",
        ]),
    module(
        "TrainingLoop", in: "FineTuning",
        [
            "Adapters", "CCairo", "CZlib", "ChatTemplates", "Checkpoints", "Datasets", "JSONDocuments",
            "LanguageModels",
            "LinuxSystem", "Optimizers", "RunConfiguration", "StructuredLogging", "Tensors", "Tokenization",
            "TrainingStages", "WeightFiles",
        ]),
    module(
        "TrainingStages", in: "FineTuning",
        ["Datasets", "LanguageModels", "RunConfiguration", "Tensors", "Tokenization"]),
]

let service: [Target] = [
    module(
        "DaemonService", in: "Service",
        [
            "JSONDocuments", "JSONRPC", "JobStore", "LinuxSystem", "ManualPages", "RunConfiguration", "Scheduling",
            "ServiceAPI", "StructuredLogging", "WorkerSupervision",
        ]),
    module(
        "FetchService", in: "Service", ["HubTransfer", "JSONDocuments", "JSONRPC", "LinuxSystem", "ServiceAPI"]),
    module("JSONRPC", in: "Service", ["JSONDocuments", "LinuxSystem"]),
    module("JobStore", in: "Service", ["CSQLite", "CZlib", "JSONDocuments", "LinuxSystem", "ServiceAPI"]),
    module("Scheduling", in: "Service", ["ServiceAPI"]),
    module("ServiceAPI", in: "Service", ["JSONDocuments", "JSONRPC", "LinuxSystem"]),
    module(
        "WorkerService", in: "Service",
        [
            "Adapters", "ChatTemplates", "Checkpoints", "Datasets", "JSONDocuments", "JSONRPC", "LanguageModels",
            "LinuxSystem", "ModelExport", "RunConfiguration", "ServiceAPI", "StructuredLogging", "Tensors",
            "TextGeneration", "Tokenization", "TrainingLoop", "TrainingStages", "WeightFiles",
        ]),
    module(
        "WorkerSupervision", in: "Service",
        ["JSONDocuments", "JSONRPC", "LinuxSystem", "ServiceAPI", "StructuredLogging"]),
]

let commandLine: [Target] = [
    module("REPL", in: "CommandLine", ["CEdit", "JSONDocuments", "LinuxSystem", "RunConfiguration", "ServiceAPI"]),
    module("TerminalOutput", in: "CommandLine", ["LinuxSystem"]),
    module(
        "TunectlCommands", in: "CommandLine",
        [
            "JSONDocuments", "JSONRPC", "LinuxSystem", "ManualPages", "REPL", "RunConfiguration", "ServiceAPI",
            "TerminalOutput",
        ]),
]

let programs: [Target] = [
    program("finetuned", "DaemonService"),
    program("finetuned-fetch", "FetchService"),
    program("finetuned-worker", "WorkerService"),
    program("tunectl", "TunectlCommands"),
]

let benchmarks: [Target] = [
    .executableTarget(
        name: "decoding-benchmark", dependencies: ["LanguageModels", "LinuxSystem", "Tensors", "TextGeneration"],
        path: "Benchmarks/decoding", swiftSettings: swiftSettings),
    .executableTarget(
        name: "experts-benchmark", dependencies: ["JSONDocuments", "LanguageModels", "LinuxSystem", "Tensors"],
        path: "Benchmarks/experts", swiftSettings: swiftSettings),
    .executableTarget(
        name: "data-benchmark",
        dependencies: [
            "ChatTemplates", "Datasets", "JSONDocuments", "LinuxSystem", "RunConfiguration", "Tokenization",
        ],
        path: "Benchmarks/data", exclude: ["compare.py"], swiftSettings: swiftSettings),
    .executableTarget(
        name: "products-benchmark", dependencies: ["LinuxSystem", "Tensors"], path: "Benchmarks/products",
        exclude: ["compare.py", "onednn.cpp"], swiftSettings: swiftSettings),
    .executableTarget(
        name: "step-benchmark", dependencies: ["Adapters", "LanguageModels", "LinuxSystem", "Optimizers", "Tensors"],
        path: "Benchmarks/step", swiftSettings: swiftSettings),
    .executableTarget(
        name: "tokenizer-benchmark", dependencies: ["JSONDocuments", "LinuxSystem", "Tokenization"],
        path: "Benchmarks/tokenizer", exclude: ["compare.py"], swiftSettings: swiftSettings),
    .executableTarget(
        name: "service-benchmark", dependencies: ["JSONDocuments", "JSONRPC", "LinuxSystem"],
        path: "Benchmarks/service", exclude: ["history.py", "idle.py", "load.py", "pressure.py"],
        swiftSettings: swiftSettings),
]

/// Writes the text, questions and tokenizer of the bundled example (`make example-model`).
let examples: [Target] = [
    .executableTarget(name: "valley-generator", path: "examples/valley/generator", swiftSettings: swiftSettings)
]

let allTests: [Target] = [
    .target(
        name: "ServiceTestSupport", dependencies: ["LinuxSystem"], path: "Tests/Support/ServiceTestSupport",
        swiftSettings: swiftSettings),
    .target(
        name: "HubTestServer", dependencies: ["HubTransfer", "JSONDocuments", "LinuxSystem"],
        path: "Tests/Support/HubTestServer", swiftSettings: swiftSettings),
    .target(
        name: "ProtocolTestSupport", dependencies: ["JSONDocuments", "JSONRPC", "LinuxSystem"],
        path: "Tests/Support/ProtocolTestSupport", swiftSettings: swiftSettings),
    .target(
        name: "FuzzTargets",
        dependencies: [
            "ColumnarFiles", "DaemonService", "Datasets", "JSONDocuments", "JSONRPC", "JinjaTemplates",
            "LanguageModels",
            "LinuxSystem", "PythonData", "RunConfiguration", "ServiceAPI", "Tensors", "Tokenization", "WeightFiles",
        ], path: "Tests/Fuzz/FuzzTargets", swiftSettings: swiftSettings),
    .executableTarget(
        name: "fuzz", dependencies: ["FuzzTargets"], path: "Tests/Fuzz/fuzz", swiftSettings: swiftSettings),
    .testTarget(
        name: "FuzzTests", dependencies: ["FuzzTargets"], path: "Tests/Fuzz/FuzzTests", swiftSettings: swiftSettings),
    tests(
        "Adapters", ["JSONDocuments", "LanguageModels", "LinuxSystem", "Tensors", "WeightFiles"],
        resources: [.copy("Fixtures")]),
    tests("ChatTemplates", ["JSONDocuments", "Tokenization"], resources: [.copy("Fixtures")]),
    tests("Checkpoints", ["RunConfiguration"]),
    tests("CKernels"),
    .executableTarget(
        name: "scripted-worker", dependencies: ["JSONDocuments", "JSONRPC", "LinuxSystem", "ServiceAPI"],
        path: "Tests/Support/ScriptedWorker", swiftSettings: swiftSettings),
    .testTarget(
        name: "DaemonServiceTests",
        dependencies: [
            "CSQLite", "DaemonService", "JSONDocuments", "JSONRPC", "JobStore", "LinuxSystem", "ProtocolTestSupport",
            "ServiceAPI", "ServiceTestSupport", "StructuredLogging", "scripted-worker",
        ],
        path: "Tests/DaemonServiceTests", swiftSettings: swiftSettings),
    tests(
        "Datasets", ["ChatTemplates", "JSONDocuments", "LinuxSystem", "RunConfiguration", "Tokenization"],
        resources: [.copy("Fixtures")]),
    tests("ColumnarFiles", ["JSONDocuments"], resources: [.copy("Fixtures")]),
    tests("Compression"),
    tests("HubTransfer", ["HubTestServer", "LinuxSystem", "ServiceTestSupport"]),
    tests("JSONDocuments"),
    tests("JSONRPC", ["JSONDocuments", "LinuxSystem"]),
    tests("JinjaTemplates", ["JSONDocuments", "PythonData"], resources: [.copy("Fixtures")]),
    tests(
        "JobStore", ["CSQLite", "JSONDocuments", "LinuxSystem", "ServiceAPI"], resources: [.copy("Fixtures")]),
    tests(
        "LanguageModels", ["JSONDocuments", "LinuxSystem", "Tensors", "WeightFiles"], resources: [.copy("Fixtures")]),
    tests("LinuxSystem"),
    tests("ManualPages"),
    tests(
        "ModelExport",
        [
            "Checkpoints", "JSONDocuments", "LanguageModels", "LinuxSystem", "RunConfiguration", "Tensors",
            "Tokenization", "TrainingLoop",
            "WeightFiles",
        ]),
    tests("Optimizers", ["JSONDocuments", "Tensors"], resources: [.copy("Fixtures")]),
    tests("REPL", ["JSONDocuments", "RunConfiguration", "ServiceAPI"]),
    tests("RunConfiguration", resources: [.copy("Fixtures")]),
    tests("Scheduling", ["ServiceAPI"]),
    tests("ServiceAPI", ["JSONDocuments", "JSONRPC", "ProtocolTestSupport"]),
    tests("StructuredLogging"),
    tests("Tensors", ["CKernels", "JSONDocuments", "LinuxSystem"], resources: [.copy("Fixtures")]),
    tests("TerminalOutput"),
    tests(
        "TextGeneration", ["JSONDocuments", "LanguageModels", "Tensors", "Tokenization"], resources: [.copy("Fixtures")]
    ),
    tests("Tokenization", ["JSONDocuments", "WeightFiles"], resources: [.copy("Fixtures")]),
    tests(
        "TrainingLoop",
        [
            "Checkpoints", "Datasets", "JSONDocuments", "LanguageModels", "LinuxSystem", "Optimizers",
            "RunConfiguration",
            "Tensors", "Tokenization", "TrainingStages", "WeightFiles",
        ], resources: [.copy("Fixtures")]),
    tests("TrainingStages", ["Datasets", "JSONDocuments", "LanguageModels", "RunConfiguration", "Tensors"]),
    tests("TunectlCommands", ["JSONDocuments", "LinuxSystem", "RunConfiguration", "ServiceAPI", "TerminalOutput"]),
    tests("WeightFiles", ["JSONDocuments", "LinuxSystem", "Tensors"], resources: [.copy("Fixtures")]),
    tests(
        "WorkerService",
        [
            "Adapters", "Checkpoints", "JSONDocuments", "JSONRPC", "LanguageModels", "LinuxSystem", "ServiceAPI",
            "Tensors", "TextGeneration", "Tokenization", "WeightFiles",
        ]),
    tests("WorkerSupervision", ["JSONRPC", "LinuxSystem", "ServiceAPI"]),
    .testTarget(
        name: "GoldenTests",
        dependencies: [
            "Adapters", "JSONDocuments", "LanguageModels", "LinuxSystem", "ModelExport", "RunConfiguration", "Tensors",
            "TextGeneration", "Tokenization", "TrainingLoop", "WeightFiles",
        ], path: "Tests/Golden", swiftSettings: swiftSettings),
    .testTarget(
        name: "IntegrationTests", dependencies: ["CSQLite", "ServiceTestSupport"], path: "Tests/Integration",
        swiftSettings: swiftSettings),
    .testTarget(
        name: "RecoveryTests",
        dependencies: ["HubTestServer", "HubTransfer", "LinuxSystem", "ServiceTestSupport", "scripted-worker"],
        path: "Tests/Recovery", swiftSettings: swiftSettings),
]

let package = Package(
    name: "finetuned",
    products: [
        .executable(name: "finetuned", targets: ["finetuned"]),
        .executable(name: "finetuned-fetch", targets: ["finetuned-fetch"]),
        .executable(name: "finetuned-worker", targets: ["finetuned-worker"]),
        .executable(name: "tunectl", targets: ["tunectl"]),
    ],
    targets: cLibraries + system + configuration + numerics + language + fineTuning + service + commandLine + programs
        + benchmarks + examples + allTests,
    cLanguageStandard: .gnu17
)
