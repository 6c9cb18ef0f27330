/// Rows of the group `saving`.
extension Parameters {
    package static let saveStrategy = Parameter<SaveStrategy>(
        "save_strategy", .saving, default: .steps,
        help: "When checkpoints are written.",
        .acts(test: "CheckpointsTests"))
    package static let saveSteps = Parameter<Double>(
        "save_steps", .saving, default: 500, .above(0),
        help: "Steps between two checkpoints; below 1 a share of all steps.",
        .acts(test: "TrainingLoopTests"))
    package static let saveTotalLimit = Parameter<Int?>(
        "save_total_limit", .saving, default: nil,
        help: "Most checkpoints that are kept; the best one is never deleted.",
        .acts(test: "CheckpointsTests"))
    package static let saveOnlyModel = Parameter<Bool>(
        "save_only_model", .saving, default: false,
        help: "Leave optimizer state out of checkpoints; they cannot be resumed from then.",
        .acts(test: "CheckpointsTests"))
    package static let saveSafetensors = Parameter<Bool>(
        "save_safetensors", .saving, default: true,
        help: "Write safetensors files.",
        .refused("pickled weight files are not written", instead: "leave it out"))
    package static let resumeFromCheckpoint = Parameter<ResumePoint?>(
        "resume_from_checkpoint", .saving, default: nil, path: .folder,
        help: "Checkpoint to go on from; true takes the newest in output_dir.",
        .acts(test: "TrainingLoopTests"))
    package static let ignoreDataSkip = Parameter<Bool>(
        "ignore_data_skip", .saving, default: false,
        help: "Start the epoch's data anew when resuming instead of going on behind the last item.",
        .acts(test: "TrainingLoopTests"))
    package static let saveOnEachNode = Parameter<Bool>(
        "save_on_each_node", .saving, default: false,
        help: "Save on each machine.",
        .cannotMatter("there is one machine"))
    package static let enableJitCheckpoint = Parameter<Bool>(
        "enable_jit_checkpoint", .saving, default: false,
        help: "Write a checkpoint when asked to stop.",
        .cannotMatter("a checkpoint is always written when the service stops"))
    package static let restoreCallbackStatesFromCheckpoint = Parameter<Bool>(
        "restore_callback_states_from_checkpoint", .saving, default: false,
        help: "Restore the state of callbacks.",
        .cannotMatter("there are no callbacks with state"))
    package static let pushToHub = Parameter<Bool>(
        "push_to_hub", .saving, default: false,
        help: "Upload the result to a hub.",
        .refused("a job has no network", instead: "leave it out, and run tunectl push FILE when the job has ended"))
    package static let hubModelId = Parameter<String?>(
        "hub_model_id", .saving, default: nil,
        help: "Repository that tunectl push FILE uploads output_dir to.",
        .acts(test: "TunectlCommandsTests/HubCommandTests"))
    package static let hubToken = Parameter<String?>(
        "hub_token", .saving, default: nil,
        help: "Access token for tunectl push FILE, before those of the hubs; jobs never get it.",
        .acts(test: "TunectlCommandsTests/HubCommandTests"), isSecret: true)
    package static let hubStrategy = Parameter<String>(
        "hub_strategy", .saving, default: "every_save",
        choices: ["end", "every_save", "checkpoint", "all_checkpoints"],
        help: "When to upload.",
        .cannotMatter("tunectl push FILE uploads what is there when it is called"))
    package static let hubPrivateRepo = Parameter<Bool?>(
        "hub_private_repo", .saving, default: nil,
        help: "Make the repository private when tunectl push FILE creates it.",
        .acts(test: "TunectlCommandsTests/HubCommandTests"))
    package static let hubAlwaysPush = Parameter<Bool>(
        "hub_always_push", .saving, default: false,
        help: "Upload although the last upload has not ended.",
        .cannotMatter("tunectl push FILE uploads what is there when it is called"))
    package static let hubRevision = Parameter<String?>(
        "hub_revision", .saving, default: nil,
        help: "Branch that tunectl push FILE uploads to.",
        .acts(test: "TunectlCommandsTests/HubCommandTests"))

    static let savingRows: [ParameterDescription] = [
        saveStrategy.description, saveSteps.description, saveTotalLimit.description, saveOnlyModel.description,
        saveSafetensors.description, resumeFromCheckpoint.description, ignoreDataSkip.description,
        saveOnEachNode.description, enableJitCheckpoint.description,
        restoreCallbackStatesFromCheckpoint.description, pushToHub.description, hubModelId.description,
        hubToken.description, hubStrategy.description, hubPrivateRepo.description, hubAlwaysPush.description,
        hubRevision.description,
    ]
}
