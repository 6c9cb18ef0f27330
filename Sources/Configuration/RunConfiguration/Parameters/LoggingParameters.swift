/// Rows of the group `logging`.
extension Parameters {
    package static let loggingStrategy = Parameter<IntervalStrategy>(
        "logging_strategy", .logging, default: .steps,
        help: "When the loss is logged.",
        .acts(test: "TrainingLoopTests"))
    package static let loggingSteps = Parameter<Double>(
        "logging_steps", .logging, default: 500, .above(0),
        help: "Steps between two log lines; below 1 a share of all steps.",
        .acts(test: "TrainingLoopTests"))
    package static let loggingFirstStep = Parameter<Bool>(
        "logging_first_step", .logging, default: false,
        help: "Log the first step too.",
        .acts(test: "TrainingLoopTests"))
    package static let loggingNanInfFilter = Parameter<Bool>(
        "logging_nan_inf_filter", .logging, default: true,
        help: "Leave losses that are not finite out of the log.",
        .cannotMatter("a loss that is not finite ends the job"))
    package static let loggingDir = Parameter<String?>(
        "logging_dir", .logging, default: nil, path: .folder,
        help: "Folder for TensorBoard files.",
        .cannotMatter("no tracker writes files"))
    package static let reportTo = Parameter<[String]>(
        "report_to", .logging, default: ["none"],
        help: "Experiment trackers that are told about the run.",
        .cannotMatter("no tracker is asked for"),
        except: [.noneOf("none", effect: .notYet("experiment trackers"))])
    package static let runName = Parameter<String?>(
        "run_name", .logging, default: nil,
        help: "Name of the run for experiment trackers.",
        .cannotMatter("only experiment trackers show it"))
    package static let disableTqdm = Parameter<Bool?>(
        "disable_tqdm", .logging, default: nil,
        help: "Show no progress bar.",
        .cannotMatter("the client decides how progress is shown"))
    package static let logLevel = Parameter<String>(
        "log_level", .logging, default: "passive",
        help: "How much the trainer says.",
        .cannotMatter("the service has its own log level"))
    package static let logLevelReplica = Parameter<String>(
        "log_level_replica", .logging, default: "warning",
        help: "How much trainers on other machines say.",
        .cannotMatter("there is one trainer"))
    package static let logOnEachNode = Parameter<Bool>(
        "log_on_each_node", .logging, default: true,
        help: "Whether each machine logs.",
        .cannotMatter("there is one machine"))
    package static let skipMemoryMetrics = Parameter<Bool>(
        "skip_memory_metrics", .logging, default: true,
        help: "Leave memory figures out of the metrics.",
        .cannotMatter("memory is reported by the service"))
    package static let project = Parameter<String>(
        "project", .logging, default: "huggingface",
        help: "Project name for experiment trackers.",
        .cannotMatter("only experiment trackers show it"))
    package static let trackioSpaceId = Parameter<String?>(
        "trackio_space_id", .logging, default: nil,
        help: "Space of the Trackio tracker.",
        .cannotMatter("no tracker is told about the run"))
    package static let trackioBucketId = Parameter<String?>(
        "trackio_bucket_id", .logging, default: nil,
        help: "Bucket of the Trackio tracker.",
        .cannotMatter("no tracker is told about the run"))
    package static let trackioStaticSpaceId = Parameter<String?>(
        "trackio_static_space_id", .logging, default: nil,
        help: "Static space of the Trackio tracker.",
        .cannotMatter("no tracker is told about the run"))
    package static let useSwanlab = Parameter<Bool>(
        "use_swanlab", .logging, default: false,
        help: "Report to SwanLab.",
        .notYet("experiment trackers"))
    package static let swanlabProject = Parameter<String?>(
        "swanlab_project", .logging, default: "llamafactory",
        help: "Project of SwanLab.",
        .cannotMatter("SwanLab is not told about the run"))
    package static let swanlabWorkspace = Parameter<String?>(
        "swanlab_workspace", .logging, default: nil,
        help: "Workspace of SwanLab.",
        .cannotMatter("SwanLab is not told about the run"))
    package static let swanlabRunName = Parameter<String?>(
        "swanlab_run_name", .logging, default: nil,
        help: "Name of the run in SwanLab.",
        .cannotMatter("SwanLab is not told about the run"))
    package static let swanlabMode = Parameter<String>(
        "swanlab_mode", .logging, default: "cloud",
        choices: ["cloud", "local"],
        help: "Where SwanLab stores runs.",
        .cannotMatter("SwanLab is not told about the run"))
    package static let swanlabApiKey = Parameter<String?>(
        "swanlab_api_key", .logging, default: nil,
        help: "Key for SwanLab.",
        .cannotMatter("SwanLab is not told about the run"), isSecret: true)
    package static let swanlabLogdir = Parameter<String?>(
        "swanlab_logdir", .logging, default: nil, path: .folder,
        help: "Folder of SwanLab.",
        .cannotMatter("SwanLab is not told about the run"))
    package static let swanlabLarkWebhookUrl = Parameter<String?>(
        "swanlab_lark_webhook_url", .logging, default: nil,
        help: "Address that SwanLab notifies.",
        .cannotMatter("SwanLab is not told about the run"), isSecret: true)
    package static let swanlabLarkSecret = Parameter<String?>(
        "swanlab_lark_secret", .logging, default: nil,
        help: "Secret for that address.",
        .cannotMatter("SwanLab is not told about the run"), isSecret: true)
    package static let debug = Parameter<String>(
        "debug", .logging, default: "",
        help: "PyTorch's debugging aids.",
        .cannotMatter("they belong to PyTorch"))

    static let loggingRows: [ParameterDescription] = [
        loggingStrategy.description, loggingSteps.description, loggingFirstStep.description,
        loggingNanInfFilter.description, loggingDir.description, reportTo.description, runName.description,
        disableTqdm.description, logLevel.description, logLevelReplica.description, logOnEachNode.description,
        skipMemoryMetrics.description, project.description, trackioSpaceId.description,
        trackioBucketId.description, trackioStaticSpaceId.description, useSwanlab.description,
        swanlabProject.description, swanlabWorkspace.description, swanlabRunName.description,
        swanlabMode.description, swanlabApiKey.description, swanlabLogdir.description,
        swanlabLarkWebhookUrl.description, swanlabLarkSecret.description, debug.description,
    ]
}
